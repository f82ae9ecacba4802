"""Draw how often each tag is given, before and after merging synonyms, and which come together.

A tag that few clips have is learnt badly, and one that comes with another everywhere cannot be
told from it: this figure says what to expect before anything is trained.

Reads   labels/<set>/tag_counts.csv     tag, clips, merged_into, clips_merged, kept
        labels/<set>/cooccurrence.csv   tags x tags: the share of the row's clips that have the
                                        column's tag, in [0, 1]
Writes  labels/<set>/label_distribution.png

Example: python aux_label_distribution.py --data /data/mtt --labels unmerged50
"""

from autotagging import cli

FIGURE = "label_distribution.png"


def main(args):
    """Draw the figure of a label set, where it is not there yet."""
    from autotagging import figures, labels

    label_set = labels.find_set(args.data, args.labels)
    folder = labels.set_folder(args.data, label_set)
    path = folder / FIGURE
    if path.exists() and not args.force:
        print(f"nothing to do: {display_path(path)} is there")
        return
    every = labels.read_tag_counts(args.data, label_set)
    shares = labels.read_cooccurrence(args.data, label_set)
    print(f"read {display_path(folder)}: {len(every)} tags as annotated, {len(shares)} kept")
    columns = {"merged_into": "tag", "clips_merged": "clips"}
    merged = every.drop_duplicates("merged_into")[[*columns, "kept"]].rename(columns=columns)
    annotated = every.set_index("tag")["clips"]
    drawing = figures.draw_label_distribution(annotated, merged, shares)
    figures.save(drawing, path, labels.read_summary(args.data, label_set)["note"])
    print_written(path, f"{len(annotated)} tags as annotated, {len(merged)} merged")
    print_extremes(merged[merged["kept"] == 1].set_index("tag")["clips"])


def print_extremes(clips, n=5):
    """Print the most frequent and the rarest of the kept tags."""
    ordered = clips.sort_values(ascending=False, kind="stable")
    parts = {"most frequent": ordered.head(n), "rarest": ordered.tail(n)}
    for name, part in parts.items():
        print(f"{name} tags kept:", ", ".join(f"{tag} {count:,}" for tag, count in part.items()))


def parse_args():
    """Return the command line's arguments."""
    arguments = cli.parser(__doc__)
    cli.add_data(arguments)
    cli.add_labels(arguments)
    cli.add_force(arguments, "the figure")
    return arguments.parse_args()


if __name__ == "__main__":
    cli.run(main, parse_args)
