"""Train a convolutional network to predict the tags of a clip.

`paper` is the published network of three wide convolutions; `vgg`, the default, a small one of
3x3 convolutions. Both learn from the training clips alone; the epoch with the best macro PR-AUC
on the validation clips is kept. The test clips are not touched. The model file is complete:
network, normalisation, tags in order, feature settings and a threshold a tag.

Reads   features/<name>/            (n_clips, frames, bands) of script 2
        labels/<set>/               split and tags of script 1
Writes  models/<run>/model.keras    the network, complete on its own
        models/<run>/history.csv    a row an epoch
        models/<run>/run.json       what was run, on what, with which versions
        images/CNN_architecture.png, images/training_history.png

Example: python 3_train_cnn.py --data data/mtt --model paper
"""

import dataclasses

from autotagging import cli, feature_store, figures, labels, models, native_stderr

ARCHITECTURES = ("vgg", "paper")


def is_level(settings):
    """Return whether features are levels, which shifts in time and an equaliser leave plausible."""
    return settings.feature == "mel" and settings.scale == "dB"


def main(args):
    """Train one network and draw it."""
    run, set_name = args.name or args.model, labels.find_set(args.data, args.labels)
    table = labels.read_labels(args.data, set_name)
    array, rows, feature_settings = feature_store.open_store(args.data, args.features, table.index)
    parts = labels.arrays_by_part(table, rows)
    settings = {
        "architecture": args.model,
        "features": args.features,
        "features_made_from": feature_store.fingerprint(args.data, args.features, table.index),
        "labels": set_name,
        "labels_sha256": labels.checksum(args.data, set_name),
        "epochs": args.epochs,
        "patience": args.patience,
        "batch_size": args.batch_size,
        "learning_rate": args.learning_rate,
        "augment": not args.no_augment and is_level(feature_settings),
        "seed": args.seed,
    }
    images = cli.images_folder(args.images, args.data)
    if args.force:
        models.discard(args.data, run)
    finished = models.is_finished(args.data, run, settings)
    if finished:
        print(f"nothing to do: models/{run} is trained with these settings")
    else:
        about = {
            "tags": table.columns.drop("split").tolist(),
            "feature_settings": dataclasses.asdict(feature_settings),
            "settings": settings,
            "dataset": args.data.resolve().name,
            "note": labels.read_summary(args.data, set_name)["note"],
        }
        train(models.folder_of(args.data, run), array, parts, about)
    draw_training(args.data, run, images)
    draw_network(args.data, run, images, (table.loc[rows.index], array, rows))


def train(folder, array, parts, about):
    """Train a network, choose its thresholds on the validation clips, write the run."""
    with native_stderr.silenced():  # and here, because Keras takes seconds to import
        from autotagging import architectures, metrics, prediction, training

    settings, n_tags = about["settings"], len(about["tags"])
    training.set_seed(settings["seed"])
    mean, variance = training.band_statistics(array, parts["train"][0])
    build = architectures.ARCHITECTURES[settings["architecture"]]
    network = build(array.shape[1:], n_tags, mean, variance)
    clips = {part: len(rows) for part, (rows, _) in parts.items()}
    print(
        f"training {folder.name}: {network.count_params():,} weights, {n_tags} tags, "
        f"{clips['train']:,} training and {clips['validation']:,} validation clips"
    )
    network, history = training.train(network, array, parts, folder, settings)

    rows, y_true = parts["validation"]
    thresholds = metrics.best_thresholds(y_true, prediction.score_clips(network, array, rows))
    models.save(folder / "model.keras", network, {**about, "thresholds": thresholds.tolist()})
    best = history.loc[history["validation_pr_auc"].idxmax()]
    facts = {
        **{key: about[key] for key in ("dataset", "note", "settings")},
        "clips": clips,
        "weights": network.count_params(),
        "epochs": len(history),
        "best_epoch": int(best["epoch"]),
        "validation": {"roc_auc": best["validation_roc_auc"], "pr_auc": best["validation_pr_auc"]},
        "seconds": round(history["seconds"].sum(), 1),
    }
    models.finish(folder, history, facts)
    print(
        f"best epoch {facts['best_epoch']} of {len(history)}: validation macro ROC-AUC "
        f"{best['validation_roc_auc']:.4f}, PR-AUC {best['validation_pr_auc']:.4f}; "
        f"{facts['seconds']:.0f} s, {clips['train'] * len(history) / facts['seconds']:.0f} clips/s"
    )
    cli.print_written(folder / "model.keras", f"{facts['weights']:,} weights, {n_tags} tags")
    cli.print_written(folder / "history.csv", f"{len(history)} epochs")
    cli.print_written(folder / "run.json", "settings, clips, versions")


def draw_training(data, run, images):
    """Draw the course of training, unless the figure is of this run already."""
    path, source = images / "training_history.png", models.describe_source(data, run)
    if not figures.shows(path, source):
        note = models.describe_run(data, run)
        figures.save(figures.draw_history(models.read_history(data, run)), path, note, source)
        cli.print_written(path, "loss and validation scores by epoch")


def draw_network(data, run, images, store):
    """Draw the network with its maps for three clips, unless the figure is of this run already."""
    path, source = images / "CNN_architecture.png", models.describe_source(data, run)
    if figures.shows(path, source):
        return
    with native_stderr.silenced():
        from autotagging import architectures

    table, array, rows = store
    network, _ = models.load(models.folder_of(data, run) / "model.keras")
    chosen = labels.choose_clips(table)
    batch = array[rows[list(chosen.values())]].astype("float32")
    titles = [f"{tag} ({clip_id})" for tag, clip_id in chosen.items()]
    maps = architectures.convolution_maps(network, batch)
    figure = figures.draw_architecture(
        architectures.describe(network), list(zip(titles, batch, strict=True)), list(maps.items())
    )
    figures.save(figure, path, models.describe_run(data, run), source)
    cli.print_written(path, f"the network {run}, maps of {len(chosen)} clips")


def parse_args():
    """Return the arguments of the command line."""
    parser = cli.parser(__doc__)
    cli.add_data(parser)
    cli.add_labels(parser)
    parser.add_argument(
        "--features",
        type=cli.name,
        default="square",
        metavar="NAME",
        help="store under features/ (default: square)",
    )
    parser.add_argument(
        "--model", choices=ARCHITECTURES, default="vgg", help="architecture (default: vgg)"
    )
    parser.add_argument(
        "--name", type=cli.name, metavar="RUN", help="folder under models/ (default: --model)"
    )
    parser.add_argument(
        "--epochs", type=cli.positive, default=60, metavar="N", help="at most (default: 60)"
    )
    parser.add_argument(
        "--patience",
        type=cli.positive,
        default=15,
        metavar="N",
        help="stop after so many epochs without a better one (default: 15)",
    )
    parser.add_argument(
        "--batch-size", type=cli.positive, default=16, metavar="N", help="clips (default: 16)"
    )
    parser.add_argument(
        "--learning-rate",
        type=cli.positive_number,
        default=0.002,
        metavar="RATE",
        help="of Adam at the start, falling as a cosine (default: 0.002)",
    )
    parser.add_argument(
        "--no-augment",
        action="store_true",
        help="take clips as they are (default: shift and equalise them, where features are in dB)",
    )
    cli.add_seed(parser)
    cli.add_images(parser)
    cli.add_force(parser, "the run")
    return parser.parse_args()


if __name__ == "__main__":
    cli.run(main, parse_args)
