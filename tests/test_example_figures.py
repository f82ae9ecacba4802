"""Tables of clips with their tags as a figure: text within its column, agreement in bold."""

from conftest import FIFTY_TAGS, assert_inside, find_touching

from autotagging.figures.examples import draw_examples


def example_of(clip_id="1", reason="best agreement", actual=("rock",), predicted=()):
    example = {"clip_id": clip_id, "reason": reason}
    return {**example, "actual": list(actual), "predicted": list(predicted)}


def test_every_text_of_the_table_is_inside_its_column():
    long = "a tag of many words that no column of this table can hold in one line at all"
    examples = [
        example_of("15317", actual=FIFTY_TAGS[:20], predicted=FIFTY_TAGS[10:40]),
        example_of("2", reason=long, actual=[long, "x" * 120]),
    ]
    figure = draw_examples(examples, "Two clips")
    texts = figure.axes[0].texts
    assert_inside(figure, texts)
    assert not find_touching(texts)
    frame = figure.axes[0].get_window_extent()
    boxes = [text.get_window_extent() for text in texts]
    assert all(frame.x0 <= box.x0 and box.x1 <= frame.x1 for box in boxes)


def test_the_column_of_ids_has_room_for_the_ids_of_ones_own_collection():
    clip_ids = [
        "audio-electronic-83",
        "a-folder-and-a-name-that-no-column-has-room-for-in-one-line",
    ]
    figure = draw_examples([example_of(clip_id) for clip_id in clip_ids], "Two clips")
    texts = [text.get_text() for text in figure.axes[0].texts]
    assert clip_ids[0] in texts
    pieces = [text for text in texts if clip_ids[1].startswith(text) and text]
    assert pieces
    assert all(piece.endswith("-") for piece in pieces)


def test_tags_in_both_columns_are_bold_and_no_others():
    example = example_of(actual=["jazz", "slow"], predicted=["beat", "jazz"])
    weights = {}
    for text in draw_examples([example], "One clip").axes[0].texts:
        weights.setdefault(text.get_text(), []).append(text.get_fontweight())
    assert weights["jazz"] == ["bold", "bold"]
    assert weights["slow"] == weights["beat"] == ["normal"]


def test_a_clip_without_a_predicted_tag_says_so():
    figure = draw_examples([example_of(predicted=[])], "One clip")
    assert "(none)" in [text.get_text() for text in figure.axes[0].texts]


def test_of_very_many_tags_of_a_clip_the_rest_is_counted():
    tags = [f"tag {number}" for number in range(130)]
    figure = draw_examples([example_of(actual=tags, predicted=tags[:100])], "One clip")
    texts = [text.get_text() for text in figure.axes[0].texts]
    assert texts.count("and 30 more") == 1
    assert "tag 99" in texts
    assert "tag 100" not in texts
