"""``results/<run>/`` -> ``report.html``: one file to look at, listen to and pass on.

Everything is inside the file, figures and clips as data: it works offline. Text from tables is
escaped. The clips are what the network heard, as mp3 of 16 kHz: they stay under the
licence of the dataset.
"""

import base64
import io

import pandas as pd
import soundfile

from autotagging import html, metrics, steps
from autotagging.audio import loading
from autotagging.clips import inventory
from autotagging.figures import evaluation as evaluation_figures
from autotagging.figures import sounds, style
from autotagging.formatting import print_written
from autotagging.results import evaluation, results_folder, tables

FILE = "report.html"
SAMPLE_RATE = 16000
SECONDS = 30
MP3 = {"format": "MP3", "bitrate_mode": "CONSTANT", "compression_level": 0.7}
COLUMNS = {  # of the table of tags: column -> heading
    "tag": "tag",
    "positives": "clips",
    "roc_auc": "ROC-AUC",
    "pr_auc": "PR-AUC",
    "accuracy": "accuracy",
    "accuracy_of_nothing": "accuracy of predicting nothing",
    "recall": "recall",
    "threshold": "threshold",
    "precision_at_threshold": "precision at threshold",
    "recall_at_threshold": "recall at threshold",
    "f1_at_threshold": "F1 at threshold",
}
FIGURES = ("auc_per_tag", "roc_pr_curves", "accuracy", "Recall", "tag_confusions")


def write_missing(data, folder, summary):
    """Draw the figures of an evaluation and write its report, as far as they are missing.

    A report in which a clip is silent is written again once the clip can be heard.

    Parameters
    ----------
    data : Path
        The dataset.
    folder : Path
        Of the results, with their tables.
    summary : dict
        Of the results.
    """
    numbers = {name: results_folder.read_table(folder, name) for name in results_folder.TABLES}
    drawings = evaluation_figures.list_figures(
        numbers, results_folder.read_examples(folder), summary["settings"]["resample"]
    )
    note = f"{folder.name} on {summary['dataset']}. {summary['note']}".removesuffix(". ")
    style.save_missing(folder, note, drawings)
    with steps.locked(folder):
        if not (folder / FILE).exists() or _can_be_heard_now(data, folder):
            write(data, folder, summary)
            print_written(folder / FILE, "everything in one file, with clips to play")
        for clip_id, why in results_folder.read_without_audio(folder).items():
            print(f"no audio of clip {clip_id} in {FILE}: {why}")


def _can_be_heard_now(data, folder):
    """Return whether there is audio now of a clip that is silent in the report."""
    silent = results_folder.read_without_audio(folder)
    files = inventory.read_clips(data)["file"] if silent else {}
    return any(_hear(data, files.get(clip_id))["audio"] for clip_id in silent)


def write(data, folder, summary):
    """Write ``report.html``.

    Parameters
    ----------
    data : Path
        The dataset.
    folder : Path
        Of the results, with their tables and figures.
    summary : dict
        Of the results.
    """
    per_tag, test = results_folder.read_table(folder, "per_tag"), summary["rows"][evaluation.TEST]
    averages = tables.tabulate_rows(summary)
    clips = list(_describe_clips(data, folder, per_tag.set_index("tag")["threshold"]))
    silent = {clip["clip_id"]: clip["why"] for clip in clips if clip["file"] and clip["why"]}
    (folder / FILE).unlink(missing_ok=True)  # first, so that what is silent is so in this page
    results_folder.write_without_audio(folder, silent)
    html.write(
        folder / FILE,
        FILE,
        name=folder.name,
        summary=summary,
        test=test,
        network=tables.describe_network(summary),
        averages=tables.for_papers(averages, summary["settings"]["resample"]),
        aucs=metrics.AUCS,
        decisions=tables.tabulate_decisions(test),
        figures={name: _encode((folder / f"{name}.png").read_bytes()) for name in FIGURES},
        columns=COLUMNS,
        tags=per_tag.to_dict("records"),
        clips=clips,
        left_out=results_folder.read_left_out(folder).reset_index().to_dict("records"),
    )


def _encode(content):
    return base64.b64encode(content).decode()


def _describe_clips(data, folder, thresholds):
    """Yield each clip to show: who made it, how it sounds and looks, which tags were right."""
    y_score = results_folder.read_scores(folder)
    clips = inventory.read_clips(data)
    for example in results_folder.read_examples(folder):
        clip_id = example["clip_id"]
        clip, scores = clips.loc[clip_id], y_score.loc[clip_id]
        table = pd.DataFrame({"score": scores, "threshold": thresholds}).rename_axis("tag")
        table = table.sort_values("score", ascending=False, kind="stable").reset_index()
        is_actual, is_predicted = (table["tag"].isin(example[k]) for k in ("actual", "predicted"))
        kinds = {
            "right": table[is_actual & is_predicted],
            "missed": table[is_actual & ~is_predicted],
            "unexpected": table[~is_actual & is_predicted],
        }
        yield {
            "clip_id": clip_id,
            "reason": example["reason"],
            "file": clip["file"],
            "made_by": ", ".join(filter(None, clip[["artist", "album", "track"]])),
            "kinds": {kind: rows.to_dict("records") for kind, rows in kinds.items()},
            **_hear(data, clip["file"]),
        }


def _hear(data, file):
    """Return the audio (mp3) and its spectrogram (JPEG) as data; None where there is no audio."""
    if not file:
        return {"audio": None, "picture": None, "why": "this dataset has no audio"}
    try:
        samples = loading.load(data / file, SAMPLE_RATE, SECONDS).samples
    except ValueError as error:
        return {"audio": None, "picture": None, "why": f"the file {error}"}
    sound, picture = io.BytesIO(), io.BytesIO()
    soundfile.write(sound, samples.clip(-1, 1), SAMPLE_RATE, **MP3)
    sounds.draw_spectrogram(samples, SAMPLE_RATE).savefig(picture, format="jpeg")
    return {"audio": _encode(sound.getvalue()), "picture": _encode(picture.getvalue()), "why": None}
