"""Paths as annotated, and the files that are meant."""

import zipfile

import pandas as pd
import pytest

from autotagging.clips import archive, raw_files

NFC, NFD = "caf\u00e9.mp3", "cafe\u0301.mp3"


@pytest.fixture(params=["folder", "archive"])
def place_of(request, tmp_path):
    """Return a function that makes files (of one byte) and returns where they are: a Place."""

    def make(*names):
        if request.param == "archive":
            with zipfile.ZipFile(tmp_path / "mp3.zip", "w") as file:
                for name in names:
                    file.writestr(name, b"1")
            return raw_files.in_archive(archive.list_sizes(archive.find_parts(tmp_path)))
        for name in names:
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_bytes(b"1")
        return raw_files.in_folder(tmp_path)

    return make


def find(place, *files):
    """Return what is found for clips "0", "1" ...: lists of files, and of reasons."""
    found = raw_files.find(pd.Series(files, index=[str(i) for i in range(len(files))]), place)
    assert (found["bytes"].isna() == (found["reason"] != "")).all()
    return found["file"].tolist(), found["reason"].tolist()


@pytest.mark.parametrize(
    ("on_disk", "annotated"),
    [
        (NFD, NFC),
        (NFC, NFD),
        (f"Caf\u00e9/{NFD}", f"Cafe\u0301/{NFC}"),
        (f"x/y/{NFD}", f"x/y/{NFC}"),
    ],
    ids=["nfd-on-disk", "nfc-on-disk", "folder-too", "below-folders"],
)
def test_a_name_is_found_in_whatever_form_its_accents_are(place_of, on_disk, annotated):
    assert find(place_of(on_disk, "other.mp3"), annotated) == ([on_disk], [""])


def test_the_exact_name_comes_first(place_of):
    assert find(place_of(NFC, NFD), NFD, NFC) == ([NFD, NFC], ["", ""])


def test_one_name_of_two_files_is_left_out_with_both(place_of):
    mixed, *others = "e\u0301\u00e9.mp3", "\u00e9\u00e9.mp3", "e\u0301e\u0301.mp3"
    _, (reason,) = find(place_of(*others), mixed)
    assert reason == (
        r"the file is absent; 'e\u0301e\u0301.mp3' and '\xe9\xe9.mp3' are both written like it: "
        "rename one"
    )


def test_a_file_is_given_to_no_second_row(place_of):
    _, reasons = find(place_of(NFC), NFC, NFD)
    assert reasons == ["", f"the file is absent; {NFC} is another row's"]


def test_upper_and_lower_case_differ_and_that_is_said(place_of):
    _, reasons = find(place_of("x/a.mp3"), "x/A.mp3", "X/a.MP3", "x/b.mp3")
    differs = "the file is absent; there is x/a.mp3, which differs in upper and lower case"
    assert reasons == [differs, differs, "the file is absent"]


def test_what_macos_leaves_beside_audio_is_not_meant(place_of):
    _, reasons = find(place_of("._A.mp3", "__MACOSX/._a.mp3", "x/.a.mp3"), "._a.mp3", "x/.A.mp3")
    assert reasons == ["the file is absent"] * 2


def test_sizes_are_in_bytes_and_a_folder_is_no_file(place_of):
    place = place_of("a.mp3", "x/b.mp3")
    sizes = raw_files.find(pd.Series({"1": "a.mp3", "2": "x", "3": "a.mp3/x"}), place)["bytes"]
    assert sizes["1"] == 1
    assert sizes[["2", "3"]].isna().all()


def test_a_folder_is_listed_once(tmp_path):
    listed = []

    def list_names(folder):
        listed.append(folder)
        return {"": ["x"], "x": [f"e\u0301{i}" for i in range(50)]}[folder]

    place = raw_files.Place(lambda file: 1 if "e\u0301" in file else float("nan"), list_names)
    found, _ = find(place, *(f"x/\u00e9{i}" for i in range(50)))
    assert found == [f"x/e\u0301{i}" for i in range(50)]
    assert sorted(listed) == ["", "x"]


def test_a_circle_of_links_is_absent(tmp_path):
    (tmp_path / "b.mp3").symlink_to("b.mp3")
    assert find(raw_files.in_folder(tmp_path), "b.mp3", "B.mp3")[1] == ["the file is absent"] * 2


def make_relative(raw, *files):
    return raw_files.make_relative(pd.Series(files), raw).tolist()


def test_absolute_paths_inside_the_raw_folder_become_relative(tmp_path, monkeypatch):
    raw = tmp_path / "disk" / "raw"
    (raw / "x").mkdir(parents=True)
    (tmp_path / "link").symlink_to(raw)
    (raw / "inner").symlink_to(tmp_path)
    named = [f"{raw}/x/a.mp3", f"{tmp_path}/link/x/a.mp3", f"{raw}/../raw/x/a.mp3", "./x//a.mp3"]
    for way in (raw, tmp_path / "link", raw / ".." / "raw"):
        assert make_relative(way, *named) == ["x/a.mp3"] * 4
    assert make_relative(raw, f"{raw}/inner/a.mp3") == ["inner/a.mp3"]
    monkeypatch.chdir(tmp_path)
    assert make_relative(raw.relative_to(tmp_path), *named) == ["x/a.mp3"] * 4


def test_accents_in_the_path_of_the_raw_folder_may_be_typed_otherwise(tmp_path):
    assert make_relative(tmp_path / "cafe\u0301", f"{tmp_path}/caf\u00e9/a.mp3") == ["a.mp3"]


def test_paths_elsewhere_stay_to_be_refused(tmp_path):
    raw = tmp_path / "raw"
    raw.mkdir()
    outside = ["/etc/passwd", f"{raw}/../a.mp3", f"{raw}2/a.mp3", f"/{raw}/../a.mp3", "../a.mp3"]
    outside += [f"{raw}", f"{raw}/..", "/" + "x/" * 10**6]
    for file in make_relative(raw, *outside):
        metadata = pd.DataFrame({"row": [7], "file": [file]}, index=["1"])
        with pytest.raises(ValueError, match="leaves the folder of the dataset"):
            raw_files.check_names(metadata)
    assert make_relative(raw, "") == [""]


@pytest.mark.parametrize(
    ("clip_id", "file", "message"),
    [
        ("1", "../secret.mp3", "leaves the folder"),
        ("1", "/etc/passwd", "leaves the folder"),
        ("1", "0/../../x.mp3", "leaves the folder"),
        ("1", "", "has no path"),
        ("1", "a\\b.mp3", "has a backslash"),
        ("1", "a.part", "named like an unfinished file"),
        ("../1", "0/x.mp3", "cannot name a file"),
        ("a/b", "0/x.mp3", "cannot name a file"),
        ("..", "0/x.mp3", "cannot name a file"),
        ("", "0/x.mp3", "cannot name a file"),
        ("a\\b", "0/x.mp3", "cannot name a file"),
        ("1", "x" * 10**6, r"'xxx.*'\.\.\. is longer than 4,096 bytes"),
        ("a\nb", "0/x.mp3", "not printable"),
        ("a.part", "0/x", "named like an unfinished file"),
        ("x" * 197, "0/x.mp3", "longer than 200 bytes"),
    ],
)
def test_names_that_lead_astray_are_refused_with_their_row(clip_id, file, message):
    metadata = pd.DataFrame({"row": [7], "file": [file]}, index=[clip_id])
    with pytest.raises(ValueError, match=rf"row 7 of the annotations: .*{message}") as refused:
        raw_files.check_names(metadata)
    assert len(str(refused.value)) < 300
    raw_files.check_names(metadata.set_axis(["x" * 196]).assign(file="0/x.mp3"))
