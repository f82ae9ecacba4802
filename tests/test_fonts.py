"""Fonts for letters that the figures' own font lacks: found where installed, else named."""

import warnings

import pytest
from conftest import assert_legible, draw_texts
from test_legibility import DRAWINGS

from autotagging.figures import fonts, style, tags

JAPANESE = "日本の音楽"
NOWHERE = "\U0010fffd"  # for private use: no font has it
ODD = [
    JAPANESE,
    "$\\foo$",
    "$x^2$_{a}",
    "100 % \\textbf{x}",
    "emoji 😀🎸",
    "عربي",
    "עברית",
    "हिन्दी",
    "한국어",
    "e\u0301te\u0301",
    "new\nline",
    "tab\there",
    "zero\u200bwidth",
    "bell\x07",
    "not utf-8 \udce9",
    "_hidden",
    "x" + "\u0301" * 60,
    "",
]


def draw(names):
    return tags.draw_tag_bars([0.5] * len(names), names, "recall")


@pytest.fixture
def japanese_font():
    """Skip where no installed font has Japanese letters."""
    if not fonts.find_families(JAPANESE):
        pytest.skip("no installed font has Japanese letters (Debian's package fonts-noto-cjk)")


@pytest.mark.parametrize("name", DRAWINGS)
def test_tags_of_all_scripts_and_signs_are_drawn_without_a_warning(name, tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figure = DRAWINGS[name](ODD)
        style.save(figure, tmp_path / name, "日本 $\\foo$. Synthetic sample")
    assert (tmp_path / name).exists()


@pytest.mark.usefixtures("japanese_font")
def test_letters_of_another_script_come_from_an_installed_font():
    figure = draw(["rock", JAPANESE])
    assert not fonts.find_undrawn(figure)
    assert_legible(figure)
    latin = draw(["rock"])
    families = [
        {tuple(text.get_fontfamily()) for text in draw_texts(drawn)} for drawn in (latin, figure)
    ]
    assert families[0] == {(fonts.FAMILY,)}
    assert all(family[0] == fonts.FAMILY and len(family) > 1 for family in families[1])


@pytest.mark.usefixtures("japanese_font")
def test_a_note_may_have_letters_of_another_script(tmp_path):
    assert style.save(draw(["rock"]), tmp_path / "a.png", JAPANESE) == set()


def test_letters_that_no_font_has_are_named_in_one_sentence(tmp_path, capsys):
    names = ["rock", NOWHERE]
    style.save_missing(tmp_path, "", {"a.png": lambda: draw(names), "b.png": lambda: draw(names)})
    *drew, sentence = capsys.readouterr().out.splitlines()
    assert len(drew) == 2
    assert sentence.startswith(f"no installed font has {NOWHERE}: ")


def test_a_font_that_is_damaged_is_passed_over(tmp_path, monkeypatch):
    damaged = tmp_path / "damaged.ttf"
    damaged.write_bytes(b"no font")
    monkeypatch.setattr(fonts.font_manager, "findSystemFonts", lambda: [str(damaged)])
    fonts._installed.cache_clear()
    assert fonts.find_families(JAPANESE) == []
    fonts._installed.cache_clear()


def test_the_fewest_fonts_that_have_the_letters_are_taken(monkeypatch):
    class Font:
        def __init__(self, letters):
            self.letters = letters

        def get_char_index(self, number):
            return int(chr(number) in self.letters)

    installed = {"Serif": Font("abc"), "Sans": Font("abc"), "Few": Font("ab"), "Rest": Font("cd")}
    monkeypatch.setattr(fonts, "_installed", lambda: installed)
    assert fonts.find_families("abcde") == ["Sans", "Rest"]
    assert fonts.find_families("") == []
