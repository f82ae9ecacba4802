"""Time a network's scores by several ways of computing them, on the chunks of pieces of 29 s.

Keras on TensorFlow as script 4 uses it (`predict`), a batch at a time (`predict_on_batch`), as one
TensorFlow function, compiled by XLA, and by onnxruntime on the exported network, where the packages
onnx, onnxruntime and tf2onnx are installed, which no script needs.

Reads   data/published/ (or --published FOLDER)
Writes  a table in Markdown on standard output: medians, and the largest difference of a probability

Example: python benchmarks/time_engines.py --networks mtt-musicnn --batches 10 60
"""

import importlib.util
import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import scipy.special

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from autotagging import cli, native_stderr, options
from autotagging.models import model_folder, published
from benchmarks import machine

N_PIECES, CHUNKS_OF_A_PIECE = 6, 10
OF_ONNX = ("onnx", "onnxruntime", "tf2onnx")


def main(args):
    """Print a row for each network, way and batch size."""
    with native_stderr.silenced():
        import tensorflow as tf

    if args.threads:
        tf.config.threading.set_intra_op_parallelism_threads(args.threads)
    threads = f", {count} threads" if (count := args.threads) else ""
    print(f"{machine.described()}{threads}; median of {args.rounds} rounds\n")
    lacking = [name for name in OF_ONNX if importlib.util.find_spec(name) is None]
    if lacking:
        print(f"without onnxruntime: {', '.join(lacking)} not installed\n")
    print("| network | way | chunks together | ms a piece of 29 s | times predict | difference |")
    print("|---|---|---|---|---|---|")
    for name in args.networks:
        network, _ = model_folder.load(published.find_model(Path(), name, args.published))
        shape = (N_PIECES * CHUNKS_OF_A_PIECE, *network.input_shape[1:])
        x = 3 * np.random.default_rng(0).random(shape, dtype=np.float32)  # as log10(1 + 10,000 p)
        print_rows(name, list_ways(network, args, onnx=not lacking), x, args)


def list_ways(network, args, *, onnx):
    """Return the ways to compute a network: name -> function of a batch and its size."""
    import tensorflow as tf

    function = tf.function(lambda batch: network(batch, training=False))
    compiled = tf.function(lambda batch: network(batch, training=False), jit_compile=True)
    ways = {
        "predict": lambda x, size: network.predict(x, batch_size=size, verbose=0),
        "predict_on_batch": batch_by_batch(network.predict_on_batch),
        "tf.function": batch_by_batch(lambda batch: function(tf.constant(batch)).numpy()),
        "XLA": batch_by_batch(lambda batch: compiled(tf.constant(batch)).numpy()),
    }
    return ways | (
        {"onnxruntime": batch_by_batch(open_onnx(network, args.threads))} if onnx else {}
    )


def batch_by_batch(compute):
    """Return a function that computes an array a batch at a time."""
    return lambda x, size: np.concatenate(
        [compute(b) for b in np.split(x, range(size, len(x), size))]
    )


def open_onnx(network, threads):
    """Return a function of a batch that runs the exported network in onnxruntime."""
    import onnxruntime

    chosen = onnxruntime.SessionOptions()
    chosen.intra_op_num_threads = threads or 0
    with tempfile.TemporaryDirectory() as folder, native_stderr.silenced():
        path = Path(folder) / "network.onnx"
        network.export(path, format="onnx", verbose=False)
        session = onnxruntime.InferenceSession(path, chosen, providers=["CPUExecutionProvider"])
    layer = network.get_layer("normalisation")
    constants = {"/Sub/y": layer.mean, "/Sqrt/x": layer.variance}  # tf2onnx leaves them as inputs
    feeds = {}
    for taken in session.get_inputs()[1:]:
        value = next(v for end, v in constants.items() if end in taken.name)
        feeds[taken.name] = np.reshape(value, taken.shape)
    first = session.get_inputs()[0].name
    return lambda batch: session.run(None, {first: batch, **feeds})[0]


def print_rows(name, ways, x, args):
    """Time each way with each batch size, in turns, and print a row each."""
    cells = [(way, size) for way in ways for size in args.batches]
    seconds, scores = {cell: [] for cell in cells}, {}
    for number in range(args.rounds + 1):
        for way, size in cells:
            started = time.perf_counter()
            scores[way, size] = scipy.special.expit(ways[way](x, size))
            if number:  # the first time compiles
                seconds[way, size].append(time.perf_counter() - started)
    expected = scores["predict", args.batches[0]]
    against = statistics.median(seconds["predict", args.batches[0]])
    for way, size in cells:
        taken = statistics.median(seconds[way, size])
        difference = np.abs(scores[way, size] - expected).max()
        numbers = f"{1000 * taken / N_PIECES:.0f} | {taken / against:.2f} | {difference:.0e}"
        print(f"| `{name}` | {way} | {size} | {numbers} |", flush=True)


def parse_args():
    """Return the arguments of the command line."""
    parser = cli.parser(__doc__)
    add = parser.add_argument
    names = list(published.NETWORKS)
    add("--networks", nargs="+", default=names[:1], choices=names, help="(default: mtt-musicnn)")
    sizes = {"default": [10, 60], "metavar": "N", "help": "chunks together (default: 10 60)"}
    add("--batches", nargs="+", type=options.positive, **sizes)
    options.add(parser, "--threads", options.positive, help="of TensorFlow, onnxruntime (all)")
    options.add(parser, "--rounds", options.positive, default=5, help="(default: 5)")
    cli.add_published(parser)
    return parser.parse_args()


if __name__ == "__main__":
    cli.run(main, parse_args)
