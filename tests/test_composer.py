"""The composer: notes that fit the piece, and tags that follow from the notes."""

from itertools import pairwise

import numpy as np
import pytest

from autotagging.sample.composer import contents, drums, harmony
from autotagging.sample.composer.pieces import STYLES, compose, cut, draw_hand
from autotagging.sample.listeners import VOCABULARY

SECONDS = 60.0


def piece(style, seed=0, **hand):
    rng = np.random.default_rng([seed, len(style)])
    return compose(style, draw_hand(rng) | hand, SECONDS, rng)


def part(name="tune", program=0, notes=((0.0, 29.0, 60, 80),), **changes):
    usual = {"is_drum": False, "sung": None, "vibrato": 0}
    played = {"name": name, "program": program, "notes": np.array(notes, dtype=float)}
    return usual | played | changes


def hand_made(style, *parts, tempo=100.0):
    return {
        "style": style, "tempo": tempo, "metre": 4, "seconds": 29.0, "level": -16.0,
        "swell": False, "sections": [], "parts": list(parts),
    }  # fmt: skip


@pytest.mark.parametrize("style", STYLES)
def test_every_style_gives_notes_that_fit_the_piece(style):
    for seed in range(3):
        composed = piece(style, seed)
        for played in composed["parts"]:
            onset, length, sound, velocity = played["notes"].T
            assert np.all(onset >= 0)
            assert np.all(np.diff(onset) >= 0)
            assert np.all(length > 0)
            assert np.all(onset + length <= SECONDS + 1e-9)
            assert np.all((sound >= 12) & (sound <= 119))
            assert np.all(sound == np.round(sound))
            assert np.all((velocity >= 18) & (velocity <= 127))


@pytest.mark.parametrize("style", STYLES)
def test_no_stretch_of_a_piece_is_silent(style):
    for seed in range(5):
        composed = piece(style, seed)
        for start in (0, 30):
            heard = [contents.share(played, start, start + 29) for played in composed["parts"]]
            assert max(heard) > 0.5


@pytest.mark.parametrize("style", STYLES)
def test_true_tags_are_words_of_the_vocabulary_that_do_not_contradict(style):
    for seed in range(5):
        tags = contents.true_tags(piece(style, seed), 0, 29)
        assert tags <= set(VOCABULARY)
        assert not {"fast", "slow"} <= tags
        assert not {"loud", "quiet"} <= tags
        assert not {"no singer", "singer"} <= tags
        assert not {"no beat", "drum"} <= tags


@pytest.mark.parametrize("style", STYLES)
def test_two_tags_of_a_piece_at_least_follow_from_its_notes_not_from_its_style(style):
    for seed in range(5):
        tags = contents.true_tags(piece(style, seed), 0, 29)
        assert len(tags - set(STYLES[style]["tags"])) >= 2


def test_a_piece_is_the_same_for_the_same_seed_and_another_for_another():
    first, again, other = piece("jazz", 1), piece("jazz", 1), piece("jazz", 2)
    for one, two in zip(first["parts"], again["parts"], strict=True):
        np.testing.assert_array_equal(one["notes"], two["notes"])
    assert first["tempo"] != other["tempo"]


def test_sections_follow_each_other_to_the_end_of_the_piece():
    sections = piece("rock")["sections"]
    for before, after in pairwise(sections):
        assert before["end"] == pytest.approx(after["start"])
    assert sections[0]["start"] == 0
    assert sections[-1]["end"] >= SECONDS


def test_the_hand_sets_pace_and_singer():
    slow, fast = piece("metal", pace=0.0), piece("metal", pace=1.0)
    assert slow["tempo"] < fast["tempo"]
    middles = [
        np.median(played["notes"][:, 2])
        for singer in ("male", "female")
        for played in piece("opera", 3, singer=singer)["parts"]
        if played["name"] == "voice"
    ]
    assert middles[0] < 60 <= middles[1]


@pytest.mark.parametrize(
    ("tempo", "tags"), [(60, {"slow"}), (100, set()), (150, {"fast"})]
)  # fmt: skip
def test_tempo_tags_agree_with_the_tempo(tempo, tags):
    told = contents.true_tags(hand_made("piano recital", part(), tempo=tempo), 0, 29)
    assert told & {"fast", "slow"} == tags


def test_an_instrument_is_named_where_it_sounds_a_fifth_of_the_time():
    long = part(program=42, notes=((0, 8, 45, 80),))
    short = part(program=73, notes=((0, 3, 70, 80),))
    tags = contents.true_tags(hand_made("string quartet", part(program=40), long, short), 0, 29)
    assert {"violin", "cello", "string"} <= tags
    assert "flute" not in tags
    assert "no piano" in tags
    assert "solo" not in tags


def test_a_voice_is_named_by_its_register_and_no_singer_only_where_none_sings():
    low = part("voice", 54, ((0, 20, 48, 90),), sung="one")
    brief = part("voice", 54, ((0, 2, 48, 90),), sung="one")
    sung = contents.true_tags(hand_made("rock", part(program=29), low), 0, 29)
    assert {"vocal", "singer", "male"} <= sung
    assert not {"female", "no singer"} & sung
    assert "no singer" in contents.true_tags(hand_made("rock", part(program=29)), 0, 29)
    hummed = contents.true_tags(hand_made("rock", part(program=29), brief), 0, 29)
    assert not {"no singer", "vocal"} & hummed


def test_solo_is_one_instrument_and_drums_are_heard_as_drums():
    alone = contents.true_tags(hand_made("cello alone", part(program=42)), 0, 29)
    assert "solo" in alone
    assert "drum" not in alone
    strokes = part("drums", 0, [(k / 2, 0.1, 38, 90) for k in range(58)], is_drum=True)
    drummed = contents.true_tags(hand_made("rock", part(program=29), strokes), 0, 29)
    assert {"drum", "beat"} <= drummed
    assert not {"solo", "piano"} & drummed


def test_level_follows_how_strongly_is_played():
    notes = [(k, 1, 60, 120 if k < 29 else 30) for k in range(58)]
    two_halves = hand_made("piano recital", part(notes=notes)) | {"seconds": 58.0}
    difference = contents.level(two_halves, 0, 29) - contents.level(two_halves, 29, 58)
    assert difference == pytest.approx(20 * np.log10(120 / 30))


def test_chords_are_those_of_the_key():
    assert harmony.chord(60, "major", 0, "triad") == [60, 64, 67]
    assert harmony.chord(60, "major", 4, "seventh") == [67, 71, 74, 77]
    assert harmony.chord(57, "minor", 4, "triad") == [64, 68, 71]  # E major in A minor
    assert harmony.chord(60, "mixolydian", 3, "dominant") == [65, 69, 72, 75]
    assert harmony.pitch(60, "major", -1) == 59
    assert harmony.pitch(60, "major", 7) == 72


def test_a_voicing_moves_little_and_holds_the_chord():
    first = harmony.voicing([60, 64, 67], [], 52, 3)
    second = harmony.voicing([65, 69, 72], first, 52, 3)
    assert {sound % 12 for sound in second} == {5, 9, 0}
    assert first == sorted(first)
    assert abs(np.mean(first) - np.mean(second)) <= 4


def test_pitches_are_moved_by_octaves_into_the_range():
    moved = harmony.into_range([30, 60, 100], 48, 71)
    assert moved.tolist() == [54, 60, 64]


def test_a_rhythm_fills_its_bar():
    rng = np.random.default_rng(0)
    for density in (0.5, 1, 2, 3):
        rhythm = harmony.rhythm(rng, 4, density)
        assert rhythm[0][0] == 0
        assert sum(length for _, length in rhythm) == pytest.approx(4)


def test_drum_patterns_name_drums_of_the_kit_in_sixteenths():
    for patterns in drums.PATTERNS.values():
        for pattern in patterns:
            assert set(pattern) <= set(drums.KIT)
            assert {len(steps) for steps in pattern.values()} <= {12, 16}
            assert set("".join(pattern.values())) <= {".", "-", "o", "x"}


def test_a_part_ends_with_the_piece():
    shortened = cut(part(notes=((0, 5, 60, 80), (8, 5, 60, 80), (10, 1, 60, 80))), 10)["notes"]
    assert shortened[:, :2].tolist() == [[0, 5], [8, 2]]
