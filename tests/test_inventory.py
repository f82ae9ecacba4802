"""The inventory: which clips can be used, and their audio under the clips' ids."""

import json
import zipfile

import pandas as pd
import pytest
from conftest import write_tiny_dataset

from autotagging import steps
from autotagging.clips import annotations, inventory, links

AUDIO, NO_AUDIO = inventory.AudioSettings(), inventory.AudioSettings(audio=False)


@pytest.fixture
def data(tmp_path):
    """Return a dataset of four clips, of which one is an empty file and one is no audio."""
    write_tiny_dataset(tmp_path, 4)
    next((tmp_path / "2").glob("*.wav")).write_bytes(b"")
    next((tmp_path / "3").glob("*.wav")).write_bytes(b"no audio")
    return tmp_path


def write(data, settings=AUDIO, **options):
    """Write the inventory of a dataset as script 1 does."""
    table = data / "annotations_final.csv"
    inputs = steps.describe_inputs(data, table)
    read = annotations.read_annotations(table)
    return inventory.write_inventory(read, data, data, settings, inputs, **options)


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_the_three_broken_files_are_known_without_audio():
    file = inventory.BROKEN_IN_MAGNATAGATUNE["35644"]
    assert list(inventory.find_unusable(pd.Series({"35644": file, "2": "f/x.mp3"}))) == ["35644"]
    assert not len(inventory.find_unusable(pd.Series({"35644": "0/somebody_elses_clip.mp3"})))


@pytest.mark.parametrize("file", ["clips/1.mp3", "labels/set/multi_hot/0_1.mp3", "to_clips/1.mp3"])
def test_a_raw_dataset_where_this_script_writes_is_refused(tmp_path, file):
    (tmp_path / "clips").mkdir()
    (tmp_path / "to_clips").symlink_to("clips")
    metadata = pd.DataFrame({"file": [file]}, index=["1"])
    table = tmp_path / "annotations_final.csv"
    with pytest.raises(ValueError, match="lies where this script writes: name another folder"):
        inventory.check_apart(metadata, table, tmp_path, tmp_path)
    inventory.check_apart(metadata, table, tmp_path, tmp_path / "data")
    (tmp_path / "circle").symlink_to("circle")
    inventory.check_apart(metadata.assign(file="circle/1.mp3"), table, tmp_path, tmp_path)


@pytest.mark.parametrize("table", ["clips/clips.csv", "clips/mine.csv", "labels/set/labels.csv"])
def test_a_table_that_this_script_would_write_over_is_refused(tmp_path, table):
    metadata = pd.DataFrame({"file": ["0/1.mp3"]}, index=["1"])
    with pytest.raises(ValueError, match="lies where this script writes"):
        inventory.check_apart(metadata, tmp_path / table, tmp_path, tmp_path)


def test_the_inventory_is_read_as_it_was_written(data):
    clips, written = write(data)
    assert list(written) == ["excluded.csv", "clips.csv", "*"]
    assert written["*"] == "2 audio files linked or unpacked, 0 removed"
    assert list(clips.usable.index) == ["10", "11"]
    assert clips.usable.loc["10"].tolist() == ["clips/10.wav", "clip 10", "clip 10", "clip 10"]
    pd.testing.assert_frame_equal(inventory.read_clips(data, with_audio=True), clips.usable)
    raw = next((data / "0").glob("*.wav"))
    assert (data / "clips" / "10.wav").samefile(raw)


def test_clips_left_out_stand_in_a_table_with_their_row_and_reason(data):
    clips, _ = write(data)
    written = pd.read_csv(data / "clips" / "excluded.csv", dtype=str, index_col="clip_id")
    assert written.index.astype(str).tolist() == list(clips.excluded.index) == ["12", "13"]
    assert written["row"].tolist() == ["4", "5"]
    assert written["file"].str.split("/").str[0].tolist() == ["2", "3"]
    empty, text = written["reason"]
    assert empty == "the file is empty"
    assert text.startswith("the file is a text, no audio")
    summary = json.loads((data / "clips" / "summary.json").read_text())
    assert (summary["clips"], summary["excluded"]) == (2, 2)


def test_an_inventory_that_is_as_it_was_is_not_written_again(data):
    write(data)
    before = contents(data / "clips")  # with the seconds it took
    assert write(data)[1] == {}
    assert contents(data / "clips") == before


def test_audio_that_comes_and_goes_later_is_linked_and_unlinked(data):
    write(data)
    next((data / "2").glob("*.wav")).write_bytes(next((data / "0").glob("*.wav")).read_bytes())
    next((data / "1").glob("*.wav")).unlink()
    (data / "clips" / "mine.txt").write_text("mine")
    clips, _ = write(data)
    assert list(clips.usable.index) == ["10", "12"]
    tables = ["clips.csv", "excluded.csv", "mine.txt", "summary.json"]
    assert sorted(contents(data / "clips")) == ["10.wav", "12.wav", *tables]


def test_without_audio_no_clip_has_a_file_until_there_is_audio(data):
    write(data, NO_AUDIO)
    assert inventory.read_clips(data)["file"].tolist() == ["", "", "", ""]
    with pytest.raises(ValueError, match=r"clips holds no audio: run 1_label.* without --no-audio"):
        inventory.read_clips(data, with_audio=True)
    assert list(write(data)[0].usable.index) == ["10", "11"]
    assert inventory.read_clips(data)["file"].tolist() == ["clips/10.wav", "clips/11.wav"]


def test_audio_that_is_listed_is_not_forgotten(data):
    write(data)
    before = contents(data / "clips")
    with pytest.raises(ValueError, match="lists audio already: leave out --no-audio"):
        write(data, NO_AUDIO)
    assert contents(data / "clips") == before


def test_a_dataset_without_any_audio_is_refused(data):
    for path in data.glob("*/*.wav"):
        path.unlink()
    with pytest.raises(
        ValueError,
        match=r"no audio for any of the 4 .*, such as '0/.*\(the file is absent\).*--no-audio",
    ):
        write(data)
    assert not (data / "clips").exists()


def test_an_inventory_of_another_table_is_replaced_only_by_force(data):
    write(data)
    before = contents(data / "clips")
    table = data / "annotations_final.csv"
    lines = table.read_bytes().splitlines(keepends=True)
    table.write_bytes(b"".join(lines[:1] + lines[2:]))  # without clip 10
    message = r"clips was made from another annotations_final\.csv: .*--force.* folder with --data"
    with pytest.raises(ValueError, match=message):
        write(data)
    assert contents(data / "clips") == before
    write(data, force=True)
    assert list(inventory.read_clips(data).index) == ["11"]
    assert not (data / "clips" / "10.wav").exists()


def test_an_inventory_that_is_not_finished_is_not_read(data):
    with pytest.raises(ValueError, match="clips is not finished: run 1_label_reduction"):
        inventory.read_clips(data)


@pytest.mark.parametrize(
    "text",
    [
        "clip_id,path,rock\n1,a.mp3,1\n",
        "clip_id,file,artist,album,track\n1,clips/1.mp3,,,\n1,clips/2.mp3,,,\n",
        "clip_id,file,artist,album,track\n1,../1.mp3,,,\n",
        "clip_id,file,artist,album,track\n1,/etc/passwd,,,\n",
        "\udcff",
        "",
    ],
)
def test_a_table_that_is_no_inventory_is_refused_and_made_again_by_force(data, text):
    write(data)
    before = contents(data / "clips")
    path = data / "clips" / "clips.csv"
    path.write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(ValueError, match=r"clips\.csv is gone or damaged: run 1_.* and --force"):
        inventory.read_clips(data)
    write(data, force=True)
    assert path.read_bytes() == before["clips.csv"]


def test_a_file_whose_accents_are_typed_otherwise_is_linked(tmp_path):
    write_tiny_dataset(tmp_path, 1)
    path = next((tmp_path / "0").glob("*.wav"))
    path.rename(path.with_name("cafe\u0301.wav"))
    (tmp_path / "clips").mkdir()
    files = pd.Series({"1": "0/caf\u00e9.wav"})
    usable, reasons, made = inventory._provide_audio(files, tmp_path, tmp_path, "copy")
    assert (usable.to_dict(), reasons, made) == ({"1": "clips/1.wav"}, {}, 1)
    assert (tmp_path / "clips" / "1.wav").stat().st_size > 1000


def link_names_of(*files):
    """Return metadata of clips "a", "A", "a.wav" with these files."""
    ids = ["a", "A", "a.wav"][: len(files)]
    return pd.DataFrame({"row": range(2, 2 + len(files)), "file": files}, index=ids)


def test_clips_whose_audio_would_have_one_name_are_refused(tmp_path, monkeypatch):
    with pytest.raises(ValueError, match=r"rows 2 and 4 .* audio as clips/a\.wav: give them"):
        inventory.check_link_names(link_names_of("x.wav", "y.wav", "z"), tmp_path)
    inventory.check_link_names(link_names_of("x.wav", "y.wav"), tmp_path)
    monkeypatch.setattr(links, "tells_case_apart", lambda _: False)  # as on macOS
    inventory.check_link_names(link_names_of("x.wav", "y.mp3"), tmp_path)
    with pytest.raises(ValueError, match=r"rows 2 and 3 .* clips/A\.wav, as the disk of .* case"):
        inventory.check_link_names(link_names_of("x.wav", "y.wav"), tmp_path)


def test_an_archive_beside_folders_is_searched_in_the_same_way(tmp_path):
    write_tiny_dataset(tmp_path, 2)
    (tmp_path / "1").rename(tmp_path / "cafe\u0301")
    audio = next((tmp_path / "cafe\u0301").glob("*.wav"))
    with zipfile.ZipFile(tmp_path / "mp3.zip", "w") as file:
        file.write(audio, f"cafe\u0301/{audio.name}")
    audio.unlink()
    (tmp_path / "0" / "upper.WAV").touch()
    files = {"1": f"caf\u00e9/{audio.name}", "2": "0/upper.wav", "3": f"CAFE\u0301/{audio.name}"}
    (tmp_path / "clips").mkdir()
    usable, reasons, _ = inventory._provide_audio(pd.Series(files), tmp_path, tmp_path, "hard")
    assert usable.to_dict() == {"1": "clips/1.wav"}
    assert [reason.split(", ")[0] for reason in reasons.values()] == [
        "the file is absent; there is 0/upper.WAV",
        f"the file is absent; there is cafe\u0301/{audio.name}",
    ]
