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
        write_scores(args.data, args.model, run["settings"], folder)
        summary = write_numbers(args.data, args.model, run, folder)
    print_table(summary)
    if not (finished and all((images / name).exists() for name in FIGURES)):
        draw(folder, images, run["note"])


def write_scores(data, model, settings, folder):
    """Write the network's scores of the validation and test clips."""
    with cli.native_stderr_silenced():
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
        shown = ["  -   " if number is None else f"{number:.4f}" for number in numbers]
        print(
            f"{name:32}{row['clips']:6,}   {shown[0]:>13}  {shown[1]}   {shown[2]:>13}  {shown[3]}"
        )
    without = summary["tags_without_positives"]
    if without:
        print(f"left out of the averages, no test clip has them: {', '.join(without)}")


def draw(folder, images, note):
    """Draw accuracy and recall of every tag and the table of five clips."""
    per_tag, tags = results.read_per_tag(folder), results.read_per_tag(folder)["tag"].tolist()
    figure = figures.draw_tag_bars(
        per_tag["accuracy"].to_numpy(),
        tags,
        "Accuracy at threshold 0.5",
        reference=per_tag["accuracy_of_nothing"].to_numpy(),
        reference_label="predicting no tag at all",
    )
    figures.save(figure, images / "accuracy.png", note)
    figure = figures.draw_tag_bars(
        per_tag["recall"].to_numpy(),
        tags,
        "Recall at threshold 0.5",
        reference=per_tag["recall_at_threshold"].to_numpy(),
        reference_label="at thresholds chosen on validation",
    )
    figures.save(figure, images / "Recall.png", note)
    title = "Test clips at evenly spaced ranks of agreement, worst to best"
    figures.save(
        figures.draw_examples(results.read_examples(folder), title), images / "results.png", note
    )
    for name in FIGURES:
        cli.print_written(images / name, f"{len(tags)} tags" if name != FIGURES[2] else "5 clips")


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
