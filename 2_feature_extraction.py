"""Extract mel or MFCC features of every clip, in parallel.

A clip becomes a picture of time and frequency, the input of the network. The presets are the
paper's 120 mel bands or MFCCs x 120 frames (`paper`, `mfcc`), the same size over the whole band
of frequencies (`square`), a finer one in time (`mel96`, the default), and the inputs of two
published networks (`musicnn`, `short-chunk`); every setting of theirs can be changed. It costs
little more than decoding the audio. A run that was interrupted goes on; clips that are new are
added; --check reads it all again.

Reads   clips.csv, clips/              the inventory of script 1
Writes  features/<name>/features.npy   (n_clips, frames, bands), float16
        features/<name>/manifest.json  settings, clip ids, checksum
        features/<name>/failed.csv     clips that cannot be decoded or are silent, and why
        images/waves_spectro_logspectro.png

Example: python 2_feature_extraction.py --data data/mtt --preset square --bands 48 --jobs 4
"""

import dataclasses
import time

from autotagging import audio, cli, clips, feature_store, features, figures, labels

FIGURE_RATE = 16000  # Hz
TOLERATED = 0.05  # of the clips may fail


def main(args):
    """Write one store of features and the figure of three clips."""
    inventory = clips.read_clips(args.data)
    if not inventory["file"].all():
        raise ValueError(
            f"{args.data / 'clips.csv'} lists no audio: "
            "run 1_label_reduction_and_files_renaming.py without --no-audio"
        )
    if args.check:
        if args.changed:
            feature_store.check_settings(args.data, args.name, args.settings)
        check(args.data, args.name, inventory)
        return
    set_name = labels.find_set(args.data, args.labels)
    table = labels.read_labels(args.data, set_name)
    table = table[table.index.isin(inventory.index)]
    labels.choose_clips(table, args.figure_tags)  # a wrong tag is refused before the long work
    path = cli.images_folder(args.images, args.data) / "waves_spectro_logspectro.png"
    wanted = inventory.head(args.limit or len(inventory))
    if not args.force:
        wanted = feature_store.choose_clips(args.data, args.name, inventory, args.limit)
    store = (args.data, args.name, args.settings, wanted)
    missing = feature_store.find_missing(*store, force=args.force)
    if missing is not None:
        started = time.perf_counter()
        where = f"on {args.dask}" if args.dask else f"{args.jobs} processes"
        print(f"extracting {args.name} features of {len(missing):,} clips, {where}")
        feature_store.write(*store, args.dask or args.jobs, force=args.force)
        report(args.data, args.name, len(missing), time.perf_counter() - started)
    else:
        print(f"nothing to do: features/{args.name} has all {len(wanted):,} clips")

    failed = feature_store.read_failed(args.data, args.name)
    there = table[table.index.isin(wanted.index.difference(failed.index))]
    draw(args, there, set_name, inventory["file"], path)
    if len(failed) > TOLERATED * len(wanted):
        raise ValueError(
            f"{len(failed):,} of {len(wanted):,} clips have no features, more than "
            f"{TOLERATED:.0%}: {cli.shown(feature_store.folder_of(args.data, args.name))}"
            "/failed.csv says why"
        )


def report(data, name, n_new, seconds):
    """Print what was written."""
    manifest = feature_store.read_manifest(data, name)
    failed = feature_store.read_failed(data, name)
    settings = features.FeatureSettings(**manifest["settings"])
    folder = feature_store.folder_of(data, name)
    n_clips = len(manifest["clips"]["clip_id"])
    for clip_id, reason in failed.head(10).items():
        print(f"clip {clip_id} {reason}")
    if len(failed) > 10:
        print(f"and {len(failed) - 10:,} more, listed in failed.csv")
    shorter, longer = feature_store.count_lengths(data, name)
    print(
        f"{shorter:,} clips are shorter than {settings.seconds:g} s and padded with zeros, "
        f"{longer:,} are longer and cut"
    )
    print(
        f"{n_clips:,} clips, {len(failed)} failed; {n_new:,} in {seconds:.1f} s, "
        f"{n_new / seconds:.0f} clips/s"
    )
    megabytes = (folder / "features.npy").stat().st_size / 1e6
    cli.print_written(
        folder / "features.npy",
        f"{n_clips:,} clips, {settings.frames} frames x {settings.bands} bands, {megabytes:.0f} MB",
    )
    cli.print_written(folder / "manifest.json", "settings, clip ids, checksum")
    cli.print_written(folder / "failed.csv", f"{len(failed)} clips")


def check(data, name, inventory):
    """Read the store again; say what is wrong with it, or that nothing is."""
    n_computed, problems = feature_store.check(data, name, inventory)
    folder = cli.shown(feature_store.folder_of(data, name))
    if problems:
        more = f" (and {len(problems) - 3} more)" if len(problems) > 3 else ""
        raise ValueError(
            f"{folder} is not right: {'; '.join(problems[:3])}{more}; --force makes it anew"
        )
    print(
        f"{folder} is right: shape, checksum, all numbers finite, "
        f"{n_computed} clips computed anew and found equal"
    )


def draw(args, table, set_name, files, path):
    """Draw three clips, unless the figure shows them already."""
    if len(table) < 3:
        return
    chosen = labels.choose_clips(table, args.figure_tags)
    audio_is = feature_store.fingerprint(args.data, args.name, list(chosen.values()))
    source = f"{set_name}, {chosen}, {audio_is}"
    if not figures.shows(path, source):
        figure = draw_clips(table, chosen, {i: args.data / files[i] for i in chosen.values()})
        figures.save(figure, path, labels.read_summary(args.data, set_name)["note"], source)
        cli.print_written(path, f"clips {', '.join(chosen.values())}")


def draw_clips(table, chosen, files):
    """Draw wave, spectrogram and log spectrogram of the clips chosen."""
    tags, drawn = table.columns.drop("split"), []
    for tag, clip_id in chosen.items():
        title = f"{tag} (clip {clip_id}: {', '.join(tags[table.loc[clip_id, tags]])})"
        drawn.append((title, audio.load(files[clip_id], FIGURE_RATE)))
    return figures.draw_waves(drawn, FIGURE_RATE, bands=120)


def parse_args():
    """Return the arguments of the command line."""
    parser = cli.parser(__doc__)
    add = parser.add_argument
    cli.add_data(parser)
    add(
        "--preset",
        choices=list(features.PRESETS),
        help="named settings, whose values the following options change (default: mel96)",
    )
    add("--feature", choices=features.KINDS, help="mel bands, or MFCCs of their levels")
    add("--sample-rate", type=cli.positive, metavar="HZ", help="audio is resampled to it")
    add("--bands", type=cli.positive, metavar="N", help="mel bands, or MFCCs")
    add("--fft", dest="n_fft", type=cli.positive, metavar="N", help="samples of a window")
    frames = parser.add_mutually_exclusive_group()
    frames.add_argument(
        "--hop-length", type=cli.positive, metavar="N", help="samples from frame to frame"
    )
    frames.add_argument("--frames", type=cli.positive, metavar="N", help="frames of a clip instead")
    add(
        "--scale",
        choices=features.SCALES,
        help="of mel bands: power, its level in dB, or log10(1 + 10,000 power)",
    )
    add("--f-min", type=cli.number_from_0, metavar="HZ", help="lower edge of the lowest band")
    add("--f-max", type=cli.positive_number, metavar="HZ", help="upper edge of the highest band")
    add(
        "--seconds",
        type=cli.positive_number,
        metavar="S",
        help="clips are cut, or padded with zeros, to this length (default: 29.12)",
    )
    add("--name", type=cli.name, help="of the store (default: the preset and what is changed)")
    add("--limit", type=cli.positive, metavar="N", help="the first N clips alone, to try it out")
    add("--check", action="store_true", help="read the store again and compute some clips anew")
    cli.add_labels(parser)
    add("--figure-tags", nargs=3, metavar="TAG", help="tags of the clips in the figure")
    cli.add_images(parser)
    cli.add_jobs(parser)
    add(
        "--dask",
        type=cli.cluster_address,
        metavar="ADDRESS",
        help="compute on a Dask cluster, such as tcp://scheduler:8786 (docs/cluster.md)",
    )
    cli.add_force(parser, "the store")
    args = parser.parse_args()
    fields = [field.name for field in dataclasses.fields(features.FeatureSettings)]
    given = {name: getattr(args, name) for name in fields if getattr(args, name) is not None}
    args.changed = bool(args.preset or given or args.frames)
    preset = args.preset or "mel96"
    try:
        args.settings = features.change(features.PRESETS[preset], given, args.frames)
    except ValueError as error:
        parser.error(str(error))
    args.name = args.name or features.name_of(preset, args.settings)
    if args.figure_tags and len(set(args.figure_tags)) < 3:
        parser.error("--figure-tags names a tag twice")
    return args


if __name__ == "__main__":
    cli.run(main, parse_args)
