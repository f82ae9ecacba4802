"""CSV, TSV, JSON, JSON lines: what is printed, and which format a file has."""

import io
import json
from pathlib import Path

import pytest
from tagged_songs import model_of, pieces_of, scored_of, song_of

from autotagging.tagging import formats


def printed(kind, n_songs):
    stream = io.StringIO()
    output = formats.Printed(kind, model_of(), stream)
    for number in range(n_songs):
        output.add(song_of(f"{number}.mp3"), pieces_of(None), scored_of([0.1, 0.2, 0.3]))
    output.close()
    return stream.getvalue()


@pytest.mark.parametrize("n_songs", [0, 1, 3])
def test_what_is_printed_is_whole(n_songs):
    assert [row["file"] for row in json.loads(printed("json", n_songs))] == [
        f"{number}.mp3" for number in range(n_songs)
    ]
    assert len(printed("jsonl", n_songs).splitlines()) == n_songs
    assert printed("csv", n_songs).splitlines()[0] == 'file,clip_id,rock,"a, b",Jóga'
    assert printed("tsv", n_songs).splitlines()[1:] == [
        f"{number}.mp3\t{number}\t0.100000\t0.200000\t0.300000" for number in range(n_songs)
    ]


def test_a_length_that_is_not_known_is_null():
    assert json.loads(printed("jsonl", 1))["seconds"] is None


def test_a_tag_with_the_name_of_a_column_is_for_json():
    with pytest.raises(ValueError, match="the tag 'file' would be a column twice: take --format"):
        formats.Printed("csv", model_of(["file"]), io.StringIO())
    formats.Printed("json", model_of(["file"]), io.StringIO())


def test_a_file_has_the_format_that_is_named_or_that_of_its_ending():
    assert formats.find(Path("x.CSV"), None) == "csv"
    assert formats.find(Path("x.txt"), "jsonl") == "jsonl"
    for path, kind in ((Path("x.txt"), None), (Path("x.csv"), "table")):
        with pytest.raises(ValueError, match=r"--output takes csv, tsv, json or jsonl"):
            formats.find(path, kind)
