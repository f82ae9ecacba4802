"""Extract mel or MFCC features of every clip, in parallel.

A clip becomes a picture of time and frequency, the input of the network. The presets are the
paper's 120 mel bands or MFCCs x 120 frames (`paper`, `mfcc`), the same size over the whole band
of frequencies (`square`, the default), and a finer one in time (`mel96`).

Reads   clips.csv, clips/              the inventory of script 1
Writes  features/<name>/features.npy   (n_clips, frames, bands), float16
        features/<name>/manifest.json  settings, clip ids, checksum
        features/<name>/failed.csv     clips that cannot be decoded, and why
        images/waves_spectro_logspectro.png

Example: python 2_feature_extraction.py --data data/mtt --preset mel96
"""

import time

from autotagging import audio, cli, clips, feature_store, features, figures, labels

FIGURE_RATE = 16000  # Hz


def main(args):
    """Write one store of features and the figure of three clips."""
    settings, name = features.PRESETS[args.preset], args.preset
    inventory = clips.read_clips(args.data)
    if not inventory["file"].all():
        raise ValueError(
            f"{args.data / 'clips.csv'} lists no audio: "
            "run 1_label_reduction_and_files_renaming.py without --no-audio"
        )
    set_name = labels.find_set(args.data, args.labels)
    table = labels.read_labels(args.data, set_name)
    table = table[table.index.isin(inventory.index)]
    labels.choose_clips(table, args.figure_tags)  # a wrong tag is refused before the long work
    path = cli.images_folder(args.images, args.data) / "waves_spectro_logspectro.png"
    if args.force:
        feature_store.discard(args.data, name)
    missing = feature_store.find_missing(args.data, name, settings, inventory)
    if missing:
        started = time.perf_counter()
        print(f"extracting {name} features of {len(missing):,} clips, {args.jobs} processes")
        feature_store.write(args.data, name, settings, inventory, args.jobs)
        report(args.data, name, time.perf_counter() - started)
    else:
        print(f"nothing to do: features/{name} has all {len(inventory):,} clips")

    failed = feature_store.read_failed(args.data, name).index
    chosen = labels.choose_clips(table.drop(failed, errors="ignore"), args.figure_tags)
    audio_is = feature_store.fingerprint(args.data, name, list(chosen.values()))
    source = f"{set_name}, {chosen}, {audio_is}"
    if not figures.shows(path, source):
        files = {clip_id: args.data / inventory["file"][clip_id] for clip_id in chosen.values()}
        figure = draw_clips(table, chosen, files)
        figures.save(figure, path, labels.read_summary(args.data, set_name)["note"], source)
        cli.print_written(path, f"clips {', '.join(chosen.values())}")


def report(data, name, seconds):
    """Print what was written."""
    manifest = feature_store.read_manifest(data, name)
    failed = feature_store.read_failed(data, name)
    settings = features.FeatureSettings(**manifest["settings"])
    folder = feature_store.folder_of(data, name)
    n_clips = len(manifest["clips"])
    for clip_id, reason in failed.head(10).items():
        print(f"clip {clip_id} {reason}")
    megabytes = (folder / "features.npy").stat().st_size / 1e6
    print(
        f"{n_clips:,} clips, {len(failed)} failed, {seconds:.1f} s, {n_clips / seconds:.0f} clips/s"
    )
    cli.print_written(
        folder / "features.npy",
        f"{n_clips:,} clips, {settings.frames} frames x {settings.bands} bands, {megabytes:.0f} MB",
    )
    cli.print_written(folder / "manifest.json", "settings, clip ids, checksum")
    cli.print_written(folder / "failed.csv", f"{len(failed)} clips")


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
    cli.add_data(parser)
    parser.add_argument(
        "--preset",
        choices=list(features.PRESETS),
        default="square",
        help="named settings, also the name of the store (default: square)",
    )
    parser.add_argument(
        "--figure-tags", nargs=3, metavar="TAG", help="tags of the clips in the figure"
    )
    cli.add_labels(parser)
    cli.add_images(parser)
    cli.add_jobs(parser)
    cli.add_force(parser, "the store")
    return parser.parse_args()


if __name__ == "__main__":
    cli.run(main, parse_args)
