"""One recording has the same tags in every format; the benchmark's table of that."""

import shutil

import numpy as np
import pytest

pytest.importorskip("keras")
from autotagging.models import published
from autotagging.tagging.tagger import Tagger
from benchmarks import levels_and_formats as benchmark


def test_formats_of_real_songs_agree(test_data, published_folder, tmp_path):
    if not shutil.which("ffmpeg"):
        pytest.skip("ffmpeg is not installed: nothing encodes the songs")
    model = Tagger(published.make("mtt-musicnn", published_folder))
    differences = []
    for genre in ("rock", "classical"):
        song = min((test_data / "emotify" / "audio" / genre).glob("*.mp3"))
        wav = benchmark.encode(song, tmp_path / f"{genre}.wav", [])
        expected = benchmark.score(model, wav)
        assert (expected >= benchmark.MATTERS).sum() >= 3
        for ending, arguments in list(benchmark.VERSIONS.values())[:5]:  # wav, flac, mp3, ogg, opus
            path = benchmark.encode(wav, tmp_path / f"{genre}-x.{ending}", arguments)
            differences.append(benchmark.compare(expected, benchmark.score(model, path)))
    assert (np.concatenate(differences) <= benchmark.CLOSE).mean() >= 0.95


def test_a_row_counts_the_tags_that_matter_in_either():
    expected, found = np.array([[0.5, 0.05, 0.0]]), np.array([[0.4, 0.12, 0.09]])
    assert benchmark.compare(expected, found) == pytest.approx([0.1, 0.07])
    assert benchmark.describe("x", expected, found) == "| x | 2 | 0.100 | 0.0850 | 0.0% | 100% |"
