"""How measures, paths and lists of names are written."""

import math
from pathlib import Path

import pytest

from autotagging import formatting


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.91149, ".911"),
        (0.0, ".000"),
        (1.0, "1.000"),
        (0.9996, "1.000"),
        (10.25, "10.250"),
        (None, "-"),
        (math.nan, "-"),
    ],
)
def test_a_measure_has_three_decimals_and_no_0_before_the_point(value, text):
    assert formatting.measure(value) == text


def test_a_measure_is_followed_by_its_interval_where_it_has_one():
    assert formatting.measure_with_interval(0.746, 0.721, 0.77) == ".746 (.721 to .770)"
    assert formatting.measure_with_interval(0.746, None, None) == ".746"
    assert formatting.measure_with_interval(math.nan, math.nan, math.nan) == "-"


def test_a_difference_has_a_sign():
    assert formatting.difference(0.0123) == "+.012"
    assert formatting.difference(-0.0123, -0.02, 0.001) == "-.012 (-.020 to +.001)"
    assert formatting.difference(-1.0) == "-1.000"
    assert formatting.difference(10.5) == "+10.500"
    assert formatting.difference(None) == formatting.difference(math.nan) == "-"


def test_the_first_of_many_names_are_listed_and_the_others_counted():
    assert formatting.list_some(["rock", "slow"]) == "rock, slow"
    assert formatting.list_some(range(9)) == "0, 1, 2, 3, 4, 5, 6, 7 and 1 more"
    assert formatting.list_some("abc", 2) == "a, b and 1 more"
    assert formatting.list_some([]) == ""
    assert formatting.list_some(range(9), None) == "0, 1, 2, 3, 4, 5, 6, 7, 8"
    assert formatting.list_some(["rock, loud", "slow"]) == '"rock, loud", slow'


def test_a_path_is_relative_to_the_working_folder_where_it_lies_below_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert formatting.display_path(tmp_path / "data" / "x.csv") == str(Path("data", "x.csv"))
    assert formatting.display_path("data/x.csv") == str(Path("data", "x.csv"))
    assert formatting.display_path(tmp_path.parent / "x.csv") == str(tmp_path.parent / "x.csv")


def test_files_that_were_written_are_printed_a_line_each(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    formatting.print_all_written(tmp_path / "clips", {"a.csv": "2 clips", "b.csv": "1 clip"})
    lines = ["wrote clips/a.csv: 2 clips", "wrote clips/b.csv: 1 clip"]
    assert capsys.readouterr().out.splitlines() == lines


def test_tags_that_averages_leave_out_are_named_by_the_reason():
    text = formatting.list_left_out("test", ["a", "b", "c"], ["b"])
    averages = "left out of the averages over test clips: "
    assert text == averages + "on no clip 2 tags (a, c); on every clip 1 tag (b)"
    assert formatting.list_left_out("x", ["b"], ["b"]).endswith("x clips: on every clip 1 tag (b)")
    assert formatting.list_left_out("x", [], []) == ""
