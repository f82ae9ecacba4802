"""Training settings: what the command line decides of a recipe, and what does not go together."""

import argparse
import dataclasses

import pytest

from autotagging import options
from autotagging.features.settings import PRESETS
from autotagging.models import training_settings


def read(*arguments):
    """Return the settings that a command line gives."""
    parser = argparse.ArgumentParser()
    options.add_settings(parser, training_settings.TrainingSettings, unset=True)
    return training_settings.read(parser, parser.parse_args(list(map(str, arguments))))


@pytest.mark.parametrize("name", training_settings.NAMES)
def test_every_recipe_fits_the_features_it_names(name):
    settings = read("--architecture", name)
    assert settings == training_settings.RECIPES[name]
    preset = PRESETS[settings.features]
    fitted = training_settings.resolve(settings, preset, 10_000)
    assert 1 <= fitted.chunk_frames <= preset.frames
    assert fitted.augment == settings.augment


def test_without_options_the_default_network_is_trained_by_its_recipe():
    assert read() == training_settings.RECIPES["vgg"]


@pytest.mark.parametrize(
    ("name", "frames"), [("musicnn", 187), ("short-chunk-res", 231), ("paper", 120)]
)
def test_chunks_have_the_frames_of_their_publications(name, frames):
    settings = read("--architecture", name)
    fitted = training_settings.resolve(settings, PRESETS[settings.features], 10_000)
    assert fitted.chunk_frames in (frames, frames + 1)


def test_options_take_the_place_of_what_the_recipe_says():
    settings = read(
        *("--architecture", "paper", "--convolutions", 2, "--kernel", 5, "--no-pooling"),
        *("--published-start", "--dropout", 0.1, "--epochs", 3, "--batch-size", 700),
        *("--learning-rate", 0.1, "--augment", "specaugment", "mixup", "--features", "mine"),
        *("--chunk-seconds", 0, "--weight-decay", 0.2, "--seed", 5),
    )
    assert settings == dataclasses.replace(
        training_settings.RECIPES["paper"],
        convolutions=2,
        kernel=5,
        pooling=False,
        published_start=True,
        dropout=0.1,
        epochs=3,
        min_steps=0,
        batch_size=700,
        learning_rate=0.1,
        augment=("mixup", "specaugment"),  # in the order they are applied
        features="mine",
        chunk_seconds=0,
        weight_decay=0.2,
        seed=5,
    )
    assert read("--augment", "none").augment == ()
    assert read("--dropout", 0).dropout == 0


def test_a_network_is_given_the_options_that_are_its_own():
    chosen = read("--architecture", "paper", "--kernel", 5, "--no-pooling").architecture_options
    assert chosen == {
        "dropout": 0.25,
        "convolutions": 3,
        "kernel": 5,
        "pooling": False,
        "published_start": False,
    }
    assert read("--no-band-statistics").architecture_options == {
        "dropout": 0.5,
        "band_statistics": False,
    }


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--kernel", 3], "--kernel is not an option of --architecture vgg"),
        (["--convolutions", 3], "--convolutions is not an option of --architecture vgg"),
        (["--no-pooling"], "--no-pooling is not an option of --architecture vgg"),
        (
            ["--architecture", "fcn", "--no-band-statistics"],
            "--no-band-statistics is not an option of --architecture fcn",
        ),
        (
            ["--architecture", "fcn", "--published-start"],
            "--published-start is not an option of --architecture fcn",
        ),
        (["--architecture", "paper", "--convolutions", 4], "--convolutions of paper are 2 or 3"),
        (["--architecture", "fcn", "--convolutions", 3], "--convolutions of fcn are 4 or 5"),
        (["--architecture", "paper", "--kernel", 11], "11 is not a number from 1 to 10"),
        (["--augment", "none", "mixup"], "--augment none goes with no other"),
        (["--dropout", 1], "argument --dropout: 1 is not"),
        (["--architecture", "resnet"], "invalid choice"),
    ],
)
def test_what_does_not_go_together_is_refused_in_a_sentence(capsys, arguments, sentence):
    with pytest.raises(SystemExit) as exited:
        read(*arguments)
    assert exited.value.code == 2
    assert sentence in capsys.readouterr().err


@pytest.mark.parametrize(("seconds", "frames"), [(40, "625"), (0.001, "0")])
def test_a_chunk_that_the_clips_do_not_hold_is_refused(seconds, frames):
    settings = read("--chunk-seconds", seconds)
    sentence = rf"{seconds} are {frames} frames of features/mel96, whose clips have 455: 0 takes"
    with pytest.raises(ValueError, match=sentence):
        training_settings.resolve(settings, PRESETS["mel96"], 100)


@pytest.mark.parametrize(
    ("preset", "kept"),
    [
        ("mel96", ("shift", "equaliser")),
        ("musicnn", ("shift",)),
        ("paper", ("shift",)),
        ("mfcc", ("shift",)),
    ],
)
def test_the_equaliser_is_left_out_where_features_are_no_levels(preset, kept):
    settings = read("--augment", "shift", "equaliser")
    assert training_settings.resolve(settings, PRESETS[preset], 100).augment == kept


@pytest.mark.parametrize(
    ("arguments", "n_clips", "repeats", "patience"),
    [
        ([], 15_425, 1, 30),
        ([], 100, 2, 30),  # 7 batches a pass, 60 epochs: 420 steps of 800
        (["--repeats", 2, "--patience", 7], 15_425, 2, 7),
        (["--epochs", 3], 100, 1, 2),
    ],
)
def test_few_clips_are_passed_over_several_times_an_epoch_unless_one_says_how_long(
    arguments, n_clips, repeats, patience
):
    fitted = training_settings.resolve(read(*arguments), PRESETS["mel96"], n_clips)
    assert (fitted.repeats, fitted.patience) == (repeats, patience)


def test_a_default_that_is_typed_out_trains_the_same():
    mel96 = PRESETS["mel96"]
    typed = training_settings.resolve(read("--epochs", 60), mel96, 15_425)
    assert typed == training_settings.resolve(read(), mel96, 15_425)


def test_a_batch_larger_than_the_training_part_is_reduced_and_said(capsys):
    fitted = training_settings.resolve(read("--batch-size", 700), PRESETS["mel96"], 24)
    assert fitted.batch_size == 24
    assert "batches of 700 clips are reduced to all there are: 24" in capsys.readouterr().out
