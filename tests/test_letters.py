"""Text of users as one line that fits: what is left of it, where it is cut."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autotagging.figures.letters import LABEL_WIDTH, clean, extra_room, measure, shorten, wrap

SHOWN_AS = {
    "new\nline": "new line",
    "tab\t\tand blanks  ": "tab and blanks",
    "bell\x07, null\0": "bell , null",
    "zero\u200bwidth": "zerowidth",
    "\u202eright to left\u202c": "right to left",
    "e\u0301": "é",
    "\udce9t\udce9": "\N{REPLACEMENT CHARACTER}t\N{REPLACEMENT CHARACTER}",
    "$\\foo_1^2$ 100 %": "$\\foo_1^2$ 100 %",
    "می\u200cر": "می\u200cر",
}


pytestmark = pytest.mark.filterwarnings("ignore:Glyph")  # figures are drawn without


@pytest.mark.parametrize("text", SHOWN_AS, ids=ascii)
def test_text_is_shown_as_one_line_of_visible_letters(text):
    assert clean(text) == SHOWN_AS[text]


def test_a_letter_keeps_a_few_of_its_accents():
    assert clean("x" + "\u0301" * 50 + "y") == "x" + "\u0301" * 3 + "y"


def test_text_that_fits_is_not_shortened():
    assert shorten("female vocals") == "female vocals"


def test_names_that_differ_at_their_ends_are_told_apart_when_they_are_shortened():
    names = [f"{n} a tag that is much too long for any label {n}" for n in range(3)]
    shortened = [shorten(name) for name in names]
    assert len(set(shortened)) == 3
    assert all(name[0] == name[-1] == str(n) for n, name in enumerate(shortened))
    assert all(name.count("…") == 1 for name in shortened)


@given(st.text(max_size=300), st.floats(0.3, 4), st.sampled_from([5, 8.5]))
def test_whatever_is_shortened_fits(text, width, size):
    text = text.encode("utf-8", "replace").decode()
    shortened = shorten(text * 3, width, size)
    assert measure(shortened, size) <= width or len(shortened) == 2
    assert "\n" not in shortened


@pytest.mark.parametrize("letter", ["x", "W", "\N{CJK UNIFIED IDEOGRAPH-5B57}"], ids=ascii)
def test_a_very_long_name_takes_most_of_the_room_and_no_more(letter):
    assert 0.85 * LABEL_WIDTH < measure(shorten(letter * 100_000)) <= LABEL_WIDTH


def test_no_accent_stands_without_its_letter_behind_the_ellipsis():
    shortened = shorten("हिन्दी" * 30)
    assert shortened.split("…")[1][0] not in "\u093f\u094d\u0940"


def test_text_is_wrapped_at_spaces_else_behind_hyphens_else_anywhere():
    assert wrap("one two three", measure("one two ")) == ["one two", "three"]
    assert wrap("one-two-three", measure("one-two-t")) == ["one-two-", "three"]
    assert wrap("onetwothree", measure("onetwo")) == ["onetwo", "three"]
    assert wrap("W", 0.01) == ["W"]


def test_long_labels_make_room_and_short_ones_take_none():
    assert extra_room(["rock", "calm"]) == 0
    assert extra_room([]) == 0
    assert extra_room(["x" * 30]) == pytest.approx(measure("x" * 30) - 0.8)
