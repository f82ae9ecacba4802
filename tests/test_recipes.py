"""Recipes: what the options of a command line decide, and what does not go together."""

import argparse

import pytest

from autotagging.features import spectrogram
from autotagging.models import training_settings


def settings_of(*arguments):
    parser = argparse.ArgumentParser()
    training_settings.add_options(parser)
    return training_settings.settings_of(parser.parse_args([str(a) for a in arguments]), parser)


@pytest.mark.parametrize("name", list(training_settings.RECIPES))
def test_every_recipe_fits_the_features_it_names(name):
    settings = settings_of("--model", name)
    recipe = training_settings.RECIPES[name]
    assert {key: settings[key] for key in recipe} == recipe
    preset = spectrogram.PRESETS[settings["features"]]
    fitted = training_settings.fit(settings, preset, 10_000)
    assert 1 <= fitted["chunk_frames"] <= preset.frames
    assert fitted["augment"] == settings["augment"]


def test_chunks_have_the_frames_of_their_publications():
    for name, frames in [("musicnn", 187), ("short-chunk-res", 231), ("paper", 120)]:
        settings = settings_of("--model", name)
        preset = spectrogram.PRESETS[settings["features"]]
        assert training_settings.fit(settings, preset, 10_000)["chunk_frames"] in (
            frames,
            frames + 1,
        )


def test_options_take_the_place_of_what_the_recipe_says():
    settings = settings_of(
        *("--model", "paper", "--convolutions", 2, "--kernel", 5, "--no-pooling"),
        *("--published-start", "--dropout", 0.1, "--epochs", 3, "--batch-size", 700),
        *("--learning-rate", 0.1, "--augment", "specaugment", "mixup", "--features", "mine"),
        *("--chunk-seconds", 0, "--weight-decay", 0.2),
    )
    assert settings["network"] == {
        "dropout": 0.1,
        "convolutions": 2,
        "kernel": 5,
        "pooling": False,
        "published_start": True,
    }
    assert settings["augment"] == ["mixup", "specaugment"]  # in the order they are applied
    numbers = [settings[key] for key in ("epochs", "batch_size", "learning_rate", "weight_decay")]
    assert numbers == [3, 700, 0.1, 0.2]
    assert (settings["features"], settings["chunk_seconds"]) == ("mine", 0)
    assert settings_of("--augment", "none")["augment"] == []
    assert settings_of("--dropout", 0)["network"]["dropout"] == 0


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--kernel", 3], "--kernel is not an option of --model vgg"),
        (["--model", "fcn", "--no-band-statistics"], "--no-band-statistics is not an option of"),
        (["--no-pooling"], "--no-pooling is not an option of --model vgg"),
        (["--model", "fcn", "--published-start"], "--published-start is not an option of"),
        (["--model", "paper", "--convolutions", 4], "--convolutions of paper are 2 or 3"),
        (["--model", "fcn", "--convolutions", 3], "--convolutions of fcn are 4 or 5"),
        (["--model", "paper", "--kernel", 11], "--kernel 11 is more than the paper's 10"),
        (["--augment", "none", "mixup"], "--augment none goes with no other"),
        (["--dropout", 1], "1 is not less than 1"),
        (["--model", "resnet"], "invalid choice"),
    ],
)
def test_what_does_not_go_together_is_refused_in_a_sentence(capsys, arguments, sentence):
    with pytest.raises(SystemExit) as exited:
        settings_of(*arguments)
    assert exited.value.code == 2
    assert sentence in capsys.readouterr().err


def test_a_chunk_longer_than_the_clips_is_refused():
    settings = settings_of("--chunk-seconds", 40)
    with pytest.raises(ValueError, match=r"40 are 625 frames of .*mel96, whose clips have 455: 0"):
        training_settings.fit(settings, spectrogram.PRESETS["mel96"], 100)


def test_the_equaliser_is_left_out_where_features_are_no_levels():
    settings = settings_of("--augment", "shift", "equaliser")
    for preset, kept in [
        ("mel96", ["shift", "equaliser"]),
        ("musicnn", ["shift"]),
        ("paper", ["shift"]),
        ("mfcc", ["shift"]),
    ]:
        fitted = training_settings.fit(settings, spectrogram.PRESETS[preset], 100)
        assert fitted["augment"] == kept, preset


def test_few_clips_are_passed_over_several_times_an_epoch_unless_one_says_how_long():
    settings = settings_of("--model", "vgg", "--batch-size", 16)
    mel96 = spectrogram.PRESETS["mel96"]
    assert training_settings.fit(settings, mel96, 15_425)["passes"] == 1
    fitted = training_settings.fit(
        settings, mel96, 100
    )  # 7 batches a pass, 60 epochs: 420 steps of 800
    assert fitted["passes"] == 2
    assert fitted["patience"] == 30
    assert "least_steps" not in fitted
    given = training_settings.fit(settings_of("--passes", 2, "--patience", 7), mel96, 100)
    assert (given["passes"], given["epochs"], given["patience"]) == (2, 60, 7)
    given = training_settings.fit(settings_of("--epochs", 3), mel96, 100)
    assert (given["passes"], given["epochs"], given["patience"]) == (1, 3, 2)


def test_a_batch_larger_than_the_training_part_is_reduced_and_said(capsys):
    fitted = training_settings.fit(
        settings_of("--batch-size", 700), spectrogram.PRESETS["mel96"], 24
    )
    assert fitted["batch_size"] == 24
    assert "batches of 700 clips are reduced to all there are: 24" in capsys.readouterr().out
