"""The figure of a store: a clip for each of three tags, as waves and spectrograms."""

from autotagging.audio import loading
from autotagging.features import feature_store
from autotagging.figures import sounds, style
from autotagging.labels import label_sets

FILE = "waves_spectro_logspectro.png"
SAMPLE_RATE = 16000  # Hz


def draw_missing(wanted, files, labels, tags, note):
    """Draw the figure, unless it is there or the store has features of fewer than three clips.

    Parameters
    ----------
    wanted : WantedStore
        That is finished.
    files : Series of str
        Audio of every clip below the dataset, by clip_id.
    labels : DataFrame
        As from `label_sets.read_labels`, of clips with audio.
    tags : list of str or None
        The three tags; the most frequent where it is None.
    note : str
        What the figure must say of its data.
    """
    labels = labels[labels.index.isin(feature_store.list_usable(wanted.folder))]
    if len(labels) < 3:
        return
    chosen = label_sets.choose_clips(labels, tags)

    def draw():
        titles = [label_sets.write_title(labels, tag, clip_id) for tag, clip_id in chosen.items()]
        paths = [wanted.data / file for file in files[list(chosen.values())]]
        samples = [loading.load(p, SAMPLE_RATE, wanted.settings.seconds).samples for p in paths]
        return sounds.draw_waves(list(zip(titles, samples, strict=True)), SAMPLE_RATE, bands=120)

    style.save_missing(wanted.folder, note, {FILE: draw})
