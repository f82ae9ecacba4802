"""Networks that others are layers of: those of a mean, and heads."""

HEAD = "head"  # the layer that is a head on a layer of another network, see `heads`


def list_members(network):
    """Return the networks that a network is made of: those of a mean, a head, or itself alone."""
    nested = [layer for layer in network.layers if hasattr(layer, "layers")]
    return [member for one in nested for member in list_members(one)] or [network]


def list_layers(network):
    """Return the layers of a network, and those of its members among them."""
    layers = [list_layers(one) if hasattr(one, "layers") else [one] for one in network.layers]
    return [layer for layers_of_one in layers for layer in layers_of_one]
