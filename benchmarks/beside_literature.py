"""Print evaluated runs on MagnaTagATune beside the results of the literature.

All are macro averages over the tags of the test clips, in folders d to f. There is a table for
each variant: A 50 unmerged tags, untagged clips kept; B 50 unmerged tags, tagged clips; C the
paper's 50 merged tags, tagged clips. The column pretraining says what a network was trained on
besides MagnaTagATune's training clips. Without a RUN the literature stands alone.

Reads   results/<run>/summary.json of the runs named, benchmarks/literature.csv
Writes  tables on standard output

Example: python benchmarks/beside_literature.py --data data/mtt vgg-B vgg-C
"""

import sys
from pathlib import Path

import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from autotagging import cli
from autotagging.formatting import measure
from autotagging.metrics import AUCS
from autotagging.results.tables import to_markdown
from benchmarks import literature

COLUMNS = {"network": "network"} | {auc: f"macro {name}" for auc, name in AUCS.items()}
COLUMNS |= {column: column for column in ("pretraining", "year", "source")}
HOW_TO_READ = (
    "Rows of different variants cannot be compared. Nor are a network that was pretrained on other "
    "music and one that learnt from MagnaTagATune alone the same feat: compare rows of one table "
    "and one pretraining. In bold: evaluated here."
)


def main(args):
    """Print a table for each variant, and how they are to be read."""
    rows = [row_of(args.data, run) for run in args.runs]
    table = pd.concat([literature.read_networks(), pd.DataFrame(rows)]).fillna("")
    # as text, which all begins with the point; what is missing comes last
    table = table.sort_values("pr_auc", ascending=False, kind="stable").replace("", "-")
    others = table["variant"].drop_duplicates().sort_values()
    for variant in [*literature.VARIANTS, *others[~others.isin(list(literature.VARIANTS))]]:
        found = table.loc[table["variant"] == variant, list(COLUMNS)].rename(columns=COLUMNS)
        if len(found):
            known = literature.VARIANTS.get(variant)
            print(f"{variant}: {known}" if known else variant)
            print(f"\n{to_markdown(found, '').strip()}\n")
    print(HOW_TO_READ)


def row_of(data, run):
    """Return the row of a run: a dict."""
    summary, _, variant = literature.read_run(data, run)
    network, note = summary["model"], ""
    if network and network.get("trained_on_test_clips"):
        note = f", trained on {network['trained_on_test_clips']} of these test clips"
    return {
        "variant": variant,
        "network": f"**{run}**{note}",
        **{auc: measure(summary["macro"][auc]["value"]) for auc in AUCS},
        "pretraining": pretraining_of(network),
        "source": "this repository" if network else summary["scores_file"],
    }


def pretraining_of(network):
    """Return what a network started from, as far as its results say it."""
    if network is None or "start_from" not in network["settings"]:
        return "not stated"
    return network["settings"]["start_from"] or "none"


def parse_args():
    """Return the arguments of the command line."""
    parser = cli.parser(__doc__)
    literature.add_runs(parser)
    return parser.parse_args()


if __name__ == "__main__":
    cli.run(main, parse_args)
