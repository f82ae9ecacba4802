"""Augmentation: clips as they could have been, with the labels that go with them."""

import numpy as np
import pytest

from autotagging.models import augmentation


@pytest.fixture
def clips():
    rng = np.random.default_rng(0)
    x = rng.standard_normal((50, 16, 8)).astype(np.float32)
    return x, (rng.random((50, 3)) < 0.4).astype(np.float32)


@pytest.mark.parametrize("name", list(augmentation.AUGMENTATIONS))
def test_the_same_generator_gives_the_same_and_the_input_stays(clips, name):
    x, y = clips
    before = x.copy(), y.copy()
    augment = augmentation.AUGMENTATIONS[name]
    (a, b), (c, d) = (augment(x, y, np.random.default_rng(1)) for _ in range(2))
    np.testing.assert_array_equal(a, c)
    np.testing.assert_array_equal(b, d)
    np.testing.assert_array_equal(x, before[0])
    np.testing.assert_array_equal(y, before[1])
    assert (a.dtype, b.dtype) == (np.float32, np.float32)
    assert a.shape == x.shape
    assert not np.array_equal(a, augment(x, y, np.random.default_rng(2))[0])


def test_shifted_clips_go_round_in_time(clips):
    x, y = clips
    shifted, same = augmentation.shift(x, y, np.random.default_rng(1))
    found = []
    for clip, other in zip(x, shifted, strict=True):
        matches = [n for n in range(16) if np.array_equal(np.roll(clip, n, axis=0), other)]
        assert len(matches) == 1
        found += matches
    assert len(set(found)) > 8
    assert same is y


def test_the_equaliser_is_smooth_and_of_4_db(clips):
    x, y = clips
    curves = augmentation.equaliser(x, y, np.random.default_rng(1))[0] - x
    np.testing.assert_allclose(curves.std(axis=1), 0, atol=1e-5)  # the same in every frame
    across = np.linspace(-1, 1, 8)
    for curve in curves[:, 0]:
        np.testing.assert_allclose(
            np.polyval(np.polyfit(across, curve, 2), across), curve, atol=1e-4
        )
    assert 3 < curves.mean(axis=(1, 2)).std() < 5


def test_mixup_mixes_labels_as_it_mixes_clips(clips):
    x, y = clips
    mixed, labels = augmentation.mixup(x, y, np.random.default_rng(1))
    for k in range(len(x)):
        for other in range(len(x)):
            difference = (x[k] - x[other]).ravel()
            square = difference @ difference
            weight = 1 - ((x[k] - mixed[k]).ravel() @ difference) / square if square else 1.0
            expected = weight * x[k] + (1 - weight) * x[other]
            if np.allclose(expected, mixed[k], atol=1e-5):
                break
        else:
            pytest.fail(f"clip {k} is a mixture of no two clips")
        assert 0.5 - 1e-5 <= weight <= 1 + 1e-5
        np.testing.assert_allclose(labels[k], weight * y[k] + (1 - weight) * y[other], atol=1e-5)


def test_specaugment_blots_out_no_more_than_a_quarter_of_frames_and_of_bands(clips):
    x, y = clips
    masked, _ = augmentation.specaugment(x, y, np.random.default_rng(1))
    changed = masked != x
    frames, bands = changed.all(axis=2).sum(axis=1), changed.all(axis=1).sum(axis=1)
    assert 0 < frames.max() <= 2 * 16 // 8
    assert 0 < bands.max() <= 2 * 8 // 8
    values = np.where(changed, masked, np.nan)
    means = np.broadcast_to(x.mean(axis=1, keepdims=True), x.shape)
    np.testing.assert_allclose(values[changed], means[changed], rtol=1e-5)
