"""Files of word vectors: read, refused, fetched by name, and what is kept of them."""

import gzip
import hashlib
import os
import pickle
import shlex
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from test_download import server  # noqa: F401  a fixture

from autotagging import download
from autotagging.tag_map import word_files

WORDS = {
    "guitar": [1, 0, 0],
    "new": [0, 1, 0],
    "age": [0, 0, 1],
    "nan": [1 / 3, -1e-7 / 7, 3e8 + 1 / 9],
}
NAME = "glove-twitter-25"


def write_text(path, words):
    lines = [f"{len(words)} 3", *(f"{w} {' '.join(map(str, v))}" for w, v in words.items())]
    path.write_text("\n".join(lines) + "\n")
    return path


def write_binary(path, words):
    body = b"".join(w.encode() + b" " + np.float32(v).tobytes() + b"\n" for w, v in words.items())
    path.write_bytes(f"{len(words)} 3\n".encode() + body)
    return path


def read(path, words, data, **fetching):
    source = word_files.find_source(str(path), data)
    wanted = {*words, "never seen"}
    return word_files.read(source, data, wanted, folder=data / "fetched", **fetching)


@pytest.mark.parametrize("ending", [".bin", ".txt", ".vec", ".bin.gz", ".txt.gz"])
def test_wanted_words_are_read(tmp_path, ending):
    plain = tmp_path / f"words{ending.removesuffix('.gz')}"
    (write_binary if "bin" in ending else write_text)(plain, WORDS)
    path = tmp_path / f"words{ending}"
    if ending.endswith(".gz"):
        path.write_bytes(gzip.compress(plain.read_bytes(), mtime=0))
    words = read(path, ["guitar", "nan", "lute"], tmp_path)
    assert list(words.index) == ["guitar", "nan"]
    assert (words.dtypes == "float32").all()
    np.testing.assert_array_equal(words.loc["nan"], np.float32(WORDS["nan"]))


@pytest.mark.parametrize("ending", [".txt", ".txt.gz"])
def test_gloves_text_has_no_first_line_of_numbers(tmp_path, ending):
    text = "".join(f"{word} {' '.join(map(str, v))}\n" for word, v in WORDS.items()).encode()
    path = tmp_path / f"glove{ending}"
    path.write_bytes(gzip.compress(text, mtime=0) if ending.endswith("gz") else text)
    words = read(path, ["guitar", "age"], tmp_path)
    np.testing.assert_array_equal(words, [[0, 0, 1], [1, 0, 0]])


def test_a_text_may_have_blanks_in_words_odd_bytes_tabs_and_empty_lines(tmp_path):
    path = tmp_path / "words.txt"
    path.write_bytes(
        b"\xef\xbb\xbfguitar 1 2 3\r\n. . . 4 5 6\nnew age 7 8 9\n\xff\xfe 1 1 1\nlute\t4\t5\t6\n"
        b"lute 0 0 0\n\n"
    )
    words = read(path, ["guitar", "new age", "new", "lute", "."], tmp_path)
    assert list(words.index) == ["guitar", "lute", "new age"]
    assert words.to_numpy().tolist() == [[1, 2, 3], [4, 5, 6], [7, 8, 9]]


def test_of_very_many_words_the_first_are_read(tmp_path, monkeypatch):
    monkeypatch.setattr(word_files, "MAX_WORDS", 2)
    path = write_binary(tmp_path / "words.bin", WORDS)
    assert list(read(path, ["guitar", "new", "age"], tmp_path).index) == ["guitar", "new"]


def test_a_file_with_none_of_the_words_has_an_empty_table(tmp_path):
    path = write_binary(tmp_path / "words.bin", WORDS)
    for _ in range(2):  # read, then kept
        assert read(path, ["lute"], tmp_path).shape == (0, 3)


def test_words_are_kept_so_that_the_file_may_go(tmp_path):
    path = write_binary(tmp_path / "words.bin", WORDS)
    before, source = read(path, ["guitar", "nan"], tmp_path), word_files.find_source(path, tmp_path)
    assert sorted(file.name for file in (tmp_path / "word_vectors").iterdir()) == [
        "words.bin.csv",
        "words.bin.json",
    ]
    path.unlink()
    kept = read("words.bin", ["nan"], tmp_path)
    pd.testing.assert_frame_equal(kept, before, check_exact=True)
    assert word_files.find_source("words.bin", tmp_path).checksum == source.checksum
    pd.testing.assert_frame_equal(read("gone/words.bin", ["guitar"], tmp_path), before)
    with pytest.raises(ValueError, match=r"words.bin is not there, .* nobody looked for age: "):
        read("words.bin", ["guitar", "age"], tmp_path)


@pytest.fixture
def calls(monkeypatch):
    """Return the names of the functions that go through a whole file, each time one is called."""
    made = []
    for name in ("checksum", "_read_words"):
        call = getattr(word_files, name)

        def note(path, *rest, name=name, call=call):
            if path.suffix == ".bin":
                made.append(name)
            return call(path, *rest)

        monkeypatch.setattr(word_files, name, note)
    return made


def test_a_file_is_told_by_its_checksum(tmp_path):
    path = write_binary(tmp_path / "words.bin", WORDS)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert word_files.find_source(path, tmp_path).checksum == digest


def test_a_file_whose_words_are_kept_is_not_gone_through_again(tmp_path, calls):
    path = write_binary(tmp_path / "words.bin", WORDS)
    read(path, ["guitar"], tmp_path)
    assert calls == ["checksum", "_read_words"]
    read(path, ["guitar"], tmp_path)
    assert len(calls) == 2
    os.utime(path, ns=(1, 1))  # changed, to all appearance
    read(path, ["guitar"], tmp_path)
    assert calls[2:] == ["checksum"]


def test_a_file_is_read_again_where_more_is_wanted(tmp_path, calls):
    path = write_binary(tmp_path / "words.bin", WORDS)
    read(path, ["guitar"], tmp_path)
    assert list(read(path, ["guitar", "age"], tmp_path).index) == ["age", "guitar"]
    assert calls.count("_read_words") == 2


def test_a_file_that_changed_is_read_again(tmp_path):
    path = write_binary(tmp_path / "words.bin", WORDS)
    read(path, ["guitar"], tmp_path)
    write_binary(path, {**WORDS, "guitar": [7, 7, 7]})
    os.utime(path, ns=(1, 1))
    assert read(path, ["guitar"], tmp_path).loc["guitar"].tolist() == [7, 7, 7]


KEPT = '{"checksum": "x", "changed": [], "wanted": %s, "words": "x"}'


@pytest.mark.parametrize("damage", ["{", "[]", "", KEPT % "[]", KEPT % "null", KEPT % "[[1]]"])
def test_kept_words_that_are_damaged_are_read_again(tmp_path, damage):
    path = write_binary(tmp_path / "words.bin", WORDS)
    read(path, ["guitar"], tmp_path)
    (tmp_path / "word_vectors/words.bin.json").write_text(damage)
    assert list(read(path, ["guitar"], tmp_path).index) == ["guitar"]
    kept = tmp_path / "word_vectors/words.bin.csv"
    whole = kept.read_text()
    for damaged in ("half", whole.splitlines()[0] + "\n", whole.replace(",1,", ",9,"), whole[:-9]):
        kept.write_text(damaged)
        words = read(path, ["guitar"], tmp_path)
        assert words.loc["guitar"].tolist() == [1, 0, 0]
    kept.write_text("half")
    path.unlink()
    with pytest.raises(ValueError, match=r"words.bin is not a file, nor one whose words .* whole"):
        read(path, ["guitar"], tmp_path)


def test_a_name_that_is_nothing_is_answered_with_the_names_there_are(tmp_path):
    with pytest.raises(ValueError, match=r"lost.bin is not a file.*word2vec-google-news-300, "):
        word_files.find_source("lost.bin", tmp_path)


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("GoogleNews.bin.gz", "GoogleNews"),
        ("words.v2.TXT", "words.v2"),
        ("glove-twitter-25", "glove-twitter-25"),
    ],
)
def test_a_map_is_called_after_the_file_without_its_ending(name, short):
    assert word_files.Source(name, None, "x").short_name == short


def test_the_catalogue_is_of_gensims_files_by_their_names_without_an_ending():
    assert word_files.BINARY in word_files.catalogue()
    assert {file.kind for file in word_files.catalogue().values()} == {"MD5"}
    assert all(file.name == f"{name}.gz" for name, file in word_files.catalogue().items())


@pytest.mark.parametrize(("ending", "load"), [(".kv", "KeyedVectors"), (".model", "Word2Vec")])
def test_a_pickle_is_refused_with_the_line_that_converts_it(tmp_path, ending, load):
    from gensim.models import KeyedVectors, Word2Vec

    path = tmp_path / f"it's mine{ending}"
    if load == "Word2Vec":
        model = Word2Vec([["guitar", "age"]], vector_size=3, min_count=1)
        vector = model.wv["guitar"]
    else:
        model = KeyedVectors(3)
        model.add_vectors(["guitar", "age"], np.float32([[1, 2, 3], [4, 5, 6]]))
        vector = model["guitar"]
    model.save(str(path))
    with pytest.raises(ValueError, match="as a pickle it could run code") as error:
        word_files.find_source(path, tmp_path)
    line = str(error.value).split("convert it with: ")[1]
    program, *arguments = shlex.split(line)
    assert program == "python"
    subprocess.run([sys.executable, *arguments], check=True)
    words = read(path.with_suffix(".bin"), ["guitar"], tmp_path)
    np.testing.assert_array_equal(words.loc["guitar"], vector)


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.kv", pickle.dumps(WORDS), "as a pickle"),
        ("a.npy", b"\x93NUMPY", "not read"),
        ("a.pkl", pickle.dumps(WORDS), "not read"),
        ("a.bin", b"", "first line"),
        ("a.bin", b"\x80\x04\x95" * 99, "first line"),
        ("a.bin", b"3 3\nguitar " + bytes(12), "cannot hold"),
        ("a.bin", b"2 3\nguitar " + bytes(24), "unexpected end"),
        ("a.bin", b"999999999999 300\n", "cannot hold"),
        ("a.bin", b"-1 300\n", "first line"),
        ("a.txt", b"2 3\nguitar 1 2 3\n", "first line names 2 words, there are 1"),
        ("a.txt", b"2 3\nguitar 1 2\nlute 1 2 3 4\n", "complete file"),
        ("a.txt", b"1 3\nguitar one two three\n", "complete file"),
        ("a.txt", b"2 3\nguitar 1 2 3\nlute 1 2", "line 2 of the words is not a word and 3"),
        ("a.txt", b"guitar 1 2 3\nlute 1 2", "line 2 of the words is not a word and 3"),
        ("a.txt.gz", gzip.compress(b"2 1\nguitar 1\nlute 2\n" * 99, mtime=0)[:-9], "complete file"),
        ("a.bin.gz", b"no gzip", "complete file"),
        ("a.bin.gz", gzip.compress(b"9 3\n" + bytes(5000), mtime=0)[:-20], "complete file"),
    ],
)
def test_a_file_that_holds_no_vectors_is_refused_in_a_sentence(tmp_path, name, content, reason):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(ValueError, match=reason) as error:
        read(path, ["guitar"], tmp_path)
    assert name in str(error.value)
    assert "\n" not in str(error.value)
    assert not (tmp_path / "word_vectors").exists()


@pytest.fixture
def catalogued(monkeypatch, tmp_path):
    """Return the content of a model that the catalogue has, with its true size and checksum."""
    text = write_text(tmp_path / "plain.txt", WORDS).read_bytes()
    content = gzip.compress(text, mtime=0)
    md5 = hashlib.md5(content, usedforsecurity=False).hexdigest()
    file = download.RemoteFile(f"{NAME}.gz", len(content), md5, "MD5")
    monkeypatch.setitem(word_files.catalogue(), NAME, file)
    monkeypatch.setenv("GENSIM_DATA_DIR", str(tmp_path / "gensim"))
    return content


def test_a_model_of_the_catalogue_is_fetched_once_and_its_words_kept(
    server,  # noqa: F811
    catalogued,
    tmp_path,
):
    server.content = catalogued
    fetching = {"base_url": server.url, "tries": 1, "pause": 0}
    words = read(NAME, ["guitar"], tmp_path, **fetching)
    assert words.loc["guitar"].tolist() == WORDS["guitar"]
    fetched = tmp_path / "fetched" / f"{NAME}.gz"
    assert fetched.read_bytes() == catalogued
    assert len(server.asked) == 1
    read(NAME, ["guitar", "age"], tmp_path, **fetching)  # another word: the file is at hand
    fetched.unlink()
    read(NAME, ["age"], tmp_path, **fetching)  # kept
    assert len(server.asked) == 1


def test_what_gensim_has_fetched_is_taken_where_its_checksum_is_right(
    server,  # noqa: F811
    catalogued,
    tmp_path,
):
    server.content = catalogued
    fetching = {"base_url": server.url, "tries": 1, "pause": 0}
    place = tmp_path / "gensim" / NAME
    place.mkdir(parents=True)
    (place / f"{NAME}.gz").write_bytes(catalogued)
    (place / "__init__.py").write_text("raise SystemExit('was run')")
    assert list(read(NAME, ["guitar"], tmp_path, **fetching).index) == ["guitar"]
    assert not server.asked
    (place / f"{NAME}.gz").write_bytes(catalogued[:-1] + b"x")
    read(NAME, ["guitar", "age"], tmp_path, **fetching)
    assert len(server.asked) == 1
    assert (place / f"{NAME}.gz").read_bytes() == catalogued[:-1] + b"x"  # gensim's own: left


def test_another_file_under_the_models_name_is_refused(server, catalogued, tmp_path):  # noqa: F811
    server.content = catalogued[:-1] + b"x"
    with pytest.raises(ValueError, match=r"its MD5 is another.*name a file .* with --vectors"):
        read(NAME, ["guitar"], tmp_path, base_url=server.url, tries=1, pause=0)
    assert not list((tmp_path / "fetched").iterdir())


def test_without_a_network_a_models_name_is_one_sentence(catalogued, tmp_path):
    with pytest.raises(ValueError, match=r"25.gz: the server cannot be reached; .*with --vectors$"):
        read(NAME, ["guitar"], tmp_path, base_url="http://127.0.0.1:9", tries=1)


def test_a_file_that_was_fetched_by_hand_is_read_by_its_name(catalogued, tmp_path):
    path = tmp_path / f"{NAME}.gz"
    path.write_bytes(catalogued)
    assert list(read(path, ["guitar"], tmp_path).index) == ["guitar"]
