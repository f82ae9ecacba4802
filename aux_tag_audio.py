"""Tag songs by a trained network: files, folders, playlists, or standard input.

A song is cut into pieces as long as the clips that the network was trained on; each goes through
what scripts 2 and 4 do with a clip, and the scores are averaged. Any trained network will do: a
published one, a run of script 3, or a model file. Songs that are in --output already are not
tagged again, so an interrupted run resumes.

Reads   audio of any kind, length, rate and number of channels; .m3u, .m3u8; - is standard input
        data/published/<name>/model.keras, or models/<run>/model.keras of --data
Writes  on standard output             a table a song; with --format every tag, for programs
        --output FILE                  the same in a file, whole after each song
        --taggram FOLDER/<clip_id>.png the tags of a song over time
        --embeddings FILE.npy, .csv    values of the last hidden layer; song and second of each

Example: python aux_tag_audio.py my_music --output tags.csv
"""

import contextlib
import sys
import tempfile
from pathlib import Path

from autotagging import cli, options
from autotagging.models import model_folder, published
from autotagging.tagging import embedding_file, formats, pieces, songs, tag_lists, tagger
from autotagging.tagging.remarks import Remarks
from autotagging.tagging.result_file import ResultFile
from autotagging.tagging.taggram_folder import TaggramFolder

TABLE = "table"


def main(args):
    """Tag the songs, one after another, and hand each to all that was asked for."""
    is_for_programs = not args.output and args.format != TABLE
    others = sys.stderr if is_for_programs else sys.stdout
    with tempfile.TemporaryDirectory(prefix="autotagging-") as spool:
        with contextlib.redirect_stdout(others):
            path = published.find_model(args.data, args.model, args.published)
            name = model_folder.name_of(args.model)
            model = tagger.Tagger(path, name, embeds=bool(args.embeddings or args.similar))
        sinks = open_sinks(args, model)
        found = songs.find(args.songs, Path(spool))
        remarks = Remarks(found, model.settings.seconds)
        wanted = songs.make_ids_unique(found.songs, getattr(sinks[0], "clip_ids", {}))
        wanted = [song for song in wanted if not all(sink.has(song) for sink in sinks)]
        try:
            for song, read, scored in tagger.tag(model, wanted, args.pieces, args.jobs):
                remarks.note(song, read)
                for sink in sinks if scored else ():
                    sink.add(song, read, scored)
        finally:
            with contextlib.redirect_stdout(others):
                for sink in sinks:
                    sink.close()
    if args.similar:
        print(embedding_file.describe_nearest(sinks[-1].embeddings(), args.similar), file=others)
    remarks.finish()


def open_sinks(args, model):
    """Return what songs are handed to: each has `has`, `add` and `close`."""
    sinks = []
    if args.output:
        sinks.append(ResultFile(args.output, args.format, model, args.pieces))
    elif args.format == TABLE:
        sinks.append(tag_lists.Printed(model, args.choice))
    else:
        sinks.append(formats.Printed(args.format, model, sys.stdout))
    if args.taggram:
        sinks.append(TaggramFolder(args.taggram, model))
    if args.embeddings:
        chunks = {"per_chunk": args.per_chunk}
        sinks.append(embedding_file.EmbeddingFile(args.embeddings, model, args.pieces, **chunks))
    elif args.similar:
        sinks.append(embedding_file.Collected())
    return sinks


def parse_args():
    """Return the arguments of the command line."""
    parser = cli.parser(__doc__)
    add, names = parser.add_argument, {"nargs": "+", "metavar": "FILE_OR_FOLDER"}
    add("songs", type=options.path, help="audio, folders of it, playlists, or -", **names)
    text = "a run, a published network, or a model file (default: mtt-musicnn)"
    add("--model", metavar="NAME", default="mtt-musicnn", help=text)
    text = "dataset of the run (default: data/sample)"
    options.add(parser, "--data", options.path, default=str(cli.SAMPLE), help=text)
    cli.add_published(parser)
    text = f"of a song at most, evenly spaced; 1 is its beginning (default: {pieces.MOST})"
    options.add(parser, "--pieces", options.positive, default=pieces.MOST, help=text)
    text = "(default: table; with --output the file's ending)"
    add("--format", choices=[TABLE, *formats.FORMATS], help=text)
    options.add_settings(parser, tag_lists.Choice)
    add("--output", type=options.path, metavar="FILE", help="a file that is added to")
    options.add(parser, "--taggram", options.path, help="a picture a song: its tags over time")
    text = "an array with a row a song, of the last hidden layer; .csv beside it"
    add("--embeddings", type=options.path, metavar="FILE.npy", help=text)
    add("--per-chunk", action="store_true", help="with --embeddings: a row a chunk")
    options.add(parser, "--similar", options.positive, help="songs that are nearest to each song")
    cli.add_jobs(parser)
    args = parser.parse_args()
    args.choice = options.read_settings(parser, args, tag_lists.Choice)
    try:
        check(args)
    except ValueError as error:
        parser.error(str(error))
    return args


def check(args):
    """Refuse options that do not go together; resolve the format."""
    args.format = formats.find(args.output, args.format) if args.output else args.format or TABLE
    if args.format != TABLE and args.choice != tag_lists.Choice():
        raise ValueError(f"--threshold and --top are of a table: {args.format} has every tag")
    if args.per_chunk and not args.embeddings:
        raise ValueError("--per-chunk is of --embeddings: name a file")
    if args.embeddings and args.embeddings.suffix != ".npy":
        raise ValueError(f"--embeddings {args.embeddings} does not end in .npy")
    if args.embeddings and args.output == args.embeddings.with_suffix(".csv"):
        raise ValueError(
            f"{args.output} would be --output and the table of --embeddings: rename one"
        )


if __name__ == "__main__":
    cli.run(main, parse_args)
