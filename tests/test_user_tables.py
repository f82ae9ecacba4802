"""Tables that users bring: read, or refused in one sentence."""

import pytest

from autotagging import user_tables


@pytest.fixture
def table(tmp_path):
    """Return a function that writes a table and returns its path."""

    def write(text, encoding="utf-8"):
        path = tmp_path / "mine.csv"
        path.write_bytes(text.encode(encoding))
        return path

    return write


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
@pytest.mark.parametrize("separator", [",", "\t"])
def test_commas_and_tabs_separate(table, separator, line_end, encoding):
    text = line_end.join(["path|naïve", '"a|b"|1', "c|0", ""]).replace("|", separator)
    path = table(text, encoding)
    assert user_tables.read_header(path) == (["path", "naïve"], separator)
    read = user_tables.read(path)
    assert read.to_dict("list") == {"path": [f"a{separator}b", "c"], "naïve": ["1", "0"]}
    assert read.index.tolist() == [2, 3]


def test_blank_lines_count_as_rows_and_blanks_around_values_for_nothing(table):
    read = user_tables.read(table(" tag , kind\n\nrock , genre\n,\n\nslow,  tempo  \n\n"))
    assert read.to_dict("index") == {
        3: {"tag": "rock", "kind": "genre"},
        6: {"tag": "slow", "kind": "tempo"},
    }


def test_what_looks_like_a_missing_value_is_text(table):
    read = user_tables.read(table("tag,kind\nNA,nan\nnull,\n"))
    assert read.to_numpy().tolist() == [["NA", "nan"], ["null", ""]]


def test_a_row_that_is_too_short_ends_in_empty_text(table):
    assert user_tables.read(table("a,b\n1\n")).loc[2].tolist() == ["1", ""]


def test_columns_of_numbers_are_of_their_type(table):
    types = {"rock": "int8", "score": "float32"}
    read = user_tables.read(table("path,rock,score\na.mp3,1,0.5\n"), types)
    assert read.dtypes[["rock", "score"]].astype(str).to_dict() == types
    assert read.loc[2].tolist() == ["a.mp3", 1, 0.5]


@pytest.mark.parametrize("row", ["a.mp3,true", "a.mp3,300", "a.mp3,", "a.mp3", ""])
def test_where_a_value_is_no_such_number_all_columns_are_text(table, row):
    read = user_tables.read(table(f"path,rock\nb.mp3,1\n{row}\n"), {"rock": "int8"})
    assert read.loc[2].tolist() == ["b.mp3", "1"]
    assert read.index.tolist() == ([2, 3] if row else [2])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty, or begins with an empty line"),
        ("\ntag,kind\na,b\n", "is empty, or begins with an empty line"),
        ("tag,,kind\na,b,c\n", "column 2 has no name: name it, or remove it"),
        ("tag,kind,\na,b,\n", "column 3 has no name: name it, or remove it"),
        ("tag,kind, tag\na,b,c\n", "has the column 'tag' twice: rename or remove one"),
        ("caf\u00e9,cafe\u0301\na,b\n", "has the column 'caf\u00e9' twice"),
        ('tag,"ki\nnd"\na,b\n', r"the name of column 2, 'ki\\nnd', is not printable"),
        ("tag,kind\na,b,c\n", "has rows with more values than the 2 columns of its header"),
        ("tag,kind\na,b\na,b,c\n", "row 3: it has more values than the 2 columns of its header"),
        ('tag,kind\na,b\n"a,b\nc,d\n', "row 3: a quotation mark is not closed"),
        (
            'tag,kind\na,"b\nc,"d"\n',
            r"row 2: 'kind' is 'b\\nc,d\"', with a line break in it: close a quotation mark",
        ),
        ("tag;kind\na;b\n", "is separated by semicolons: save it as CSV in UTF-8"),
        ("tag;kind;rock, calm\na;b;1\n", "is separated by semicolons: save it as CSV in UTF-8"),
        ("x" * 300 + ",b\n1,2\n", "the name of column 1 is longer than 255 characters"),
        ("x" * 200_000 + "\n1\n", "the name of a column is longer than 255 characters"),
    ],
    ids=[
        "empty",
        "blank",
        "unnamed",
        "trailing",
        "twice",
        "twice-in-unicode",
        "line-break",
        "long-first-row",
        "long-row",
        "unclosed",
        "closed-late",
        "semicolons",
        "semicolons-and-comma",
        "long-name",
        "endless-name",
    ],
)
def test_a_table_that_is_wrong_is_refused_in_one_sentence(table, text, message):
    with pytest.raises(ValueError, match=rf"mine\.csv.*{message}") as refused:
        user_tables.read(table(text))
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 400


@pytest.mark.parametrize(
    "content",
    [
        "t\u00e4g,kind\na,b\n".encode("latin-1"),
        b"tag,kind\na,\xe4\n",
        "tag,kind\na,b\n".encode("utf-16"),
        "tag,kind\na,b\n".encode("utf-16-le"),
        b"tag,kind\na\0c,b\n",
        b"PK\x03\x04\x14\0",
        b"tag,kind\na,b\n\xc3",
    ],
    ids=["latin-1", "latin-1-below", "utf-16", "utf-16-unmarked", "nul", "spreadsheet", "cut-off"],
)
def test_a_table_that_is_not_in_utf_8_is_refused_with_the_remedy(tmp_path, content):
    (tmp_path / "mine.csv").write_bytes(content)
    message = r"mine\.csv is not a table in UTF-8: save it as CSV in UTF-8, separated by commas"
    with pytest.raises(ValueError, match=message):
        user_tables.read(tmp_path / "mine.csv")


def test_a_semicolon_in_a_name_is_no_separator(table):
    assert user_tables.read(table("path,rock; pop\na.mp3,1\n")).columns.tolist()[1] == "rock; pop"


def test_a_value_of_a_million_characters_is_read(table):
    read = user_tables.read(table(f"path,title\na.mp3,{'x' * 10**6}\n"))
    assert len(read.loc[2, "title"]) == 10**6
    assert user_tables.quote(read.loc[2, "title"]) == repr("x" * 80) + "..."


def test_a_number_larger_than_its_type_leaves_all_columns_text(table):
    read = user_tables.read(table(f"path,rock\na.mp3,{'9' * 30}\n"), {"rock": "int8"})
    assert read.loc[2, "rock"] == "9" * 30


def test_names_of_columns_are_the_same_however_their_accents_are_typed(table):
    assert user_tables.read_header(table("cafe\u0301,b\n"))[0] == ["caf\u00e9", "b"]


@pytest.mark.parametrize("rows", ["", "\n,\n"])
def test_a_table_of_its_header_alone_has_no_rows(table, rows):
    assert user_tables.read(table("tag,kind\n" + rows)).shape == (0, 2)
