"""Lay the tags of a label set out as a map on which similar tags lie close together.

A tagger that says "soft" for "quiet" is less wrong than one that says "loud". Each tag becomes
a word vector, t-SNE brings the vectors to two dimensions for the figure and to four for the
TensorFlow Projector, as in the paper. The vectors are trained on the tag sets of the clips unless
--vectors names others. Beside the words stand two other senses of near, being annotated together,
and what an evaluated network responds to; whether its errors are near the truth is computed.

Reads   labels/<set>/, results/<run>/ (--results), data/synonyms.csv, data/tag_kinds.csv
Writes  tag_map/<name>/        named after the vectors:
        t_SNE.png, t_SNE.txt   the map of the words, and its caption with the numbers
        tag_map.html           the three maps to explore, one file that works offline
        *.csv, *.tsv, *.pbtxt  vectors, coordinates, neighbours; files for the Projector
        summary.json           settings, trustworthiness, clusters, agreement, closeness of errors
        word_vectors/, beside tag_map/: the words of the tags, so that the file of --vectors may go;
        data/word_vectors/ of this repository: what is fetched by name

Example: python 5_visualize_tags.py --data data/mtt --vectors word2vec-google-news-300
"""

import shlex
from dataclasses import asdict

from autotagging import cli, steps
from autotagging.formatting import display_path, print_up_to_date
from autotagging.labels import label_sets
from autotagging.labels.synonyms import read_kinds
from autotagging.options import add_settings, name, read_settings
from autotagging.results import results_folder
from autotagging.tag_map import caption, map_folder, page, projection, similarity, word_vectors
from autotagging.tag_map.word_files import find_source

FETCHED = cli.REPOSITORY / "data" / "word_vectors"


def main(args):
    """Lay the tags out by words, by annotations, and by what a network responds to."""
    label_set = label_sets.find_set(args.data, args.labels)
    source = None if args.vectors is None else find_source(args.vectors, args.data)
    evaluated = results_folder.find_current(args.data, args.results, label_set)
    settings = {
        "vectors": source.name if source else None,
        "labels": label_set,
        "results": evaluated,
        **asdict(args.projection),
    }
    set_folder = label_sets.set_folder(args.data, label_set)
    paths = set_folder / "labels.csv", set_folder / "tags.csv", cli.TAG_KINDS
    paths += (*results_folder.list_inputs(args.data, evaluated), cli.SYNONYMS if source else None)
    inputs = steps.describe_inputs(args.data, *paths)
    inputs |= {f"../{source.name}": source.checksum} if source else {}
    map_name = args.name or map_folder.name_map(source, args.labels and label_set, evaluated)
    step = steps.Step(map_folder.folder_of(args.data, map_name), settings, inputs)
    if not args.force and steps.is_finished(step):
        page.write_missing(step.folder, steps.read_summary(step.folder))
        print_up_to_date(step.folder)
    else:
        tables, measured = lay_out(args.data, label_set, evaluated, source, args.projection)
        with steps.writing(step) as summary:
            summary.update(measured)
            paragraphs = caption.write(summary)
            print("\n".join(paragraphs))
            map_folder.write(step.folder, tables, paragraphs)
            page.write_missing(step.folder, summary)
    print(f"open the Projector with: tensorboard --logdir {shlex.quote(display_path(step.folder))}")


def lay_out(data, label_set, evaluated, source, chosen):
    """Return the tables of a map, in three senses of near, and what its summary says: a dict."""
    labels = label_sets.read_labels(data, label_set).drop(columns="split")
    tags = labels.columns.tolist()
    counts = label_sets.read_tags(data, label_set)["clips"].reindex(tags, fill_value=0)
    if source is None:
        vectors, ways = word_vectors.train(labels, seed=chosen.seed)
    else:
        vectors, ways = word_vectors.find(source, data, tags, cli.SYNONYMS, FETCHED)
    roc_aucs, weights, scored = results_folder.read_by_tag(data, evaluated)
    spaces, left_out = similarity.build_spaces(vectors, labels, weights)

    maps = projection.project_aligned(spaces, chosen)
    in_4d = projection.project(vectors, chosen, 4)
    nearness = {space: similarity.cosines(own) for space, own in spaces.items()}
    agreement, agreement_by_tag = similarity.agreement(nearness)
    errors = scored and similarity.closeness_of_errors(scored, nearness["words"])
    tables = {
        "tags": map_folder.tabulate_tags(counts, read_kinds(cli.TAG_KINDS), ways, roc_aucs),
        "coordinates": map_folder.tabulate_coordinates(maps),
        "vectors": vectors,
        "neighbours": similarity.neighbours(nearness),
        "agreement": agreement_by_tag,
        "coordinates_4d": in_4d,
    }
    return tables, {
        **label_sets.read_provenance(data, label_set),
        **map_folder.describe(vectors, ways, scored),
        "spaces_left_out": left_out,
        "agreement": agreement,
        **projection.assess(spaces, maps, in_4d, chosen),
        "closeness_of_errors": errors and errors | {"circular": source is None},
    }


def parse_args():
    """Return the command line's arguments."""
    parser = cli.parser(__doc__)
    add = parser.add_argument
    cli.add_data(parser)
    cli.add_labels(parser)
    vectors = (
        "word2vec's .bin or .txt, GloVe's .txt, also with .gz, or a name of gensim's catalogue"
    )
    add("--vectors", metavar="FILE_OR_NAME", help=f"{vectors} (default: train on the tag sets)")
    add("--results", type=name, metavar="NAME", help="(default: vgg where it is evaluated)")
    cli.add_name(parser, "that of the vectors")
    add_settings(parser, projection.Projection)
    cli.add_force(parser, "the map")
    args = parser.parse_args()
    args.projection = read_settings(parser, args, projection.Projection)
    return args


if __name__ == "__main__":
    cli.run(main, parse_args)
