"""Extract mel or MFCC features of every clip, or a network's layer, in parallel.

A clip becomes a time-frequency representation, the input of the network. The presets are the
paper's 120 mel bands or MFCCs x 120 frames (`paper`, `mfcc`), the same size over the whole band
of frequencies (`square`), a finer one in time (`mel96`, the default), and the inputs of two
published networks (`musicnn`, `short-chunk`); every setting can be changed. Or it becomes what a
network makes of it, a layer's values for each chunk: of a published network, which is a preset
(`mtt-musicnn`, ...), or of --model. What was interrupted resumes; clips that are new are added.

Reads   clips/                         the inventory and audio of script 1
        labels/<set>/labels.csv        which clips the figure shows
Writes  features/<name>/features.npy   (n_clips, frames, bands), float16; of a layer (n_clips,
                                       n_chunks, width), float32
        features/<name>/clips.csv      checksum and length of each clip, in the order of the rows
        features/<name>/failed.csv     clips without features, and why; a figure, summary.json;
                                       network.keras of a layer

Example: python 2_feature_extraction.py --data data/mtt --preset square --bands 48
"""

import time
from dataclasses import asdict

from autotagging import cli, native_stderr, steps
from autotagging.clips import inventory, links
from autotagging.features import extraction, feature_store, side_by_side, waves
from autotagging.features.settings import PRESETS, FeatureSettings, change, name_of
from autotagging.formatting import count, print_up_to_date
from autotagging.labels import label_sets
from autotagging.models import model_folder, published
from autotagging.options import add_settings, cluster_address, given, positive


def main(args):
    """Write one store of features and the figure of three clips."""
    clips = inventory.read_clips(args.data, with_audio=True)
    settings, layer = args.settings, None
    if args.model:
        path = published.find_model(args.data, args.model, args.published)
        with native_stderr.silenced():  # importing Keras takes seconds, and says much
            from autotagging.models import embeddings

            layer = embeddings.open_layer(path, model_folder.name_of(args.model), args.layer)
        settings = layer.settings
    folder = feature_store.folder_of(args.data, args.name)
    if args.check:
        print(feature_store.check(folder, args.data, clips, layer))
        return
    label_set = label_sets.find_set(args.data, args.labels)
    table = label_sets.read_labels(args.data, label_set).filter(clips.index, axis="index")
    label_sets.choose_clips(table, args.figure_tags)  # a wrong tag is refused before the long work
    labels = steps.describe_inputs(args.data, label_sets.labels_path(args.data, label_set))
    inputs = steps.describe_inputs(args.data, inventory.clips_path(args.data))
    figure = {"figure_labels": labels, "figure_tags": args.figure_tags}
    step = steps.Step(folder, asdict(settings) | figure, inputs)
    finished = not args.force and steps.is_finished(step, replaceable=inputs)
    wanted = feature_store.choose_clips(folder, clips, args.limit, keep=not args.force)
    links.check_audio(args.data, wanted["file"])
    wanted = extraction.WantedStore(folder, settings, args.data, wanted, layer)
    note = label_sets.read_provenance(args.data, label_set)["note"]

    with steps.locked(folder):
        missing = extraction.find_missing(wanted, force=args.force)
        if missing is not None:
            where = f"on {args.dask}" if args.dask else f"jobs: {args.jobs}"
            print(f"extracting {args.name} features of {count(len(missing), 'clip')}, {where}")
            started = time.perf_counter()
            extraction.compute(wanted, args.dask or args.jobs, force=args.force)
            with extraction.writing(wanted, step) as summary:
                summary["seconds"] = round(time.perf_counter() - started, 1)
            print("\n".join(feature_store.describe(folder, len(missing))))
        elif finished:
            print_up_to_date(folder)
        else:
            steps.discard_figures(step)
        waves.draw_missing(wanted, clips["file"], table, args.figure_tags, note)
    feature_store.refuse_failures(folder)


def parse_args():
    """Return the arguments of the command line."""
    parser = cli.parser(__doc__)
    add = parser.add_argument
    cli.add_data(parser)
    either = parser.add_mutually_exclusive_group().add_argument
    either("--preset", choices=[*PRESETS, *published.NETWORKS], help="(default: mel96)")
    either("--model", metavar="NAME", help="a layer of this network: a run, or a model file")
    add("--layer", metavar="NAME", help="of the network (default: the last hidden one)")
    cli.add_published(parser)
    add_settings(parser, FeatureSettings, unset=True)
    add("--frames", type=positive, metavar="N", help="of a clip, instead of --hop-length")
    cli.add_name(parser, "the preset and what is changed, or the network and its layer")
    add("--limit", type=positive, metavar="N", help="the first N clips alone, to try it out")
    add("--check", action="store_true", help="read the store again and compute some clips again")
    cli.add_labels(parser)
    add("--figure-tags", nargs=3, metavar="TAG", help="tags of the clips in the figure")
    cli.add_jobs(parser)
    text = "compute on a Dask cluster, such as tcp://scheduler:8786 (docs/cluster.md)"
    add("--dask", type=cluster_address, metavar="ADDRESS", help=text)
    cli.add_force(parser, "the store")
    args = parser.parse_args()
    try:
        choose_source(args, given(FeatureSettings, args))
    except ValueError as error:
        parser.error(str(error))
    return args


def choose_source(args, changes):
    """Resolve the preset, to settings or to a network, and name the store after it."""
    if args.figure_tags and len(set(args.figure_tags)) < 3:
        raise ValueError("--figure-tags names a tag twice")
    if args.frames and args.hop_length:
        raise ValueError("--frames and --hop-length: give one, not both")
    preset, args.settings = args.preset or "mel96", None
    args.model = preset if preset in published.NETWORKS else args.model
    if args.layer and not args.model:
        raise ValueError("--layer is of a network: name it with --model, or as --preset")
    if args.model and (changes or args.frames):
        raise ValueError("a network takes the features it was trained on: change none of them")
    if args.model:
        default = "-".join(filter(None, [model_folder.name_of(args.model), args.layer]))
    else:
        args.settings = change(PRESETS[preset], changes, args.frames)
        default = name_of(preset, args.settings)
    args.name = side_by_side.check_name(args.name or default)


if __name__ == "__main__":
    cli.run(main, parse_args)
