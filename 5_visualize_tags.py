"""Lay the tags of a label set out as a map, where near tags mean something alike.

A tagger that says "soft" for "quiet" is less wrong than one that says "loud". Each tag becomes
a word vector, t-SNE brings the vectors to two dimensions for the figure and to four for the
TensorFlow Projector, as in the paper. The vectors are trained on the tag sets of the clips
themselves unless --vectors names others: a file (Google News, the paper's, is one), or a model of
gensim's catalogue, which is fetched. Beside the words stand two other senses of near: being
annotated together, and what an evaluated network listens for; whether its wrong predictions are
near the truth is computed, too.

Reads   labels/<set>/labels.csv    clip_id, split, a 0/1 column a tag
        labels/<set>/tags.csv      tag, clips
        data/synonyms.csv          further words for a tag that --vectors lacks
        data/tag_kinds.csv         tag, kind (genre, instrument, voice, ...): the colours
        results/<run>/             of an evaluated network, where there is one (--results)
Writes  tag_map/<name>/            named after the vectors:
        tags.csv                   a row a tag: kind, clips, way to its vector, ROC-AUC
        coordinates.csv            space (words, annotations, network), tag, x, y
        neighbours.csv             the five nearest tags of each in each space
        agreement.csv              how many of them two spaces share
        vectors.csv                a row a tag, a column a dimension (300 where trained here)
        *.tsv, *.pbtxt             the same for the TensorFlow Projector
        summary.json               settings, trustworthiness, other starts of t-SNE, clusters,
                                   agreement of the spaces, closeness of errors
        t_SNE.png, t_SNE.txt       the map of the words, and its caption with the numbers
        tag_map.html               the three maps to explore, one file that works offline
        word_vectors/              of --vectors, the words of the tags: the file may go
        data/word_vectors/         of this repository: what is fetched by name

Example: python 5_visualize_tags.py --data /data/mtt --vectors word2vec-google-news-300
"""

import shlex
from dataclasses import asdict

from autotagging import (
    bootstrap,
    cli,
    labels,
    map_caption,
    map_page,
    results,
    steps,
    tag_map,
    tag_places,
    tag_spaces,
    tag_vectors,
    vocabulary,
    word_files,
)
from autotagging.formatting import display_path, print_all_written
from autotagging.options import add_settings, name, read_settings

FETCHED = cli.REPOSITORY / "data" / "word_vectors"
RESAMPLING = bootstrap.Resampling("artists", n_resamples=1000, seed=0)


def main(args):
    """Lay the tags out by words, by annotations, and by what a network listens for."""
    label_set = labels.find_set(args.data, args.labels)
    source = word_files.find(args.vectors, args.data) if args.vectors else None
    evaluated = results.find_current(args.data, args.results, label_set)
    settings = {
        "vectors": source.name if source else "trained on the tag sets",
        "from_elsewhere": bool(source),
        "labels": label_set,
        "results": evaluated,
        **asdict(args.projection),
    }
    of_labels = labels.set_folder(args.data, label_set)
    inputs = steps.describe_inputs(
        args.data,
        *(of_labels / file for file in ("labels.csv", "tags.csv")),
        *results.list_inputs(args.data, evaluated),
        cli.TAG_KINDS,
        cli.SYNONYMS if source else None,
    )
    inputs |= {source.name: source.checksum} if source else {}
    map_name = args.name or tag_map.name_map(source, args.labels and label_set, evaluated)
    step = steps.Step(tag_map.folder_of(args.data, map_name), settings, inputs)
    if not args.force and steps.is_finished(step):
        print(f"nothing to do: {display_path(step.folder)} is there")
        map_page.write_missing(step.folder, steps.read_summary(step.folder))
    else:
        with steps.writing(step) as summary:
            make_map(args, step, source, summary)
            map_page.write_missing(step.folder, summary)
    print(f"open the Projector with: tensorboard --logdir {shlex.quote(display_path(step.folder))}")


def make_map(args, step, source, summary):
    """Find vectors and coordinates of the tags, in three senses of near, and write them."""
    label_set, evaluated = step.settings["labels"], step.settings["results"]
    table = labels.read_labels(args.data, label_set)
    counts = labels.read_tags(args.data, label_set).set_index("tag")["clips"]
    tags = list(counts.index)
    vectors, ways = find_vectors(args.data, table[tags], source, args.projection.seed)
    spaces = {"words": vectors, "annotations": tag_spaces.with_direction(table[tags].T)}
    roc_aucs, weights, scored = results.read_for_tags(args.data, evaluated, tags)
    if weights is not None:
        spaces["network"] = tag_spaces.with_direction(weights)
    spaces, flat = tag_spaces.without_flat(spaces)

    maps = tag_places.project_aligned(spaces, args.projection)
    in_4d = tag_places.project(vectors, args.projection, 4)
    nearness = {space: tag_spaces.cosines(own) for space, own in spaces.items()}
    agreement, agreement_by_tag = tag_spaces.agreement(nearness)
    errors = scored and tag_spaces.closeness_of_errors(scored, nearness["words"], RESAMPLING)
    tables = {
        "tags": tag_map.tabulate_tags(counts, vocabulary.read_kinds(cli.TAG_KINDS), ways, roc_aucs),
        "coordinates": tag_map.tabulate_coordinates(maps),
        "vectors": vectors,
        "neighbours": tag_spaces.neighbours(nearness),
        "agreement": agreement_by_tag,
        "coordinates_4d": in_4d,
    }
    summary.update(labels.read_provenance(args.data, label_set))
    summary.update(tag_map.describe(vectors, ways), flat_spaces=flat, agreement=agreement)
    summary.update(tag_places.assess(spaces, maps, in_4d, args.projection))
    summary["closeness_of_errors"] = errors and errors | {"circular": source is None}
    caption = map_caption.write(summary)
    written = tag_map.write_tables(step.folder, tables)
    tag_map.write_caption(step.folder, caption)
    print("\n".join(caption))
    print_all_written(step.folder, written)


def find_vectors(data, table, source, seed):
    """Return the word vectors of the tags and how each was found."""
    tags = list(table.columns)
    if source is None:
        tag_sets = [[tag for tag in tags if row[tag]] for row in table.to_dict("records")]
        return tag_vectors.train(tag_sets, tags, seed=seed)
    synonyms = vocabulary.read_synonyms(cli.SYNONYMS)
    # of every tag there is, so that the words kept serve the other label sets, too
    wanted = {*tags, *synonyms, *labels.list_annotated(data)}
    words = word_files.read(source, data, tag_vectors.spell(wanted), folder=FETCHED)
    return tag_vectors.look_up(words, tags, synonyms, source.name)


def parse_args():
    """Return the command line's arguments."""
    parser = cli.parser(__doc__)
    add = parser.add_argument
    cli.add_data(parser)
    cli.add_labels(parser)
    vectors = (
        "word2vec file, .bin or .txt, or GloVe's .txt, also with .gz, or a model of gensim's "
        "catalogue such as word2vec-google-news-300, 1.7 GB (default: train vectors on the tag "
        "sets)"
    )
    add("--vectors", metavar="FILE_OR_NAME", help=vectors)
    evaluated = "of a network or of external scores (default: vgg where it is evaluated)"
    add("--results", type=name, metavar="NAME", help=evaluated)
    cli.add_name(parser, "that of the vectors")
    add_settings(parser, tag_places.Projection)
    cli.add_force(parser, "the map")
    args = parser.parse_args()
    args.projection = read_settings(parser, args, tag_places.Projection)
    return args


if __name__ == "__main__":
    cli.run(main, parse_args)
