"""Merge the tags' synonyms, keep the most frequent, and link the audio under its clip ids.

MagnaTagATune writes one meaning in many ways ("male vocal", "man singing"); a network can only
learn what its labels agree on. This script merges 29 groups of synonyms, keeps the 50 most
frequent tags, splits by folder (0-b train, c validation, d-f test) and leaves out broken audio.
The raw dataset is never changed. Other tags, other splits and collections of one's own: below.

Reads   annotations_final.csv      clip_id, 188 tags (0/1), mp3_path; tab-separated; or any CSV
                                   with a column path and a column per tag
        clip_info_final.csv        artist, album and track of each clip, where it is there
        0/ to f/ or mp3.zip.001-3  the audio
        data/synonyms.csv          the groups of synonyms; data/tag_kinds.csv: other known tags
        CITATION.txt               how to cite the dataset, where there is one
        DISCLAIMER.txt             what its figures and numbers must all say, where there is one
Writes  clips/clips.csv            the usable audio: (n_clips, 4 columns)
        clips/excluded.csv         what was left out, and why
        clips/<clip_id>.mp3        a link per clip
        labels/<set>/labels.csv    (n_tagged_clips, split + 50 tags)
        labels/<set>/tags.csv, tag_counts.csv, cooccurrence.csv, summary.json

Example: python 1_label_reduction_and_files_renaming.py --data data/mtt --split artists --seed 1
"""

from dataclasses import asdict, replace

from autotagging import cli, steps
from autotagging.clips import annotations, inventory, links, raw_files
from autotagging.formatting import display_path, print_all_written, print_up_to_date
from autotagging.labels import label_sets, splits, statistics, tag_choice
from autotagging.labels.synonyms import merge_synonyms, read_applying, read_kinds
from autotagging.options import add_settings, read_settings

# Clips are added, links made or removed, a citation or a disclaimer is found.
REMARKS = (annotations.DISCLAIMER, annotations.CITATION)
REPLACEABLE = ("clips/clips.csv", "names", *REMARKS, *(f"../{name}" for name in REMARKS))


def main(args):
    """Write the inventory and one label set."""
    table = args.annotations or annotations.find_table(args.raw)
    clip_info = annotations.find_clip_info(args.raw)
    annotated = annotations.read_annotations(table, args.raw)
    annotated = annotations.add_clip_info(annotated, clip_info)
    raw_files.check_names(annotated.metadata)
    inventory.check_link_names(annotated.metadata, args.data)
    inventory.check_apart(annotated.metadata, table, args.raw, args.data)
    n_clips, n_tags = annotated.tags.shape
    print(f"read {display_path(table)}: {n_clips:,} clips, {n_tags} tags")

    synonyms = {}
    if args.settings.merge:
        kinds = read_kinds(cli.TAG_KINDS)
        synonyms = read_applying(cli.SYNONYMS, annotated.tags.columns, kinds)
    merged = merge_synonyms(annotated.tags, synonyms)
    split_by = splits.choose(annotated.metadata, args.settings.split)
    split = splits.split(split_by, annotated, args.settings.seed)
    tags = tag_choice.choose_tags(merged, split, args.settings, synonyms)
    resolved = args.settings.resolve(merge=bool(synonyms), split=split_by, n_tags=len(tags))
    name = args.name or resolved.set_name

    tables = steps.describe_inputs(args.data, table, clip_info)
    lists = cli.SYNONYMS if synonyms else None, args.settings.tags
    inputs = tables | steps.describe_inputs(args.data, *lists, *annotations.find_remarks(args.raw))
    step = steps.Step(label_sets.set_folder(args.data, name), asdict(resolved), inputs)
    if not args.force:  # others are refused before anything is written
        steps.is_finished(
            steps.Step(inventory.folder_of(args.data), {}, tables), replaceable=["audio"]
        )
        steps.is_finished(step, replaceable=REPLACEABLE)
    clips, changed = inventory.write_inventory(
        annotated, args.raw, args.data, args.audio_settings, tables, force=args.force
    )
    inputs |= steps.describe_inputs(args.data, inventory.clips_path(args.data))
    step, written = replace(step, inputs=inputs), {}
    if args.force or not steps.is_finished(step, replaceable=REPLACEABLE):
        with steps.writing(step) as summary:
            usable = merged.loc[clips.usable.index, tags]
            chosen = label_sets.select(usable, split, keep_untagged=resolved.keep_untagged)
            kept, counts = tag_choice.tabulate_tags(annotated.tags, merged, synonyms, tags)
            written = label_sets.write_tables(step.folder, chosen, kept, counts)
            named = chosen[tags] if resolved.names == "multi-hot" else chosen[tags][:0]
            files = clips.usable["file"]
            links.write_multi_hot(step.folder, named, files, args.data, args.audio_settings.link)
            summary["dataset"] = args.data.resolve().name
            summary["note"] = annotations.note_of(args.raw)
            summary["citation"] = annotations.cite(table, args.raw)
            summary.update(statistics.count(chosen, annotated, merged, counts, clips))

    excluded = statistics.list_excluded(clips.excluded)
    print("\n".join(excluded + statistics.write(steps.read_summary(step.folder))))
    label_sets.warn_of_outdated(args.data, clips.usable.index)
    print_all_written(inventory.folder_of(args.data), changed)
    print_all_written(step.folder, written)
    if not changed and not written:
        print_up_to_date(step.folder)


def parse_args():
    """Return the arguments of the command line."""
    parser = cli.parser(__doc__)
    cli.add_raw(parser)
    cli.add_name(parser, "after the settings of the label set")
    add_settings(parser, inventory.AudioSettings)
    add_settings(parser, label_sets.LabelSettings)
    cli.add_force(parser, "the label set")
    args = cli.resolve_raw(parser, parser.parse_args())
    args.audio_settings = read_settings(parser, args, inventory.AudioSettings)
    args.settings = read_settings(parser, args, label_sets.LabelSettings)
    if args.settings.names == "multi-hot" and not args.audio_settings.audio:
        parser.error("--names multi-hot names audio: it does not go with --no-audio")
    return args


if __name__ == "__main__":
    cli.run(main, parse_args)
