"""Word vectors of tags: trained, found in files, laid out; hostile files refused."""

import gzip
import os
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from autotagging import tag_spaces, tag_vectors

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
WORDS = {
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
}


def write_text(path, words):
    lines = [f"{len(words)} 3", *(f"{w} {' '.join(map(str, v))}" for w, v in words.items())]
    path.write_text("\n".join(lines) + "\n")
    return path


def write_binary(path, words):
    body = b"".join(w.encode() + b" " + np.float32(v).tobytes() + b"\n" for w, v in words.items())
    path.write_bytes(f"{len(words)} 3\n".encode() + body)
    return path


def test_tags_that_come_together_are_neighbours():
    vectors, ways = tag_vectors.train(TAG_SETS, TAGS, size=20)
    nearest = tag_spaces.neighbours({"words": tag_spaces.cosines(vectors)})
    for tag, group in nearest[nearest["rank"] <= 2].groupby("tag"):
        electronic = {"techno", "beat", "synth"}
        assert set(group["neighbour"]) <= (electronic if tag in electronic else set(TAGS))
        assert (tag in electronic) == set(group["neighbour"]).issubset(electronic)
    assert ways["techno"] == "trained"


def test_a_tag_that_stands_alone_has_no_vector():
    vectors, ways = tag_vectors.train(TAG_SETS, [*TAGS, "never given"], size=20)
    assert list(vectors.index) == TAGS[:-1]
    assert ways["alone"] == ways["never given"] == tag_vectors.NOT_FOUND


def test_without_two_tags_on_a_clip_nothing_can_be_trained():
    with pytest.raises(ValueError, match="no clip has two tags"):
        tag_vectors.train([["a"], [], ["b"]], ["a", "b"])


def test_vectors_do_not_depend_on_the_hash_seed():
    code = (
        "import hashlib, sys; sys.path.insert(0, sys.argv[1])\n"
        "from autotagging import tag_spaces, tag_vectors\n"
        "sets = [{'a', 'b', 'c'}, {'b', 'c'}, {'d', 'a'}] * 50\n"
        "vectors, _ = tag_vectors.train([list(s) for s in sets], list('abcd'), size=30, seed=3)\n"
        "print(hashlib.sha256(vectors.to_numpy().tobytes()).hexdigest())\n"
    )
    digests = set()
    for hash_seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
        command = [sys.executable, "-c", code, str(REPOSITORY)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        digests.add(done.stdout)
    assert len(digests) == 1


@pytest.mark.parametrize("ending", [".bin", ".txt", ".bin.gz", ".txt.gz"])
def test_a_tag_is_found_by_the_first_spelling_there_is(tmp_path, ending):
    plain = tmp_path / f"words{ending.removesuffix('.gz')}"
    (write_binary if "bin" in ending else write_text)(plain, WORDS)
    path = tmp_path / f"words{ending}"
    if ending.endswith(".gz"):
        path.write_bytes(gzip.compress(plain.read_bytes(), mtime=0))
    tags = ["guitar", "no beat", "hip hop", "new age", "age new", "new guitarist", "lute"]
    vectors, ways = tag_vectors.read(path, tags)
    assert list(ways) == [
        "token",
        "token with _",
        "joined",
        "token with _",
        "mean of words",
        tag_vectors.NOT_FOUND,
        tag_vectors.NOT_FOUND,
    ]
    assert list(vectors.index) == tags[:5]
    np.testing.assert_array_equal(vectors.loc["new age"], [1, 1, 1])
    np.testing.assert_array_equal(vectors.loc["age new"], [0, 0.5, 0.5])


def test_other_cases_and_synonyms_are_further_ways(tmp_path):
    path = write_text(tmp_path / "words.txt", WORDS)
    tags = ["trip hop", "lo fi", "jazz", "Guitar new", "india", "vocal", "lute"]
    synonyms = {"indian": "india", "hindu": "india", "voice": "vocal", "voices": "vocal"}
    vectors, ways = tag_vectors.read(path, tags, synonyms)
    assert ways.to_dict() == {
        "trip hop": "token with _, other case",
        "lo fi": "token with -",
        "jazz": "token, other case",
        "Guitar new": "mean of words",
        "india": "synonym indian: token",
        "vocal": "synonym voices: token",
        "lute": tag_vectors.NOT_FOUND,
    }
    np.testing.assert_array_equal(vectors.loc["vocal"], [6, 6, 6])
    np.testing.assert_array_equal(vectors.loc["Guitar new"], [0.5, 0.5, 0])


@pytest.mark.parametrize("ending", [".txt", ".txt.gz"])
def test_gloves_text_has_no_first_line_of_numbers(tmp_path, ending):
    text = "".join(f"{word} {' '.join(map(str, v))}\n" for word, v in WORDS.items()).encode()
    path = tmp_path / f"glove{ending}"
    path.write_bytes(gzip.compress(text, mtime=0) if ending.endswith("gz") else text)
    vectors, ways = tag_vectors.read(path, ["guitar", "new age"])
    assert list(ways) == ["token", "token with _"]
    np.testing.assert_array_equal(vectors, [[1, 0, 0], [1, 1, 1]])


def test_of_very_many_words_the_first_are_read(tmp_path, monkeypatch):
    monkeypatch.setattr(tag_vectors, "MOST_WORDS", 2)
    path = write_binary(tmp_path / "words.bin", WORDS)
    _, ways = tag_vectors.read(path, ["guitar", "new", "age"])
    assert list(ways) == ["token", "token", tag_vectors.NOT_FOUND]


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.kv", pickle.dumps(WORDS), "a pickle"),
        ("a.npy", b"\x93NUMPY", "not read"),
        ("a.pkl", pickle.dumps(WORDS), "not read"),
        ("a.bin", b"", "first line"),
        ("a.bin", b"\x80\x04\x95" * 99, "first line"),
        ("a.bin", b"3 3\nguitar " + bytes(12), "cannot hold"),
        ("a.bin", b"2 3\nguitar " + bytes(24), "unexpected end"),
        ("a.bin", b"999999999999 300\n", "cannot hold"),
        ("a.bin", b"-1 300\n", "first line"),
        ("a.txt", b"2 3\nguitar 1 2 3\n", "unexpected end"),
        ("a.txt", b"2 3\nguitar 1 2\nlute 1 2 3 4\n", "complete word2vec"),
        ("a.txt", b"1 3\nguitar one two three\n", "complete word2vec"),
        ("a.txt", b"1 3\n\xff\xfe\xfd 1 2 3\n", "complete word2vec"),
        ("a.txt", b"1 3\nguitar 0 0 0\n", "no direction"),
        ("a.txt", b"1 3\nguitar nan 0 0\n", "no direction"),
        ("a.txt", b"1 3\nlute 1 0 0\n", "none of the 1 tags"),
        ("a.bin.gz", b"no gzip", "complete word2vec"),
        ("a.bin.gz", gzip.compress(b"9 3\n" + bytes(5000), mtime=0)[:-20], "complete word2vec"),
    ],
)
def test_a_file_that_holds_no_vectors_is_refused_in_a_sentence(tmp_path, name, content, reason):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(ValueError, match=reason) as error:
        tag_vectors.read(path, ["guitar"])
    assert name in str(error.value)
    assert "\n" not in str(error.value)


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
    vectors, ways = tag_vectors.read(path, tags)
    assert ways["new age"] == "joined"
    synonyms = {"synthesizer": "synth", "orchestral": "orchestra"}
    assert tag_vectors.read(path, ["synth"], synonyms)[1].to_list() == [
        "synonym synthesizer: token"
    ]
    assert list(ways.index[ways == tag_vectors.NOT_FOUND]) == ["male", "no beat"]
    assert vectors.shape == (14, 300)
    for dimensions in (2, 4):
        places = tag_vectors.place(vectors, dimensions)
        assert 0.8 < tag_vectors.trustworthiness(vectors, places) <= 1
    nearest = tag_spaces.neighbours({"words": tag_spaces.cosines(vectors)})
    nearest = nearest[nearest["rank"] <= 3].groupby("tag")["neighbour"]
    assert "trance" in set(nearest.get_group("techno"))
    assert "violin" in set(nearest.get_group("cello"))


@pytest.mark.parametrize("n_tags", [4, 5, 50])
@pytest.mark.parametrize("size", [1, 3, 30])
@pytest.mark.parametrize("dimensions", [2, 4])
def test_places_are_finite_and_the_same_for_the_same_seed(n_tags, size, dimensions):
    vectors = np.random.default_rng(0).normal(size=(n_tags, size))
    assert np.isfinite(tag_vectors.place(vectors, dimensions, method="pca")).all()
    places = tag_vectors.place(vectors, dimensions, seed=1)
    assert places.shape == (n_tags, dimensions)
    assert places.dtype == np.float64
    assert np.isfinite(places).all()
    np.testing.assert_array_equal(places, tag_vectors.place(vectors, dimensions, seed=1))
    assert 0 <= tag_vectors.trustworthiness(vectors, places) <= 1


@pytest.mark.parametrize("dimensions", [2, 4])
def test_principal_components_keep_what_lies_in_a_plane(dimensions):
    rng = np.random.default_rng(0)
    angles = rng.uniform(0, np.pi, 12)
    plane = np.column_stack([np.cos(angles), np.sin(angles)]) @ rng.normal(size=(2, 30))
    unit = plane / np.linalg.norm(plane, axis=1, keepdims=True)
    places = tag_vectors.place(plane, dimensions, method="pca")
    assert places.shape == (12, dimensions)
    distances = [np.linalg.norm(p[:, None] - p[None], axis=2) for p in (unit, places)]
    np.testing.assert_allclose(*distances, atol=1e-8)


def test_clear_groups_are_neighbours_wherever_the_map_starts():
    rng = np.random.default_rng(0)
    groups = np.repeat(np.eye(4), 6, axis=0) + 0.05 * rng.normal(size=(24, 4))
    noise = rng.normal(size=(24, 30))
    stable, chance = (tag_vectors.stability(v, tag_vectors.place(v)) for v in (groups, noise))
    assert stable["neighbours_in_common"] > 0.9
    assert chance["neighbours_in_common"] < stable["neighbours_in_common"]
    assert 0 <= stable["trustworthiness_sd"] < 0.1


def test_the_length_of_a_vector_has_no_say():
    vectors = np.random.default_rng(0).normal(size=(10, 30))
    lengths = np.arange(1, 11)[:, None]
    np.testing.assert_allclose(
        tag_vectors.place(vectors), tag_vectors.place(vectors * lengths), atol=1e-2
    )


def test_three_tags_are_too_few_for_a_map():
    with pytest.raises(ValueError, match="at least 4 tags with a vector, here are 3"):
        tag_vectors.place(np.eye(3))
