"""Train a convolutional network to predict the tags of a clip.

`paper` is the published network of three wide convolutions; `vgg`, the default, a small one of
3x3 convolutions; `fcn`, `musicnn` and `short-chunk-res` are the literature's. `linear` and `mlp`
are small heads on a layer of a network that already knows music, for few clips. All learn from the
training clips; the epoch with the best macro PR-AUC on the validation clips is kept. Where both
parts are small, the network is refit: it learns from both, its last epoch is kept, and thresholds
come from out-of-fold scores. The test clips are not touched. A run that was killed resumes at its
last finished epoch. The model file is complete: network, normalisation, tags in order, feature
settings, a threshold per tag, what it was trained on.

Reads   features/<name>/            (n_clips, frames, bands) of script 2
        labels/<set>/               split and tags of script 1
Writes  models/<run>/model.keras    the network, complete on its own
        models/<run>/history.csv    a row an epoch
        models/<run>/summary.json   what was run, on what, with which versions
        models/<run>/CNN_architecture.png, training_history.png; out_of_fold.npy where it is refit
        and with --seeds N models/<run>-seed<n>/ a seed, models/<run>/ being their mean

Example: python 3_train_cnn.py --data data/mtt --architecture paper
"""

from dataclasses import asdict, replace

from autotagging import cli, native_stderr, options, steps
from autotagging.clips import inventory
from autotagging.features import side_by_side
from autotagging.labels import label_sets, splits
from autotagging.models import model_folder, published, training_settings


def main(args):
    """Train one network, or one per seed and their mean, and draw it."""
    label_set = label_sets.find_set(args.data, args.labels)
    table = label_sets.read_labels(args.data, label_set)
    artists = splits.select_artists(inventory.read_clips(args.data)["artist"], table.index)
    store = side_by_side.open_store(args.data, args.settings.features, table.index)
    with native_stderr.silenced():  # importing Keras takes seconds, and says much
        from autotagging.models import batches, chunks, heads, runs, transfer
    parts = batches.labelled_parts(table, store, artists)
    n_clips = [len(parts[part]) for part in ("train", "validation")]
    settings = training_settings.resolve(args.settings, store.settings, *n_clips)
    batches.check_parts(parts, settings)

    start = args.start_from and published.find_model(args.data, args.start_from, args.published)
    heard = label_sets.list_mtt_training_clips(args.data, label_set, table)
    source = start and transfer.open_source(start, settings, store, heard)
    layers = store.settings.layers
    backbones = transfer.open_backbones(args.data, settings.features, layers, store.audio, heard)
    inputs = steps.describe_inputs(
        args.data,
        label_sets.labels_path(args.data, label_set),
        *side_by_side.folders_of(args.data, settings.features),
        inventory.folder_of(args.data) if settings.refit else None,  # for the artists
        start,
        clip_ids=table.index,
    )
    description = {
        "tags": table.columns.drop("split").tolist(),
        "feature_settings": asdict(store.settings.spectrogram),
        "label_set": label_set,
        **label_sets.read_provenance(args.data, label_set),
    }
    chosen = label_sets.choose_clips(table.loc[store.rows.index])
    frames, titles = settings.chunk_frames, {f"{tag} ({i})": i for tag, i in chosen.items()}
    if layers:
        description["layers"] = [asdict(layer) for layer in layers]
        example_clips = heads.read_chunks(args.data, titles, store.settings)
    else:
        example_clips = {
            title: chunks.read_chunk(store, store.rows[i], 0, frames) for title, i in titles.items()
        }

    def describe_run(folder, seed, members=()):
        made_with = {"labels": label_set, **asdict(settings), "seed": seed}
        made_with["start_from"] = args.start_from and model_folder.name_of(args.start_from)
        of_members = steps.describe_inputs(args.data, *members)
        step = steps.Step(folder, made_with, inputs | of_members)
        own_settings = settings if isinstance(seed, list) else replace(settings, seed=seed)
        return runs.Run(step, own_settings, parts, source, description, example_clips, backbones)

    folder = model_folder.folder_of(args.data, args.name or settings.architecture)
    seeds = list(range(settings.seed, settings.seed + args.seeds))
    members = {seed: runs.member_folder(folder, seed) for seed in seeds}
    members = members if args.seeds > 1 else {settings.seed: folder}
    wanted = [describe_run(member, seed) for seed, member in members.items()]
    wanted = [run for run in wanted if args.force or not runs.is_done(run)]
    for run in wanted:
        runs.begin(run, anew=args.force, allow_heard=args.allow_heard)
    for run in wanted:
        runs.train(run, tensorboard=args.tensorboard)
    if args.seeds > 1:
        models = [member / model_folder.FILE for member in members.values()]
        run = describe_run(folder, seeds, models)
        if args.force or not runs.is_done(run, members=run.step.inputs.keys() - inputs.keys()):
            runs.average(run, members)


def parse_args():
    """Return the arguments of the command line."""
    parser = cli.parser(__doc__)
    cli.add_data(parser)
    cli.add_labels(parser)
    cli.add_name(parser, "the architecture")
    options.add_settings(parser, training_settings.TrainingSettings, unset=True)
    cli.add_start_from(parser)
    text = "train so many, from --seed on, and the mean of their scores as one more (default: 1)"
    options.add(parser, "--seeds", options.positive, default=1, help=text)
    text = "write models/<run>/tensorboard/ to watch"
    parser.add_argument("--tensorboard", action="store_true", help=text)
    cli.add_force(parser, "the run", restarts=True)
    args = parser.parse_args()
    args.settings = training_settings.read(parser, args)
    if args.name in published.NETWORKS:
        parser.error(f"--name {args.name} is that of a published network: choose another")
    return args


if __name__ == "__main__":
    cli.run(main, parse_args)
