"""What a network is made of, for a figure: its blocks in order, and the maps of a few clips."""

import re

import keras
from keras import layers

POOLED = {
    "mean_and_maximum": "mean and maximum of each map",
    "maximum": "maximum of each map",
}
JOINED = {"pooled_and_bands": "mean and deviation of each input band"}
SIDE_BY_SIDE = "front_end"  # joins the convolutions that all take the network's input
BATCH_NORMALISATION = "batch norm."


def describe(network):
    """Return the network's blocks in order.

    Layers whose names end in the same number are a block; those without one follow.

    Returns
    -------
    list of dict
        kind ("input", "convolution", "pooling", "dense" or "output"), name, shape of the output
        without the clips, details (list of str), weights, and beside: whether it takes the same
        input as the block before.
    """
    blocks = [_block("input", "input", network.input.shape, ["features"], 0)]
    numbered, others = _by_number(network)
    joined = [layer for layer in others if layer.name == SIDE_BY_SIDE]
    n_side_by_side = len(joined[0].input) if joined else 1
    for number, members in numbered.items():
        blocks += _describe_convolution(number, members, beside=1 < number <= n_side_by_side)
    for layer in others:
        if layer.name in POOLED:
            blocks.append(_block("pooling", "pooling", layer.output.shape, [POOLED[layer.name]], 0))
        elif layer.name in JOINED:
            blocks[-1]["shape"] = layer.output.shape[1:]
            blocks[-1]["details"].append(JOINED[layer.name])
        elif layer.name == "logits":
            blocks.append(
                _block("output", "output", layer.output.shape, ["sigmoid"], layer.count_params())
            )
        elif isinstance(layer, layers.Dense):
            blocks.append(
                _block("dense", layer.name, layer.output.shape, ["ReLU"], layer.count_params())
            )
        elif isinstance(layer, layers.BatchNormalization):
            if BATCH_NORMALISATION not in blocks[-1]["details"]:
                blocks[-1]["details"].append(BATCH_NORMALISATION)
            blocks[-1]["weights"] += layer.count_params()
        elif isinstance(layer, layers.Dropout):
            blocks[-1]["details"].append(f"dropout {layer.rate:g}")
        else:
            blocks[0]["weights"] += layer.count_params()  # the normalisation
    return blocks


def _by_number(network):
    """Return the layers of each block, by its number in order, and the layers of none."""
    numbered, others = {}, []
    for layer in network.layers:
        found = re.fullmatch(r".*_(\d+)", layer.name)
        if found:
            numbered.setdefault(int(found[1]), []).append(layer)
        else:
            others.append(layer)
    return dict(sorted(numbered.items())), others


def _describe_convolution(number, members, *, beside):
    """Return a block for the convolutions of a number, and one for their pooling, if any."""
    by_name = {layer.name.removesuffix(f"_{number}"): layer for layer in members}
    first = by_name["convolution"]
    size = "x".join(str(n) for n in first.kernel_size)
    details = [f"{size} kernel"]
    if "shortcut" in by_name:
        details = [f"2 times {size} kernel", f"{size} shortcut"]
    if max(first.strides) > 1:
        details.append(f"step {first.strides[0]}")
    if any(isinstance(layer, layers.BatchNormalization) for layer in members):
        details.append(BATCH_NORMALISATION)
    details.append("ReLU")
    weights = sum(layer.count_params() for layer in members)
    maps = by_name["maps"].output.shape
    blocks = [_block("convolution", f"convolution {number}", maps, details, weights, beside=beside)]
    if "pooling" in by_name:
        pool = by_name["pooling"].pool_size
        detail = f"max pool {pool[0]}" if pool[0] == pool[1] else f"max pool {pool[0]}x{pool[1]}"
        pooled = by_name["pooling"].output.shape
        blocks.append(_block("pooling", f"pooling {number}", pooled, [detail], 0))
    return blocks


def _block(kind, name, shape, details, weights, *, beside=False):
    return {
        "kind": kind,
        "name": name.replace("_", " "),
        "shape": shape[1:],
        "details": details,
        "weights": weights,
        "beside": beside,
    }


def convolution_maps(network, batch):
    """Return what every convolution, or residual block of them, makes of a few clips.

    Parameters
    ----------
    network : keras.Model
    batch : ndarray of shape (n_clips, frames, bands)

    Returns
    -------
    dict
        Name of the convolution -> its maps after ReLU: ndarray of shape (n_clips, frames, bands,
        channels), with the frames and bands that are left there.
    """
    names = [f"maps_{number}" for number in _by_number(network)[0]]
    outputs = [network.get_layer(name).output for name in names]
    maps = keras.Model(network.input, outputs).predict(batch, verbose=0)
    return {
        f"convolution {name.rsplit('_', 1)[1]}": value
        for name, value in zip(names, maps, strict=True)
    }
