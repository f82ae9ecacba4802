"""The GPU that Keras computes on, whichever of its backends does the computing."""

from dataclasses import dataclass

from autotagging import versions


@dataclass(frozen=True)
class Gpu:
    """A GPU.

    Parameters
    ----------
    kind : str
        As its maker calls it.
    peak_bytes : int
        The most of its memory that arrays of this process have taken so far.
    """

    kind: str
    peak_bytes: int


def find():
    """Return the first GPU that Keras computes on: Gpu; None where there is none."""
    import keras

    return FINDERS[keras.backend.backend()]()


def described():
    """Return Keras, its backend and what it computes on, in a line."""
    import keras

    found = versions.of(["keras", keras.backend.backend()])
    gpu = find()
    named = " on ".join(f"{name} {version}" for name, version in found.items())
    return f"{named}, {gpu.kind if gpu else 'no GPU'}"


def _find_by_jax():
    import jax

    device = jax.local_devices()[0]
    if device.platform != "gpu":
        return None
    return Gpu(device.device_kind, device.memory_stats()["peak_bytes_in_use"])


def _find_by_torch():
    import torch

    if not torch.cuda.is_available():
        return None
    return Gpu(torch.cuda.get_device_name(), torch.cuda.max_memory_allocated())


def _find_by_tensorflow():
    import tensorflow as tf

    devices = tf.config.list_physical_devices("GPU")
    if not devices:
        return None
    kind = tf.config.experimental.get_device_details(devices[0]).get("device_name", "GPU")
    return Gpu(kind, tf.config.experimental.get_memory_info("GPU:0")["peak"])


FINDERS = {"jax": _find_by_jax, "torch": _find_by_torch, "tensorflow": _find_by_tensorflow}
