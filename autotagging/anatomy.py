"""What a network is made of, for a figure: its blocks in order, and the maps of a few clips."""

import re

import keras
from keras import layers

POOLED = {
    "mean_and_maximum": "mean and maximum over time and frequency",
    "maximum": "maximum over time and frequency",
}


def describe(network):
    """Return the network's blocks in order.

    Layers whose names end in the same number are a block; those without one follow.

    Returns
    -------
    list of dict
        kind ("input", "convolution", "pooling", "dense" or "output"), name, shape of the output
        without the clips, detail, weights.
    """
    blocks = [_block("input", "input", network.input.shape, "features", 0)]
    numbered, others = _by_number(network)
    for number, members in numbered.items():
        blocks += _describe_convolution(number, members)
    for layer in others:
        if layer.name in POOLED:
            if layer.name == "maximum" and _has(network, "mean_and_maximum"):
                continue
            blocks.append(_block("pooling", "pooling", layer.output.shape, POOLED[layer.name], 0))
        elif layer.name == "logits":
            blocks.append(
                _block("output", "output", layer.output.shape, "sigmoid", layer.count_params())
            )
        elif isinstance(layer, layers.Dense):
            blocks.append(
                _block("dense", layer.name, layer.output.shape, "ReLU", layer.count_params())
            )
        elif isinstance(layer, layers.BatchNormalization):
            blocks[-1]["detail"] += ", batch norm."
            blocks[-1]["weights"] += layer.count_params()
        elif isinstance(layer, layers.Dropout):
            blocks[-1]["detail"] += f", dropout {layer.rate:g}"
        else:
            blocks[0]["weights"] += layer.count_params()  # the normalisation
    return blocks


def _has(network, name):
    return any(layer.name == name for layer in network.layers)


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


def _describe_convolution(number, members):
    """Return a block for the convolutions of a number, and one for their pooling, if any."""
    by_name = {layer.name.removesuffix(f"_{number}"): layer for layer in members}
    first = by_name["convolution"]
    size = "x".join(str(n) for n in first.kernel_size)
    details = [f"{size} kernel"]
    if max(first.strides) > 1:
        details.append(f"step {first.strides[0]}")
    if any(isinstance(layer, layers.BatchNormalization) for layer in members):
        details.append("batch norm.")
    details.append("ReLU")
    if "shortcut" in by_name:
        details.insert(1, "twice, and once as shortcut")
    weights = sum(layer.count_params() for layer in members)
    maps = by_name["maps"].output.shape
    blocks = [_block("convolution", f"convolution {number}", maps, ", ".join(details), weights)]
    if "pooling" in by_name:
        pool = by_name["pooling"].pool_size
        detail = f"max pool {pool[0]}" if pool[0] == pool[1] else f"max pool {pool[0]}x{pool[1]}"
        pooled = by_name["pooling"].output.shape
        blocks.append(_block("pooling", f"pooling {number}", pooled, detail, 0))
    return blocks


def _block(kind, name, shape, detail, weights):
    return {
        "kind": kind,
        "name": name.replace("_", " "),
        "shape": shape[1:],
        "detail": detail,
        "weights": weights,
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
