"""Published networks by name, as model files of this project.

They come from the package musicnn, a wheel that ``make env`` fetches and that is read as a zip
archive. A network is converted when it is first asked for:

<folder>/<name>/model.keras    as of `model_folder`, with the model card in its description
<folder>/<name>/summary.json   the model card: tags in order, feature settings, source, what the
                               network was trained on, its published result, licences, citation
"""

import ast
import json
from dataclasses import asdict, dataclass
from pathlib import Path

import pandas as pd

from autotagging import cli, files, native_stderr, steps
from autotagging.clips.annotations import MAGNATAGATUNE
from autotagging.features.settings import PRESETS
from autotagging.formatting import display_path, list_some, print_written
from autotagging.models import model_folder

PACKAGE, VERSION = "musicnn", "0.1.0"  # as in requirements-published.txt
WHEEL = f"{PACKAGE}-{VERSION}-py3-none-any.whl"
SHA256 = "f38a4890c648c1ddbb141c5d96d2b0a8cfcd36746002d896989f7b88beb65cfa"
TAGS = f"{PACKAGE}/configuration.py"  # of the wheel
CHUNK_FRAMES = 187  # 2.992 s
FEATURES = "musicnn"
CONVERSION = 1  # to be raised where the same weights become another model file
CITATION = (
    "J. Pons and X. Serra, musicnn: pre-trained convolutional neural networks for music audio "
    "tagging, late-breaking demo, ISMIR 2019"
)
PACKAGE_LICENCE = "ISC, copyright (c) Music Technology Group, Universitat Pompeu Fabra 2019"
MILLION_SONGS = (
    "T. Bertin-Mahieux, D. P. W. Ellis, B. Whitman and P. Lamere, The Million Song Dataset, "
    "ISMIR 2011 (tags by Last.fm)"
)


@dataclass(frozen=True)
class Dataset:
    """What published networks were trained on.

    Parameters
    ----------
    trained_on, tested_on : str
        In words.
    labels : str
        The list of its tags in the package.
    licence, citation : str
    pretraining : str or None
        What it is besides MagnaTagATune, as tables of the literature say it.
    heard : list of str
        What the description of a network says under ``trained_on``, see `model_folder.heard_by`.
    """

    trained_on: str
    tested_on: str
    labels: str
    licence: str
    citation: str
    pretraining: str | None
    heard: list


@dataclass(frozen=True)
class PublishedNetwork:
    """A network of the package.

    Parameters
    ----------
    checkpoint : str
        Its folder in the package.
    architecture : str
    options : dict
        Of the architecture.
    dataset : Dataset
    roc_auc, pr_auc : float
        Macro averages as published.
    """

    checkpoint: str
    architecture: str
    options: dict
    dataset: Dataset
    roc_auc: float
    pr_auc: float

    @property
    def published_result(self):
        """Macro averages and the clips they belong to: a dict."""
        return {"clips": self.dataset.tested_on, "roc_auc": self.roc_auc, "pr_auc": self.pr_auc}


MTT = Dataset(
    trained_on="MagnaTagATune, folders 0 to b; stopped by folder c",
    tested_on="MagnaTagATune, folders d to f, 50 unmerged tags, untagged clips kept (variant A)",
    labels="MTT_LABELS",
    licence="audio by Magnatune, CC BY-NC-SA",
    citation=MAGNATAGATUNE,
    pretraining=None,
    heard=[model_folder.MTT_BY_FOLDER],
)
MSD = Dataset(
    trained_on="previews of the Million Song Dataset, Last.fm's 50 most frequent tags",
    tested_on="test songs of the Million Song Dataset, 50 tags",
    labels="MSD_LABELS",
    licence="tags by Last.fm for research that is not commercial; the previews were not published",
    citation=MILLION_SONGS,
    pretraining="MSD",
    heard=[],
)
NETWORKS = {
    "mtt-musicnn": PublishedNetwork("MTT_musicnn", "musicnn", {}, MTT, 0.9067, 0.3831),
    "mtt-vgg": PublishedNetwork("MTT_vgg", "musicnn-vgg", {"pools": "mtt"}, MTT, 0.9030, 0.3823),
    "msd-musicnn": PublishedNetwork("MSD_musicnn", "musicnn", {}, MSD, 0.8802, 0.2891),
    "msd-vgg": PublishedNetwork("MSD_vgg", "musicnn-vgg", {"pools": "msd"}, MSD, 0.8768, 0.2819),
}


def find_model(data, name, folder):
    """Return the model file that a name means: a published network, a run, or a file.

    Parameters
    ----------
    data : Path
        The dataset of the run.
    name : str
    folder : Path
        Where published networks lie; one that is not there yet is converted.

    Raises
    ------
    ValueError
        As of `make` and `model_folder.find_model`; of a name that means nothing, with those of the
        published networks.
    """
    if name in NETWORKS:
        return make(name, folder)
    try:
        return model_folder.find_model(data, name)
    except ValueError as error:
        if len(Path(name).parts) > 1 or model_folder.folder_of(data, name).exists():
            raise
        known = list_some(NETWORKS)
        raise ValueError(f"{error}, or name a published network: {known}") from None


def is_made(name, folder):
    """Return whether a published network is there as this version converts it."""
    step = _plan(name, folder)
    try:
        is_current = steps.is_finished(step)
    except ValueError:  # by another version, or damaged: nothing in it is anybody's work
        return False
    return is_current and (step.folder / model_folder.FILE).is_file()


def _plan(name, folder):
    """Return the step that converts a network: Step."""
    card = _describe(name)
    chosen = {
        "network": name,
        "conversion": CONVERSION,
        "card": files.checksum_of([json.dumps(card)]),
    }
    return steps.Step(folder / name, chosen, {f"../{WHEEL}": SHA256})


def make(name, folder, *, force=False):
    """Return the model file of a published network, converted unless this version did so before.

    Parameters
    ----------
    name : str
        Of `NETWORKS`.
    folder : Path
    force : bool
        Whether it is converted again.

    Raises
    ------
    ValueError
        Where the wheel is missing or another, or the folder cannot be written to.
    """
    step = _plan(name, folder)
    path = step.folder / model_folder.FILE
    if force or not is_made(name, folder):
        wheel = find_wheel(folder)
        try:
            with steps.writing(step) as summary:
                summary.update(_convert(name, wheel, path))
        except OSError as error:
            raise ValueError(
                f"{step.folder}: {error.strerror}: name a folder that can be written to with "
                "--published"
            ) from None
        print_written(path, f"{name}, a published network: {NETWORKS[name].dataset.trained_on}")
    return path


def find_wheel(folder):
    """Return the wheel of the package in a folder, or in this repository; refuse another.

    Raises
    ------
    ValueError
        With the command that fetches it.
    """
    places = list(dict.fromkeys([folder, cli.PUBLISHED]))
    found = [place / WHEEL for place in places if (place / WHEEL).is_file()]
    if not found:
        others = [w.name for place in places for w in files.list_visible(place, f"{PACKAGE}-*.whl")]
        there = f" ({list_some(others)} is another version)" if others else ""
        raise ValueError(
            f"{places[0] / WHEEL} is missing{there}: make env fetches it, and so does python -m "
            "pip download --no-deps --require-hashes --requirement requirements-published.txt "
            f"--dest {places[0]}"
        )
    if files.checksum(found[0]) != SHA256:
        raise ValueError(
            f"{found[0]} is damaged, or another than {PACKAGE} {VERSION} as it was published (its "
            "SHA-256 differs): remove it, and fetch it again with make env"
        )
    return found[0]


def _convert(name, wheel, path):
    """Write the model file of a network; return its model card."""
    published = NETWORKS[name]
    card = _describe(name) | {"tags": read_tags(wheel, published.dataset.labels)}
    description = {
        "tags": card["tags"],
        "feature_settings": card["feature_settings"],
        "settings": {
            "architecture": published.architecture,
            "features": FEATURES,
            "chunk_frames": CHUNK_FRAMES,
            "start_from": published.dataset.pretraining,
            **published.options,
        },
        "thresholds": [0.5] * len(card["tags"]),
        "trained_on": published.dataset.heard,
        "label_set": None,
        "dataset": card["trained_on"],
        "note": "",
        "citation": CITATION,
        "card": card,
    }
    with native_stderr.silenced():
        from autotagging.models import published_weights

        shape, n_tags = (CHUNK_FRAMES, PRESETS[FEATURES].bands), len(card["tags"])
        weights = published_weights.read(wheel, f"{PACKAGE}/{published.checkpoint}")
        network = published_weights.build(published, shape, n_tags, weights)
    model_folder.save(path, network, description)
    return card


def _describe(name):
    """Return the model card of a network but for its tags, which stand in the wheel: a dict."""
    published = NETWORKS[name]
    return {
        "name": name,
        "architecture": published.architecture,
        **published.options,
        "feature_settings": asdict(PRESETS[FEATURES]),
        "chunk_frames": CHUNK_FRAMES,
        "thresholds": "0.5: none were published",
        "source": {
            "package": f"{PACKAGE} {VERSION}",
            "checkpoint": published.checkpoint,
            "repository": "https://github.com/jordipons/musicnn",
            "wheel": WHEEL,
            "sha256": SHA256,
        },
        "trained_on": published.dataset.trained_on,
        "published_result": published.published_result,
        "licences": {
            "package": PACKAGE_LICENCE,
            "training_data": published.dataset.licence,
        },
        "citation": CITATION,
        "citation_of_the_training_data": published.dataset.citation,
    }


def read_tags(wheel, name):
    """Return a list of tags of the package's configuration, which is read and not run.

    Parameters
    ----------
    wheel : Path
    name : str
        ``MTT_LABELS`` or ``MSD_LABELS``.

    Returns
    -------
    list of str
        In the order of the networks' outputs.
    """
    tree = ast.parse(files.read_zip(wheel, [TAGS])[TAGS])
    lists = {s.targets[0].id: s.value for s in tree.body if isinstance(s, ast.Assign)}
    return ast.literal_eval(lists[name])


def tabulate(folder):
    """Return the networks as a table of text: name, architecture, trained on, AUCs, its folder."""
    rows = [
        {
            "network": name,
            "architecture": published.architecture,
            "trained on": published.dataset.trained_on,
            "ROC-AUC": _as_published(published.roc_auc),
            "PR-AUC": _as_published(published.pr_auc),
            "folder": display_path(folder / name) if is_made(name, folder) else "not made",
        }
        for name, published in NETWORKS.items()
    ]
    return pd.DataFrame(rows)


def _as_published(value):
    return f"{value:.4f}".removeprefix("0")
