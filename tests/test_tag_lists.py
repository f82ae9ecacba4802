"""The tags of a song for readers."""

import numpy as np
import pytest
from tagged_songs import model_of, pieces_of, song_of

from autotagging.tagging.tag_lists import Choice, describe_length, write_table

TUNED = model_of(thresholds=[0.6, 0.2, 0.3])
SCORES = np.array([0.5, 0.25, 0.3], dtype=np.float32)


@pytest.mark.parametrize(
    ("choice", "model", "chosen"),
    [
        (Choice(), TUNED, [2, 1]),
        (Choice("tuned"), TUNED, [2, 1]),
        (Choice("tuned", 1), TUNED, [2]),
        (Choice(None, 2), TUNED, [0, 2]),
        (Choice(0.5), TUNED, [0]),
        (Choice(0.9), TUNED, []),
        (Choice(0.2, 2), TUNED, [0, 2]),
        (Choice(), model_of(), [0, 2, 1]),
        (Choice(0.3), model_of(), [0, 2]),
    ],
    ids=str,
)
def test_tags_are_chosen_by_thresholds_where_there_are_any(choice, model, chosen):
    assert choice.choose(SCORES, model).tolist() == chosen


def test_a_network_without_thresholds_gives_the_ten_most_probable():
    scores = np.linspace(0, 1, 30)
    model = model_of([str(n) for n in range(30)])
    assert Choice().choose(scores, model).tolist() == [*range(29, 19, -1)]


def test_thresholds_that_a_network_has_not_are_refused():
    with pytest.raises(ValueError, match=r"mine has no tuned thresholds.*--threshold 0\.3"):
        Choice("tuned").check(model_of())
    Choice("tuned").check(TUNED)


def test_a_table_has_a_line_a_tag_with_bar_and_probability():
    text = write_table(song_of("a/x.mp3"), pieces_of(), SCORES, model_of(), Choice(None, 2))
    assert text.splitlines() == [
        "a/x.mp3: 0:03, 3 pieces",
        "  rock  ##########            .500",
        "  Jóga  ######                .300",
    ]


def test_a_table_without_tags_names_the_nearest():
    text = write_table(song_of("x"), pieces_of(), SCORES, TUNED, Choice(0.9))
    assert "no tag reaches its threshold: nearest is rock, .500" in text


def test_how_much_of_a_song_was_heard_is_said():
    assert describe_length(pieces_of(600.0, 10, 21)) == "10:00, 10 of 21 pieces"
    assert describe_length(pieces_of(59.7, 1, 1)) == "1:00, 1 piece"
    assert describe_length(pieces_of(None, 1, None)) == "its first 1 s"
