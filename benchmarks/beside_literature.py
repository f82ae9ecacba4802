"""Print evaluated runs on MagnaTagATune beside the results of the literature.

All are macro averages over 50 tags of the test clips in folders d to f. Variants: A 50 unmerged
tags, untagged clips kept; B 50 unmerged tags, tagged clips; C the paper's 50 merged tags, tagged
clips. Rows of different variants cannot be compared.

Reads   results/<run>/summary.json of the runs named, benchmarks/literature.csv
Writes  a table on standard output

Example: python benchmarks/beside_literature.py --data data/mtt vgg-B vgg-C
"""

import sys
from pathlib import Path

import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from autotagging import cli, options, steps
from autotagging.formatting import measure
from autotagging.labels import label_sets
from autotagging.metrics import AUCS
from autotagging.results import evaluation, results_folder

PUBLISHED = {  # train, validation, test clips of the variants (Won 2020; Dieleman's split for A)
    (18706, 1825, 5329): "A",
    (15247, 1529, 4332): "B",
    (15425, 1538, 4392): "C",
}
N_TAGS = 50


def main(args):
    """Print one table."""
    rows = [row_of(args.data, run) for run in args.runs]
    # as text: with the four decimals that were published
    published = pd.read_csv(Path(__file__).with_name("literature.csv"), dtype=str)
    table = pd.concat([pd.DataFrame(rows), published])
    table = table.sort_values(["variant", "roc_auc"], ascending=[True, False], kind="stable")
    print("| network | macro ROC-AUC | macro PR-AUC | variant |\n|---|---|---|---|")
    for row in table.itertuples():
        print(f"| {row.network} | {row.roc_auc} | {row.pr_auc} | {row.variant} |")


def row_of(data, run):
    """Return the row of a run; its variant is told from the clips of each part and the tags."""
    summary = steps.read_summary(results_folder.folder_of(data, run))
    sizes = tuple(summary["clips"].values())
    folder = label_sets.set_folder(data, summary["settings"]["labels"])
    tags = "merged" if steps.read_summary(folder)["settings"]["merge"] else "unmerged"
    n_tags = summary["rows"][evaluation.TEST]["tags"]
    unknown = f"none published: {n_tags} {tags} tags, {sizes[0]}/{sizes[1]}/{sizes[2]} clips"
    variant = PUBLISHED.get(sizes, unknown) if n_tags == N_TAGS else unknown
    values = {auc: measure(summary["macro"][auc]["value"]) for auc in AUCS}
    whose = "this repository" if summary["model"] else summary["scores_file"]
    return {"network": f"**{run}**, {whose}", **values, "variant": variant}


def parse_args():
    """Return the arguments of the command line."""
    parser = cli.parser(__doc__)
    cli.add_data(parser)
    parser.add_argument("runs", nargs="+", type=options.name, metavar="RUN", help="evaluated runs")
    return parser.parse_args()


if __name__ == "__main__":
    cli.run(main, parse_args)
