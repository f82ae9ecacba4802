"""How each network is trained unless one says otherwise, and the options to say so.

Script 3 and the cross-validation share these options, so that what was chosen by the one is what
the other trains. docs/experiments.md has what the defaults were chosen by.
"""

from pathlib import Path

from autotagging import cli
from autotagging.augmentation import AUGMENTATIONS

# chunk_seconds 0: the whole clip. Where training clips are so few that all epochs together have
# less than least_steps batches, an epoch passes over them several times: a network needs steps.
RECIPES = {
    "vgg": {
        "features": "mel96",
        "chunk_seconds": 8.192,
        "network": {"dropout": 0.5, "band_statistics": True},
        "epochs": 60,
        "least_steps": 800,
        "batch_size": 16,
        "learning_rate": 0.002,
        "augment": ["mixup"],
    },
    "paper": {
        "features": "square",
        "chunk_seconds": 0,
        "network": {
            "dropout": 0.25,
            "convolutions": 3,
            "kernel": 10,
            "pooling": True,
            "published_start": False,
        },
        "epochs": 16,
        "least_steps": 100,
        "batch_size": 32,
        "learning_rate": 0.0005,
        "augment": ["shift", "equaliser"],
    },
    "fcn": {
        "features": "mel96",
        "chunk_seconds": 0,
        "network": {"dropout": 0.5, "convolutions": 4},
        "epochs": 40,
        "least_steps": 800,
        "batch_size": 16,
        "learning_rate": 0.001,
        "augment": ["shift"],
    },
    "musicnn": {
        "features": "musicnn",
        "chunk_seconds": 3,
        "network": {"dropout": 0.5},
        "epochs": 100,
        "least_steps": 800,
        "batch_size": 32,
        "learning_rate": 0.001,
        "augment": [],
    },
    "short-chunk-res": {
        "features": "short-chunk",
        "chunk_seconds": 3.69,
        "network": {"dropout": 0.5},
        "epochs": 100,
        "least_steps": 800,
        "batch_size": 16,
        "learning_rate": 0.0005,
        "augment": [],
    },
}
DEFAULT = "vgg"
NEGATED = {"pooling": "no-pooling", "band_statistics": "no-band-statistics"}
CONVOLUTIONS = {"paper": (2, 3), "fcn": (4, 5)}
LEVELS_ALONE = "equaliser"  # raises and lowers dB, and would multiply nothing else sensibly


def add_options(parser):
    """Add the options that decide how a network is trained."""
    group = parser.add_argument_group("network")
    group.add_argument(
        "--model",
        choices=tuple(RECIPES),
        default=DEFAULT,
        help=f"architecture (default: {DEFAULT})",
    )
    group.add_argument(
        "--features", type=cli.name, metavar="NAME", help="store under features/ (default: its own)"
    )
    group.add_argument(
        "--chunk-seconds",
        type=cli.number_from_0,
        metavar="S",
        help="train on a random excerpt a clip and epoch, score by the mean of evenly spaced ones; "
        "0: whole clips",
    )
    group.add_argument("--dropout", type=cli.share, metavar="SHARE", help="before the output")
    group.add_argument(
        "--no-band-statistics",
        action="store_true",
        help="of vgg: nothing goes past the convolutions",
    )
    group.add_argument(
        "--convolutions", type=cli.positive, metavar="N", help="of paper: 2 or 3; of fcn: 4 or 5"
    )
    group.add_argument(
        "--kernel", type=cli.positive, metavar="N", help="of paper: 1 to 10 (default: 10)"
    )
    group.add_argument(
        "--no-pooling", action="store_true", help="of paper: convolutions with steps instead"
    )
    group.add_argument(
        "--published-start",
        action="store_true",
        help="of paper: weights from N(0, 1), input as it is",
    )
    group = parser.add_argument_group("training (defaults depend on the network)")
    group.add_argument("--epochs", type=cli.positive, metavar="N", help="at most")
    group.add_argument(
        "--patience",
        type=cli.positive,
        metavar="N",
        help="stop after so many epochs without a better one (default: half of the epochs, as a "
        "cosine does its best at its end)",
    )
    group.add_argument(
        "--passes",
        type=cli.positive,
        metavar="N",
        help="over the training clips in an epoch (default: 1, more where clips are few)",
    )
    group.add_argument(
        "--earliest",
        type=cli.share,
        default=0.5,
        metavar="SHARE",
        help="of the epochs before which none is kept, as scores wobble while the rate is high "
        "(default: 0.5)",
    )
    group.add_argument(
        "--batch-size", type=cli.positive, metavar="N", help="clips a step, over all devices"
    )
    group.add_argument(
        "--learning-rate", type=cli.positive_number, metavar="RATE", help="of Adam at the start"
    )
    group.add_argument(
        "--schedule",
        choices=("cosine", "plateau"),
        default="cosine",
        help="how the rate falls: to 0 in the last epoch, or where no epoch gets better "
        "(default: cosine)",
    )
    group.add_argument(
        "--augment",
        nargs="+",
        choices=("none", *AUGMENTATIONS),
        metavar="NAME",
        help=f"some of {', '.join(AUGMENTATIONS)}; or none",
    )
    group.add_argument(
        "--label-smoothing", type=cli.share, default=0.0, metavar="SHARE", help="(default: 0)"
    )
    group.add_argument(
        "--positive-weight",
        type=cli.positive_number,
        default=1.0,
        metavar="W",
        help="of a tag that is there against one that is not, in the loss (default: 1)",
    )
    group.add_argument(
        "--weight-decay",
        type=cli.number_from_0,
        default=0.0,
        metavar="RATE",
        help="of Adam (default: 0)",
    )
    group.add_argument(
        "--start-from",
        type=Path,
        metavar="MODEL",
        help="model.keras, or its folder: layers but the last start as those of this network",
    )
    group = parser.add_argument_group("machine")
    group.add_argument(
        "--devices",
        type=cli.positive,
        default=1,
        metavar="N",
        help="GPUs of this machine, each with a share of every batch (default: 1)",
    )
    group.add_argument(
        "--mixed-precision",
        action="store_true",
        help="compute in half precision where that is safe",
    )
    group.add_argument(
        "--deterministic",
        action="store_true",
        help="on a GPU: operations whose results do not vary from run to run, slower",
    )


def settings_of(args, parser):
    """Return what the options of a command line decide, the network's own defaults filled in.

    Parameters
    ----------
    args : argparse.Namespace
        Parsed by a parser with `add_options`.
    parser : argparse.ArgumentParser
        Says what does not go together, and exits with code 2.

    Returns
    -------
    dict
        architecture, network (options of its function), features, chunk_seconds, epochs, passes,
        least_steps, patience, earliest, batch_size, learning_rate, schedule, augment,
        label_smoothing, positive_weight, weight_decay, mixed_precision, devices, deterministic.
    """
    recipe = RECIPES[args.model]
    chosen = {"architecture": args.model}
    chosen["network"] = recipe["network"] | _network_options(args, recipe["network"], parser)
    for name in ("features", "chunk_seconds", "epochs", "batch_size", "learning_rate"):
        given = getattr(args, name)
        chosen[name] = recipe[name] if given is None else given
    chosen["passes"] = args.passes
    chosen["least_steps"] = recipe["least_steps"] if args.epochs is None else 0
    if args.augment is None:
        chosen["augment"] = recipe["augment"]
    elif "none" in args.augment and len(args.augment) > 1:
        parser.error("--augment none goes with no other")
    else:
        chosen["augment"] = [name for name in AUGMENTATIONS if name in args.augment]
    as_given = ("patience", "earliest", "schedule", "label_smoothing", "positive_weight")
    as_given += ("weight_decay", "mixed_precision", "devices", "deterministic")
    return chosen | {name: getattr(args, name) for name in as_given}


def _network_options(args, known, parser):
    """Return the options given for the network itself; refuse those that it does not have."""
    given = {"dropout": args.dropout, "convolutions": args.convolutions, "kernel": args.kernel}
    given |= {"pooling": False if args.no_pooling else None}
    given |= {"band_statistics": False if args.no_band_statistics else None}
    given |= {"published_start": True if args.published_start else None}
    given = {name: value for name, value in given.items() if value is not None}
    for name in given:
        if name not in known:
            option = NEGATED.get(name, name.replace("_", "-"))
            parser.error(f"--{option} is not an option of --model {args.model}")
    numbers = CONVOLUTIONS.get(args.model, ())
    if given.get("convolutions") and given["convolutions"] not in numbers:
        parser.error(f"--convolutions of {args.model} are {numbers[0]} or {numbers[1]}")
    if given.get("kernel", 1) > 10:
        parser.error(f"--kernel {args.kernel} is more than the paper's 10")
    return given


def fit(settings, feature_settings, n_clips):
    """Return settings that go with these features and so many training clips.

    Parameters
    ----------
    settings : dict
        From `settings_of`.
    feature_settings : FeatureSettings
    n_clips : int

    Returns
    -------
    dict
        The same with chunk_frames, the passes and the patience; with no batch larger than all
        clips, which is said; without what fits levels in dB alone where features are not.

    Raises
    ------
    ValueError
        Where a chunk is longer than the clips, or shorter than a frame.
    """
    settings = dict(settings)
    frames, seconds = feature_settings.frames, settings["chunk_seconds"]
    wanted = round(seconds * feature_settings.sample_rate / feature_settings.hop_length)
    if seconds and not 1 <= wanted <= frames:
        raise ValueError(
            f"--chunk-seconds {seconds:g} are {wanted:,} frames of features/"
            f"{settings['features']}, whose clips have {frames:,}: 0 takes whole clips"
        )
    settings["chunk_frames"] = wanted if seconds else frames
    is_level = feature_settings.feature == "mel" and feature_settings.scale == "dB"
    settings["augment"] = [n for n in settings["augment"] if is_level or n != LEVELS_ALONE]
    if settings["batch_size"] > n_clips:
        print(
            f"batches of {settings['batch_size']:,} clips are reduced to all there are: {n_clips:,}"
        )
        settings["batch_size"] = n_clips
    steps = -(-n_clips // settings["batch_size"]) * settings["epochs"]  # of one pass an epoch
    passes = max(1, -(-settings.pop("least_steps") // steps))
    settings["passes"] = settings["passes"] or passes
    settings["patience"] = settings["patience"] or -(-settings["epochs"] // 2)
    return settings
