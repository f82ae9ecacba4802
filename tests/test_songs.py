"""What is named on the command line -> songs: each once, in order, and nothing lost silently."""

import os
import sys
from types import SimpleNamespace

import pytest

from autotagging.tagging import songs


@pytest.fixture
def music(tmp_path):
    """Return a folder with four songs, in two folders, and what lies beside them."""
    folder = tmp_path / "music"
    for name in ("b/2.mp3", "b/10.flac", "a.MP3", "b/c/strange", "b/cover.JPG", "b/notes.txt"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    (folder / ".hidden").mkdir()
    for name in (".hidden/x.mp3", "b/._2.mp3"):
        (folder / name).touch()
    return folder


def find(tmp_path, *names):
    return songs.find(list(names), tmp_path)


def names_of(found):
    return [song.path.name for song in found.songs]


def test_a_folder_is_its_songs_in_the_order_of_their_paths(music, tmp_path):
    found = find(tmp_path, music)
    assert names_of(found) == ["a.MP3", "10.flac", "2.mp3", "strange"]
    assert [song.clip_id for song in found.songs] == ["a", "b-10", "b-2", "b-c-strange"]
    assert [song.name for song in found.songs] == [str(song.path) for song in found.songs]
    assert found.failures == {}


def test_what_is_passed_over_is_counted(music, tmp_path):
    line = find(tmp_path, music).describe_passed_over()
    assert line == "passed over by their endings: 2 files (1 .jpg, 1 .txt)"
    assert find(tmp_path, music / "b" / "notes.txt").describe_passed_over() == ""


def test_each_song_comes_once_where_it_is_first_named(music, tmp_path):
    (tmp_path / "link.mp3").symlink_to(music / "b" / "2.mp3")
    found = find(tmp_path, music / "b" / "c" / ".." / "2.mp3", music, tmp_path / "link.mp3")
    assert names_of(found) == ["2.mp3", "a.MP3", "10.flac", "strange"]


def test_a_link_to_a_folder_above_ends(music, tmp_path):
    (music / "b" / "loop").symlink_to(music)
    (music / "b" / "more").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "y.ogg").touch()
    assert names_of(find(tmp_path, music)) == ["a.MP3", "10.flac", "2.mp3", "strange", "y.ogg"]


def test_a_folder_that_cannot_be_read_is_said(music, tmp_path, monkeypatch):
    listdir = os.listdir

    def refuse(path):
        if path == music / "b" / "c":
            raise PermissionError(13, "Permission denied")
        return listdir(path)

    monkeypatch.setattr(os, "listdir", refuse)
    found = find(tmp_path, music)
    assert names_of(found) == ["a.MP3", "10.flac", "2.mp3"]
    assert found.failures == {str(music / "b" / "c"): "cannot be read: Permission denied"}


def test_a_folder_without_songs_is_said(music, tmp_path):
    (tmp_path / "none").mkdir()
    (tmp_path / "none" / "x.txt").touch()
    assert find(tmp_path, tmp_path / "none").failures == {str(tmp_path / "none"): "holds no song"}


def test_songs_of_one_name_have_ids_of_their_own(tmp_path):
    for name in ("x/song.mp3", "x/song.flac", "y/song.mp3"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    in_folder = find(tmp_path, tmp_path / "x")
    assert [song.clip_id for song in in_folder.songs] == ["song.flac", "song.mp3"]
    named = find(tmp_path, tmp_path / "x" / "song.mp3", tmp_path / "y" / "song.mp3").songs
    first, second = songs.make_ids_unique(named, {})
    assert first.clip_id != second.clip_id


def test_a_song_that_was_tagged_before_keeps_its_id_and_no_other_gets_it(tmp_path):
    paths = [tmp_path / "x" / "song.mp3", tmp_path / "y" / "song.mp3"]
    again, other = songs.make_ids_unique(
        [songs.Song(str(path), "song", path) for path in paths], {paths[0]: "song"}
    )
    assert again.clip_id == "song"
    assert other.clip_id == str(paths[1].with_suffix("")).strip("/").replace("/", "-")
    third, fourth = songs.make_ids_unique([other, other], {paths[0]: other.clip_id, 2: "song"})
    assert {third.clip_id, fourth.clip_id} == {f"{other.clip_id}-2", f"{other.clip_id}-3"}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1"])
def test_a_playlist_is_its_songs(music, tmp_path, encoding):
    (music / "Jóga.mp3").touch()
    entries = ["#EXTM3U", "#EXTINF:1,Jóga", "Jóga.mp3", "", "b/2.mp3", str(music / "a.MP3")]
    (music / "list.m3u8").write_bytes("\r\n".join(entries).encode(encoding))
    assert names_of(find(tmp_path, music / "list.m3u8")) == ["Jóga.mp3", "2.mp3", "a.MP3"]


@pytest.mark.parametrize(
    "entry", ["with%20blank.mp3", "with blank.mp3", "b\\..\\with blank.mp3", "file://{}"]
)
def test_an_entry_of_a_playlist_is_found_as_players_write_it(music, tmp_path, entry):
    (music / "with blank.mp3").touch()
    address = str(music / "with%20blank.mp3")
    (music / "list.m3u").write_text(entry.format(address))
    (found,) = find(tmp_path, music / "list.m3u").songs
    assert found.path.samefile(music / "with blank.mp3")


def test_what_a_playlist_lacks_is_tried_and_addresses_are_said(music, tmp_path):
    (music / "list.m3u").write_text("gone.mp3\nhttp://a.b/c.mp3\nb/2.mp3\n")
    found = find(tmp_path, music / "list.m3u", tmp_path / "none.m3u")
    assert names_of(found) == ["gone.mp3", "2.mp3", "none.m3u"]  # reading them says why
    assert "nothing is fetched" in found.failures["http://a.b/c.mp3"]


def test_a_playlist_that_is_no_text_is_said_and_the_rest_is_found(music, tmp_path):
    (music / "list.m3u").write_bytes(b"ID3\0\0")
    found = find(tmp_path, music / "list.m3u", music / "a.MP3")
    assert names_of(found) == ["a.MP3"]
    assert "is no playlist" in found.failures[str(music / "list.m3u")]


def test_a_name_that_is_not_utf_8_is_said(music, tmp_path):
    (music / os.fsdecode(b"mus\xe9e.mp3")).touch()
    found = find(tmp_path, music)
    assert len(found.songs) == 4
    (name,) = found.failures
    assert name.endswith("mus\\udce9e.mp3")
    assert "not UTF-8: rename it" in found.failures[name]


def test_a_name_is_one_line_without_codes_for_a_terminal(music, tmp_path):
    (music / "a\n\x1b[31mred.mp3").touch()
    song = find(tmp_path, music).songs[0]
    assert song.name == str(music / "a\\n\\x1b[31mred.mp3")
    assert song.clip_id == "a\\n\\x1b[31mred"
    assert song.path.exists()


def test_standard_input_is_a_song(tmp_path, monkeypatch):
    (tmp_path / "x").write_bytes(b"audio")
    with (tmp_path / "x").open("rb") as file:
        monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=file, isatty=lambda: False))
        (song,) = find(tmp_path, songs.Path("-")).songs
    assert (song.name, song.clip_id, song.path.read_bytes()) == ("-", "-", b"audio")


def test_a_terminal_is_no_song(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(isatty=lambda: True))
    with pytest.raises(ValueError, match="standard input is a terminal"):
        find(tmp_path, songs.Path("-"))
