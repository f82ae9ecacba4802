"""What is published of MagnaTagATune, and where evaluated runs stand beside it.

literature.csv          variant, network, macro roc_auc and pr_auc as published, pretraining (what
                        it was trained on besides MagnaTagATune), year, source
literature_per_tag.csv  variant, network, tag, pr_auc, roc_auc (where it is published), source
"""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from autotagging import cli, options, steps
from autotagging.formatting import count
from autotagging.labels import label_sets
from autotagging.results import results_folder

N_TAGS = 50  # of every variant


@dataclass(frozen=True)
class Variant:
    """What networks are trained and tested on.

    Parameters
    ----------
    description : str
    is_merged : bool
        Whether synonyms are.
    n_learnt, n_test : int
        Clips of training and validation together (a network that is refit learns from both), and
        those for testing.
    """

    description: str
    is_merged: bool
    n_learnt: int
    n_test: int

    def __str__(self):
        return f"{self.description}, {self.n_test:,} test clips"


VARIANTS = {
    "A": Variant("50 unmerged tags, untagged clips kept", False, 18706 + 1825, 5329),
    "B": Variant("50 unmerged tags, tagged clips", False, 15247 + 1529, 4332),
    "C": Variant("the paper's 50 merged tags, tagged clips", True, 15425 + 1538, 4392),
}


def read_networks():
    """Read the macro averages: a DataFrame of str, with the decimals that were published."""
    path = Path(__file__).with_name("literature.csv")
    return pd.read_csv(path, dtype=str, keep_default_na=False)


def read_per_tag():
    """Read the measures of single tags: a DataFrame with a row a network and tag.

    pr_auc and roc_auc are numbers, NaN where none is published.
    """
    return pd.read_csv(Path(__file__).with_name("literature_per_tag.csv"))


def read_run(data, run):
    """Read the summary of an evaluated run, and what it can be compared with.

    Parameters
    ----------
    data : Path
    run : str

    Returns
    -------
    summary : dict
    is_merged : bool
        Whether its tags are.
    variant : str
        From `variant_of`.

    Raises
    ------
    ValueError
        Where it is not finished, or its labels, features or network have changed since.
    """
    summary = results_folder.check_current(data, run)
    folder = label_sets.set_folder(data, summary["settings"]["labels"])
    is_merged = steps.read_summary(folder)["settings"]["merge"]
    return summary, is_merged, variant_of(summary, is_merged=is_merged)


def variant_of(summary, *, is_merged):
    """Return which of `VARIANTS` a run is of: its letter, or tags and clips in words.

    Parameters
    ----------
    summary : dict
        Of ``results/<run>/summary.json``.
    is_merged : bool
        Whether its tags are.
    """
    clips, test = summary["clips"], summary["rows"]["test"]
    sizes = is_merged, clips["train"] + clips["validation"], test["clips"]
    for letter, variant in VARIANTS.items():
        published = variant.is_merged, variant.n_learnt, variant.n_test
        if sizes == published and test["tags"] == N_TAGS:
            return letter
    tags = count(test["tags"], "merged tag" if is_merged else "unmerged tag")
    return f"none published: {tags}, {clips['train']}/{clips['validation']}/{test['clips']} clips"


def add_runs(parser):
    """Add ``--data FOLDER`` and the names of evaluated runs, none of them needed."""
    cli.add_data(parser, exists=False)
    text = "evaluated runs, to stand beside the literature"
    parser.add_argument("runs", nargs="*", type=options.name, metavar="RUN", help=text)
