"""What no network should fall below: logistic regression on mean and deviation of 48 mel bands."""

import dataclasses
import sys
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from autotagging import steps
from autotagging.clips import inventory
from autotagging.features import extraction, feature_store
from autotagging.features.settings import FeatureSettings

NAME = "mel48"
MEL48 = FeatureSettings("mel", 16000, 48, n_fft=1024, hop_length=512)


def band_statistics(data, clip_ids, jobs):
    """Return mean and standard deviation over a clip's sound of 48 log-mel bands: (n_clips, 96).

    Writes ``features/mel48/`` where it is not there.
    """
    clips = inventory.read_clips(data, with_audio=True)
    folder = feature_store.folder_of(data, NAME)
    inputs = steps.describe_inputs(data, inventory.clips_path(data))
    step = steps.Step(folder, dataclasses.asdict(MEL48), inputs)
    steps.is_finished(step, replaceable=inputs)
    wanted = extraction.WantedStore(folder, MEL48, data, clips)
    with steps.locked(folder):
        if extraction.find_missing(wanted) is not None:
            extraction.compute(wanted, jobs)
            with extraction.writing(wanted, step):
                pass
    store = feature_store.open_store(data, NAME, clip_ids)
    if len(store.rows) < len(clip_ids):
        raise ValueError(f"{len(clip_ids) - len(store.rows)} clips of the labels have no features")
    sounds = (store.array[row, : store.lengths[row]].astype(np.float64) for row in store.rows)
    return np.array([np.concatenate([sound.mean(axis=0), sound.std(axis=0)]) for sound in sounds])


def predict(x, y_true, train):
    """Return probabilities for all clips from a regression per tag on the training clips.

    Parameters
    ----------
    x : ndarray of shape (n_clips, n_features)
    y_true : ndarray of shape (n_clips, n_tags), bool
    train : ndarray of shape (n_clips,), bool

    Returns
    -------
    ndarray of shape (n_clips, n_tags)
        0 for a tag that no training clip, or every one, has.
    """
    scores = np.zeros(y_true.shape)
    for tag in np.flatnonzero(y_true[train].any(axis=0) & ~y_true[train].all(axis=0)):
        regression = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=1000))
        regression.fit(x[train], y_true[train, tag])
        scores[:, tag] = regression.predict_proba(x)[:, 1]
    return scores
