"""Train a convolutional network to predict the tags of a clip.

`paper` is the published network of three wide convolutions; `vgg`, the default, a small one of
3x3 convolutions; `fcn`, `musicnn` and `short-chunk-res` are the literature's. All learn from the
training clips alone; the epoch with the best macro PR-AUC on the validation clips is kept. The
test clips are not touched. A run that was killed goes on at its last finished epoch. The model
file is complete: network, normalisation, tags in order, feature settings, a threshold a tag.

Reads   features/<name>/            (n_clips, frames, bands) of script 2
        labels/<set>/               split and tags of script 1
Writes  models/<run>/model.keras    the network, complete on its own
        models/<run>/history.csv    a row an epoch
        models/<run>/run.json       what was run, on what, with which versions
        images/CNN_architecture.png, images/training_history.png
        and with --seeds N models/<run>-seed<n>/ a seed, models/<run>/ being their mean

Example: python 3_train_cnn.py --data data/mtt --model paper
"""

import dataclasses

from autotagging import cli, feature_store, figures, labels, models, native_stderr, recipes


def main(args):
    """Train one network, or one a seed and their mean, and draw it."""
    run, set_name = args.name or args.model, labels.find_set(args.data, args.labels)
    table = labels.read_labels(args.data, set_name)
    store = args.settings["features"]
    array, rows, feature_settings = feature_store.open_store(args.data, store, table.index)
    parts = labels.arrays_by_part(table, rows)
    settings = recipes.fit(args.settings, feature_settings, len(parts["train"][0])) | {
        "features_made_from": feature_store.fingerprint(args.data, store, table.index),
        "labels": set_name,
        "labels_sha256": labels.checksum(args.data, set_name),
        "start_from": args.start_from and models.describe_file(args.start_from),
        "seed": args.seed,
    }
    summary = labels.read_summary(args.data, set_name)
    about = {
        "tags": table.columns.drop("split").tolist(),
        "feature_settings": dataclasses.asdict(feature_settings),
        "label_set": set_name,
        "dataset": args.data.resolve().name,
        "note": summary["note"],
        "citation": summary["citation"],
    }
    images = cli.images_folder(args.images, args.data)
    clips = array, parts
    members = (
        [run] if args.seeds == 1 else [f"{run}-seed{args.seed + n}" for n in range(args.seeds)]
    )
    for seed, member in enumerate(members, args.seed):
        train_run(args, member, clips, {**about, "settings": {**settings, "seed": seed}})
    if args.seeds > 1:
        seeds = list(range(args.seed, args.seed + args.seeds))
        join_runs(args, run, members, clips, {**about, "settings": {**settings, "seed": seeds}})
    draw_training(args.data, run, images)
    draw_network(args.data, (run, members[0]), images, (table.loc[rows.index], array, rows))


def train_run(args, run, clips, about):
    """Train a network, unless that is done, and write the run."""
    if is_done(args, run, about["settings"]):
        return
    with native_stderr.silenced():  # and here, because Keras takes seconds to import
        from autotagging import training

    folder, settings = models.folder_of(args.data, run), about["settings"]
    print_task(run, about, clips[1])
    start = args.start_from and models.load_to_start(args.start_from, about)
    network, history, stopped = training.train(
        clips, folder, settings, start=start, tensorboard=args.tensorboard
    )
    if stopped:
        print(f"stopped: {stopped}")
    best = history[history["kept"]].iloc[0]
    facts = {
        "best_epoch": int(best["epoch"]),
        "validation": best[["validation_roc_auc", "validation_pr_auc"]]
        .set_axis(["roc_auc", "pr_auc"])
        .replace({float("nan"): None})  # no tag that some validation clips have and others not
        .to_dict(),
        "stopped": stopped,
    }
    write_run(folder, network, clips, about, (history, facts))
    if args.start_from:
        print(models.compare_to_scratch(args.data, run))


def join_runs(args, run, members, clips, about):
    """Write the mean of some runs as one more."""
    if is_done(args, run, about["settings"]):
        return
    with native_stderr.silenced():
        from autotagging import architectures, metrics, prediction

    array, parts = clips
    folders = [models.folder_of(args.data, member) for member in members]
    network = architectures.mean_of([models.load(f / "model.keras")[0] for f in folders])
    history = models.join_histories(
        args.data, dict(zip(about["settings"]["seed"], members, strict=True))
    )
    rows, y_true = parts["validation"]
    averages = metrics.averages(y_true, prediction.score_clips(network, array, rows))
    facts = {"members": members, "validation": averages["macro"]}
    folder = models.folder_of(args.data, run)
    folder.mkdir(parents=True, exist_ok=True)
    write_run(folder, network, clips, about, (history, facts))


def is_done(args, run, settings):
    """Return whether a run is there as asked for, after removing it where it is to be made anew."""
    if args.force:
        models.discard(args.data, run)
    finished = models.is_finished(args.data, run, settings)
    if finished:
        print(f"nothing to do: models/{run} is trained with these settings")
    return finished


def print_task(run, about, parts):
    """Print what is trained on what, and the tags that validation can say nothing about."""
    tags, settings = about["tags"], about["settings"]
    n_clips = {part: len(rows) for part, (rows, _) in parts.items()}
    print(
        f"training {run}: {settings['architecture']}, {len(tags)} tags, {n_clips['train']:,} "
        f"training and {n_clips['validation']:,} validation clips, features "
        f"{settings['features']}, {settings['chunk_frames']} frames of a clip"
    )
    without = [tags[k] for k in (~parts["validation"][1].any(axis=0)).nonzero()[0]]
    if without:
        print(
            f"left out of validation's averages, no clip there has them: {len(without)} of "
            f"{len(tags)} tags: {', '.join(without)}"
        )


def write_run(folder, network, clips, about, outcome):
    """Choose a threshold a tag on the validation clips; write model, history and run."""
    from autotagging import metrics, prediction

    (array, parts), (history, facts) = clips, outcome
    rows, y_true = parts["validation"]
    thresholds = metrics.best_thresholds(y_true, prediction.score_clips(network, array, rows))
    models.save(folder / "model.keras", network, {**about, "thresholds": thresholds.tolist()})
    n_clips = {part: len(rows) for part, (rows, _) in parts.items()}
    seconds = history["seconds"].sum()
    facts |= {
        **{key: about[key] for key in ("dataset", "note", "settings")},
        "clips": n_clips,
        "weights": network.count_params(),
        "epochs": len(history),
        "seconds": round(seconds, 1),
        "seconds_an_epoch": round(history["seconds"].mean(), 2),
        "clips_per_second": round(
            history["training_clips"].sum() / history["training_seconds"].sum(), 1
        ),
    }
    models.finish(folder, history, facts)
    best = (
        f"best epoch {facts['best_epoch']} of {len(history)}" if "best_epoch" in facts else "mean"
    )
    print(
        f"{folder.name}, {best}: validation macro ROC-AUC "
        f"{cli.number(facts['validation']['roc_auc'])}, PR-AUC "
        f"{cli.number(facts['validation']['pr_auc'])}; {facts['weights']:,} weights; "
        f"{facts['seconds_an_epoch']:.1f} s an epoch, {facts['clips_per_second']:.0f} clips/s, "
        f"{seconds:.0f} s in all"
    )
    n_tags = y_true.shape[1]
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


def draw_network(data, runs, images, store):
    """Draw the network with its maps for three clips, unless the figure is of this run already."""
    run, drawn = runs  # of a mean of several the first is drawn
    path, source = images / "CNN_architecture.png", models.describe_source(data, run)
    if figures.shows(path, source):
        return
    with native_stderr.silenced():
        from autotagging import anatomy

    table, array, rows = store
    network, _ = models.load(models.folder_of(data, drawn) / "model.keras")
    chosen = labels.choose_clips(table)
    batch = array[rows[list(chosen.values())], : network.input_shape[1]].astype("float32")
    titles = [f"{tag} ({clip_id})" for tag, clip_id in chosen.items()]
    maps = anatomy.convolution_maps(network, batch)
    figure = figures.draw_architecture(
        anatomy.describe(network), list(zip(titles, batch, strict=True)), list(maps.items())
    )
    figures.save(figure, path, models.describe_run(data, drawn), source)
    cli.print_written(path, f"the network {drawn}, maps of {len(chosen)} clips")


def parse_args():
    """Return the arguments of the command line."""
    parser = cli.parser(__doc__)
    cli.add_data(parser)
    cli.add_labels(parser)
    parser.add_argument(
        "--name", type=cli.name, metavar="RUN", help="folder under models/ (default: --model)"
    )
    recipes.add_options(parser)
    parser.add_argument(
        "--seeds",
        type=cli.positive,
        default=1,
        metavar="N",
        help="train so many, from --seed on, and the mean of their scores as one more (default: 1)",
    )
    parser.add_argument(
        "--tensorboard", action="store_true", help="write models/<run>/tensorboard/ to watch"
    )
    cli.add_seed(parser)
    cli.add_images(parser)
    cli.add_force(parser, "the run")
    args = parser.parse_args()
    args.settings = recipes.settings_of(args, parser)
    return args


if __name__ == "__main__":
    cli.run(main, parse_args)
