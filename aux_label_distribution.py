"""Draw how often each tag is given, before and after merging synonyms, and which come together.

A tag that few clips have is learnt badly, and one that comes with another everywhere cannot be
told from it: this figure says what to expect before anything is trained.

Reads   labels/<set>/tag_counts.csv     tag, clips, merged_into, clips_merged, kept
        labels/<set>/cooccurrence.csv   tags x tags: the share of the row's clips that have the
                                        column's tag, in [0, 1]
Writes  labels/<set>/label_distribution.png

Example: python aux_label_distribution.py --data data/mtt --labels unmerged50
"""

from autotagging import cli
from autotagging.figures import style, tags
from autotagging.formatting import display_path, print_up_to_date
from autotagging.labels import label_sets

FIGURE = "label_distribution.png"


def main(args):
    """Draw the figure of a label set, where it is not there yet."""
    label_set = label_sets.find_set(args.data, args.labels)
    folder = label_sets.set_folder(args.data, label_set)
    if (folder / FIGURE).exists() and not args.force:
        print_up_to_date(folder / FIGURE)
        return
    counts = label_sets.read_tag_counts(args.data, label_set)
    shares = label_sets.read_cooccurrence(args.data, label_set)
    print(f"read {display_path(folder)}: {len(counts)} tags as annotated, {len(shares)} kept")
    columns = {"merged_into": "tag", "clips_merged": "clips"}
    merged = counts.drop_duplicates("merged_into")[[*columns, "kept"]].rename(columns=columns)
    annotated = counts.set_index("tag")["clips"]
    note = label_sets.read_provenance(args.data, label_set)["note"]
    (folder / FIGURE).unlink(missing_ok=True)
    style.save_missing(
        folder, note, {FIGURE: lambda: tags.draw_label_distribution(annotated, merged, shares)}
    )
    print_extremes(merged[merged["kept"] == 1].set_index("tag")["clips"])


def print_extremes(clips):
    """Print the five most frequent and the five rarest of the kept tags."""
    ordered = clips.sort_values(ascending=False, kind="stable")
    parts = {"most frequent": ordered.head(5), "rarest": ordered.tail(5)}
    for name, part in parts.items():
        print(f"{name} tags kept:", ", ".join(f"{tag} {count:,}" for tag, count in part.items()))


def parse_args():
    """Return the command line's arguments."""
    parser = cli.parser(__doc__)
    cli.add_data(parser)
    cli.add_labels(parser)
    cli.add_force(parser, "the figure")
    return parser.parse_args()


if __name__ == "__main__":
    cli.run(main, parse_args)
