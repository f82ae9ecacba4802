"""Tags of a label set and of a network trained elsewhere are matched by name, and counted."""

import pandas as pd
import pytest

from autotagging.results import common_tags

SYNONYMS = {"vocals": "vocal", "voice": "vocal", "beats": "beat"}


def test_tags_are_matched_by_name_and_the_others_are_named():
    common = common_tags.match(["rock", "vocal", "calm"], ["vocal", "rock", "harp"], {})
    assert common.members == {"rock": ["rock"], "vocal": ["vocal"]}
    assert common.missing == ["calm"]
    assert common.unused == ["harp"]


def test_case_is_passed_over_unless_both_are_there():
    assert common_tags.match(["Rock", "house"], ["rock", "House"], {}).members == {
        "Rock": ["rock"],
        "house": ["House"],
    }
    both = common_tags.match(["House", "house"], ["house", "House"], {})
    assert both.members == {"House": ["House"], "house": ["house"]}


def test_synonyms_stand_for_the_tag_that_they_are_merged_into():
    common = common_tags.match(["vocal", "beat"], ["vocals", "voice", "beat", "beats"], SYNONYMS)
    assert common.members == {"vocal": ["vocals", "voice"], "beat": ["beat", "beats"]}
    outputs = pd.DataFrame({"vocals": [0.1, 0.4], "voice": [0.3, 0.2], "beat": 0.5, "beats": 0.1})
    assert common.merge(outputs)["vocal"].tolist() == [0.3, 0.4]
    assert common.merge(outputs, "mean")["beat"].tolist() == pytest.approx([0.3, 0.3])
    assert common.describe()["merged_by_maximum"] == common.members


def test_case_is_passed_over_in_synonyms_too():
    common = common_tags.match(["Vocal"], ["Vocals", "VOICE"], SYNONYMS)
    assert common.members == {"Vocal": ["Vocals", "VOICE"]}


def test_a_group_of_which_the_label_set_has_one_word_alone_means_the_same():
    common = common_tags.match(["voice", "beat"], ["vocal", "vocals", "beats"], SYNONYMS)
    assert common.members == {"voice": ["vocal", "vocals"], "beat": ["beats"]}
    assert common_tags.match(["voice"], ["vocal", "voice"], {}).unused == ["vocal"]


def test_of_two_tags_that_differ_in_case_the_more_frequent_is_meant_by_a_third():
    assert common_tags.match(["house", "House"], ["HOUSE"], {}).members == {"house": ["HOUSE"]}


def test_a_synonym_that_the_label_set_has_stands_for_itself():
    common = common_tags.match(["vocal", "vocals"], ["vocals"], SYNONYMS)
    assert common.members == {"vocals": ["vocals"]}


def test_without_a_tag_in_common_the_first_of_both_are_named():
    with pytest.raises(ValueError, match=r"knows rock, pop; the label set has calm$"):
        common_tags.match(["calm"], ["rock", "pop"], SYNONYMS)
