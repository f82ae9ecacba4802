"""Lay the tags of a label set out as a map, where near tags mean something alike.

A tagger that says "soft" for "quiet" is less wrong than one that says "loud". Each tag becomes
a word vector, t-SNE brings the vectors to two dimensions for the figure and to four for the
TensorFlow Projector, as in the paper. The vectors are trained on the tag sets of the clips
themselves unless --vectors names a word2vec file (Google News, the paper's, is one). Beside the
words stand two other senses of near: being annotated together, and what an evaluated network
listens for; whether its wrong predictions are near the truth is computed, too.

Reads   labels/<set>/labels.csv     clip_id, split, a 0/1 column a tag
        labels/<set>/tags.csv       tag, clips
        data/synonyms.csv           further words for a tag that --vectors lacks
        data/tag_kinds.csv          tag, kind (genre, instrument, voice, ...): the colours
        results/<run>/, models/     of an evaluated network, where there is one (--model)
Writes  tag_map/places.csv          a row a tag: kind, clips, way, x, y
        tag_map/vectors.csv         a row a tag, a column a dimension (300 where trained here)
        tag_map/neighbours.csv      the five nearest tags of each, by words, annotations, network
        tag_map/*.tsv, *.pbtxt      the same for the TensorFlow Projector
        tag_map/summary.json        settings, trustworthiness of this map and of 10 others by
                                    t-SNE, tags without a vector, agreement of the three
                                    spaces, closeness of errors
        images/t_SNE.png            the map

Example: python 5_visualize_tags.py --data /data/mtt --vectors GoogleNews-vectors-negative300.bin
"""

import hashlib

from autotagging import cli

TAG_KINDS = cli.REPOSITORY / "data" / "tag_kinds.csv"
SYNONYMS = cli.REPOSITORY / "data" / "synonyms.csv"
DEFAULT_NETWORK = "vgg"
N_DRAWS = 1000


def main(args):
    """Make the map where it is not made yet, then draw it where it is not drawn yet."""
    from autotagging import figures, labels, tag_map

    label_set = labels.find_set(args.data, args.labels)
    folder = args.data / "tag_map"
    figure = cli.images_folder(args.images, args.data) / "t_SNE.png"
    inputs = [labels.set_folder(args.data, label_set) / name for name in ("labels.csv", "tags.csv")]
    inputs += [TAG_KINDS, *([args.vectors, SYNONYMS] if args.vectors else [])]
    settings = {
        "labels": label_set,
        "vectors": args.vectors.name if args.vectors else "trained on the tag sets",
        "method": args.method,
        "seed": args.seed,
        "network": find_network(args.data, label_set, args.model),
        "inputs": tag_map.describe_inputs(inputs),
    }
    if args.force or not tag_map.is_made(folder, settings):
        make_map(args.data, folder, settings, args.vectors)
    else:
        print(f"nothing to do: {cli.shown(folder)} is there")
    source = tag_map.describe_source(folder)
    if not figures.shows(figure, source):
        draw_map(folder, figure, labels.read_summary(args.data, label_set)["note"], source)
    print(f"open the Projector with: tensorboard --logdir {cli.shown(folder)}")


def make_map(data, folder, settings, vectors_file):
    """Find vectors and places of the tags and write them."""
    from autotagging import labels, tag_map, tag_spaces, tag_vectors, vocabulary

    table = labels.read_labels(data, settings["labels"])
    counts = labels.read_tags(data, settings["labels"]).set_index("tag")["clips"]
    tags = list(counts.index)
    print(
        f"read {cli.shown(data)}, label set {settings['labels']}: "
        f"{len(table):,} clips, {len(tags)} tags"
    )
    if vectors_file:
        synonyms = vocabulary.read_synonyms(SYNONYMS)
        vectors, ways = tag_vectors.read(vectors_file, tags, synonyms)
    else:
        tag_sets = [[tag for tag in tags if row[tag]] for row in table[tags].to_dict("records")]
        vectors, ways = tag_vectors.train(tag_sets, tags, seed=settings["seed"])
    found = list(vectors.index)
    missing = [tag for tag in tags if tag not in found]
    if missing:
        print(f"{len(missing)} of {len(tags)} tags have no vector: {', '.join(missing)}")
    how = {key: settings[key] for key in ("method", "seed")}
    places, places_4d = (tag_vectors.place(vectors, n, **how) for n in (2, 4))
    spaces = {"words": tag_spaces.cosines(vectors)}
    spaces["annotations"] = tag_spaces.cosines(table[tags].T)
    errors = None
    if settings["network"]:
        run = settings["network"]["results"]
        if settings["network"]["model"]:
            spaces["network"] = tag_spaces.cosines(read_network(data, run, tags))
        errors = judge_errors(data, run, table, spaces["words"])
        errors["circular"] = vectors_file is None
    known = vocabulary.read_kinds(TAG_KINDS)
    kinds = [known.get(tag, "other") for tag in found]
    tables = {
        "places": tag_map.tabulate_places(places, kinds, counts[found], ways[found]),
        "vectors": vectors,
        "neighbours": tag_spaces.neighbours(spaces),
        "places_4d": places_4d,
    }
    trust = {
        "2 dimensions": round(tag_vectors.trustworthiness(vectors, places), 4),
        "4 dimensions": round(tag_vectors.trustworthiness(vectors, places_4d), 4),
    }
    summary = {
        "settings": settings,
        "tags": len(tags),
        "tags without a vector": missing,
        "trustworthiness": trust,
        "other starts": tag_vectors.stability(vectors, places),
        "agreement": tag_spaces.agreement(spaces),
        "closeness of errors": errors,
    }
    for path, content in tag_map.write(folder, tables, summary):
        cli.print_written(path, content)
    print(
        "trustworthiness of the map (1: all neighbours on it are neighbours by meaning): "
        f"{trust['2 dimensions']:.2f} in 2 dimensions, {trust['4 dimensions']:.2f} in 4"
    )
    others = {key: f"{value:.2f}" for key, value in summary["other starts"].items()}
    print(
        f"{tag_vectors.N_SEEDS} maps by t-SNE from random starts: trustworthiness "
        f"{others['trustworthiness']} +- {others['trustworthiness_sd']}; a tag's nearest five are "
        f"those of this map to {others['neighbours_in_common']} +- "
        f"{others['neighbours_in_common_sd']}"
    )
    print(tag_spaces.in_words(summary["agreement"], errors), end="")


def find_network(data, label_set, name):
    """Return which evaluated network is asked: results, model and what tells them from others.

    None where no one is named and there is none, or, which is said, none of today.
    """
    from autotagging import results

    run = name or DEFAULT_NETWORK
    summary = results.read_summary(results.folder_of(data, run))
    if summary is None or summary["label_set"] != label_set:
        wrong = f"results/{run} are not there, or not of label set {label_set}"
    else:
        wrong = find_what_changed(data, run, summary["made_from"])
    if wrong and name:
        raise ValueError(f"{wrong}: run 4_evaluate.py")
    if wrong:
        if summary:
            print(f"no network beside the words: {wrong}")
        return None
    seeds = summary["model"] and summary["model"]["settings"]["seed"]
    return {
        "results": run,
        "model": summary["model"] is not None and not isinstance(seeds, list),
        "source": summary["made_from"]["system"],
    }


def find_what_changed(data, run, made_from):
    """Return what results were made of and is no longer so; None where all is."""
    from autotagging import systems

    try:
        system = systems.describe_again(data, run)
    except ValueError as error:  # labels or network are gone or others
        return f"results/{run} are out of date ({error})"
    clips = hashlib.sha256((data / "clips.csv").read_bytes()).hexdigest()
    if (system["source"], clips) != (made_from["system"], made_from.get("clips.csv")):
        return f"results/{run} are of an earlier network, or of other clips"
    return None


def read_network(data, run, tags):
    """Return the weights of each tag in a network's last layer: DataFrame of (n_tags, n_inputs)."""
    import pandas as pd

    from autotagging import models, native_stderr

    with native_stderr.silenced():
        network, _ = models.load(models.folder_of(data, run) / "model.keras")
    return pd.DataFrame(network.get_layer("logits").get_weights()[0].T, index=tags)


def judge_errors(data, run, table, nearness):
    """Return how near the wrong predictions on the test clips are to what was there."""
    from autotagging import bootstrap, clips, results, tag_spaces

    folder = results.folder_of(data, run)
    y_score, split = results.read_scores(folder)
    thresholds = results.read_table(folder, "per_tag").set_index("tag")["threshold"]
    test = split.index[split == "test"]
    groups = bootstrap.groups_of(clips.read_clips(data).loc[test], "artists")
    return tag_spaces.closeness_of_errors(
        table.loc[test, y_score.columns],
        y_score.loc[test] >= thresholds[y_score.columns],
        nearness,
        groups,
        {"draws": N_DRAWS, "seed": 0},
    )


def draw_map(folder, figure, note, source):
    """Draw the map from its stored places."""
    from autotagging import figures, tag_map

    places = tag_map.read_places(folder)
    summary = tag_map.read_summary(folder)
    missing, method = summary["tags without a vector"], summary["settings"]["method"]
    drawing = figures.draw_tag_map(
        places[["x", "y"]],
        places["tag"],
        places["clips"],
        places["kind"],
        method=method,
        missing=missing,
    )
    figures.save(drawing, figure, note, source)
    cli.print_written(figure, f"{len(places)} tags")


def parse_args():
    """Return the command line's arguments."""
    arguments = cli.parser(__doc__)
    cli.add_data(arguments)
    cli.add_labels(arguments)
    cli.add_images(arguments)
    cli.add_seed(arguments)
    cli.add_force(arguments, "the map and its figure")
    arguments.add_argument(
        "--vectors",
        type=cli.file,
        metavar="FILE",
        help="word2vec file, .bin or .txt, or GloVe's .txt, also with .gz (default: train vectors "
        "on the tag sets)",
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
