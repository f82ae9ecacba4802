"""Word vectors of tags: trained, or found among words by the first spelling there is."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from autotagging.tag_map import projection, similarity, word_files, word_vectors

REPOSITORY = Path(__file__).resolve().parent.parent
# two worlds that never meet, and a tag that always stands alone
TAG_SETS = [
    ["techno", "beat", "synth"],
    ["techno", "synth"],
    ["beat", "techno"],
    ["cello", "violin", "slow"],
    ["cello", "violin"],
    ["slow", "cello"],
    ["alone"],
] * 20
TAGS = ["techno", "beat", "synth", "cello", "violin", "slow", "alone"]
WORDS = pd.DataFrame.from_dict(
    {
        "guitar": [1, 0, 0],
        "new": [0, 1, 0],
        "age": [0, 0, 1],
        "no_beat": [1, 1, 0],
        "hiphop": [0, 1, 1],
        "new_age": [1, 1, 1],
        "Trip_Hop": [2, 2, 2],
        "lo-fi": [3, 3, 3],
        "JAZZ": [4, 4, 4],
        "indian": [5, 5, 5],
        "voices": [6, 6, 6],
    },
    orient="index",
    dtype="float32",
)


def test_tags_that_come_together_are_neighbours():
    vectors, ways = word_vectors.train(TAG_SETS, TAGS, size=20)
    nearest = similarity.neighbours({"words": similarity.cosines(vectors)})
    for tag, group in nearest[nearest["rank"] <= 2].groupby("tag"):
        electronic = {"techno", "beat", "synth"}
        assert set(group["neighbour"]) <= (electronic if tag in electronic else set(TAGS))
        assert (tag in electronic) == set(group["neighbour"]).issubset(electronic)
    assert ways["techno"] == "trained"


def test_a_tag_that_stands_alone_has_no_vector():
    vectors, ways = word_vectors.train(TAG_SETS, [*TAGS, "never given"], size=20)
    assert list(vectors.index) == TAGS[:-1]
    assert ways["alone"] == ways["never given"] == word_vectors.NOT_FOUND


def test_without_two_tags_on_a_clip_nothing_can_be_trained():
    with pytest.raises(ValueError, match="no clip has two tags"):
        word_vectors.train([["a"], [], ["b"]], ["a", "b"])


def test_vectors_do_not_depend_on_the_hash_seed():
    code = (
        "import hashlib, sys; sys.path.insert(0, sys.argv[1])\n"
        "from autotagging import tag_spaces, tag_vectors\n"
        "sets = [{'a', 'b', 'c'}, {'b', 'c'}, {'d', 'a'}] * 50\n"
        "vectors, _ = word_vectors.train([list(s) for s in sets], list('abcd'), size=30, seed=3)\n"
        "print(hashlib.sha256(vectors.to_numpy().tobytes()).hexdigest())\n"
    )
    digests = set()
    for hash_seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
        command = [sys.executable, "-c", code, str(REPOSITORY)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        digests.add(done.stdout)
    assert len(digests) == 1


def test_a_tag_is_found_by_the_first_spelling_there_is():
    tags = ["guitar", "no beat", "hip hop", "new age", "age new", "new guitarist", "lute"]
    vectors, ways = word_vectors.look_up(WORDS, tags)
    assert list(ways) == [
        "token",
        "token with _",
        "joined",
        "token with _",
        "mean of words",
        word_vectors.NOT_FOUND,
        word_vectors.NOT_FOUND,
    ]
    assert list(vectors.index) == tags[:5]
    np.testing.assert_array_equal(vectors.loc["new age"], [1, 1, 1])
    np.testing.assert_array_equal(vectors.loc["age new"], [0, 0.5, 0.5])


def test_other_cases_and_synonyms_are_further_ways():
    tags = ["trip hop", "lo fi", "jazz", "Guitar new", "india", "vocal", "lute"]
    synonyms = {"indian": "india", "hindu": "india", "voice": "vocal", "voices": "vocal"}
    vectors, ways = word_vectors.look_up(WORDS, tags, synonyms)
    assert ways.to_dict() == {
        "trip hop": "token with _, other case",
        "lo fi": "token with -",
        "jazz": "token, other case",
        "Guitar new": "mean of words",
        "india": "synonym indian: token",
        "vocal": "synonym voices: token",
        "lute": word_vectors.NOT_FOUND,
    }
    np.testing.assert_array_equal(vectors.loc["vocal"], [6, 6, 6])
    np.testing.assert_array_equal(vectors.loc["Guitar new"], [0.5, 0.5, 0])


@pytest.mark.parametrize("tag", ["new age", "new-age", "new_age", "New Age"])
def test_blank_hyphen_and_underscore_are_one(tag):
    words = WORDS.loc[["new", "age"]]
    for written in ("new_age", "new-age", "newage"):
        known = pd.concat([words, pd.DataFrame([[7, 7, 7]], index=[written])])
        vectors, _ = word_vectors.look_up(known, [tag])
        np.testing.assert_array_equal(vectors.loc[tag], [7, 7, 7])
    vectors, ways = word_vectors.look_up(words, [tag])
    assert ways[tag] == "mean of words"


def test_a_synonym_borrows_from_any_of_its_group():
    synonyms = {"guitars": "guitar", "lutes": "guitar"}
    vectors, ways = word_vectors.look_up(WORDS, ["guitars", "lutes"], synonyms)
    assert list(ways) == ["synonym guitar: token"] * 2
    np.testing.assert_array_equal(vectors, [[1, 0, 0]] * 2)


def test_every_word_that_is_asked_for_was_spelled_before():
    class Asked(dict):
        def __contains__(self, word):
            asked.add(word)
            return False

    asked, tags = set(), ["no beat", "hip-hop", "Trip Hop", "R&B", "drum and bass"]
    for tag in tags:
        word_vectors._look_up(Asked(), tag)
    assert asked == word_vectors.spell(tags)


@pytest.mark.parametrize("vector", [[0, 0, 0], [np.nan, 0, 0]])
def test_a_vector_without_a_direction_is_refused(vector):
    words = pd.DataFrame([vector], index=["guitar"])
    with pytest.raises(ValueError, match="word vector of 'guitar' has no direction"):
        word_vectors.look_up(words, ["guitar"])


def test_words_of_which_none_is_a_tag_are_refused():
    with pytest.raises(ValueError, match="none for any of the 1 tags"):
        word_vectors.look_up(WORDS.loc[["age"]], ["guitar"])


def test_real_vectors_give_a_map_that_can_be_trusted(test_data):
    path = test_data / "word2vec-jamendo-300.bin"
    if not path.exists():
        pytest.skip(f"{path} is absent")
    tags = [
        "guitar",
        "classical",
        "techno",
        "rock",
        "new age",
        "piano",
        "violin",
        "cello",
        "trance",
        "dance",
        "ambient",
        "harp",
        "flute",
        "heavy",
        "male",
        "no beat",
    ]
    synonyms = {"synthesizer": "synth", "orchestral": "orchestra"}
    words = word_files._read_words(path, word_vectors.spell([*tags, *synonyms]))
    vectors, ways = word_vectors.look_up(words, tags)
    assert ways["new age"] == "joined"
    _, way = word_vectors.look_up(words, ["synth"], synonyms)
    assert way.to_list() == ["synonym synthesizer: token"]
    assert list(ways.index[ways == word_vectors.NOT_FOUND]) == ["male", "no beat"]
    assert vectors.shape == (14, 300)
    for dimensions in (2, 4):
        places = projection.place(vectors, dimensions)
        assert 0.8 < projection.trustworthiness(vectors, places) <= 1
    nearest = similarity.neighbours({"words": similarity.cosines(vectors)})
    nearest = nearest[nearest["rank"] <= 3].groupby("tag")["neighbour"]
    assert "trance" in set(nearest.get_group("techno"))
    assert "violin" in set(nearest.get_group("cello"))
