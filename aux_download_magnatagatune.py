"""Download MagnaTagATune: annotations, clip information and the audio in three parts, 3 GB.

Every file is checked by its SHA-256, so that everybody works on the same data. A download that
is interrupted goes on where it stopped; files that are there and right are not fetched again.

Reads   the server's annotations_final.csv, clip_info_final.csv, mp3.zip.001 to mp3.zip.003
Writes  the same files, byte for byte, into the folder of --data

Example: python aux_download_magnatagatune.py --data data/mtt
"""

from pathlib import Path

from autotagging import cli, download


def main(args):
    """Fetch what is not there yet."""
    args.data.mkdir(parents=True, exist_ok=True)
    files = download.ANNOTATIONS + (() if args.no_audio else download.AUDIO)
    wanted = [file for file in files if not download.is_there(file, args.data)]
    if not wanted:
        print(f"nothing to do: {display_path(args.data)} has all {len(files)} files, checksums right")
        return
    download.check_room(wanted, args.data)
    for file in wanted:
        if (args.data / file.name).exists():
            print(f"{display_path(args.data / file.name)} is not the file as known: fetching it anew")
        download.fetch(file, args.base_url, args.data, tries=args.tries)
        print_written(args.data / file.name, f"{file.size:,} bytes, SHA-256 as known")
    print(f"next: python 1_label_reduction_and_files_renaming.py --data {display_path(args.data)}")


def parse_args():
    """Return the arguments of the command line."""
    arguments = cli.parser(__doc__)
    arguments.add_argument(
        "--data",
        type=Path,
        default=cli.REPOSITORY / "data" / "mtt",
        metavar="FOLDER",
        help="where the files go (default: data/mtt)",
    )
    arguments.add_argument(
        "--base-url",
        type=options.web_address,
        default=download.MAGNATAGATUNE_URL,
        metavar="URL",
        help=f"the folder on a server that has the files (default: {download.MAGNATAGATUNE_URL})",
    )
    arguments.add_argument(
        "--no-audio", action="store_true", help="annotations and clip information alone, 30 MB"
    )
    arguments.add_argument(
        "--tries",
        type=options.positive,
        default=5,
        metavar="N",
        help="failures in a row, without a byte gained, after which to give up (default: 5)",
    )
    return arguments.parse_args()


if __name__ == "__main__":
    cli.run(main, parse_args)
