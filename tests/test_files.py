"""Files appear whole; checksums; room on a disk."""

import errno
import hashlib
import os
import shutil
import zipfile

import pandas as pd
import pytest

from autotagging import files


@pytest.mark.parametrize("content", ["ä\nb\r\n", "", b"\xff\x00"])
def test_text_and_bytes_are_written_as_they_are(tmp_path, content):
    files.write_whole(tmp_path / "x", content)
    expected = content.encode("utf-8") if isinstance(content, str) else content
    assert (tmp_path / "x").read_bytes() == expected
    assert list(tmp_path.iterdir()) == [tmp_path / "x"]  # nothing half written is left


def test_a_run_that_is_killed_while_writing_leaves_the_file_as_it_was(tmp_path, monkeypatch):
    files.write_whole(tmp_path / "x", "old")

    def kill(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("os.replace", kill)
        with pytest.raises(KeyboardInterrupt):
            files.write_whole(tmp_path / "x", "new")
    assert (tmp_path / "x").read_text() == "old"
    files.write_whole(tmp_path / "x", "new")
    assert (tmp_path / "x").read_text() == "new"
    assert list(tmp_path.iterdir()) == [tmp_path / "x"]


def test_a_file_is_never_written_through_a_link(tmp_path):
    (tmp_path / "raw").write_text("raw")
    (tmp_path / "x").symlink_to("raw")
    files.write_whole(tmp_path / "x", "new")
    assert (tmp_path / "raw").read_text() == "raw"


def test_a_table_has_the_same_bytes_on_every_machine(tmp_path):
    table = pd.DataFrame({"tag": ["ä", 'a, "b"'], "share": [0.5, float("nan")]})
    files.write_table(tmp_path / "x.csv", table, index=False)
    assert (tmp_path / "x.csv").read_bytes() == 'tag,share\nä,0.5\n"a, ""b""",\n'.encode()


def test_a_text_is_written_only_where_it_is_not_there_yet(tmp_path):
    assert files.write_if_changed(tmp_path / "x", "a\n")
    os.utime(tmp_path / "x", (0, 0))
    assert not files.write_if_changed(tmp_path / "x", "a\n")
    assert (tmp_path / "x").stat().st_mtime == 0
    assert files.write_if_changed(tmp_path / "x", "b\n")
    assert (tmp_path / "x").read_text() == "b\n"


def test_entries_of_an_archive_are_read_by_name_or_all(tmp_path):
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr("a", "ä")
        archive.writestr("b", b"")
    assert files.read_zip(tmp_path / "x.zip") == {"a": "ä".encode(), "b": b""}
    assert files.read_zip(tmp_path / "x.zip", ["b"]) == {"b": b""}
    with pytest.raises(ValueError, match=r"x\.zip is no zip archive that can be read: .*'c'"):
        files.read_zip(tmp_path / "x.zip", ["c"])


def test_an_archive_that_expands_beyond_measure_is_not_read(tmp_path):
    with zipfile.ZipFile(tmp_path / "x.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a", bytes(10**7))
    with pytest.raises(ValueError, match="expands to 10,000,000 bytes"):
        files.read_zip(tmp_path / "x.zip", ["a"])


def test_an_archive_that_is_damaged_within_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "x.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a", bytes(range(250)))
    content = bytearray((tmp_path / "x.zip").read_bytes())
    content[40:60] = bytes(20)
    (tmp_path / "x.zip").write_bytes(content)
    with pytest.raises(ValueError, match="is no zip archive that can be read"):
        files.read_zip(tmp_path / "x.zip")


def test_checksums_are_sha_256(tmp_path):
    (tmp_path / "x").write_bytes("aä".encode())
    expected = hashlib.sha256("aä".encode()).hexdigest()
    assert files.checksum(tmp_path / "x") == expected
    assert files.checksum_of(["a", "ä".encode()]) == expected
    assert files.checksum_of(["aä"]) == files.checksum_of(iter(["a", "ä"])) == expected
    assert files.checksum_of([]) == hashlib.sha256().hexdigest()


def test_a_disk_without_room_is_refused_with_what_is_needed(tmp_path, monkeypatch):
    usage = shutil.disk_usage(tmp_path)._replace(free=2000)
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage)
    files.check_room(tmp_path, 2000)
    with pytest.raises(ValueError, match="has room for 2,000 bytes, 2,001 are needed"):
        files.check_room(tmp_path, 2001)


def test_names_that_begin_with_a_dot_are_not_listed(tmp_path):
    for name in ("b/my.csv", "a/my.csv", "a/._my.csv", ".hidden/my.csv", "._my.csv"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    listed = files.list_visible(tmp_path, "*/*.csv")
    assert listed == [tmp_path / "a" / "my.csv", tmp_path / "b" / "my.csv"]
    assert files.list_visible(tmp_path) == [tmp_path / "a", tmp_path / "b"]


needs_fallocate = pytest.mark.skipif(
    not hasattr(os, "posix_fallocate"), reason="this system reserves no room"
)


@needs_fallocate
def test_room_is_taken_for_a_file_that_is_not_written_yet(tmp_path):
    path = tmp_path / "map"
    path.write_bytes(b"ab")
    os.truncate(path, 2**20)
    files.reserve(path)
    assert path.stat().st_blocks * 512 >= path.stat().st_size == 2**20
    assert path.read_bytes() == b"ab" + bytes(2**20 - 2)


@needs_fallocate
def test_a_file_for_which_there_is_no_room_is_named_and_gone(tmp_path, monkeypatch):
    def fail(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.posix_fallocate", fail)
    path = tmp_path / "map"
    path.write_bytes(b"ab")
    with pytest.raises(OSError, match=r"No space left on device: .*map") as refused:
        files.reserve(path)
    assert refused.value.filename == str(path)
    assert not path.exists()
