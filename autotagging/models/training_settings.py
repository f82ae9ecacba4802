"""How each network is trained unless one says otherwise, and the options to say so.

Script 3 and the cross-validation share these options, so that what was chosen by the one is what
the other trains. docs/experiments.md has what the defaults were chosen by.
"""

import dataclasses
from dataclasses import dataclass

from autotagging import options
from autotagging.models.augmentation import AUGMENTATIONS
from autotagging.options import option

SOLVED = "linear"  # has one best solution, which needs no epochs
HEADS = (SOLVED, "mlp")  # learn from the values of a layer of another network
NAMES = ("vgg", "paper", "fcn", "musicnn", "musicnn-vgg", "short-chunk-res", *HEADS)
DEFAULT = "vgg"
FEW_CLIPS = 800  # training and validation clips together, below which a network is refit
# Options of the networks themselves; None in the recipe of a network that does not have one.
NETWORK = ("dropout", "band_statistics", "convolutions", "kernel", "pooling", "published_start")
NETWORK += ("pools", "units")
OF_SOLVED = {"architecture", "features", "seed", "refit"}  # options that are left of it
CONVOLUTIONS = {"paper": (2, 3), "fcn": (4, 5)}
OF_VALUES = ("mixup",)  # augmentation of what is no picture of time and frequency
DB_ONLY = "equaliser"  # raises and lowers dB, and would multiply nothing else sensibly


@dataclass(frozen=True)
class TrainingSettings:
    """What decides how a network is trained; `RECIPES` has the defaults of each.

    `min_steps`: where training clips are so few that the epochs of the recipe together have fewer
    batches, an epoch passes over them several times, as a network needs steps. `resolve` fills in
    what depends on clips and features: `repeats`, `steps`, `chunk_frames`, ...
    """

    architecture: str = option(f"of the network (default: {DEFAULT})", choices=NAMES)
    features: str = option(
        "store under features/ (default: the network's own); of linear and mlp several, whose "
        "values stand side by side",
        kind=options.joined_names,
        nargs="+",
        action=options.JoinNames,
    )
    chunk_seconds: float | None = option(
        "train on a random excerpt per clip and epoch, score by the mean of evenly spaced ones; 0: "
        "whole clips",
        kind=options.number_from_0,
    )
    dropout: float | None = option("before the output", 0.5, options.share)
    epochs: int = option("at most", 100, options.positive)
    batch_size: int = option("clips a step, over all devices", 16, options.positive)
    learning_rate: float = option("of Adam at the start", 0.001, options.positive_number)
    augment: tuple = option(
        f"some of {', '.join(AUGMENTATIONS)}; or none",
        (),
        nargs="+",
        choices=("none", *AUGMENTATIONS),
        metavar="NAME",
    )
    min_steps: int = 800
    band_statistics: bool | None = option(
        "of vgg: nothing goes past the convolutions", None, switch=False
    )
    convolutions: int | None = option("of paper: 2 or 3; of fcn: 4 or 5", None, options.positive)
    kernel: int | None = option("of paper: 1 to 10", None, options.number(int, 1, 10), metavar="N")
    pooling: bool | None = option("of paper: convolutions with steps instead", None, switch=False)
    published_start: bool | None = option(
        "of paper: weights from N(0, 1), input as it is", None, switch=True
    )
    pools: str | None = option(
        "of musicnn-vgg: as its network of MagnaTagATune (default), or of the Million Song Dataset",
        None,
        choices=("mtt", "msd"),
    )
    units: int | None = option("of mlp: in its hidden layer", None, options.positive)
    patience: int | None = option(
        "stop after so many epochs without a better one, counted from the first that may be kept "
        "(default: never, as a cosine does its best at its end; a quarter of the epochs with "
        "--schedule plateau)",
        None,
        options.positive,
    )
    repeats: int | None = option(
        "passes over the training clips in an epoch (default: 1, more where clips are so few that "
        "the network would get too few steps)",
        None,
        options.positive,
    )
    keep_from: float = option(
        "share of the epochs before which none is kept, as scores wobble while the rate is high "
        "(default: 0.5)",
        0.5,
        options.share,
    )
    schedule: str = option(
        "how the rate falls: to 0 in the last epoch, or where no epoch gets better (default: "
        "cosine)",
        "cosine",
        choices=("cosine", "plateau"),
    )
    label_smoothing: float = option("(default: 0)", 0.0, options.share)
    positive_weight: float = option(
        "of a tag that is there, in the loss (default: 1)", 1.0, options.positive_number
    )
    weight_decay: float = option("of Adam (default: 0)", 0.0, options.number_from_0)
    seed: int = option("random seed (default: 0)", 0, options.seed)
    devices: int = option(
        "GPUs of this machine, each with a share of every batch (default: 1)", 1, options.positive
    )
    mixed_precision: bool = option("compute in half precision where that is safe", False)
    deterministic: bool = option("on a GPU: operations that repeat exactly, slower", False)
    refit: bool | None = option(
        "learn from the validation clips, too, and keep the last epoch; thresholds come from "
        f"out-of-fold scores (default: where both together are fewer than {FEW_CLIPS})",
        None,
        switch="both",
    )
    freeze: bool = option("with --start-from: train the last layer alone", False)
    new_normalisation: bool = option(
        "with --start-from: take the normalisation of the input anew, and that of batches, too",
        False,
    )
    chunk_frames: int | None = None
    steps: int | None = None

    @property
    def is_solved(self):
        """Whether the network is solved at once, and not trained in epochs."""
        return self.architecture == SOLVED

    @property
    def architecture_options(self):
        """The options of the network's own function: a dict."""
        values = {name: getattr(self, name) for name in NETWORK}
        return {name: value for name, value in values.items() if value is not None}


RECIPES = {
    "vgg": TrainingSettings(
        architecture="vgg",
        features="mel96",
        chunk_seconds=8.192,
        epochs=60,
        learning_rate=0.002,
        augment=("mixup",),
        band_statistics=True,
    ),
    "paper": TrainingSettings(
        architecture="paper",
        features="square",
        chunk_seconds=0,
        dropout=0.25,
        epochs=16,
        batch_size=32,
        learning_rate=0.0005,
        augment=("shift", "equaliser"),
        min_steps=100,
        convolutions=3,
        kernel=10,
        pooling=True,
        published_start=False,
    ),
    "fcn": TrainingSettings("fcn", "mel96", 0, epochs=40, augment=("shift",), convolutions=4),
    "musicnn": TrainingSettings("musicnn", "musicnn", 2.992, batch_size=32),
    "musicnn-vgg": TrainingSettings("musicnn-vgg", "musicnn", 2.992, batch_size=32, pools="mtt"),
    "short-chunk-res": TrainingSettings(
        "short-chunk-res", "short-chunk", 3.69, learning_rate=0.0005
    ),
    SOLVED: TrainingSettings(SOLVED, "msd-musicnn", None, dropout=None, epochs=1, min_steps=0),
    "mlp": TrainingSettings(
        "mlp", "msd-musicnn", None, epochs=20, augment=("mixup",), min_steps=400, units=256
    ),
}


def read(parser, args):
    """Return the settings of a command line that was parsed: TrainingSettings."""
    changes = options.given(TrainingSettings, args)
    try:
        return change(changes.get("architecture", DEFAULT), changes, bool(args.start_from))
    except ValueError as error:
        parser.error(str(error))


def change(architecture, changes, is_started=False):
    """Return the recipe of a network with some settings changed.

    Parameters
    ----------
    architecture : str
    changes : dict
        Name of a setting -> value.
    is_started : bool
        Whether it starts from another network.

    Raises
    ------
    ValueError
        For what does not go together, naming the options.
    """
    recipe = RECIPES[architecture]
    if recipe.is_solved:
        _check_solved(changes, is_started)
    for name in (*NETWORK, "chunk_seconds"):
        if name in changes and getattr(recipe, name) is None:
            option_name = name.replace("_", "-")
            if changes[name] is False:
                option_name = f"no-{option_name}"
            raise ValueError(f"--{option_name} is not an option of --architecture {architecture}")
    numbers = CONVOLUTIONS.get(architecture)
    if changes.get("convolutions", recipe.convolutions) not in (numbers or [None]):
        raise ValueError(f"--convolutions of {architecture} are {numbers[0]} or {numbers[1]}")
    augment = changes.get("augment", recipe.augment)
    if "none" in augment and len(augment) > 1:
        raise ValueError("--augment none goes with no other")
    for name in ("freeze", "new_normalisation"):
        if changes.get(name) and not is_started:
            raise ValueError(f"--{name.replace('_', '-')} goes with --start-from")
    if changes.get("freeze") and changes.get("new_normalisation"):
        raise ValueError("--freeze keeps the normalisation: leave out --new-normalisation")
    by_score = {"--patience": "patience" in changes}
    by_score["--schedule plateau"] = changes.get("schedule") == "plateau"
    for name, is_given in by_score.items():
        if is_given and changes.get("refit"):
            raise ValueError(f"--refit leaves no validation clips for {name} to go by")
    changes = {**changes, "augment": tuple(name for name in AUGMENTATIONS if name in augment)}
    if any(by_score.values()):
        changes["refit"] = False
    return dataclasses.replace(recipe, **changes)


def _check_solved(changes, is_started):
    foreign = [name for name in changes if name not in OF_SOLVED]
    foreign += ["start_from"] if is_started else []
    if foreign:
        name = foreign[0].replace("_", "-")
        raise ValueError(
            f"--{name} is not an option of --architecture {SOLVED}, which is solved at once and "
            "not trained"
        )


def resolve(settings, feature_settings, n_train, n_validation):
    """Return settings that go with these features and so many clips.

    Parameters
    ----------
    settings : TrainingSettings
        From `change`.
    feature_settings : FeatureSettings, LayerSettings or JoinedSettings
    n_train, n_validation : int
        Clips of these parts.

    Returns
    -------
    TrainingSettings
        With chunk_frames, repeats, steps, patience and refit; with no batch larger than all
        clips and without what fits levels in dB alone where features are not, both of which are
        said.

    Raises
    ------
    ValueError
        Where there is no clip to train on, the network takes features of another kind, or a chunk
        is longer than the clips, or shorter than a frame.
    """
    if not n_train:
        raise ValueError("the train part has no clip: make a label set with another --split")
    _check_kind(settings, feature_settings)
    chunk_frames = _count_chunk_frames(settings, feature_settings)
    n_clips, refit = n_train + n_validation, settings.refit
    refit = n_clips < FEW_CLIPS if refit is None else refit
    if settings.is_solved:
        return dataclasses.replace(settings, chunk_frames=chunk_frames, refit=refit)
    augment = _fit_augmentation(settings, feature_settings)
    n_clips = n_clips if refit else n_train
    batch_size = min(settings.batch_size, n_clips)
    if batch_size < settings.batch_size:
        print(f"batches of {settings.batch_size:,} clips are reduced to all there are: {n_clips:,}")
    n_batches = -(-n_clips // batch_size)  # of one pass
    n_steps = n_batches * RECIPES[settings.architecture].epochs
    repeats = settings.repeats or max(1, -(-settings.min_steps // n_steps))
    patience = -(-settings.epochs // 4) if settings.schedule == "plateau" else None
    return dataclasses.replace(
        settings,
        chunk_frames=chunk_frames,
        augment=augment,
        batch_size=batch_size,
        repeats=repeats,
        steps=settings.epochs * repeats * n_batches,
        min_steps=0,  # they are repeats now
        patience=settings.patience or patience,
        refit=refit,
    )


def _check_kind(settings, feature_settings):
    """Refuse spectrograms for a head, and a layer's values for any other network."""
    name, layers = f"features/{settings.features}", feature_settings.layers
    if layers and settings.architecture not in HEADS:
        raise ValueError(
            f"--architecture {settings.architecture} takes spectrograms, and {name} are values of "
            f"a layer of {layers[0].network}: give --architecture {' or '.join(HEADS)}, or "
            "other --features"
        )
    if not layers and settings.architecture in HEADS:
        raise ValueError(
            f"--architecture {settings.architecture} takes the values of a trained network's "
            f"layer, and {name} are spectrograms: run 2_feature_extraction.py --preset "
            f"{RECIPES[settings.architecture].features}, and give --features "
            f"{RECIPES[settings.architecture].features}"
        )


def _count_chunk_frames(settings, feature_settings):
    """Return the frames of a chunk: of a layer's store, of which a frame is a chunk, one."""
    if settings.architecture in HEADS:
        return 1
    frames, seconds = feature_settings.frames, settings.chunk_seconds
    wanted = round(seconds * feature_settings.sample_rate / feature_settings.hop_length)
    if seconds and not 1 <= wanted <= frames:
        raise ValueError(
            f"--chunk-seconds {seconds:g} are {wanted:,} frames of features/{settings.features}, "
            f"whose clips have {frames:,}: 0 takes whole clips"
        )
    return wanted if seconds else frames


def _fit_augmentation(settings, feature_settings):
    """Return the augmentations that make sense of these features; say which are left out."""
    is_layer = bool(feature_settings.layers)
    is_level = not is_layer and (feature_settings.feature, feature_settings.scale) == ("mel", "dB")
    kept = settings.augment
    if is_layer:
        kept, reason = tuple(name for name in kept if name in OF_VALUES), "no spectrograms"
    elif not is_level:
        kept, reason = tuple(name for name in kept if name != DB_ONLY), "not levels in dB"
    for name in settings.augment:
        if name not in kept:
            print(f"{name} is left out, as features/{settings.features} are {reason}")
    return kept
