"""Embeddings of songs: kept, gone on with, compared."""

import numpy as np
import pandas as pd
import pytest
from tagged_songs import model_of, scored_of, song_of

from autotagging.tagging import embedding_file
from autotagging.tagging.embedding_file import Collected, EmbeddingFile

SONGS = [song_of(f"{name}.mp3") for name in "abc"]


def open_file(folder, model=None, *, per_chunk=False):
    return EmbeddingFile(folder / "x.npy", model or model_of(), 10, per_chunk=per_chunk)


def add(file, numbers):
    for number in numbers:
        file.add(SONGS[number], None, scored_of([number]))


@pytest.mark.parametrize("per_chunk", [False, True])
def test_each_song_has_its_rows_in_both_files(tmp_path, per_chunk):
    file = open_file(tmp_path, per_chunk=per_chunk)
    add(file, range(3))
    file.close()
    array, table = np.load(tmp_path / "x.npy"), pd.read_csv(tmp_path / "x.csv")
    values = [scored_of([number]).values for number in range(3)]
    expected = values if per_chunk else [value.mean(axis=0, keepdims=True) for value in values]
    np.testing.assert_allclose(array, np.concatenate(expected))
    assert array.dtype == np.float32
    n_rows = 3 if per_chunk else 1
    assert table["file"].tolist() == [song.name for song in SONGS for _ in range(n_rows)]
    assert table["second"].tolist() == 3 * [0.0, 1.0, 2.0][:n_rows]


def test_a_later_run_adds_to_them(tmp_path):
    file = open_file(tmp_path)
    add(file, [0, 1])
    file.close()
    file = open_file(tmp_path)
    assert [file.has(song) for song in SONGS] == [True, True, False]
    add(file, [1, 2])
    file.close()
    assert pd.read_csv(tmp_path / "x.csv")["file"].tolist() == [song.name for song in SONGS]
    assert len(np.load(tmp_path / "x.npy")) == 3
    assert len(open_file(tmp_path).embeddings()) == 3


def test_a_run_that_is_killed_loses_few(tmp_path, monkeypatch):
    file = open_file(tmp_path)
    for number in range(100):
        file.add(song_of(f"{number}.mp3"), None, scored_of([number]))
    assert len(np.load(tmp_path / "x.npy")) > 75
    monkeypatch.setattr(embedding_file, "write_table", lambda *_, **__: None)
    file.close()  # as if it was killed between the two files
    again = open_file(tmp_path)
    add(again, [0])
    monkeypatch.undo()
    again.close()
    assert len(np.load(tmp_path / "x.npy")) == len(pd.read_csv(tmp_path / "x.csv"))


def test_files_of_another_network_or_that_are_damaged_are_refused(tmp_path):
    file = open_file(tmp_path)
    add(file, [0])
    file.close()
    with pytest.raises(ValueError, match="the network mine says"):
        open_file(tmp_path, model_of(checksum="cd"))
    with pytest.raises(ValueError, match="made with --per-chunk False, not True"):
        open_file(tmp_path, per_chunk=True)
    (tmp_path / "x.npy").write_bytes(b"no array")
    with pytest.raises(ValueError, match=r"x\.npy, or x\.csv beside it, is gone or damaged"):
        open_file(tmp_path)


def test_the_nearest_songs_are_those_in_the_same_direction():
    collected = Collected()
    for name, values in {"a": [1, 0], "b": [0, 1], "c": [9, 1]}.items():
        scored = scored_of([0])
        scored.values[:] = values
        collected.add(song_of(name), None, scored)
    assert embedding_file.describe_nearest(collected.embeddings(), 1).splitlines() == [
        *("nearest to a:", "  .994  c"),
        *("nearest to b:", "  .110  c"),
        *("nearest to c:", "  .994  a"),
    ]
    assert len(embedding_file.describe_nearest(collected.embeddings(), 9).splitlines()) == 9


def test_without_songs_nothing_is_compared(tmp_path):
    for empty in (Collected(), open_file(tmp_path)):
        text = embedding_file.describe_nearest(empty.embeddings(), 2)
        assert text == "no song to compare"


def test_one_song_has_no_nearest():
    collected = Collected()
    collected.add(song_of("a"), None, scored_of([0]))
    assert embedding_file.describe_nearest(collected.embeddings(), 2) == "nearest to a:"
