"""The cut archive as one stream."""

import io
import zipfile

import pandas as pd
import pytest

from autotagging import archive


def write_parts(folder, content, n_parts=3, compression=zipfile.ZIP_STORED):
    """Write a zip file of a dict of names and bytes, cut into parts; return its bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as zipped:
        for name, data in content.items():
            zipped.writestr(name, data)
    whole = buffer.getvalue()
    size = -(-len(whole) // n_parts)
    for number in range(n_parts):
        part = whole[number * size : (number + 1) * size]
        (folder / f"mp3.zip.{number + 1:03}").write_bytes(part)
    return whole


CONTENT = {"0/a.mp3": bytes(range(256)) * 9, "f/b.mp3": b"second", "c/empty.mp3": b""}


def test_the_stream_is_the_parts_joined(tmp_path):
    whole = write_parts(tmp_path, CONTENT)
    reader = archive.PartsReader(archive.find_parts(tmp_path))
    assert reader.readall() == whole
    reader.seek(-50, io.SEEK_END)
    assert reader.read(20) == whole[-50:-30]


def test_sizes_are_known_without_extracting(tmp_path):
    write_parts(tmp_path, CONTENT)
    files = pd.Series({"1": "0/a.mp3", "2": "c/empty.mp3", "3": "0/absent.mp3"})
    sizes = archive.audio_sizes(files, archive.find_parts(tmp_path))
    assert sizes[["1", "2"]].tolist() == [2304, 0]
    assert pd.isna(sizes["3"])


def test_clips_are_extracted_under_their_own_names_once(tmp_path):
    write_parts(tmp_path, CONTENT)
    files = pd.Series({"1": "0/a.mp3", "2": "f/b.mp3"})
    targets = pd.Series({"1": tmp_path / "1.mp3", "2": tmp_path / "2.mp3"})
    parts = archive.find_parts(tmp_path)
    assert archive.extract(files, parts, targets) == 2
    assert (tmp_path / "2.mp3").read_bytes() == b"second"
    (tmp_path / "1.mp3").write_bytes(b"cut off")
    assert archive.extract(files, parts, targets) == 1
    assert (tmp_path / "1.mp3").read_bytes() == CONTENT["0/a.mp3"]
    (tmp_path / "2.mp3").write_bytes(b"SECOND")  # of the right size
    assert archive.extract(files, parts, targets) == 1


def test_extraction_never_writes_through_a_link_that_was_left_behind(tmp_path):
    write_parts(tmp_path, CONTENT)
    raw = tmp_path / "raw.mp3"
    raw.write_bytes(b"raw")
    (tmp_path / "1.mp3.part").hardlink_to(raw)
    targets = pd.Series({"1": tmp_path / "1.mp3"})
    archive.extract(pd.Series({"1": "0/a.mp3"}), archive.find_parts(tmp_path), targets)
    assert raw.read_bytes() == b"raw"


def test_a_missing_part_is_named(tmp_path):
    write_parts(tmp_path, CONTENT)
    (tmp_path / "mp3.zip.002").unlink()
    with pytest.raises(ValueError, match=r"mp3\.zip\.002 is missing"):
        archive.find_parts(tmp_path)


def test_a_part_cut_short_is_one_sentence(tmp_path):
    write_parts(tmp_path, CONTENT)
    last = tmp_path / "mp3.zip.003"
    last.write_bytes(last.read_bytes()[:-40])
    with pytest.raises(ValueError, match="is a part missing or cut short"):
        archive.audio_sizes(pd.Series({"1": "0/a.mp3"}), archive.find_parts(tmp_path))


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_damaged_audio_is_refused_and_leaves_no_file(tmp_path, compression):
    write_parts(tmp_path, CONTENT, compression=compression)
    first = tmp_path / "mp3.zip.001"
    damaged = bytearray(first.read_bytes())
    damaged[60:90] = bytes(30)
    first.write_bytes(damaged)
    targets = pd.Series({"1": tmp_path / "1.mp3"})
    with pytest.raises(ValueError, match=r"damaged at 0/a\.mp3"):
        archive.extract(pd.Series({"1": "0/a.mp3"}), archive.find_parts(tmp_path), targets)
    assert not list(tmp_path.glob("1.mp3*"))
