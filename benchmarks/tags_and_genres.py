"""Hold tags and embeddings of Emotify's songs against their genres.

How well the score of a tag tells the genre of that name, how often it reaches .5, and how many of
the songs nearest to a song, by other artists, are of its genre: by the embeddings as they are, by
those standardised over the songs, and by the scores.

Reads   emotify/annotations.csv of --test-data; what aux_tag_audio.py wrote of emotify/audio
Writes  two tables in Markdown on standard output

Example: python aux_tag_audio.py ../shared/emotify/audio --output tags.csv --embeddings songs.npy
         python benchmarks/tags_and_genres.py --tags tags.csv --embeddings songs.npy
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score
from sklearn.metrics.pairwise import cosine_similarity
from sklearn.preprocessing import StandardScaler

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from autotagging import cli, options
from autotagging.formatting import measure
from benchmarks import machine

GENRES = ["classical", "electronic", "pop", "rock"]
NEAREST, HALF = 3, 0.5


def main(args):
    """Print both tables."""
    songs = pd.read_csv(args.test_data / "emotify/annotations.csv", index_col="path")
    tags = pd.read_csv(args.tags).set_index("clip_id")
    rows = [
        path.removeprefix("audio/").removesuffix(".mp3").replace("/", "-") for path in songs.index
    ]
    embeddings = np.load(args.embeddings, allow_pickle=False)
    if set(rows) != set(tags.index) or len(embeddings) != len(tags):
        raise ValueError(f"{args.tags} and {args.embeddings} are not of the songs of emotify/audio")
    embeddings = pd.DataFrame(embeddings, tags.index).loc[rows].to_numpy()  # written in one order
    scores = tags.drop(columns="file").loc[rows]
    best = scores.max(axis=1)
    print(f"{len(songs)} songs; the best tag reaches {HALF} in {(best >= HALF).mean():.0%}\n")
    print(
        "| genre | ROC-AUC of its tag | reaches 0.5 in songs of it | in others |\n|---|---|---|---|"
    )
    for genre in GENRES:
        has, score = songs[genre].to_numpy() == 1, scores[genre].to_numpy()
        shares = " | ".join(f"{(score[these] >= HALF).mean():.0%}" for these in (has, ~has))
        print(f"| {genre} | {measure(roc_auc_score(has, score))} | {shares} |")
    ways = {"embeddings": embeddings, "scores": scores.to_numpy()}
    ways["embeddings, standardised"] = StandardScaler().fit_transform(embeddings)
    print(f"\n| the {NEAREST} nearest by other artists, by | of the same genre |\n|---|---|")
    for way, values in ways.items():
        print(f"| {way} | {share_of_genre(values, songs):.1%} |")


def share_of_genre(values, songs):
    """Return how many of the songs nearest to each, by other artists, are of its genre."""
    genre, artist = songs[GENRES].to_numpy().argmax(axis=1), songs["artist"].to_numpy()
    similarity = cosine_similarity(values)
    similarity[artist[:, None] == artist[None]] = -np.inf
    nearest = np.argsort(-similarity, axis=1)[:, :NEAREST]
    return (genre[nearest] == genre[:, None]).mean()


def parse_args():
    """Return the arguments of the command line."""
    parser = cli.parser(__doc__)
    machine.add_test_data(parser)
    options.add(parser, "--tags", options.file, required=True, help="--output of aux_tag_audio.py")
    options.add(parser, "--embeddings", options.file, required=True, help="its --embeddings")
    return parser.parse_args()


if __name__ == "__main__":
    cli.run(main, parse_args)
