"""Extract mel or MFCC features of every clip, in parallel.

A clip becomes a time-frequency representation, the input of the network. The presets are the
paper's 120 mel bands or MFCCs x 120 frames (`paper`, `mfcc`), the same size over the whole band
of frequencies (`square`), a finer one in time (`mel96`, the default), and the inputs of two
published networks (`musicnn`, `short-chunk`); every setting of theirs can be changed. It costs
little more than decoding the audio. A run that was interrupted resumes; clips that are new are
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

from autotagging import cli, steps
from autotagging.audio import loading
from autotagging.clips import inventory, links
from autotagging.features import extraction, feature_store
from autotagging.features.settings import PRESETS, FeatureSettings, change, name_of
from autotagging.figures import sounds, style
from autotagging.formatting import count, display_path, print_up_to_date
from autotagging.labels import label_sets
from autotagging.options import add_settings, cluster_address, given, positive

FIGURE_RATE = 16000  # Hz
MAX_FAILED = 0.05  # share of the clips


def main(args):
    """Write one store of features and the figure of three clips."""
    clips = inventory.read_clips(args.data, with_audio=True)
    folder = feature_store.folder_of(args.data, args.name)
    if args.check:
        print(feature_store.check(folder, args.data, clips))
        return
    label_set = label_sets.find_set(args.data, args.labels)
    table = label_sets.read_labels(args.data, label_set)
    table = table[table.index.isin(clips.index)]
    label_sets.choose_clips(table, args.figure_tags)  # a wrong tag is refused before the long work
    labels = steps.describe_inputs(args.data, label_sets.labels_path(args.data, label_set))
    inputs = steps.describe_inputs(args.data, inventory.clips_path(args.data))
    settings = {"figure_labels": labels, "figure_tags": args.figure_tags}
    step = steps.Step(folder, {**asdict(args.settings), **settings}, inputs)
    finished = not args.force and steps.is_finished(step, replaceable=inputs)
    wanted = feature_store.choose_clips(folder, clips, args.limit, keep=not args.force)
    links.check_audio(args.data, wanted["file"])
    wanted = extraction.WantedStore(folder, args.settings, args.data, wanted)
    note = label_sets.read_provenance(args.data, label_set)["note"]

    with steps.locked(folder):
        missing = extraction.find_missing(wanted, force=args.force)
        if missing is not None:
            workers = f"on {args.dask}" if args.dask else f"jobs: {args.jobs}"
            print(f"extracting {args.name} features of {count(len(missing), 'clip')}, {workers}")
            started = time.perf_counter()
            extraction.compute(wanted, args.dask or args.jobs, force=args.force)
            with extraction.writing(wanted, step) as summary:
                summary["seconds"] = round(time.perf_counter() - started, 1)
            print("\n".join(feature_store.describe(folder, len(missing))))
        elif finished:
            print_up_to_date(folder)
        else:
            steps.discard_figures(step)
        # after the numbers: a clip of the figure that has failed takes nothing from them
        draw(folder, clips["file"], table, args, note)
    summary = steps.read_summary(folder)
    if summary["failed"] > MAX_FAILED * summary["clips"]:
        raise ValueError(
            f"{summary['failed']:,} of {summary['clips']:,} clips have no features, more than "
            f"{MAX_FAILED:.0%}: {display_path(folder / 'failed.csv')} says why"
        )


def draw(folder, files, labels, args, note):
    """Draw a clip for each of three tags, as waves and spectrograms, unless the figure is there."""
    labels = labels[labels.index.isin(feature_store.list_usable(folder))]
    if len(labels) < 3:
        return
    chosen = label_sets.choose_clips(labels, args.figure_tags)

    def draw_waves():
        titles = [label_sets.write_title(labels, tag, clip_id) for tag, clip_id in chosen.items()]
        paths = [args.data / file for file in files[list(chosen.values())]]
        samples = [loading.load(p, FIGURE_RATE, args.settings.seconds).samples for p in paths]
        return sounds.draw_waves(list(zip(titles, samples, strict=True)), FIGURE_RATE, bands=120)

    style.save_missing(folder, note, {"waves_spectro_logspectro.png": draw_waves})


def parse_args():
    """Return the arguments of the command line."""
    parser = cli.parser(__doc__)
    add = parser.add_argument
    cli.add_data(parser)
    add("--preset", choices=list(PRESETS), default="mel96", help="(default: mel96)")
    add_settings(parser, FeatureSettings, unset=True)
    add("--frames", type=positive, metavar="N", help="of a clip, instead of --hop-length")
    cli.add_name(parser, "the preset and what is changed")
    add("--limit", type=positive, metavar="N", help="the first N clips alone, to try it out")
    add("--check", action="store_true", help="read the store again and compute some clips again")
    cli.add_labels(parser)
    add("--figure-tags", nargs=3, metavar="TAG", help="tags of the clips in the figure")
    cli.add_jobs(parser)
    dask = "compute on a Dask cluster, such as tcp://scheduler:8786 (docs/cluster.md)"
    add("--dask", type=cluster_address, metavar="ADDRESS", help=dask)
    cli.add_force(parser, "the store")
    args = parser.parse_args()
    if args.frames and args.hop_length:
        parser.error("--frames and --hop-length: give one, not both")
    if args.figure_tags and len(set(args.figure_tags)) < 3:
        parser.error("--figure-tags names a tag twice")
    try:
        changes = given(FeatureSettings, args)
        args.settings = change(PRESETS[args.preset], changes, args.frames)
    except ValueError as error:
        parser.error(str(error))
    args.name = args.name or name_of(args.preset, args.settings)
    return args


if __name__ == "__main__":
    cli.run(main, parse_args)
