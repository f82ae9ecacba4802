"""Word vectors of tags: trained, or found among words by the first spelling there is."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import annotations_of

from autotagging.tag_map import projection, similarity, word_files, word_vectors

REPOSITORY = Path(__file__).resolve().parent.parent
# two worlds that never meet, and a tag that always stands alone
TAG_SETS = annotations_of(
    """
    techno beat synth cello violin slow alone
    1      1    1     0     0      0    0
    1      0    1     0     0      0    0
    1      1    0     0     0      0    0
    0      0    0     1     1      1    0
    0      0    0     1     1      0    0
    0      0    0     1     0      1    0
    0      0    0     0     0      0    1
    """
)
LABELS = pd.concat([TAG_SETS] * 20)
ELECTRONIC = {"techno", "beat", "synth"}
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


def look_up(words, tags, synonyms=None):
    return word_vectors.look_up(words, tags, synonyms or {}, "words.txt")


def test_tags_that_come_together_are_neighbours():
    vectors, ways = word_vectors.train(LABELS, size=20)
    nearest = similarity.neighbours({"words": similarity.cosines(vectors)})
    for tag, group in nearest[nearest["rank"] <= 2].groupby("tag"):
        is_electronic = [neighbour in ELECTRONIC for neighbour in group["neighbour"]]
        assert is_electronic == [tag in ELECTRONIC] * 2
    assert ways["techno"] == "trained"


def test_a_tag_that_stands_alone_has_no_vector():
    vectors, ways = word_vectors.train(LABELS.assign(never_given=False), size=20)
    assert list(vectors.index) == ["techno", "beat", "synth", "cello", "violin", "slow"]
    assert vectors.shape == (6, 20)
    assert ways["alone"] == ways["never_given"] == word_vectors.NOT_FOUND


def test_without_two_tags_on_a_clip_nothing_can_be_trained():
    labels = annotations_of(
        """
        a b
        1 0
        0 0
        0 1
        """
    )
    with pytest.raises(ValueError, match="no clip has two tags"):
        word_vectors.train(labels)


def test_vectors_do_not_depend_on_the_hash_seed():
    code = (
        "import hashlib, sys; sys.path.insert(0, sys.argv[1])\n"
        "import pandas as pd\n"
        "from autotagging.tag_map import word_vectors\n"
        "rows = [[1, 1, 1, 0], [0, 1, 1, 0], [1, 0, 0, 1]] * 50\n"
        "labels = pd.DataFrame(rows, columns=list('abcd')).astype(bool)\n"
        "vectors, _ = word_vectors.train(labels, size=30, seed=3)\n"
        "print(hashlib.sha256(vectors.to_numpy().tobytes()).hexdigest())\n"
    )
    digests = set()
    for hash_seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
        command = [sys.executable, "-c", code, str(REPOSITORY)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        digests.add(done.stdout)
    assert len(digests) == 1


def test_another_seed_trains_other_vectors():
    one, other = (word_vectors.train(LABELS, size=20, seed=seed)[0] for seed in (0, 1))
    assert not np.allclose(one, other)


def test_a_tag_is_found_by_the_first_spelling_there_is():
    tags = ["guitar", "no beat", "hip hop", "new age", "age new", "new guitarist", "lute"]
    vectors, ways = look_up(WORDS, tags)
    assert ways.to_dict() == {
        "guitar": "token",
        "no beat": "token with _",
        "hip hop": "joined",
        "new age": "token with _",
        "age new": "mean of words",
        "new guitarist": word_vectors.NOT_FOUND,
        "lute": word_vectors.NOT_FOUND,
    }
    assert list(vectors.index) == tags[:5]
    np.testing.assert_array_equal(vectors.loc["new age"], [1, 1, 1])
    np.testing.assert_array_equal(vectors.loc["age new"], [0, 0.5, 0.5])


def test_other_cases_and_synonyms_are_further_ways():
    tags = ["trip hop", "lo fi", "jazz", "Guitar new", "india", "vocal", "lute"]
    synonyms = {"indian": "india", "hindu": "india", "voice": "vocal", "voices": "vocal"}
    vectors, ways = look_up(WORDS, tags, synonyms)
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
        vectors, _ = look_up(known, [tag])
        np.testing.assert_array_equal(vectors.loc[tag], [7, 7, 7])
    _, ways = look_up(words, [tag])
    assert ways[tag] == "mean of words"


def test_a_synonym_borrows_from_any_of_its_group():
    synonyms = {"guitars": "guitar", "lutes": "guitar"}
    vectors, ways = look_up(WORDS, ["guitars", "lutes"], synonyms)
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


@pytest.mark.parametrize("vector", [[0, 0, 0], [np.nan, 0, 0], [np.inf, 0, 0]])
def test_a_vector_without_a_direction_is_refused_with_its_file(vector):
    words = pd.DataFrame([vector], index=["guitar"])
    with pytest.raises(ValueError, match="txt: the word vector of 'guitar' has no direction"):
        look_up(words, ["guitar"])


def test_words_of_which_none_is_a_tag_are_refused_with_their_file():
    with pytest.raises(ValueError, match="txt: there is no vector for any of the 1 tags"):
        look_up(WORDS.loc[["age"]], ["guitar"])


def test_real_vectors_give_a_map_that_can_be_trusted(test_data, tmp_path):
    path = test_data / "word2vec-jamendo-300.bin"
    if not path.exists():
        pytest.skip(f"{path} is absent")
    tags = "guitar,classical,techno,rock,new age,piano,violin,cello,trance,dance,ambient,harp"
    tags = [*tags.split(","), "flute", "heavy", "male", "no beat"]
    synonyms = {"synthesizer": "synth", "orchestral": "orchestra"}
    source, wanted = word_files.find_source(path, tmp_path), word_vectors.spell([*tags, *synonyms])
    words = word_files.read(source, tmp_path, wanted, folder=tmp_path)
    vectors, ways = look_up(words, tags)
    assert ways["new age"] == "joined"
    _, way = look_up(words, ["synth"], synonyms)
    assert way.to_list() == ["synonym synthesizer: token"]
    assert list(ways.index[ways == word_vectors.NOT_FOUND]) == ["male", "no beat"]
    assert vectors.shape == (14, 300)
    for dimensions in (2, 4):
        coordinates = projection.project(vectors, projection.Projection(), dimensions)
        assert 0.8 < projection.trustworthiness(vectors, coordinates) <= 1
    nearest = similarity.neighbours({"words": similarity.cosines(vectors)})
    nearest = nearest[nearest["rank"] <= 3].groupby("tag")["neighbour"]
    assert "trance" in set(nearest.get_group("techno"))
    assert "violin" in set(nearest.get_group("cello"))
