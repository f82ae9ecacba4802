"""Word vectors of tags, their places in two or four dimensions, their neighbours.

Vectors are trained on the tag sets themselves, a set as a sentence, or read from a word2vec
file such as Google News (the paper's) or GloVe's text. The paper lays 50 tags out with t-SNE in
two dimensions, and in four before it opens them in the TensorFlow Projector.
"""

import gzip
import zlib

import numpy as np
import pandas as pd

from autotagging import tag_spaces

FEWEST_TAGS = 4
PERPLEXITY = 10  # half of what is usual: 50 tags, not thousands of points
ENDINGS = {
    ".bin": True,
    ".bin.gz": True,
    ".txt": False,
    ".txt.gz": False,
    ".vec": False,
    ".vec.gz": False,
}
NOT_FOUND = "not found"
MOST_WORDS = 500_000  # of a file, the most frequent first: of Google News' 3 million, 0.6 GB
CASES = (str, str.lower, str.capitalize, str.title, str.upper)
N_SEEDS = 10


def train(tag_sets, tags, *, size=300, seed=0):
    """Train word vectors on tag sets: skip-gram with negative sampling, a set as a sentence.

    Parameters
    ----------
    tag_sets : list of list of str
        The tags of each clip. A set of one tag says nothing about nearness.
    tags : list of str
        The tags wanted.
    size : int
        Dimensions of a vector.
    seed : int

    Returns
    -------
    vectors : DataFrame of shape (n_found, size), float32
        Indexed by tag, in the order of `tags`.
    ways : Series of shape (n_tags,)
        tag -> "trained", or "not found" for one that never stands beside another.
    """
    from gensim.models import Word2Vec

    sentences = [sorted(tag_set) for tag_set in tag_sets if len(tag_set) > 1]
    if not sentences:
        raise ValueError("no clip has two tags: there is nothing to train word vectors on")
    model = Word2Vec(
        sentences,
        vector_size=size,
        window=max(map(len, sentences)),
        shrink_windows=False,  # a set has no order: every pair counts the same
        min_count=1,
        sg=1,
        negative=10,
        sample=1e-3,  # without it the few tags of every third clip are everyone's neighbours
        # a small dataset is read more often, so that its vectors leave their random start
        epochs=int(np.clip(200_000 / len(sentences), 5, 500)),
        seed=seed,
        workers=1,  # with more the order of updates, hence the result, is left to chance
        hashfxn=_stable_hash,
    )
    found = [tag for tag in tags if tag in model.wv]
    vectors = pd.DataFrame(model.wv[found], index=pd.Index(found, name="tag"))
    ways = pd.Series({tag: "trained" if tag in model.wv else NOT_FOUND for tag in tags})
    return vectors, ways


def _stable_hash(text):
    return zlib.crc32(str(text).encode())


def read(path, tags, synonyms=None):
    """Read the vectors of tags from a file of word vectors.

    Parameters
    ----------
    path : Path
        word2vec's binary (.bin, .bin.gz) or text (.txt, .vec, also with .gz), or GloVe's text,
        which has no first line of numbers. Of more than `MOST_WORDS` words the first are read.
    tags : list of str
    synonyms : dict, optional
        synonym -> the tag it is merged into: where a tag is not found its synonyms are tried.

    Returns
    -------
    vectors : DataFrame of shape (n_found, n_dimensions), float32
        Indexed by tag, in the order of `tags`.
    ways : Series of shape (n_tags,)
        tag -> "token", "token with _", "token with -" or "joined", perhaps with ", other case";
        "mean of words"; one of these behind "synonym ...: "; or "not found".

    Raises
    ------
    ValueError
        For a pickle, a file that is cut short, one that holds no word vectors.
    """
    words = _read_words(path)
    found, ways = {}, {}
    for tag in tags:
        ways[tag], vector = _look_up(words, tag)
        for synonym, kept in (synonyms or {}).items():
            if vector is None and kept == tag:
                way, vector = _look_up(words, synonym)
                ways[tag] = NOT_FOUND if vector is None else f"synonym {synonym}: {way}"
        if vector is not None:
            found[tag] = vector
    if not found:
        raise ValueError(f"{path} has a vector for none of the {len(tags)} tags")
    vectors = pd.DataFrame.from_dict(found, orient="index").astype("float32")
    lengths = np.linalg.norm(vectors, axis=1)
    wrong = ~np.isfinite(lengths) | (lengths == 0)
    if wrong.any():
        raise ValueError(f"{path}: the vector of {vectors.index[wrong][0]!r} has no direction")
    return vectors.rename_axis("tag"), pd.Series(ways)


def _look_up(words, tag):
    """Return the way to a vector and the vector: as one token, joined, then the mean of words."""
    spellings = {
        "token": tag,
        "token with _": tag.replace(" ", "_"),
        "token with -": tag.replace(" ", "-"),
        "joined": tag.replace(" ", ""),
    }
    for way, spelling in spellings.items():
        token = _in_any_case(words, spelling)
        if token is not None:
            return way + ("" if token == spelling else ", other case"), words[token]
    parts = [_in_any_case(words, part) for part in tag.split()]
    if len(parts) > 1 and None not in parts:
        return "mean of words", np.mean([words[part] for part in parts], axis=0)
    return NOT_FOUND, None


def _in_any_case(words, spelling):
    # New_Age: str.title sees a word behind each underscore
    return next((case(spelling) for case in CASES if case(spelling) in words), None)


def _read_words(path):
    from gensim.models import KeyedVectors

    endings = [ending for ending in ENDINGS if path.name.lower().endswith(ending)]
    if not endings:
        raise ValueError(
            f"{path} is not read: word2vec files end in {', '.join(ENDINGS)}; a pickle, such as "
            "gensim's .kv, could run code (its save_word2vec_format writes a .bin)"
        )
    ending = endings[0]
    try:
        has_header = _check_header(path, ending)
        return KeyedVectors.load_word2vec_format(
            str(path.resolve()),
            binary=ENDINGS[ending],
            limit=MOST_WORDS,
            no_header=not has_header,
        )
    except (ValueError, EOFError, gzip.BadGzipFile, zlib.error) as error:
        reason = str(error).split("\n")[0]
        raise ValueError(f"{path} is no complete word2vec file: {reason}") from None


def _check_header(path, ending):
    """Refuse a file whose first line promises what it cannot hold, before memory is taken.

    Returns
    -------
    bool
        False for GloVe's text, whose first line is a word and its numbers already.
    """
    opener = gzip.open if ending.endswith(".gz") else open
    with opener(path, "rb") as file:
        line = file.readline(100_000)
    numbers = line.split()
    if not ENDINGS[ending] and len(numbers) > 2 and _are_numbers(numbers[1:]):
        return False
    if len(numbers) != 2 or not all(number.isdigit() for number in numbers):
        raise ValueError("its first line is not the number of words and of dimensions")
    n_words, size = map(int, numbers)
    least = n_words * size * (4 if ENDINGS[ending] else 2)
    room = path.stat().st_size * (1032 if ending.endswith(".gz") else 1)  # the most gzip can pack
    if not 0 < least <= room:
        raise ValueError(f"it cannot hold the {n_words} x {size} numbers its first line names")
    return True


def _are_numbers(texts):
    try:
        return np.isfinite(np.array(texts, dtype=float)).all()
    except ValueError:
        return False


def place(vectors, dimensions=2, *, method="tsne", seed=0, start="pca"):
    """Lay vectors out, near where their directions are near.

    Parameters
    ----------
    vectors : array of shape (n_tags, size)
        At least 4.
    dimensions : int
        2 for a figure; 4 before the Projector, as in the paper.
    method : str
        ``tsne``, as in the paper, or ``pca``, which keeps distances but not neighbourhoods.
    seed : int
    start : str
        Of t-SNE: ``pca``, or ``random``, which differs from seed to seed.

    Returns
    -------
    ndarray of shape (n_tags, dimensions), float64
    """
    from sklearn.decomposition import PCA
    from sklearn.manifold import TSNE

    n_tags = len(vectors)
    if n_tags < FEWEST_TAGS:
        raise ValueError(
            f"a map needs at least {FEWEST_TAGS} tags with a vector, here are {n_tags}"
        )
    # of unit vectors the Euclidean distance orders as the cosine does
    unit = _unit(vectors)
    # of few dimensions they stay where they are; PCA wants as many as it is to find
    unit = np.pad(unit, ((0, 0), (0, max(0, dimensions - unit.shape[1]))))
    if method == "pca":
        return PCA(dimensions, random_state=seed).fit_transform(unit)
    tsne = TSNE(
        n_components=dimensions,
        perplexity=min(PERPLEXITY, (n_tags - 1) / 3),
        init=start,
        # scikit-learn's own rate, 50 at least, throws so few points apart in 4 dimensions
        # (trustworthiness .55 where this gives .98)
        learning_rate=max(1.0, n_tags / 48),
        method="exact",  # the only one for more than 3 dimensions, and quick for tags
        random_state=seed,
    )
    return tsne.fit_transform(unit).astype("float64")


def trustworthiness(vectors, places):
    """Return how far the neighbours on a map are neighbours by cosine, from 0 to 1."""
    from sklearn import manifold

    nearest = max(1, min(tag_spaces.N_NEAREST, (len(places) - 1) // 2))
    return float(manifold.trustworthiness(_unit(vectors), places, n_neighbors=nearest))


def stability(vectors, places):
    """Return how far a map would have been another, had t-SNE started elsewhere.

    Parameters
    ----------
    vectors : array of shape (n_tags, size)
    places : ndarray of shape (n_tags, 2)

    Returns
    -------
    dict
        Over `N_SEEDS` random starts: neighbours_in_common (mean) and its _sd, the share of a
        tag's nearest that it has on the map, too; trustworthiness (mean) and its _sd.
    """
    maps = [place(vectors, seed=seed, start="random") for seed in range(N_SEEDS)]
    ours = _nearness(places)
    common = [tag_spaces.neighbours_in_common(ours, _nearness(other)) for other in maps]
    trust = [trustworthiness(vectors, other) for other in maps]
    return {
        "neighbours_in_common": float(np.mean(common)),
        "neighbours_in_common_sd": float(np.std(common, ddof=1)),
        "trustworthiness": float(np.mean(trust)),
        "trustworthiness_sd": float(np.std(trust, ddof=1)),
    }


def _nearness(places):
    return -np.linalg.norm(places[:, None] - places[None], axis=2)


def _unit(vectors):
    vectors = np.asarray(vectors, dtype="float64")
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
