"""Word vectors of tags: trained on the tag sets themselves, or looked up among words.

A tag of several words, or with a hyphen, is written in more than one way, and a file of word
vectors knows one of them, or a synonym, or the single words: the way taken is told for each tag.
"""

import re
from itertools import compress

import numpy as np
import pandas as pd

from autotagging.labels import label_sets
from autotagging.labels.synonyms import read_synonyms
from autotagging.tag_map import word_files

NOT_FOUND = "not found"
CASES = (str, str.lower, str.capitalize, str.title, str.upper)


def train(labels, *, size=300, seed=0):
    """Train word vectors on tag sets: skip-gram with negative sampling, a set as a sentence.

    Parameters
    ----------
    labels : DataFrame of shape (n_clips, n_tags), bool
        The tags of each clip. A set of one tag says nothing about nearness.
    size : int
        Dimensions of a vector.
    seed : int

    Returns
    -------
    vectors : DataFrame of shape (n_found, size), float32
        Indexed by tag, in the order of `labels`.
    ways : Series of shape (n_tags,)
        tag -> "trained", or "not found" for one that never stands beside another.
    """
    from gensim.models import Word2Vec

    tags = list(labels.columns)
    tag_sets = (compress(tags, row) for row in labels.to_numpy())
    sentences = [tag_set for tag_set in map(sorted, tag_sets) if len(tag_set) > 1]
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
    )
    found = [tag for tag in tags if tag in model.wv]
    vectors = pd.DataFrame(model.wv[found], index=pd.Index(found, name="tag"))
    ways = pd.Series({tag: "trained" if tag in model.wv else NOT_FOUND for tag in tags})
    return vectors, ways


def find(source, data, tags, synonyms_path, folder):
    """Return the vectors of tags among the words of a file.

    Parameters
    ----------
    source : word_files.Source
    data : Path
        The dataset, whose kept words are taken where they are there.
    tags : list of str
    synonyms_path : Path
        Of ``data/synonyms.csv``.
    folder : Path
        Where files are fetched to.

    Returns
    -------
    vectors, ways
        As of `look_up`.
    """
    synonyms = read_synonyms(synonyms_path)
    # of every tag there is, so that the words kept serve the other label sets, too
    wanted = {*tags, *synonyms, *label_sets.list_annotated(data)}
    words = word_files.read(source, data, spell(wanted), folder=folder)
    return look_up(words, tags, synonyms, source.name)


def look_up(words, tags, synonyms, source_name):
    """Return the vectors of tags among those of words.

    Parameters
    ----------
    words : DataFrame of shape (n_words, size)
        Indexed by word.
    tags : list of str
    synonyms : dict
        synonym -> the tag it is merged into: where a tag is not found, the others of its group
        are tried.
    source_name : str
        Of the file, for the sentence.

    Returns
    -------
    vectors : DataFrame of shape (n_found, size), float32
        Indexed by tag, in the order of `tags`.
    ways : Series of shape (n_tags,)
        tag -> "token", "token with _", "token with -" or "joined", perhaps with ", other case";
        "mean of words"; one of these behind "synonym ...: "; or "not found".

    Raises
    ------
    ValueError
        Where no tag is found, or a vector has no direction.
    """
    known = dict(zip(words.index, words.to_numpy(), strict=True))
    found, ways = {}, {}
    for tag in tags:
        ways[tag], vector = _look_up(known, tag)
        for synonym in _group_members(tag, synonyms):
            if vector is None:
                way, vector = _look_up(known, synonym)
                ways[tag] = NOT_FOUND if vector is None else f"synonym {synonym}: {way}"
        if vector is not None:
            found[tag] = vector
    if not found:
        raise ValueError(f"{source_name}: there is no vector for any of the {len(tags)} tags")
    vectors = pd.DataFrame.from_dict(found, orient="index").astype("float32")
    lengths = np.linalg.norm(vectors, axis=1)
    wrong = ~np.isfinite(lengths) | (lengths == 0)
    if wrong.any():
        raise ValueError(
            f"{source_name}: the word vector of {vectors.index[wrong][0]!r} has no direction"
        )
    return vectors.rename_axis("tag"), pd.Series(ways)


def _group_members(tag, synonyms):
    kept = synonyms.get(tag, tag)
    members = [kept, *(synonym for synonym, other in synonyms.items() if other == kept)]
    return [member for member in members if member != tag]


def spell(tags):
    """Return every word that `look_up` may ask for, for these tags and synonyms: a set."""
    spellings = {word for tag in tags for word in (*_spellings(tag).values(), *_words(tag))}
    return {case(word) for word in spellings for case in CASES}


def _spellings(tag):
    """Return the ways to write a tag as one word, the likeliest first."""
    words = _words(tag)
    return {
        "token": tag,
        "token with _": "_".join(words),
        "token with -": "-".join(words),
        "joined": "".join(words),
    }


def _words(tag):
    return [word for word in re.split(r"[\s_-]+", tag) if word]


def _look_up(words, tag):
    """Return the way to a vector and the vector: as one word, then the mean of words."""
    for way, spelling in _spellings(tag).items():
        token = _in_any_case(words, spelling)
        if token is not None:
            return way + ("" if token == spelling else ", other case"), words[token]
    parts = [_in_any_case(words, part) for part in _words(tag)]
    if len(parts) > 1 and None not in parts:
        return "mean of words", np.mean([words[part] for part in parts], axis=0)
    return NOT_FOUND, None


def _in_any_case(words, spelling):
    # New_Age: str.title sees a word behind each underscore
    return next((case(spelling) for case in CASES if case(spelling) in words), None)
