"""The simulated listeners: what they forget, invent and call otherwise."""

import numpy as np
import pytest

from autotagging import cli
from autotagging.clips import annotations
from autotagging.labels import synonyms
from autotagging.sample import dataset, listeners, plan

SYNONYMS = synonyms.read_synonyms(cli.SYNONYMS)
COLUMN = {tag: k for k, tag in enumerate(listeners.VOCABULARY)}


def some_truth(n_clips=2000):
    rng = np.random.default_rng(0)
    truth = np.zeros((n_clips, 188), dtype=bool)
    for tag in ("guitar", "female", "solo", "jazz", "modern", "string"):
        truth[:, COLUMN[tag]] = rng.random(n_clips) < 0.3
    return truth


def merged(given):
    kept = given.copy()
    for synonym, tag in SYNONYMS.items():
        kept[:, COLUMN[tag]] |= given[:, COLUMN[synonym]]
        kept[:, COLUMN[synonym]] = False
    return kept


def test_the_vocabulary_has_188_words():
    assert len(set(listeners.VOCABULARY)) == len(listeners.VOCABULARY) == 188


def test_the_vocabulary_is_magnatagatunes_in_its_order(test_data):
    tags = annotations.read_annotations(test_data / "mtt" / "annotations_final.csv").tags
    assert list(listeners.VOCABULARY) == list(tags.columns)


def test_every_synonym_and_every_obvious_tag_is_in_the_vocabulary():
    words = set(listeners.VOCABULARY)
    assert set(SYNONYMS) <= words
    assert set(SYNONYMS.values()) <= words
    assert words >= listeners.OBVIOUS
    assert not listeners.OBVIOUS & set(SYNONYMS)


def test_each_tag_is_forgotten_at_its_rate():
    truth = some_truth()
    given = listeners.remember(truth, np.random.default_rng(1))
    assert not (given & ~truth).any()
    for tag, kind in (("guitar", "obvious"), ("solo", "subtle")):
        share = 1 - given[:, COLUMN[tag]].sum() / truth[:, COLUMN[tag]].sum()
        assert share == pytest.approx(listeners.FORGOTTEN[kind], abs=0.002)


def test_untrue_tags_are_never_true_and_one_in_twenty():
    truth = some_truth()
    given = listeners.remember(truth, np.random.default_rng(1))
    wrong = listeners.untrue(truth, given, np.random.default_rng(2))
    assert not (wrong & truth).any()
    assert wrong.sum() / (wrong.sum() + given.sum()) == pytest.approx(0.05, abs=0.002)
    assert not wrong[:, ~truth.any(axis=0)].any()


def test_a_tag_is_given_under_one_name_of_its_group():
    truth = some_truth()
    named = listeners.renamed(truth, SYNONYMS, np.random.default_rng(3))
    np.testing.assert_array_equal(merged(named), truth)
    assert named.sum() == truth.sum()
    group = [COLUMN[s] for s, tag in SYNONYMS.items() if tag == "female"]
    assert (named[:, group].sum(axis=0) > 0).all()
    assert named[:, COLUMN["female"]].any()
    assert named[:, COLUMN["strings"]].sum() > named[:, COLUMN["string"]].sum()


@pytest.mark.parametrize(("n_clips", "seed"), [(1500, 0), (600, 0), (600, 1), (600, 2)])
def test_the_rates_and_the_coverage_hold_in_the_sample(n_clips, seed):
    tracks = plan.plan_tracks(n_clips, seed)
    truth = dataset.truth_of(tracks)
    given = merged(listeners.listen(truth, SYNONYMS, np.random.default_rng([seed, 1])))
    assert 1 - (given & truth).sum() / truth.sum() == pytest.approx(0.25, abs=0.01)
    assert (given & ~truth).sum() / given.sum() == pytest.approx(0.05, abs=0.01)
    assert 5 <= truth.sum(axis=1).mean() <= 9
    assert given.any(axis=1).mean() > 0.99
    files = [clip["file"] for track in tracks for clip in plan.cut_segments(track)]
    in_test = np.array([file[0] in "def" for file in files])
    in_validation = np.array([file[0] == "c" for file in files])
    top = np.argsort(-given.sum(axis=0), kind="stable")[:50]
    assert given[:, top].any(axis=0).all()
    enough = (given[in_test].sum(axis=0) >= 5) & (given[in_validation].sum(axis=0) >= 2)
    assert enough[top].sum() >= 40
