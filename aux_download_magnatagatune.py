"""Download MagnaTagATune: annotations, clip information and the audio in three parts, 3 GB.

Every file is checked by its SHA-256, so that everybody works on the same data. A download that
is interrupted resumes; files that are complete are not fetched again.

Reads   the server's annotations_final.csv, clip_info_final.csv, mp3.zip.001 to mp3.zip.003
Writes  the same files, byte for byte, into the folder of --data

Example: python aux_download_magnatagatune.py --data data/mtt
"""

from autotagging import cli, download, options
from autotagging.formatting import display_path, print_written

URL = "https://mirg.city.ac.uk/datasets/magnatagatune/"


def main(args):
    """Fetch what is not there yet."""
    args.data.mkdir(parents=True, exist_ok=True)
    files = download.read_files(cli.REPOSITORY / "data" / "magnatagatune.csv")
    if args.no_audio:
        files = [file for file in files if file.name.endswith(".csv")]
    wanted = [file for file in files if not download.is_complete(file, args.data)]
    if not wanted:
        print(
            f"nothing to do: {display_path(args.data)} has all {len(files)} files, checksums right"
        )
        return
    download.check_room_for(wanted, args.data)
    for file in wanted:
        if (args.data / file.name).exists():
            print(
                f"{display_path(args.data / file.name)} is not the file as known: fetching it again"
            )
        download.fetch(file, args.base_url, args.data, tries=args.tries)
        print_written(args.data / file.name, f"{file.size:,} bytes, SHA-256 as known")
    print(f"next: python 1_label_reduction_and_files_renaming.py --data {display_path(args.data)}")


def parse_args():
    """Return the arguments of the command line."""
    parser = cli.parser(__doc__)
    cli.add_data(parser, cli.REPOSITORY / "data" / "mtt", exists=False)
    text = f"the folder on a server that has the files (default: {URL})"
    options.add(parser, "--base-url", options.web_address, default=URL, help=text)
    text = "annotations and clip information alone, 30 MB"
    parser.add_argument("--no-audio", action="store_true", help=text)
    text = "failures in a row, without a byte gained, after which to give up (default: 5)"
    options.add(parser, "--tries", options.positive, default=5, help=text)
    return parser.parse_args()


if __name__ == "__main__":
    cli.run(main, parse_args)
