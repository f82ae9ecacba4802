"""Merge the tags' synonyms, keep the most frequent, and link the audio under its clip ids.

MagnaTagATune writes one meaning in many ways ("male vocal", "man singing"); a network can only
learn what its labels agree on. This script merges 29 groups of synonyms, keeps the 50 most
frequent tags, splits by folder (0-b train, c validation, d-f test) and leaves out broken audio.
The raw dataset is never changed. Other tags, other splits and collections of one's own: below.

Reads   annotations_final.csv      clip_id, 188 tags (0/1), mp3_path; tab-separated; or any CSV
                                   with a column path and a column a tag
        clip_info_final.csv        artist, album and track of each clip, where it is there
        0/ to f/ or mp3.zip.001-3  the audio
        data/synonyms.csv          the groups of synonyms
Writes  clips.csv, clips/          the usable audio: (n_clips, 4 columns), a link a clip
        excluded.csv               what was left out, and why
        labels/<set>/labels.csv    (n_tagged_clips, split + 50 tags)
        labels/<set>/tags.csv, tag_counts.csv, summary.json

Example: python 1_label_reduction_and_files_renaming.py --data data/mtt --split artists --seed 1
"""

from pathlib import Path

from autotagging import annotations, cli, clips, labels, links, paragraph, splits, vocabulary

SYNONYMS = cli.REPOSITORY / "data" / "synonyms.csv"
TOP = 50  # tags kept, as in the paper
TAG_KINDS = cli.REPOSITORY / "data" / "tag_kinds.csv"


def main(args):
    """Write the inventory and one label set."""
    raw = args.raw or args.data
    source = args.annotations or annotations.find_table(raw)
    annotated, about = annotations.read_annotations(source)
    about = annotations.add_clip_info(about, raw / annotations.CLIP_INFO)
    clips.check_names(about)
    clips.check_apart(about, source, raw, args.data)
    print(f"read {cli.shown(source)}: {len(about):,} clips, {annotated.shape[1]} tags")

    synonyms = {} if args.no_merge else read_synonyms(annotated.columns)
    merged = vocabulary.merge_synonyms(annotated, synonyms)
    makers = annotations.name_makers(about)
    how = splits.choose(about, args.split)
    split = splits.split(how, about, makers["artist"], annotated, args.seed)
    counted = merged[split == "train"] if args.tags_from == "train" else merged
    tags = choose_tags(counted, synonyms, args.tags, args.top or TOP)
    choices = {
        "merge": bool(synonyms),
        "top": None if args.tags else len(tags),
        "tags_from": "list" if args.tags else args.tags_from,
        "keep_untagged": args.keep_untagged,
        "split": how,
        "seed": args.seed if how in splits.DRAWN else None,
    }
    made_from = {
        "annotations": source,
        "clip_info": raw / annotations.CLIP_INFO,
        "synonyms": SYNONYMS if synonyms else None,
        "tags": args.tags,
    }
    settings = labels.state_settings(choices, made_from)
    name = args.labels or labels.set_name(choices, f"-{args.tags.stem}" if args.tags else len(tags))
    labels.check_settings(args.data, name, settings, force=args.force)

    if args.no_audio:
        files, reasons, changed = clips.without_audio(about["file"], args.data)
    else:
        files, reasons, changed = clips.provide_audio(about["file"], raw, args.data, args.link)
    excluded = clips.tabulate_excluded(about, reasons)
    inventory = makers.loc[files.index].assign(file=files)
    table = labels.select(merged.loc[files.index, tags], split, keep_untagged=args.keep_untagged)
    tables = vocabulary.tabulate_tags(annotated, merged, synonyms, tags)
    summary = {
        "dataset": args.data.resolve().name,
        "note": annotations.note_of(raw),
        "citation": annotations.cite(source, raw),
        "settings": settings,
        "clips": paragraph.count_clips(table, files, excluded),
        "tags": paragraph.count_tags(merged, tags, tables[1]),
        "parts": paragraph.describe_parts(table, makers),
        "unnamed": paragraph.count_unnamed(makers),
        "test_clips_heard": paragraph.count_heard(table, makers),
        "same_recordings": paragraph.count_same_recordings(about, makers, table["split"]),
    }
    multi_hot = (
        links.multi_hot_names(table[tags], files) if args.names == "multi-hot" else files[:0]
    )
    changed += clips.write_clips(args.data, inventory, excluded)
    changed += labels.write_set(args.data, name, table, tables, summary)
    folder = labels.set_folder(args.data, name)
    sources = files.map(lambda file: args.data / file)
    changed += links.write_multi_hot(folder, multi_hot, sources, args.link)

    print("\n".join(paragraph.list_excluded(excluded) + paragraph.write(summary)))
    for outdated, lost in labels.find_outdated(args.data, files.index).items():
        print(f"warning: labels/{outdated} has {lost:,} clips that are gone: make it anew")
    if changed:
        print_written(args.data, folder, summary, len(files), len(multi_hot))
    else:
        print(f"nothing to do: clips.csv, clips/ and labels/{name} are up to date")


def choose_tags(counted, synonyms, listed, top):
    """Return the tags to keep: those of a list, or the most frequent."""
    if listed:
        return vocabulary.read_tag_list(listed, counted.columns, synonyms)
    tags = vocabulary.most_frequent(counted, top)
    if not tags:
        raise ValueError("no clip has any tag")
    return tags


def print_written(data, folder, summary, n_clips, n_multi_hot):
    """Print a line a file written."""
    counts, tags = summary["clips"], summary["tags"]
    cli.print_written(data / "clips.csv", f"{n_clips:,} clips")
    cli.print_written(data / "excluded.csv", f"{counts['annotated'] - n_clips:,} clips")
    cli.print_written(folder / "labels.csv", f"{counts['kept']:,} clips, {tags['kept']} tags")
    cli.print_written(folder / "tags.csv", f"{tags['kept']} tags")
    cli.print_written(folder / "tag_counts.csv", f"{tags['annotated']} tags as annotated")
    cli.print_written(folder / "summary.json", "settings and counts")
    if n_multi_hot:
        cli.print_written(folder / "multi_hot", f"{n_multi_hot:,} clips named after their tags")


def read_synonyms(tags):
    """Return the synonyms that merge something among these tags."""
    known = vocabulary.read_kinds(TAG_KINDS)
    return vocabulary.applying(vocabulary.read_synonyms(SYNONYMS), tags, known, SYNONYMS)


def parse_args():
    """Return the arguments of the command line."""
    parser = cli.parser(__doc__)
    add = parser.add_argument
    cli.add_data(parser, kind=Path, default=None)
    add(
        "--raw",
        type=cli.folder,
        metavar="FOLDER",
        help="the dataset as shipped, where it lies elsewhere, even read-only (default: --data)",
    )
    add(
        "--annotations",
        type=cli.file,
        metavar="FILE",
        help="the table of tags (default: annotations_final.csv, else the only CSV there)",
    )
    add("--labels", type=cli.name, metavar="SET", help="name of the set (default: by its settings)")
    add("--no-audio", action="store_true", help="labels alone, no audio needed")
    add("--no-merge", action="store_true", help="keep the tags as annotated")
    add("--top", type=cli.positive, metavar="N", help=f"tags to keep (default: {TOP})")
    add(
        "--tags",
        type=cli.file,
        metavar="FILE",
        help="keep these tags, in this order: a line each, or another set's tags.csv",
    )
    add(
        "--tags-from",
        choices=("all", "train"),
        default="all",
        help="count on all annotated clips, as everybody does, or on those for training alone",
    )
    add(
        "--split",
        choices=splits.HOW,
        help="12:1:3 to train, validation and test (default: the column split where there is "
        "one, else MagnaTagATune's folders 0-f, else artists where they are named, else random)",
    )
    cli.add_seed(parser)
    add("--keep-untagged", action="store_true", help="keep clips with none of the tags")
    add(
        "--names",
        choices=("id", "multi-hot"),
        default="id",
        help="multi-hot: link the audio under its tags and id as well, in labels/<set>/multi_hot",
    )
    add(
        "--link",
        choices=tuple(links.KINDS),
        default="hard",
        help="how audio comes to clips/ (default: hard, symlink from another file system)",
    )
    cli.add_force(parser, "a label set that was made with other settings")
    args = parser.parse_args()
    if args.tags and args.tags_from == "train":
        parser.error("--tags lists the tags: --tags-from train does not go with it")
    if args.no_audio and args.names == "multi-hot":
        parser.error("--names multi-hot names audio: it does not go with --no-audio")
    if args.tags and args.top:
        parser.error("--tags lists the tags: --top does not go with it")
    if args.raw and not args.data:
        parser.error("--raw needs --data: the folder that everything is written to")
    args.data = args.data or cli.SAMPLE
    if args.raw:  # the dataset's own folder may be new
        args.data.mkdir(parents=True, exist_ok=True)
    elif not args.data.is_dir():
        parser.error(f"argument --data: {cli.absent(args.data)}")
    return args


if __name__ == "__main__":
    cli.run(main, parse_args)
