"""Measure what a network scores on test clips that are cut short.

The beginnings of the test clips are padded with zeros to the length of the features, as script 2
does, and scored as script 4 does: by their sound alone. Beside that stand the same clips scored as
if their padding were sound, and the whole clips.

Reads   models/<run>/, and what it was trained on: labels/<set>/, features/<name>/, clips/
Writes  a table on standard output

Example: python benchmarks/short_clips.py --model vgg --seconds 20 10 5
"""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
from tqdm import tqdm

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from autotagging import cli, metrics, native_stderr, options, steps
from autotagging.audio import loading
from autotagging.clips import inventory
from autotagging.features import feature_store
from autotagging.features.spectrogram import as_stored, extract
from autotagging.formatting import measure
from autotagging.labels import label_sets
from autotagging.models import model_folder, prediction
from autotagging.results import results_folder, scores


def main(args):
    """Print a row for the whole clips, and two for each length that they are cut to."""
    steps.read_summary(model_folder.folder_of(args.data, args.model))  # a run, no file of that name
    found = scores.find_network(args.data, args.model)
    table = label_sets.read_labels(args.data, found.label_set)
    test_ids = table.index[table["split"] == "test"]
    store = feature_store.open_store(args.data, found.features, test_ids)
    if not len(store.rows):
        raise ValueError(
            f"labels/{found.label_set} has no test clips with features/{found.features}"
        )
    files = inventory.read_clips(args.data, with_audio=True)["file"][store.rows.index]
    with native_stderr.silenced():
        network, description = model_folder.load(found.path)
    y_true = table.loc[store.rows.index, description["tags"]].to_numpy()
    print(f"| {len(y_true):,} test clips | macro ROC-AUC | macro PR-AUC |\n|---|---|---|")
    print_row("whole", y_true, prediction.score_clips(network, store))
    for seconds in args.seconds:
        cut = cut_short(store, [args.data / file for file in files], seconds)
        padded = replace(cut, lengths=np.full_like(cut.lengths, store.settings.frames))
        print_row(f"{seconds:g} s", y_true, prediction.score_clips(network, cut))
        scored_as_sound = prediction.score_clips(network, padded)
        print_row(f"{seconds:g} s, padding scored as sound", y_true, scored_as_sound)


def cut_short(store, paths, seconds):
    """Return the store of the clips' beginnings: FeatureStore.

    Parameters
    ----------
    store : FeatureStore
        Of the whole clips.
    paths : list of Path
        Their audio, in the order of the store's rows.
    seconds : float
    """
    settings, features, lasting = store.settings, [], []
    for path in tqdm(paths, f"cutting to {seconds:g} s", unit="clip"):
        samples = loading.load(path, settings.sample_rate, seconds).samples
        features.append(as_stored(extract(samples, settings)))
        lasting.append(len(samples) / settings.sample_rate)
    lengths = feature_store.count_frames(np.array(lasting), settings)
    rows = store.rows.copy()
    rows[:] = np.arange(len(rows))
    return replace(store, array=np.stack(features), lengths=lengths, rows=rows)


def print_row(name, y_true, y_score):
    """Print both macro averages of some scores."""
    averages = metrics.averages(y_true, y_score)["macro"]
    print(
        f"| {name} | {measure(averages['roc_auc'])} | {measure(averages['pr_auc'])} |", flush=True
    )


def parse_args():
    """Return the arguments of the command line."""
    parser = cli.parser(__doc__)
    cli.add_data(parser)
    options.add(
        parser,
        "--model",
        options.name,
        default=results_folder.DEFAULT,
        help="a run under models/ (default: vgg)",
    )
    text = "lengths that clips are cut to (default: 10)"
    options.add(parser, "--seconds", options.positive_number, nargs="+", default=[10.0], help=text)
    return parser.parse_args()


if __name__ == "__main__":
    cli.run(main, parse_args)
