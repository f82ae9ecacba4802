"""Evaluate a trained network on the test clips, tag by tag.

Macro averages over the tags are the headline; the paper's own number is micro, which favours the
frequent tags. Clips by artists that were heard in training are easier than clips by artists that
were not, so both are reported. Every number is computed from the file of scores.

Reads   models/<run>/model.keras     the network with its tags and thresholds, of script 3
        features/, labels/           what it was trained on
Writes  results/<run>/scores.npy     (n_validation_and_test_clips, n_tags): probabilities
        results/<run>/scores.csv     the same, with clip_id and split
        results/<run>/per_tag.csv    ROC-AUC, PR-AUC, accuracy, recall, precision a tag
        results/<run>/summary.json   averages; examples.csv: the clips of results.png
        images/accuracy.png, images/Recall.png, images/results.png

Example: python 4_evaluate.py --data data/mtt --model paper
"""

import numpy as np

from autotagging import (
    cli,
    clips,
    feature_store,
    figures,
    labels,
    metrics,
    models,
    native_stderr,
    prediction,
    results,
    splits,
)

FIGURES = ("accuracy.png", "Recall.png", "results.png")
EXAMPLES = 5


def main(args):
    """Score the validation and test clips, compute every number, draw the figures."""
    run, folder = models.read_run(args.data, args.model), results.folder_of(args.data, args.model)
    labels.check_unchanged(args.data, run["settings"]["labels"], run["settings"]["labels_sha256"])
    images = cli.images_folder(args.images, args.data)
    summary = results.read_summary(folder)
    finished = summary is not None and summary["run"] == run and not args.force
    if finished:
        print(f"nothing to do: results/{args.model} are of this run")
    else:
        check_features(args.data, run["settings"])
        write_scores(args.data, args.model, run["settings"], folder)
        summary = write_numbers(args.data, args.model, run, folder)
    print_table(summary)
    source = models.describe_source(args.data, args.model)
    if not all(figures.shows(images / name, source) for name in FIGURES):
        draw(folder, images, models.describe_run(args.data, args.model), source)


def check_features(data, settings):
    """Refuse features that are not made as the network was trained on."""
    clip_ids = labels.read_labels(data, settings["labels"]).index
    made_from = feature_store.fingerprint(data, settings["features"], clip_ids)
    if made_from != settings["features_made_from"]:
        raise ValueError(
            f"features/{settings['features']} was made with other settings or from other audio "
            "since the network was trained: train again with 3_train_cnn.py --force"
        )


def write_scores(data, model, settings, folder):
    """Write the network's scores of the validation and test clips."""
    with native_stderr.silenced():
        network, description = models.load(models.folder_of(data, model) / "model.keras")
    split = labels.read_labels(data, settings["labels"])["split"]
    split = split.iloc[np.argsort(split.map(splits.PARTS.index), kind="stable")]
    array, rows, _ = feature_store.open_store(
        data, settings["features"], split.index[split != "train"]
    )
    scores = prediction.score_clips(network, array, rows.to_numpy())
    results.write_scores(folder, scores, split[rows.index], description["tags"])
    cli.print_written(folder / "scores.npy", f"{len(scores):,} clips x {scores.shape[1]} tags")
    cli.print_written(folder / "scores.csv", "the same, for reading")


def write_numbers(data, model, run, folder):
    """Compute and write every number; return the summary."""
    scores, split, tags = results.read_scores(folder)
    description = models.read_description(models.folder_of(data, model) / "model.keras")
    thresholds = np.array(description["thresholds"])
    table = labels.read_labels(data, run["settings"]["labels"])
    y_true = table.loc[split.index, tags].to_numpy()
    heard = splits.heard_in_training(table, clips.read_clips(data)["artist"])[split.index]
    test = (split == "test").to_numpy()
    if not test.any():
        raise ValueError("there are no test clips to evaluate on")
    rows = {
        "test": test,
        "test, artist heard in training": test & heard.to_numpy(),
        "test, artist not heard": test & ~heard.to_numpy(),
        "validation": ~test,
    }
    averages = {
        name: metrics.averages(y_true[there], scores[there]) for name, there in rows.items()
    }
    per_tag = metrics.per_tag(y_true[test], scores[test], tags, thresholds)
    predicted = scores[test] >= thresholds
    examples = [
        {
            "clip_id": split.index[test][i],
            "actual": [tags[k] for k in np.flatnonzero(y_true[test][i])],
            "predicted": [tags[k] for k in np.flatnonzero(predicted[i])],
        }
        for i in metrics.choose_examples(y_true[test], predicted, EXAMPLES)
    ]
    summary = {
        "macro": averages["test"]["macro"],
        "micro": averages["test"]["micro"],
        "parts": averages,
        "tags_without_positives": per_tag["tag"][per_tag["positives"] == 0].tolist(),
        "thresholds": "per tag, highest F1 on the validation clips; kept in the model",
        "run": run,
    }
    results.write_numbers(folder, per_tag, examples, summary)
    cli.print_written(folder / "per_tag.csv", f"{len(tags)} tags")
    cli.print_written(folder / "examples.csv", f"{len(examples)} clips")
    cli.print_written(folder / "summary.json", "averages and what they belong to")
    return summary


def print_table(summary):
    """Print the averages of each group of clips."""
    print(f"{'':32}{'clips':>6}   macro ROC-AUC  PR-AUC   micro ROC-AUC  PR-AUC")
    for name, row in summary["parts"].items():
        numbers = [row[kind][what] for kind in ("macro", "micro") for what in ("roc_auc", "pr_auc")]
        shown = [cli.number(number) for number in numbers]
        macro, micro = (f"{shown[k]:>13}{shown[k + 1]:>8}" for k in (0, 2))
        print(f"{name:32}{row['clips']:6,}   {macro}   {micro}")
    without = summary["tags_without_positives"]
    if without:
        print(f"left out of the averages, no test clip has them: {', '.join(without)}")


def draw(folder, images, note, source):
    """Draw accuracy and recall of every tag and the table of five clips."""
    per_tag = results.read_per_tag(folder)
    accuracy = figures.draw_tag_bars(
        per_tag["accuracy"].to_numpy(),
        per_tag["tag"].tolist(),
        "Accuracy at threshold 0.5",
        reference=per_tag["accuracy_of_nothing"].to_numpy(),
        reference_label="predicting no tag at all",
    )
    recall = figures.draw_tag_bars(
        per_tag["recall"].to_numpy(),
        per_tag["tag"].tolist(),
        "Recall at threshold 0.5",
        reference=per_tag["recall_at_threshold"].to_numpy(),
        reference_label="at thresholds chosen on validation",
    )
    examples = figures.draw_examples(
        results.read_examples(folder),
        "Five test clips, worst to best; predicted above the tag's threshold from validation",
    )
    for name, figure in zip(FIGURES, (accuracy, recall, examples), strict=True):
        figures.save(figure, images / name, note, source)
        cli.print_written(images / name, "test clips")


def parse_args():
    """Return the arguments of the command line."""
    parser = cli.parser(__doc__)
    cli.add_data(parser)
    parser.add_argument(
        "--model",
        type=cli.name,
        default="vgg",
        metavar="RUN",
        help="folder under models/ (default: vgg)",
    )
    cli.add_images(parser)
    cli.add_force(parser, "the results")
    return parser.parse_args()


if __name__ == "__main__":
    cli.run(main, parse_args)
