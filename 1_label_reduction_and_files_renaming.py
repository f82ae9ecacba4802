"""Merge the tags' synonyms, keep the most frequent, and link the audio under its clip ids.

MagnaTagATune writes one meaning in many ways ("male vocal", "man singing"); a network can only
learn what its labels agree on. This script merges 29 groups of synonyms, keeps the 50 most
frequent tags, splits by folder (0-b train, c validation, d-f test) and leaves out broken audio.
The raw dataset is never changed.

Reads   annotations_final.csv      clip_id, 188 tags (0/1), mp3_path; tab-separated
        clip_info_final.csv        artist, album and track of each clip
        0/ to f/ or mp3.zip.001-3  the audio
        data/synonyms.csv          the groups of synonyms
Writes  clips.csv, clips/          the usable audio: (n_clips, 4 columns), a link a clip
        excluded.csv               what was left out, and why
        labels/<set>/labels.csv    (n_tagged_clips, split + 50 tags)
        labels/<set>/tags.csv, tag_counts.csv, summary.json

Example: python 1_label_reduction_and_files_renaming.py --data data/mtt
"""

from pathlib import Path

from autotagging import annotations, archive, cli, clips, labels, splits

SYNONYMS = cli.REPOSITORY / "data" / "synonyms.csv"


def main(args):
    """Write the inventory and one label set."""
    raw = args.raw or args.data
    name = args.labels or labels.set_name(not args.no_merge, args.top, args.keep_untagged)
    if not (raw / "annotations_final.csv").exists():
        raise ValueError(
            f"{raw / 'annotations_final.csv'} is missing: put the dataset there, "
            "or name its folder with --raw"
        )
    settings = labels.state_settings(
        raw / "annotations_final.csv",
        SYNONYMS,
        merge=not args.no_merge,
        top=args.top,
        keep_untagged=args.keep_untagged,
    )
    labels.check_settings(args.data, name, settings, force=args.force)

    annotated, files = annotations.read_annotations(raw / "annotations_final.csv")
    print(f"read {cli.shown(raw)}: {len(files):,} annotated clips, {annotated.shape[1]} tags")
    clips.check_names(files)
    split = splits.by_folder(files)
    info = clips.read_clip_info(raw / "clip_info_final.csv", files.index)
    synonyms = {} if args.no_merge else annotations.read_synonyms(SYNONYMS)
    merged = annotations.merge_synonyms(annotated, synonyms)
    kept, every = annotations.tabulate_tags(annotated, merged, synonyms, args.top)

    links, excluded, relinked = provide_audio(files, raw, args.data, args.no_audio)
    inventory = info.loc[links.index].assign(file=links)[["file", "artist", "album", "track"]]
    table = labels.select(merged[kept["tag"]], links.index, split, settings)
    summary = {
        "dataset": args.data.resolve().name,
        "note": "Synthetic sample, not real music" if (raw / "truth_final.csv").exists() else "",
        "settings": settings,
        "clips": {"annotated": len(files), "excluded": len(excluded), "kept": len(table)},
        "tags": {"annotated": annotated.shape[1], "merged": merged.shape[1], "kept": len(kept)},
        "parts": splits.describe(table, inventory),
    }
    print_paragraph(summary, excluded)
    changed = clips.write_clips(args.data, inventory, excluded)
    changed |= labels.write_set(args.data, name, table, (kept, every), summary)
    if changed or relinked:
        print_files(args.data, name, summary, len(inventory))
    else:
        print(f"nothing to do: clips.csv, clips/ and labels/{name} are up to date")


def provide_audio(files, raw, data, no_audio):
    """Link or extract the usable audio; return its names, what was left out, what changed."""
    if no_audio:
        if (data / "clips.csv").exists() and clips.read_clips(data)["file"].any():
            raise ValueError(f"{data / 'clips.csv'} lists audio already: leave out --no-audio")
        excluded = clips.find_unusable(files)
        return files.drop(excluded.index).map(lambda _: ""), excluded, 0
    parts = archive.find_parts(raw)
    in_folders = clips.audio_sizes(files, raw)
    in_archive = archive.audio_sizes(files, parts)
    # A file that differs from the archive's was unpacked by half: the archive's is taken.
    in_folders = in_folders.where(in_archive.isna() | (in_folders == in_archive))
    excluded = clips.find_unusable(files, in_folders.fillna(in_archive))
    if len(excluded) == len(files):
        raise ValueError(
            f"{raw} has no audio for any clip: put folders 0 to f or mp3.zip.001 to .003 there, "
            "name another folder with --raw, or take the labels alone with --no-audio"
        )
    files = files.drop(excluded.index)
    links = clips.link_names(files)
    targets = links.map(lambda link: data / link)
    (data / "clips").mkdir(exist_ok=True)
    unpacked = in_folders[files.index].notna()
    made, symbolic = clips.link(files[unpacked], raw, targets)
    made += archive.extract(files[~unpacked], parts, targets)
    made += clips.remove_stale(data, links)
    if symbolic:
        print(f"{symbolic:,} links are symbolic: {cli.shown(raw)} is on another file system")
    return links, excluded, made


def print_paragraph(summary, excluded):
    """Print what a paper says of its labels."""
    counts, tags, heard = summary["clips"], summary["tags"], summary["parts"]["test_clips_heard"]
    for clip_id, row in excluded.head(10).iterrows():
        print(f"excluded clip {clip_id}, {row['file']}: {row['reason']}")
    if len(excluded) > 10:
        print(f"and {len(excluded) - 10:,} more, listed in excluded.csv")
    untagged = counts["annotated"] - counts["excluded"] - counts["kept"]
    print(
        f"{counts['annotated']:,} annotated clips, {counts['excluded']:,} excluded, "
        f"{untagged:,} without any of the tags left out, {counts['kept']:,} kept\n"
        f"{tags['annotated']} tags, {tags['merged']} after merging, the {tags['kept']} most "
        f"frequent kept"
    )
    for part in splits.PARTS:
        sizes = ", ".join(f"{number:,} {what}" for what, number in summary["parts"][part].items())
        print(f"{part:>10}: {sizes}")
    print(
        f"of the test clips {heard['artist']:,} are by an artist heard in training, "
        f"{heard['track']:,} from a track heard in training"
    )


def print_files(data, name, summary, n_clips):
    """Print a line a file written."""
    folder = labels.set_folder(data, name)
    kept, tags = summary["clips"]["kept"], summary["tags"]
    cli.print_written(data / "clips.csv", f"{n_clips:,} clips")
    cli.print_written(data / "excluded.csv", f"{summary['clips']['excluded']:,} clips")
    cli.print_written(folder / "labels.csv", f"{kept:,} clips, {tags['kept']} tags")
    cli.print_written(folder / "tags.csv", f"{tags['kept']} tags")
    cli.print_written(folder / "tag_counts.csv", f"{tags['annotated']} tags as annotated")
    cli.print_written(folder / "summary.json", "settings and counts")


def parse_args():
    """Return the arguments of the command line."""
    parser = cli.parser(__doc__)
    cli.add_data(parser, kind=Path)
    parser.add_argument(
        "--raw",
        type=cli.folder,
        metavar="FOLDER",
        help="the dataset as shipped, where it lies elsewhere, even read-only (default: --data)",
    )
    parser.add_argument(
        "--labels", type=cli.name, metavar="SET", help="name of the set (default: by its settings)"
    )
    parser.add_argument("--no-audio", action="store_true", help="labels alone, no audio needed")
    parser.add_argument("--no-merge", action="store_true", help="keep the tags as annotated")
    parser.add_argument(
        "--top", type=cli.positive, default=50, metavar="N", help="tags to keep (default: 50)"
    )
    parser.add_argument(
        "--keep-untagged", action="store_true", help="keep clips with none of the tags"
    )
    cli.add_force(parser, "a label set that was made with other settings")
    args = parser.parse_args()
    if args.raw:  # the dataset's own folder may be new
        args.data.mkdir(parents=True, exist_ok=True)
    elif not args.data.is_dir():
        parser.error(f"argument --data: {cli.absent(args.data)}")
    return args


if __name__ == "__main__":
    cli.run(main, parse_args)
