"""Print how long a large file of word vectors takes to read, and how much memory.

The file is a stand-in as large as Google News' (3 million words, 300 dimensions, 3.6 GB), written
to a temporary folder: random numbers under made-up words, among them the tags of MagnaTagATune.

Writes  a table on standard output

Example: python benchmarks/read_word_vectors.py
"""

import sys
import tempfile
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from autotagging import cli, options
from autotagging.labels import synonyms
from autotagging.tag_map import word_files, word_vectors
from benchmarks import machine

BLOCK = 50_000  # words written at once
SIZE = 300


def main(args):
    """Write the file, read it, and read what is kept of it."""
    tags = list(synonyms.read_kinds(cli.TAG_KINDS))
    with tempfile.TemporaryDirectory() as folder:
        data, path = Path(folder), Path(folder) / "stand-in.bin"
        write_stand_in(path, args.words, [tag.replace(" ", "_") for tag in tags])
        print(machine.described())
        size = f"{args.words:,} words, {path.stat().st_size / 1e9:.1f} GB"
        print(f"| {size} | seconds | peak of anonymous memory, MB |\n|---|---|---|")
        for name in ("read", "again: its words are kept"):
            words, seconds, peak = machine.measured(lambda: read(path, data, tags))
            print(f"| {name} | {seconds:.1f} | {peak / 1e6:.0f} |", flush=True)
        vectors, _ = word_vectors.look_up(words, tags, {}, path.name)
        print(f"\n{len(vectors)} of {len(tags)} tags found")


def read(path, data, tags):
    """Read the words of the tags, as script 5 does."""
    source = word_files.find_source(str(path), data)
    return word_files.read(source, data, word_vectors.spell(tags), folder=data)


def write_stand_in(path, n_words, words):
    """Write word2vec's binary format: the words given are spread over the first tenth."""
    rng = np.random.default_rng(0)
    positions = rng.choice(n_words // 10, len(words), replace=False)
    known = dict(zip(positions.tolist(), words, strict=True))
    with path.open("wb") as file:
        file.write(f"{n_words} {SIZE}\n".encode())
        for start in range(0, n_words, BLOCK):
            vectors = rng.standard_normal((min(BLOCK, n_words - start), SIZE), dtype=np.float32)
            for row, vector in enumerate(vectors, start):
                file.write(f"{known.get(row, f'word_{row}')} ".encode() + vector.tobytes() + b"\n")


def parse_args():
    """Return the arguments of the command line."""
    parser = cli.parser(__doc__)
    parser.add_argument(
        "--words", type=options.positive, default=3_000_000, metavar="N", help="default: 3000000"
    )
    return parser.parse_args()


if __name__ == "__main__":
    cli.run(main, parse_args)
