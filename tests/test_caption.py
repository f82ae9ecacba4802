"""The caption of a map: every number, what it leaves out, and what it does not prove."""

import pytest

from autotagging.tag_map import caption

SETTINGS = {"vectors": None, "labels": "all", "results": None, "method": "pca", "seed": 0}
SUMMARY = {
    "settings": SETTINGS,
    "dataset": "mine",
    "note": "",
    "tags": 5,
    "dimensions": 1,
    "tags_without_vector": ["lost"],
    "tags_by_synonym": ["a by b"],
    "tags_without_scores": [],
    "spaces_left_out": {},
    "trustworthiness": {"words": 0.91, "words, 4 dimensions": 0.97},
    "explained_variance": 0.5,
    "random_starts": {
        "neighbours_in_common": 0.7,
        "neighbours_in_common_sd": 0.05,
        "trustworthiness": 0.9,
        "trustworthiness_sd": 0.01,
    },
    "clusters": {"words": {"clusters": [["a", "c", "d"]], "groups": 2, "silhouette": 0.1}},
    "agreement": [],
    "closeness_of_errors": None,
}
AGREEMENT = {
    "spaces": ["words", "annotations"],
    "tags": 10,
    "rank_correlation": 0.5,
    "nearest": 5,
    "neighbours_in_common": 0.8,
    "by_chance": 5 / 9,
}
TOO_FEW = {**AGREEMENT, "tags": 6, **dict.fromkeys(("rank_correlation", "by_chance"))}
ERRORS = {
    "errors": 1007,
    "clips": 7,
    "errors_left_out": 3,
    "groups": 5,
    "closeness": 0.25,
    "at_random": 0.125,
    "difference": {"value": 0.125, "low": 0.1, "high": 0.15},
    "circular": False,
}
NO_ERROR = {"errors": 0, "errors_left_out": 0, "closeness": None, "difference": None}


def test_the_map_is_described_with_what_it_lacks():
    text = caption.describe_map(SUMMARY)
    assert text.startswith("Map of 4 of the 5 tags of mine, label set all, by principal components")
    assert "(.500 of the variance) of word vectors trained on the tag sets, 1 dimension. " in text
    assert text.endswith("1 tag found by a synonym: a by b. 1 tag without a vector: lost.")


def test_axes_of_tsne_mean_nothing_and_those_of_principal_components_do():
    by_tsne = {**SETTINGS, "method": "tsne", "seed": 3}
    text = caption.describe_map({**SUMMARY, "settings": by_tsne, "explained_variance": None})
    assert "t-SNE (perplexity 1, " in text
    assert "seed 3; its axes mean nothing)" in text
    assert "mean nothing" not in caption.describe_map(SUMMARY)


def test_vectors_from_a_file_are_told_from_those_that_are_trained():
    from_file = {**SETTINGS, "vectors": "words.bin"}
    text = caption.describe_map({**SUMMARY, "settings": from_file})
    assert "of word vectors from words.bin, " in text
    assert caption.describe_spaces(SETTINGS)["words"] == "word vectors trained on the tag sets"
    assert caption.describe_spaces(from_file)["words"] == "word vectors from words.bin"


def test_trust_is_told_beside_that_of_random_starts():
    text = caption.describe_trust(SUMMARY)
    assert ".910 in 2 dimensions, .970 in 4. " in text
    assert "from random starts: trustworthiness .900 ± .010; they share .700 ± .050 of" in text
    assert text.endswith("Of so few tags this says little.")
    assert "so few tags" not in caption.describe_trust({**SUMMARY, "tags": 50})


def test_clusters_are_listed_and_the_lack_of_any_is_said():
    text = caption.describe_clusters(SUMMARY["clusters"]["words"])
    assert "2 groups have the best mean silhouette, .100; 1 of them" in text
    assert "3 tags or more: a, c, d. " in text
    found = {"clusters": [], "groups": 2, "silhouette": 0.1}
    assert "0 of them have 3 tags or more: none." in caption.describe_clusters(found)


@pytest.mark.parametrize("circular", [False, True])
def test_agreement_of_one_origin_is_marked(circular):
    text = caption.describe_agreement(AGREEMENT, circular)
    assert text.startswith(
        "Words and annotations, 10 tags: rank correlation of all pairs .500, .800 of the nearest "
        "5 in common (by chance .556)."
    )
    assert text.endswith("Both are of the annotations.") == circular


def test_words_trained_on_annotations_say_something_of_the_network():
    row = {**AGREEMENT, "spaces": ["words", "network"]}
    assert "Both are of" not in caption.describe_agreement(row, circular=True)


def test_agreement_of_too_few_tags_is_not_a_number():
    text = caption.describe_agreement(TOO_FEW, circular=False)
    assert text.startswith("Words and annotations, 6 tags: too few tags")


def test_errors_are_told_with_what_is_left_out():
    text = caption.describe_errors(ERRORS)
    assert text.startswith(
        "1,007 wrong predictions on 7 test clips: cosine .250 to the nearest true tag, that of "
        "other tags at random .125: +.125 (+.100 to +.150), 95 % interval by resamples of 5 "
        "artists."
    )
    assert "3 are left out" in text
    assert "left out" not in caption.describe_errors({**ERRORS, "errors_left_out": 0})


def test_of_one_artist_no_interval_is_told():
    difference = {"value": 0.125, "low": None, "high": None}
    text = caption.describe_errors({**ERRORS, "groups": 1, "difference": difference})
    assert ": +.125." in text


def test_errors_judged_by_vectors_of_the_annotations_prove_nothing():
    assert "proves nothing" in caption.describe_errors({**ERRORS, "circular": True})
    assert "proves nothing" not in caption.describe_errors(ERRORS)


def test_without_an_error_there_is_nothing_to_judge():
    text = caption.describe_errors(NO_ERROR)
    assert text.startswith("No wrong prediction can be judged; 0 are left out")


def test_a_caption_has_a_paragraph_for_each_thing_there_is_to_say():
    assert len(caption.write(SUMMARY)) == 3
    more = {"agreement": [AGREEMENT], "closeness_of_errors": ERRORS, "note": "Synthetic sample"}
    more["spaces_left_out"] = {"network": "all tags have the same direction"}
    paragraphs = caption.write({**SUMMARY, **more})
    assert len(paragraphs) == 7
    assert paragraphs[3].endswith("Both are of the annotations.")
    assert paragraphs[4] == "There is no map by network: all tags have the same direction."
    assert paragraphs[6] == "Synthetic sample."


def test_tags_that_results_have_no_scores_of_are_counted_and_named():
    settings = {**SETTINGS, "results": "peer"}
    summary = {**SUMMARY, "settings": settings, "tags_without_scores": ["lost", "a"]}
    paragraphs = caption.write(summary)
    assert len(paragraphs) == 4
    assert paragraphs[1] == (
        "results/peer have scores of 3 of the 5 tags. 2 tags without, hence without a ROC-AUC, "
        "a place by network or a wrong prediction: lost, a."
    )


def test_a_summary_of_an_earlier_version_has_a_caption():
    earlier = {k: v for k, v in SUMMARY.items() if k[:9] not in ("tags_with", "spaces_le")}
    assert caption.write({**earlier, "tags_without_vector": []})
