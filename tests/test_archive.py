"""The cut archive as one stream."""

import io
import os
import shutil
import zipfile

import pandas as pd
import pytest

from autotagging.clips import archive


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


def fine(_):
    """Say nothing against any file."""


CONTENT = {"0/a.mp3": bytes(range(256)) * 9, "f/b.mp3": b"second", "c/empty.mp3": b""}


def test_the_stream_is_the_parts_joined(tmp_path):
    whole = write_parts(tmp_path, CONTENT)
    reader = archive.PartsReader(archive.find_parts(tmp_path))
    assert reader.readall() == whole
    reader.seek(-50, io.SEEK_END)
    assert reader.read(20) == whole[-50:-30]


def test_sizes_are_known_without_extracting(tmp_path):
    write_parts(tmp_path, CONTENT)
    sizes = archive.list_sizes(archive.find_parts(tmp_path))
    assert sizes == {"0/a.mp3": 2304, "f/b.mp3": 6, "c/empty.mp3": 0}
    assert archive.list_sizes([]) == {}


def test_names_in_utf_8_are_read_whether_the_archive_says_so_or_not(tmp_path):
    whole = write_parts(tmp_path, {"\u00e9.mp3": b"1", "__.mp3": b"2", "_.mp3": b"3"}, 1)
    whole = whole.replace(b"__.mp3", "\u00e8.mp3".encode())  # as macOS writes it
    whole = whole.replace(b"_.mp3", "\u00ea.mp3".encode("cp437"))  # as DOS does
    (tmp_path / "mp3.zip.001").write_bytes(whole)
    parts, names = archive.find_parts(tmp_path), ["\u00e9.mp3", "\u00e8.mp3", "\u00ea.mp3"]
    assert archive.list_sizes(parts) == dict.fromkeys(names, 1)
    files = pd.Series(names, index=["1", "2", "3"])
    targets = files.index.to_series().map(lambda clip_id: tmp_path / clip_id)
    assert archive.extract(files, parts, targets, fine) == (3, {})
    assert [target.read_bytes() for target in targets] == [b"1", b"2", b"3"]


def test_a_member_that_would_fill_the_disk_is_left_out(tmp_path):
    bomb = {"0/bomb.wav": bytes(archive.LARGE + 1), "0/a.mp3": b"fine"}
    write_parts(tmp_path, bomb, compression=zipfile.ZIP_DEFLATED)
    files = pd.Series({"1": "0/bomb.wav", "2": "0/a.mp3"})
    targets = files.map(lambda file: tmp_path / file.removeprefix("0/"))
    made, reasons = archive.extract(files, archive.find_parts(tmp_path), targets, fine)
    assert made == 1
    assert reasons == {"1": archive.BOMB}
    assert not targets["1"].exists()


def test_clips_are_extracted_under_their_own_names_once(tmp_path):
    write_parts(tmp_path, CONTENT)
    files = pd.Series({"1": "0/a.mp3", "2": "f/b.mp3"})
    targets = pd.Series({"1": tmp_path / "1.mp3", "2": tmp_path / "2.mp3"})
    parts = archive.find_parts(tmp_path)
    assert archive.extract(files, parts, targets, fine) == (2, {})
    assert (tmp_path / "2.mp3").read_bytes() == b"second"
    (tmp_path / "1.mp3").write_bytes(b"cut off")
    assert archive.extract(files, parts, targets, fine) == (1, {})
    assert (tmp_path / "1.mp3").read_bytes() == CONTENT["0/a.mp3"]
    (tmp_path / "2.mp3").write_bytes(b"SECOND")  # of the right size
    assert archive.extract(files, parts, targets, fine) == (1, {})


def test_extraction_never_writes_through_a_link_that_was_left_behind(tmp_path):
    write_parts(tmp_path, CONTENT)
    raw = tmp_path / "raw.mp3"
    raw.write_bytes(b"raw")
    (tmp_path / "1.mp3.part").hardlink_to(raw)
    targets = pd.Series({"1": tmp_path / "1.mp3"})
    archive.extract(pd.Series({"1": "0/a.mp3"}), archive.find_parts(tmp_path), targets, fine)
    assert raw.read_bytes() == b"raw"


def test_an_archive_that_was_joined_is_read_as_well(tmp_path):
    (tmp_path / "mp3.zip").write_bytes(write_parts(tmp_path, CONTENT))
    for part in archive.find_parts(tmp_path):
        part.unlink()
    assert archive.list_sizes(archive.find_parts(tmp_path))["0/a.mp3"] == 2304


def test_a_missing_part_is_named(tmp_path):
    write_parts(tmp_path, CONTENT)
    (tmp_path / "mp3.zip.002").unlink()
    with pytest.raises(ValueError, match=r"mp3\.zip\.002 is missing"):
        archive.find_parts(tmp_path)


@pytest.mark.parametrize("number", [1, 2, 3])
@pytest.mark.parametrize("missing", [1, 40, 700])
def test_a_part_cut_short_is_named(tmp_path, number, missing):
    many = {f"0/{i}.mp3": os.urandom(200 + i) for i in range(40)}
    write_parts(tmp_path, many)
    path = tmp_path / f"mp3.zip.{number:03}"
    path.write_bytes(path.read_bytes()[:-missing])
    with pytest.raises(ValueError, match=rf"mp3\.zip\.{number:03} (is cut short|does not end)"):
        archive.list_sizes(archive.find_parts(tmp_path))


def test_a_last_part_that_is_missing_is_named(tmp_path):
    write_parts(tmp_path, CONTENT)
    (tmp_path / "mp3.zip.003").unlink()
    with pytest.raises(ValueError, match=r"mp3\.zip\.002 does not end.*mp3\.zip\.003 is missing"):
        archive.list_sizes(archive.find_parts(tmp_path))


def test_a_file_that_is_no_zip_is_one_sentence(tmp_path):
    (tmp_path / "mp3.zip.001").write_bytes(b"no archive at all")
    with pytest.raises(ValueError, match=r"mp3\.zip\.001 does not end as a zip file does"):
        archive.list_sizes(archive.find_parts(tmp_path))


def test_audio_that_is_none_is_left_out_with_the_reason(tmp_path):
    write_parts(tmp_path, CONTENT)
    files = pd.Series({"1": "0/a.mp3", "2": "f/b.mp3"})
    targets = pd.Series({"1": tmp_path / "1.mp3", "2": tmp_path / "2.mp3"})

    def why(path):
        return "too short" if path.stat().st_size < 100 else None

    extracted = archive.extract(files, archive.find_parts(tmp_path), targets, why)
    assert extracted == (1, {"2": "too short"})
    assert not list(tmp_path.glob("2.mp3*"))


def test_a_full_disk_is_said_before_anything_is_written(tmp_path, monkeypatch):
    write_parts(tmp_path, CONTENT)
    usage = shutil.disk_usage(tmp_path)._replace(free=2000)
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage)
    targets = pd.Series({"1": tmp_path / "1.mp3"})
    with pytest.raises(ValueError, match="room for 2,000 bytes, 2,304 are needed"):
        archive.extract(pd.Series({"1": "0/a.mp3"}), archive.find_parts(tmp_path), targets, fine)


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_damaged_audio_is_refused_and_leaves_no_file(tmp_path, compression):
    write_parts(tmp_path, CONTENT, compression=compression)
    first = tmp_path / "mp3.zip.001"
    damaged = bytearray(first.read_bytes())
    damaged[60:90] = bytes(30)
    first.write_bytes(damaged)
    targets = pd.Series({"1": tmp_path / "1.mp3"})
    with pytest.raises(ValueError, match=r"mp3\.zip\.001.* is damaged at 0/a\.mp3"):
        archive.extract(pd.Series({"1": "0/a.mp3"}), archive.find_parts(tmp_path), targets, fine)
    assert not list(tmp_path.glob("1.mp3*"))


@pytest.mark.parametrize(("damaged", "named"), [(1, "002"), (2, "002 or mp3.zip.003")])
def test_the_parts_that_damaged_audio_lies_in_are_named_and_no_others(tmp_path, damaged, named):
    files = {str(number): f"0/{number}.mp3" for number in range(4)}
    whole = write_parts(tmp_path, {file: os.urandom(10_000) for file in files.values()}, 1)
    at = whole.index(files[str(damaged)].encode()) + 100
    whole = whole[:at] + bytes(30) + whole[at + 30 :]
    for number, (start, end) in enumerate([(0, 9_000), (9_000, 25_000), (25_000, None)], 1):
        (tmp_path / f"mp3.zip.{number:03}").write_bytes(whole[start:end])
    targets = pd.Series({clip_id: tmp_path / f"{clip_id}.mp3" for clip_id in files})
    clips, parts = pd.Series(files)[[str(damaged)]], archive.find_parts(tmp_path)
    with pytest.raises(ValueError, match=rf"^mp3\.zip\.{named} is damaged at 0/{damaged}\.mp3"):
        archive.extract(clips, parts, targets, fine)
