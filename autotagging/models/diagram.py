"""What a network is made of, for a figure: its blocks in order, and the maps of a few clips."""

import re

import keras
from keras import layers

from autotagging.models import nesting

POOLED = {"mean_and_maximum": "mean and maximum of each map", "maximum": "maximum of each map"}
JOINED = {"pooled_and_bands": "mean and deviation of each input band"}
SIDE_BY_SIDE = "front_end"  # joins the convolutions that all take the network's input
BATCH_NORMALISATION = "batch norm."


def describe(network):
    """Return the network's blocks in order.

    Layers whose names end in the same number are a block, a convolution with what follows it;
    those without one are blocks of their own, or belong to the block before.

    Returns
    -------
    list of dict
        kind ("input", "network", "convolution", "pooling", "dense" or "output"), name, shape of
        the output without the clips, details (list of str), weights, and beside: whether it takes
        the same input as the block before.
    """
    shape = network.input.shape
    blocks = [_block("input", "input", (*shape, 1) if len(shape) == 3 else shape, ["features"])]
    below, network = nesting.take_apart(network)
    blocks += [{**_describe_network(one), "beside": one is not below[0]} for one in below]
    numbered, unnumbered = _by_number(network)
    joined = [layer for layer in unnumbered if layer.name == SIDE_BY_SIDE]
    n_side_by_side = len(joined[0].input) if joined else 1
    for number, members in numbered.items():
        block = _describe_convolution(number, members)
        blocks.append({**block, "beside": 1 < number <= n_side_by_side})
    for layer in unnumbered:
        shape, weights = layer.output.shape, layer.count_params()
        if layer.name in POOLED:
            blocks.append(_block("pooling", "pooling", shape, [POOLED[layer.name]]))
        elif layer.name in JOINED:
            blocks[-1]["shape"] = shape[1:]
            blocks[-1]["details"].append(JOINED[layer.name])
        elif layer.name == "logits":
            blocks.append(_block("output", "output", shape, ["sigmoid"], weights))
        elif isinstance(layer, layers.Dense):
            blocks.append(_block("dense", layer.name, shape, ["ReLU"], weights))
        elif isinstance(layer, layers.BatchNormalization):
            if BATCH_NORMALISATION not in blocks[-1]["details"]:
                blocks[-1]["details"].append(BATCH_NORMALISATION)
            blocks[-1]["weights"] += weights
        elif isinstance(layer, layers.Dropout):
            blocks[-1]["details"].append(f"dropout {layer.rate:g}")
        else:
            blocks[len(below)]["weights"] += weights  # the normalisation
    return blocks


def _by_number(network):
    """Return the layers of each block, by its number in order, and the layers of none."""
    numbered, unnumbered = {}, []
    for layer in nesting.list_layers(network):
        if found := re.fullmatch(r".*_(\d+)", layer.name):
            numbered.setdefault(int(found[1]), []).append(layer)
        else:
            unnumbered.append(layer)
    return dict(sorted(numbered.items())), unnumbered


def _describe_network(network):
    """Return the block of a network that a head stands on."""
    name = re.sub(r"^network_\d+_", "", network.name)
    details = [f"to its layer {network.layers[-1].name.replace('_', ' ')}", "not trained"]
    return _block("network", name, network.output.shape, details, network.count_params())


def _describe_convolution(number, members):
    """Return the block of the convolutions of a number and their pooling, if any."""
    by_name = {layer.name.removesuffix(f"_{number}"): layer for layer in members}
    first, last = by_name["convolution"], by_name["maps"]
    size = "x".join(str(n) for n in first.kernel_size)
    details = [f"{size} kernel"]
    if "shortcut" in by_name:
        details = [f"2 times {size} kernel", f"{size} shortcut"]
    if max(first.strides) > 1:
        details.append(f"step {first.strides[0]}")
    if any(isinstance(layer, layers.BatchNormalization) for layer in members):
        details.append(BATCH_NORMALISATION)
    details.append("ReLU")
    if "pooling" in by_name:
        pooling = by_name["pooling"]
        sizes = dict.fromkeys(map(str, pooling.pool_size))  # one where both are the same
        is_last = members.index(pooling) > members.index(last)
        details.insert(len(details) if is_last else 1, f"max pool {'x'.join(sizes)}")
        last = pooling if is_last else last
    weights = sum(layer.count_params() for layer in members)
    return _block("convolution", f"convolution {number}", last.output.shape, details, weights)


def _block(kind, name, shape, details, weights=0):
    described = {"kind": kind, "name": name.replace("_", " "), "shape": shape[1:]}
    return described | {"details": details, "weights": weights, "beside": False}


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
    below, network = nesting.take_apart(network)
    names = [] if below else [f"maps_{number}" for number in _by_number(network)[0]]
    if not names:
        return {}
    outputs = [network.get_layer(name).output for name in names]
    maps = keras.Model(network.input, outputs).predict(batch, verbose=0)
    return {
        f"convolution {name.rsplit('_', 1)[1]}": value
        for name, value in zip(names, maps, strict=True)
    }
