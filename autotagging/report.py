"""``results/<run>/`` -> ``report.html``: one file to look at, listen to and pass on.

Everything is inside the file: figures and clips as data, no address is ever asked. Text from
tables is escaped. The clips are what the network heard, as mp3 of 16 kHz: they stay under the
licence of the dataset.
"""

import base64
import io

import soundfile

from autotagging import audio, clips, evaluation, figures, metrics, pages, results, tables
from autotagging.formatting import print_written

FILE = "report.html"
SAMPLE_RATE = 16000
SECONDS = 30
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
FIGURES = {  # title; what a figure shows, for those who do not see it
    "auc_per_tag.png": (
        "Both AUCs of every tag, with intervals",
        "Both AUCs of every tag with their intervals; the numbers stand in the table of tags.",
    ),
    "roc_pr_curves.png": (
        "The curves of every tag, and how far scores can be trusted",
        "ROC curves, precision-recall curves and the calibration curve; the numbers are in "
        "curves.csv and reliability.csv.",
    ),
    "accuracy.png": (
        "Accuracy of every tag",
        "Bars: accuracy of every tag at 0.5 beside that of predicting no tag; the numbers stand "
        "in the table of tags.",
    ),
    "Recall.png": (
        "Recall of every tag",
        "Bars: recall of every tag at 0.5 and at its threshold; the numbers stand in the table of "
        "tags.",
    ),
    "tag_confusions.png": (
        "Which tags are predicted instead",
        "Matrix: which tags were predicted instead of one that was missed; the numbers are in "
        "confusions.csv.",
    ),
}


def write_missing(data, folder, summary):
    """Draw the figures of an evaluation and write its report, as far as they are missing.

    Parameters
    ----------
    data : Path
        The dataset.
    folder : Path
        Of the results, with their tables.
    summary : dict
        Of the results.
    """
    tables_of_numbers = {name: results.read_table(folder, name) for name in results.TABLES}
    drawings = figures.evaluation_figures(
        tables_of_numbers, results.read_examples(folder), summary["settings"]["resample"]
    )
    note = f"{folder.name} on {summary['dataset']}. {summary['note']}".removesuffix(". ")
    figures.save_missing(folder, note, drawings)
    if not (folder / FILE).exists():
        write(data, folder, summary)
        print_written(folder / FILE, "everything in one file, with clips to play")


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
    per_tag, test = results.read_table(folder, "per_tag"), summary["rows"][evaluation.TEST]
    averages = tables.tabulate_rows(summary)
    pages.write(
        folder / FILE,
        FILE,
        name=folder.name,
        summary=summary,
        test=test,
        averages=tables.for_papers(averages, summary["settings"]["resample"]),
        aucs=metrics.AUCS,
        decisions=tables.tabulate_decisions(test),
        figures=[
            {"title": title, "alternative": text, "data": _data(folder / file)}
            for file, (title, text) in FIGURES.items()
        ],
        columns=COLUMNS,
        tags=per_tag.to_dict("records"),
        clips=list(_describe_clips(data, folder, per_tag.set_index("tag")["threshold"])),
        left_out=results.read_left_out(folder).reset_index().to_dict("records"),
    )


def _data(path):
    return base64.b64encode(path.read_bytes()).decode()


def _describe_clips(data, folder, thresholds):
    """Yield each clip to show: who made it, how it sounds and looks, which tags were right."""
    y_score = results.read_scores(folder)
    inventory = clips.read_clips(data)
    for example in results.read_examples(folder):
        clip_id = example["clip_id"]
        scores, about = y_score.loc[clip_id], inventory.loc[clip_id]
        actual, predicted = set(example["actual"]), set(example["predicted"])
        kinds = {
            "right": actual & predicted,
            "missed": actual - predicted,
            "unexpected": predicted - actual,
        }
        yield {
            "clip_id": clip_id,
            "reason": example["reason"],
            "made_by": ", ".join(text for text in about[["artist", "album", "track"]] if text),
            "kinds": {
                kind: [
                    {"tag": tag, "score": scores[tag], "threshold": thresholds[tag]}
                    for tag in scores.sort_values(ascending=False, kind="stable").index
                    if tag in tags
                ]
                for kind, tags in kinds.items()
            },
            **_hear(data / about["file"] if about["file"] else None),
        }


def _hear(path):
    """Return the audio (mp3) and its spectrogram (JPEG) as data; None where there is no audio."""
    if path is None:
        return {"audio": None, "picture": None, "why": "this dataset has no audio"}
    try:
        samples = audio.load(path, SAMPLE_RATE)[: SECONDS * SAMPLE_RATE]
    except (ValueError, OSError) as error:
        return {"audio": None, "picture": None, "why": f"its audio {error}"}
    sound, picture = io.BytesIO(), io.BytesIO()
    soundfile.write(
        sound,
        samples.clip(-1, 1),
        SAMPLE_RATE,
        format="MP3",
        subtype="MPEG_LAYER_III",
        bitrate_mode="CONSTANT",
        compression_level=0.7,
    )
    figures.draw_spectrogram(samples, SAMPLE_RATE).savefig(picture, format="jpeg")
    return {
        "audio": base64.b64encode(sound.getvalue()).decode(),
        "picture": base64.b64encode(picture.getvalue()).decode(),
        "why": None,
    }
