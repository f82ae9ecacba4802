"""Networks that others are layers of: those of a mean, and a head with what it stands on."""

HEAD = "head"  # the layer that is a head on a layer of another network, see `heads`


def list_nested(network):
    """Return the networks that are layers of another: dict by name."""
    return {layer.name: layer for layer in network.layers if hasattr(layer, "layers")}


def take_apart(network):
    """Return the networks that a head stands on, and the head; of any other none, and itself."""
    nested = list_nested(network)
    head = nested.pop(HEAD, None)
    return (list(nested.values()), head) if head else ([], network)


def list_members(network):
    """Return the networks that end in tags: those of a mean, or itself alone; of a head its own."""
    head = take_apart(network)[1]
    members = [member for one in list_nested(head).values() for member in list_members(one)]
    return members or [head]


def list_layers(network):
    """Return the layers of a network, and those of its members among them."""
    layers = [list_layers(one) if hasattr(one, "layers") else [one] for one in network.layers]
    return [layer for layers_of_one in layers for layer in layers_of_one]
