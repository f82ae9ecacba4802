"""Extract mel or MFCC features of every clip, in parallel.

A clip becomes a picture of time and frequency, the input of the network. The presets are the
paper's 120 mel bands or MFCCs x 120 frames (`paper`, `mfcc`), the same size over the whole band
of frequencies (`square`), a finer one in time (`mel96`, the default), and the inputs of two
published networks (`musicnn`, `short-chunk`); every setting of theirs can be changed. It costs
little more than decoding the audio. A run that was interrupted goes on; clips that are new are
added; --check reads it all again.

Reads   clips/                         the inventory and audio of script 1
        labels/<set>/labels.csv        which clips the figure shows
Writes  features/<name>/features.npy   (n_clips, frames, bands), float16
        features/<name>/clips.csv      checksum and length of each clip, in the order of the rows
        features/<name>/failed.csv     clips that cannot be decoded or are silent, and why
        features/<name>/waves_spectro_logspectro.png, summary.json

Example: python 2_feature_extraction.py --data data/mtt --preset square --bands 48 --jobs 4
"""

import time
from dataclasses import asdict

from autotagging import audio, cli, clips, feature_store, features, figures, labels, steps
from autotagging.formatting import display_path
from autotagging.options import add_settings, cluster_address, given, positive

FIGURE_RATE = 16000  # Hz
TOLERATED = 0.05  # of the clips may fail


def main(args):
    """Write one store of features and the figure of three clips."""
    inventory = clips.read_clips(args.data, with_audio=True)
    folder = feature_store.folder_of(args.data, args.name)
    if args.check:
        print(feature_store.check(folder, args.data, inventory))
        return
    label_set = labels.find_set(args.data, args.labels)
    table = labels.read_labels(args.data, label_set)
    table = table[table.index.isin(inventory.index)]
    labels.choose_clips(table, args.figure_tags)  # a wrong tag is refused before the long work
    settings = {"figure_labels": label_set, "figure_tags": args.figure_tags}
    inputs = steps.describe_inputs(
        args.data,
        clips.folder_of(args.data) / "clips.csv",
        labels.set_folder(args.data, label_set) / "labels.csv",
    )
    step = steps.Step(folder, {**asdict(args.settings), **settings}, inputs)
    finished = not args.force and steps.is_finished(step, replaceable=inputs)
    wanted = feature_store.choose_clips(folder, inventory, args.limit, keep=not args.force)
    wanted = feature_store.WantedStore(folder, args.settings, args.data, wanted)

    with steps.locked(folder):
        missing = feature_store.find_missing(wanted, force=args.force)
        if missing is not None:
            workers = f"on {args.dask}" if args.dask else f"{args.jobs} processes"
            print(f"extracting {args.name} features of {len(missing):,} clips, {workers}")
            started = time.perf_counter()
            feature_store.compute(wanted, args.dask or args.jobs, force=args.force)
            with feature_store.writing(wanted, step) as summary:
                summary["seconds"] = round(time.perf_counter() - started, 1)
                draw(args, folder, table, inventory["file"])
            print("\n".join(feature_store.describe(folder, len(missing))))
        elif finished:
            print(f"nothing to do: features/{args.name} has all {len(wanted.clips):,} clips")
        else:
            steps.renew_pictures(step)
        draw(args, folder, table, inventory["file"])
    summary = steps.read_summary(folder)
    if summary["failed"] > TOLERATED * summary["clips"]:
        raise ValueError(
            f"{summary['failed']:,} of {summary['clips']:,} clips have no features, more than "
            f"{TOLERATED:.0%}: {display_path(folder / 'failed.csv')} says why"
        )


def draw(args, folder, table, files):
    """Draw three clips as waves and spectrograms, unless the figure is there."""
    table = table[table.index.isin(feature_store.list_usable(folder))]
    if len(table) < 3:
        return
    chosen = labels.choose_clips(table, args.figure_tags)

    def draw_waves():
        titles = [labels.write_title(table, tag, clip_id) for tag, clip_id in chosen.items()]
        samples = [audio.load(args.data / files[i], FIGURE_RATE) for i in chosen.values()]
        return figures.draw_waves(list(zip(titles, samples, strict=True)), FIGURE_RATE, bands=120)

    content = f"clips {', '.join(chosen.values())}"
    label_set = labels.find_set(args.data, args.labels)
    note = labels.read_summary(args.data, label_set)["note"]
    figures.save_missing(folder, note, {"waves_spectro_logspectro.png": (content, draw_waves)})


def parse_args():
    """Return the arguments of the command line."""
    parser = cli.parser(__doc__)
    add = parser.add_argument
    cli.add_data(parser)
    presets = list(features.PRESETS)
    add("--preset", choices=presets, default="mel96", help="named settings (default: mel96)")
    add_settings(parser, features.FeatureSettings, unset=True)
    add("--frames", type=positive, metavar="N", help="of a clip, instead of --hop-length")
    cli.add_name(parser, "the preset and what is changed")
    add("--limit", type=positive, metavar="N", help="the first N clips alone, to try it out")
    add("--check", action="store_true", help="read the store again and compute some clips anew")
    cli.add_labels(parser)
    add("--figure-tags", nargs=3, metavar="TAG", help="tags of the clips in the figure")
    cli.add_jobs(parser)
    dask = "compute on a Dask cluster, such as tcp://scheduler:8786 (docs/cluster.md)"
    add("--dask", type=cluster_address, metavar="ADDRESS", help=dask)
    cli.add_force(parser, "the store")
    args = parser.parse_args()
    if args.frames and args.hop_length:
        parser.error("--frames and --hop-length: one of them")
    if args.figure_tags and len(set(args.figure_tags)) < 3:
        parser.error("--figure-tags names a tag twice")
    try:
        changes = given(features.FeatureSettings, args)
        args.settings = features.change(features.PRESETS[args.preset], changes, args.frames)
    except ValueError as error:
        parser.error(str(error))
    args.name = args.name or features.name_of(args.preset, args.settings)
    return args


if __name__ == "__main__":
    cli.run(main, parse_args)
