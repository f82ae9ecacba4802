"""What formats and levels of one recording do to its tags, by a published network.

Songs are decoded once, and written by ffmpeg at several rates, numbers of channels and codecs, and
at other levels: all are tagged, and compared with the tags of the song as it is. A tag counts
where it reaches .1 in either.

Reads   some songs of Emotify in AUTOTAGGING_TEST_DATA (default: ../shared), folder emotify
Writes  a table on standard output

Example: python benchmarks/levels_and_formats.py --songs 20
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from autotagging import cli, options
from autotagging.models import published
from autotagging.tagging import pieces
from autotagging.tagging.tagger import Tagger
from benchmarks import machine

MATTERS, CLOSE = 0.1, 0.02  # probabilities

# ffmpeg's own way from mono to stereo makes either channel 3 dB quieter.
STEREO = ["-ar", "44100", "-af", "pan=stereo|c0=c0|c1=c0"]
VERSIONS = {
    "wav, 44.1 kHz stereo": ("wav", STEREO),
    "flac, 48 kHz": ("flac", ["-ar", "48000"]),
    "mp3, 44.1 kHz stereo, 192 kbit/s": ("mp3", [*STEREO, "-b:a", "192k"]),
    "ogg, 44.1 kHz stereo, about 128 kbit/s": ("ogg", [*STEREO, "-q:a", "4"]),
    "opus, 128 kbit/s": ("opus", ["-b:a", "128k"]),
    "m4a (AAC), 44.1 kHz stereo, 128 kbit/s": ("m4a", [*STEREO, "-b:a", "128k"]),
    "mp3, 16 kHz mono, 32 kbit/s, as MTT's": ("mp3", ["-ar", "16000", "-b:a", "32k"]),
    **{
        f"{gain} dB": ("wav", ["-af", f"volume={gain}dB", "-c:a", "pcm_f32le"])
        for gain in ("-12", "-6", "-3", "+3", "+6")
    },
    "+6 dB, clipped": ("wav", ["-af", "volume=6dB"]),
}


def main(args):
    """Print the table."""
    model = Tagger(published.find_model(cli.SAMPLE, args.model, args.published))
    songs = machine.list_clips(args.test_data, "emotify/audio/*/*.mp3")
    songs = songs[:: max(1, len(songs) // args.songs)][: args.songs]
    print(f"{args.model}, {len(songs)} songs of Emotify; tags that reach {MATTERS} in either")
    print("| version | tags | largest difference | median | within .02 | same first tag |")
    print("|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        wavs = [encode(song, Path(folder) / f"{i}.wav", []) for i, song in enumerate(songs)]
        expected = np.array([score(model, wav) for wav in wavs])
        for name, (ending, arguments) in VERSIONS.items():
            paths = [
                encode(wav, Path(folder) / f"{i}-x.{ending}", arguments)
                for i, wav in enumerate(wavs)
            ]
            print(describe(name, expected, np.array([score(model, path) for path in paths])))


def encode(source, target, arguments):
    """Write audio by ffmpeg; return the path."""
    command = ["ffmpeg", "-y", "-loglevel", "error", "-i", str(source), *arguments, str(target)]
    subprocess.run(command, check=True)
    return target


def score(model, path):
    """Return the scores of a song: ndarray of shape (n_tags,)."""
    return model.score(pieces.read(path, model.settings)).scores


def compare(expected, found):
    """Return the differences of the tags that matter: ndarray of shape (n_differences,).

    Parameters
    ----------
    expected, found : ndarray of shape (n_songs, n_tags)
    """
    return np.abs(found - expected)[np.maximum(expected, found) >= MATTERS]


def describe(name, expected, found):
    """Return a row of the table."""
    differences = compare(expected, found)
    within = (differences <= CLOSE).mean()
    same = (expected.argmax(axis=1) == found.argmax(axis=1)).mean()
    numbers = f"{differences.max():.3f} | {np.median(differences):.4f}"
    return f"| {name} | {len(differences)} | {numbers} | {within:.1%} | {same:.0%} |"


def parse_args():
    """Return the arguments of the command line."""
    parser = cli.parser(__doc__)
    machine.add_test_data(parser)
    options.add(parser, "--songs", options.positive, default=20, help="(default: 20)")
    parser.add_argument("--model", choices=published.NETWORKS, default="mtt-musicnn")
    cli.add_published(parser)
    return parser.parse_args()


if __name__ == "__main__":
    cli.run(main, parse_args)
