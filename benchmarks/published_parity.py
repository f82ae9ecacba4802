"""Compare the published networks with their original graphs, which run under today's TensorFlow.

On the same float32 spectrograms of real clips, cut into chunks of 187 frames one after another, a
row a network: the largest difference of a score of a chunk. Then from audio: the clip's score by
the package's own way (librosa's resampling and spectrogram, power rounded to half precision,
chunks one after another) against scripts 2 and 4 (features kept in half precision, evenly spaced
chunks that cover the clip), and what chunks and features contribute to the difference.

Reads   data/published/, clips of MagnaTagATune in a folder of its form
Writes  a table on standard output; with --keep FILE the scores of the first clips by the original
        graphs, ndarray of shape (n_networks, n_clips, n_chunks, n_tags), which a test compares with

Example: python benchmarks/published_parity.py data/mtt --keep tests/published_scores.npy
"""

import sys
import tempfile
from pathlib import Path

import librosa
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from autotagging import cli, files, native_stderr, options
from autotagging.audio import loading
from autotagging.features import spectrogram
from autotagging.features.settings import PRESETS
from autotagging.models import chunks, model_folder, published

SETTINGS = PRESETS[published.FEATURES]
KEPT_CLIPS = (  # of --keep: the one genuine file of the excerpt, a choir, a band
    "e/joram-moments_of_clarity-08-solipsism-59-88.mp3",
    "0/american_bach_soloists-joseph_haydn__masses-01-kyrie__allegro_moderato-30-59.mp3",
    "5/arthur_yoria-of_the_lovely-01-of_the_lovely-30-59.mp3",
)
CHECKPOINT = (".index", ".data-00000-of-00001", ".meta")
OUTPUT, INPUT, IS_TRAINING = "model/Sigmoid", "model/Placeholder", "model/Placeholder_2"


def main(args):
    """Print the differences, a row a network."""
    paths = sorted(args.folder.glob("*/*.mp3"))
    step = max(1, len(paths) // args.clips)
    paths = paths[::step][: args.clips]
    wheel = published.find_wheel(args.published)
    models = {name: published.make(name, args.published) for name in published.NETWORKS}
    print(f"{len(paths)} clips of {args.folder.name}; largest difference of a score")
    print("| network | same spectrogram | chunks | features | both, from audio |")
    print("|---|---|---|---|---|")
    for name, path in models.items():
        with native_stderr.silenced():
            network, _ = model_folder.load(path)
            differences = np.max([compare(p, wheel, name, network) for p in paths], axis=0)
        print(f"| `{name}` | " + " | ".join(f"{d:.1g}" for d in differences) + " |")
    if args.keep:
        kept = [args.folder / clip for clip in KEPT_CLIPS]
        with native_stderr.silenced():
            scores = [
                [run_original(wheel, name, consecutive(read(path))) for path in kept]
                for name in published.NETWORKS
            ]
        files.write_array(args.keep, np.array(scores))


def compare(path, wheel, name, network):
    """Return the largest differences of the scores of one clip: four numbers, as in the table."""
    features = read(path)
    x = consecutive(features)
    original, ours = run_original(wheel, name, x), score(network, x)
    stored = spectrogram.as_stored(features).astype(np.float32)
    by_their_way = run_original(wheel, name, consecutive(read_as_published(path))).mean(axis=0)
    by_our_way = score(network, spread(stored)).mean(axis=0)
    return [
        np.abs(original - ours).max(),
        np.abs(score(network, spread(features)).mean(axis=0) - ours.mean(axis=0)).max(),
        np.abs(score(network, consecutive(stored)).mean(axis=0) - by_their_way).max(),
        np.abs(by_our_way - by_their_way).max(),
    ]


def read(path):
    """Return the features of a clip: ndarray of shape (frames, bands), float32."""
    samples = loading.load(path, SETTINGS.sample_rate, SETTINGS.seconds).samples
    return spectrogram.extract(samples, SETTINGS)


def read_as_published(path):
    """Return what the package computes of a clip: ndarray of shape (frames, bands), float32.

    Its logarithm is taken in half precision, in which power above 6.5 overflows with NumPy 2: here
    it is not.
    """
    samples, rate = librosa.load(path, sr=SETTINGS.sample_rate)
    options = {"hop_length": SETTINGS.hop_length, "n_fft": SETTINGS.n_fft, "n_mels": SETTINGS.bands}
    power = librosa.feature.melspectrogram(y=samples, sr=rate, **options).T
    return np.log10(10_000 * power.astype(np.float16).astype(np.float32) + 1)


def consecutive(features):
    """Return chunks one after another, without the rest: (n_chunks, frames, bands)."""
    n_chunks = len(features) // published.CHUNK_FRAMES
    whole = features[: n_chunks * published.CHUNK_FRAMES]
    return whole.reshape(n_chunks, published.CHUNK_FRAMES, -1)


def spread(features):
    """Return the chunks that script 4 scores: (n_chunks, frames, bands)."""
    frames = published.CHUNK_FRAMES
    return np.stack([features[i : i + frames] for i in chunks.spread_starts(len(features), frames)])


def score(network, x):
    """Return the probabilities of chunks by our network: (n_chunks, n_tags), float32."""
    return 1 / (1 + np.exp(-network.predict(x, verbose=0)))


def run_original(wheel, name, x):
    """Return the probabilities of chunks by the original graph of a network.

    Parameters
    ----------
    wheel : Path
    name : str
        Of `published.NETWORKS`.
    x : ndarray of shape (n_chunks, frames, bands), float32

    Returns
    -------
    ndarray of shape (n_chunks, n_tags), float32
    """
    import tensorflow as tf

    v1 = tf.compat.v1
    folder = f"{published.PACKAGE}/{published.NETWORKS[name].checkpoint}"
    entries = files.read_zip(wheel, [f"{folder}/{file}" for file in CHECKPOINT])
    meta = v1.MetaGraphDef.FromString(entries[f"{folder}/.meta"])
    definition = v1.graph_util.extract_sub_graph(meta.graph_def, [OUTPUT])
    for node in definition.node:  # which today's operations do not know
        for attribute in ("_output_shapes", "_class"):
            node.attr.pop(attribute, None)
    with tempfile.TemporaryDirectory() as temporary, tf.Graph().as_default():
        for entry, content in entries.items():
            (Path(temporary) / Path(entry).name).write_bytes(content)
        reader = v1.train.NewCheckpointReader(f"{temporary}/")
        tf.import_graph_def(definition, name="")
        values = {f"{INPUT}:0": x, f"{IS_TRAINING}:0": False}
        for node in definition.node:
            if node.op in ("VariableV2", "VarHandleOp"):
                values[f"{node.name}:0"] = reader.get_tensor(node.name)
        with v1.Session() as session:
            return session.run(f"{OUTPUT}:0", values)


def parse_args():
    """Return the arguments of the command line."""
    parser = cli.parser(__doc__)
    parser.add_argument("folder", type=options.folder, help="with clips in folders 0 to f")
    options.add(parser, "--clips", options.positive, default=20, help="how many (default: 20)")
    parser.add_argument("--keep", type=options.path, metavar="FILE", help="for the test")
    cli.add_published(parser)
    return parser.parse_args()


if __name__ == "__main__":
    cli.run(main, parse_args)
