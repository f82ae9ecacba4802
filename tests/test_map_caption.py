"""The caption of a map: every number, what it leaves out, and what it does not prove."""

import numpy as np
import pandas as pd
import pytest

from autotagging.tag_map import caption, similarity

TAGS = list("abcdefghij")


def agreement(n_tags=10):
    angles = np.arange(n_tags) ** 1.5
    table = pd.DataFrame(np.column_stack([np.cos(angles), np.sin(angles)]), TAGS[:n_tags])
    near = similarity.cosines(table)
    return similarity.agreement({"words": near, "annotations": near})[0][0], near


def errors(wrong, circular=False):
    _, near = agreement()
    y_true = pd.DataFrame(np.eye(10, dtype=bool), columns=TAGS)
    y_pred = pd.DataFrame(np.roll(np.eye(10, dtype=bool), 1, axis=1) & wrong, columns=TAGS)
    how = {"draws": 50, "seed": 0}
    found = similarity.closeness_of_errors(
        y_true, y_pred, np.arange(10) // 2, near.iloc[:8, :8], how
    )
    return caption.describe_errors({**found, "circular": circular})


@pytest.mark.parametrize("circular", [False, True])
def test_agreement_of_one_origin_is_marked(circular):
    text = caption.describe_agreement(agreement()[0], circular)
    assert text.startswith(
        "Words and annotations, 10 tags: rank correlation of all pairs 1.00, 100 %"
    )
    assert "of the nearest 5 in common (by chance 56 %)." in text
    assert text.endswith("Both are of the annotations.") == circular


def test_agreement_of_too_few_tags_is_not_a_number():
    text = caption.describe_agreement(agreement(6)[0], False)
    assert text.startswith("Words and annotations, 6 tags: too few tags")


def test_errors_are_told_with_what_is_left_out_and_what_is_circular():
    text = errors(wrong=True)
    assert text.startswith("7 wrong predictions on 7 test clips: cosine ")
    assert "95 % of draws of 5 artists" in text
    assert "3 are left out" in text
    assert "proves nothing" not in text
    assert "proves nothing" in errors(wrong=True, circular=True)
    assert errors(wrong=False).startswith("No wrong prediction to judge; 0 are left out")


def test_words_fit_their_numbers():
    found = {"clusters": [], "groups": 2, "silhouette": 0.1}
    assert "0 of them have 3 tags or more: none." in caption.describe_clusters(found)
    settings = {"vectors": "trained on the tag sets", "from_elsewhere": False, "method": "pca"}
    summary = {
        "settings": {**settings, "labels": "all", "seed": 0},
        "dataset": "mine",
        "tags": 5,
        "dimensions": 1,
        "tags without a vector": ["lost"],
        "tags by a synonym": ["a by b"],
        "explained variance": 0.5,
    }
    text = caption.describe_map(summary)
    assert "by principal components (0.50 of the variance) of word vectors trained on the" in text
    assert "1 dimension. " in text
    assert text.endswith("1 tag found by a synonym: a by b. 1 tag without a vector: lost.")
    assert "mean nothing" not in text
