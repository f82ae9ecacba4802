"""Lay the tags of a label set out as a map, where near tags mean something alike.

A tagger that says "soft" for "quiet" is less wrong than one that says "loud". Each tag becomes
a word vector, t-SNE brings the vectors to two dimensions for the figure and to four for the
TensorFlow Projector, as in the paper. The vectors are trained on the tag sets of the clips
themselves unless --vectors names others: a file (Google News, the paper's, is one), or a model of
gensim's catalogue, which is fetched. Beside the words stand two other senses of near: being
annotated together, and what an evaluated network listens for; whether its wrong predictions are
near the truth is computed, too.

Reads   labels/<set>/labels.csv     clip_id, split, a 0/1 column a tag
        labels/<set>/tags.csv       tag, clips
        data/synonyms.csv           further words for a tag that --vectors lacks
        data/tag_kinds.csv          tag, kind (genre, instrument, voice, ...): the colours
        results/<run>/, models/     of an evaluated network, where there is one (--model)
Writes  tag_map/tags.csv            a row a tag: kind, clips, way to its vector, ROC-AUC
        tag_map/places.csv          space (words, annotations, network), tag, x, y
        tag_map/neighbours.csv      the five nearest tags of each in each space
        tag_map/agreement.csv       how many of them two spaces share
        tag_map/vectors.csv         a row a tag, a column a dimension (300 where trained here)
        tag_map/*.tsv, *.pbtxt      the same for the TensorFlow Projector
        tag_map/summary.json        settings, trustworthiness, other starts of t-SNE, clusters,
                                    agreement of the spaces, closeness of errors
        tag_map/tag_map.html        the three maps to explore, one file that asks for nothing
        word_vectors/               of --vectors, the words of the tags: the file may go
        data/word_vectors/          of this repository: what is fetched by name
        images/t_SNE.png, t_SNE.txt the map of the words, and its caption with the numbers

Example: python 5_visualize_tags.py --data /data/mtt --vectors word2vec-google-news-300
"""

import shlex

from autotagging import cli

TAG_KINDS = cli.REPOSITORY / "data" / "tag_kinds.csv"
SYNONYMS = cli.REPOSITORY / "data" / "synonyms.csv"
FETCHED = cli.REPOSITORY / "data" / "word_vectors"
TRAINED = "trained on the tag sets"
DEFAULT_NETWORK = "vgg"
N_DRAWS = 1000


def main(args):
    """Make the map where it is not made yet, then show it where it is not shown yet."""
    from autotagging import labels, tag_map, word_files

    label_set = labels.find_set(args.data, args.labels)
    folder = args.data / "tag_map"
    source = None if args.vectors is None else word_files.find(args.vectors, args.data)
    inputs = [labels.set_folder(args.data, label_set) / name for name in ("labels.csv", "tags.csv")]
    inputs = tag_map.describe_inputs([*inputs, TAG_KINDS, *([SYNONYMS] if source else [])])
    settings = {
        "labels": label_set,
        "vectors": source.name if source else TRAINED,
        "from_elsewhere": bool(source),
        "method": args.method,
        "seed": args.seed,
        "network": find_network(args.data, args.model, label_set),
        "inputs": inputs | ({source.name: source.checksum} if source else {}),
    }
    if args.force or not tag_map.is_made(folder, settings):
        make_map(args.data, folder, settings, source)
    else:
        print(f"nothing to do: {cli.shown(folder)} is there")
    show_map(folder, cli.images_folder(args.images, args.data), args.force)
    print(f"open the Projector with: tensorboard --logdir {shlex.quote(cli.shown(folder))}")


def make_map(data, folder, settings, source):
    """Find vectors and places of the tags, in three senses of near, and write them."""
    from autotagging import labels, tag_map, tag_places, tag_spaces, vocabulary

    table = labels.read_labels(data, settings["labels"])
    counts = labels.read_tags(data, settings["labels"]).set_index("tag")["clips"]
    tags = list(counts.index)
    print(
        f"read {cli.shown(data)}, label set {settings['labels']}: "
        f"{len(table):,} clips, {len(tags)} tags"
    )
    vectors, ways = find_vectors(data, table[tags], source, settings["seed"])
    areas, decisions, weights = ask_network(data, settings["network"], table)
    spaces = {"words": vectors, "annotations": tag_spaces.with_direction(table[tags].T)}
    if weights is not None:
        spaces["network"] = tag_spaces.with_direction(weights)
    spaces, flat = tag_spaces.without_flat(spaces)
    how = {key: settings[key] for key in ("method", "seed")}
    places = tag_places.place_alike(spaces, **how)
    places_4d = tag_places.place(vectors, 4, **how)
    nearness = {name: tag_spaces.cosines(space) for name, space in spaces.items()}
    agreement, agreement_by_tag = tag_spaces.agreement(nearness)
    errors = None
    if decisions:
        how = {"draws": N_DRAWS, "seed": 0}
        errors = tag_spaces.closeness_of_errors(*decisions, nearness["words"], how)
        errors["circular"] = not settings["from_elsewhere"]
    kinds = vocabulary.read_kinds(TAG_KINDS)
    tables = {
        "tags": tag_map.tabulate_tags(counts, kinds, ways, areas),
        "places": tag_map.tabulate_places(places),
        "vectors": vectors,
        "neighbours": tag_spaces.neighbours(nearness),
        "agreement": agreement_by_tag,
        "places_4d": places_4d,
    }
    trust = {name: tag_places.trustworthiness(spaces[name], places[name]) for name in spaces}
    trust["words, 4 dimensions"] = tag_places.trustworthiness(vectors, places_4d)
    about = labels.read_summary(data, settings["labels"])
    summary = {
        "settings": settings,
        **{key: about[key] for key in ("dataset", "note", "citation")},
        "tags": len(tags),
        "dimensions": vectors.shape[1],
        "tags without a vector": [tag for tag in tags if tag not in vectors.index],
        "tags by a synonym": tag_map.list_borrowed(ways),
        "flat spaces": flat,
        "trustworthiness": {name: round(value, 4) for name, value in trust.items()},
        "explained variance": tag_places.explained(vectors, places["words"])
        if settings["method"] == "pca"
        else None,
        "other starts": tag_places.stability(vectors, places["words"]),
        "clusters": {name: tag_places.clusters(space) for name, space in spaces.items()},
        "agreement": agreement,
        "closeness of errors": errors,
    }
    for path, content in tag_map.write(folder, tables, summary):
        cli.print_written(path, content)


def find_vectors(data, table, source, seed):
    """Return the word vectors of the tags and how each was found."""
    from autotagging import labels, tag_vectors, vocabulary, word_files

    tags = list(table.columns)
    if source is None:
        tag_sets = [[tag for tag in tags if row[tag]] for row in table.to_dict("records")]
        return tag_vectors.train(tag_sets, tags, seed=seed)
    synonyms = vocabulary.read_synonyms(SYNONYMS)
    # of every tag there is, so that the words kept serve the other label sets, too
    wanted = {*tags, *synonyms, *labels.list_annotated(data)}
    words = word_files.read(source, data, tag_vectors.spell(wanted), folder=FETCHED)
    try:
        return tag_vectors.look_up(words, tags, synonyms)
    except ValueError as error:
        raise ValueError(f"{source.name}: {error}") from None


def find_network(data, name, label_set):
    """Return which evaluated network is asked; None where no one is named and there is none.

    Where there are results, but none that are taken without being named, that is said.
    """
    from autotagging import evaluated

    try:
        return evaluated.describe(data, name or DEFAULT_NETWORK, label_set)
    except ValueError as error:
        if name:
            raise ValueError(f"{error}: run 4_evaluate.py") from None
        there = sorted(path.name for path in (data / "results").glob("*/") if path.is_dir())
        if there:
            print(f"no network: {error}; --model names other results: {', '.join(there)}")
        return None


def ask_network(data, network, table):
    """Return a network's ROC-AUC of each tag, decisions, weights; None for what there is not."""
    from autotagging import evaluated

    if network is None:
        return None, None, None
    name, tags = network["results"], list(table.columns.drop("split"))
    per_tag = evaluated.read_per_tag(data, name, tags)
    decisions = evaluated.read_decisions(data, name, table, per_tag["threshold"])
    weights = evaluated.read_tag_weights(data, name, tags) if network["model"] else None
    return per_tag["roc_auc"], decisions, weights


def show_map(folder, images, force):
    """Draw the map, write its caption and its page, unless they are there of this map."""
    from autotagging import figures, map_caption, map_page, tag_map
    from autotagging.files import write_if_other

    summary, tags = tag_map.read_summary(folder), tag_map.read_table(folder, "tags")
    caption = map_caption.write(summary)
    source, figure = tag_map.describe_source(folder), images / "t_SNE.png"
    if force or not figures.shows(figure, source):
        places = tag_map.read_table(folder, "places")
        words = places[places["space"] == "words"].merge(tags, on="tag")
        drawing = figures.draw_tag_map(
            words[["x", "y"]],
            words,
            clusters=summary["clusters"]["words"]["clusters"],
            method=summary["settings"]["method"],
            missing=summary["tags without a vector"],
        )
        figures.save(drawing, figure, summary["note"], source)
        cli.print_written(figure, f"{len(words)} tags")
    if write_if_other(figure.with_suffix(".txt"), "\n\n".join(caption) + "\n") or force:
        cli.print_written(figure.with_suffix(".txt"), "its caption, with the numbers")
        print("\n".join(caption))
    if force or not map_page.is_made(folder, source):
        map_page.write(folder, caption, source)
        cli.print_written(folder / "tag_map.html", "the maps to explore")


def parse_args():
    """Return the command line's arguments."""
    arguments = cli.parser(__doc__)
    cli.add_data(arguments)
    cli.add_labels(arguments)
    cli.add_images(arguments)
    cli.add_seed(arguments)
    cli.add_force(arguments, "the map, its figure and its page")
    arguments.add_argument(
        "--vectors",
        metavar="FILE_OR_NAME",
        help="word2vec file, .bin or .txt, or GloVe's .txt, also with .gz, or a model of gensim's "
        "catalogue such as word2vec-google-news-300, 1.7 GB (default: train vectors on the tag "
        "sets)",
    )
    arguments.add_argument(
        "--model",
        type=cli.name,
        metavar="RUN",
        help="evaluated network, or file of scores (default: vgg where it is evaluated)",
    )
    arguments.add_argument(
        "--method",
        choices=("tsne", "pca"),
        default="tsne",
        help="how vectors become places (default: tsne, as in the paper)",
    )
    return arguments.parse_args()


if __name__ == "__main__":
    cli.run(main, parse_args)
