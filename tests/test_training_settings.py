"""Training settings: what the command line decides of a recipe, and what does not go together."""

import argparse
import dataclasses

import layer_stores
import pytest

from autotagging import options
from autotagging.features.settings import PRESETS
from autotagging.models import training_settings

LAYER = layer_stores.SETTINGS


def read(*arguments):
    """Return the settings that a command line gives."""
    parser = argparse.ArgumentParser()
    options.add_settings(parser, training_settings.TrainingSettings, unset=True)
    parser.add_argument("--start-from")
    return training_settings.read(parser, parser.parse_args(list(map(str, arguments))))


@pytest.mark.parametrize("name", training_settings.NAMES)
def test_every_recipe_fits_the_features_it_names(name):
    settings = read("--architecture", name)
    assert settings == training_settings.RECIPES[name]
    preset = {**PRESETS, "msd-musicnn": LAYER}[settings.features]
    fitted = training_settings.resolve(settings, preset, 10_000, 0)
    assert 1 <= fitted.chunk_frames <= preset.frames
    assert fitted.augment == settings.augment


def test_without_clips_to_train_on_nothing_is_resolved():
    with pytest.raises(ValueError, match=r"the train part has no clip: .* another --split"):
        training_settings.resolve(read(), PRESETS["mel96"], 0, 5)


def test_without_options_the_default_network_is_trained_by_its_recipe():
    assert read() == training_settings.RECIPES["vgg"]


@pytest.mark.parametrize(
    ("name", "frames"), [("musicnn", 187), ("short-chunk-res", 231), ("paper", 120)]
)
def test_chunks_have_the_frames_of_their_publications(name, frames):
    settings = read("--architecture", name)
    fitted = training_settings.resolve(settings, PRESETS[settings.features], 10_000, 0)
    assert fitted.chunk_frames == frames


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
        (["--freeze"], "--freeze goes with --start-from"),
        (["--new-normalisation"], "--new-normalisation goes with --start-from"),
        (
            ["--start-from", "a", "--freeze", "--new-normalisation"],
            "--freeze keeps the normalisation: leave out --new-normalisation",
        ),
        (["--refit", "--patience", 3], "--refit leaves no validation clips for --patience"),
        (
            ["--refit", "--schedule", "plateau"],
            "--refit leaves no validation clips for --schedule plateau",
        ),
        (
            ["--architecture", "linear", "--epochs", 3],
            "--epochs is not an option of --architecture linear, which is solved at once and not",
        ),
        (
            ["--architecture", "linear", "--augment", "mixup"],
            "--augment is not an option of --architecture linear",
        ),
        (
            ["--architecture", "linear", "--start-from", "a"],
            "--start-from is not an option of --architecture linear",
        ),
        (["--architecture", "linear", "--units", 3], "--units is not an option of --arch"),
        (
            ["--architecture", "mlp", "--chunk-seconds", 3],
            "--chunk-seconds is not an option of --architecture mlp",
        ),
        (["--units", 3], "--units is not an option of --architecture vgg"),
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
        training_settings.resolve(settings, PRESETS["mel96"], 100, 0)


@pytest.mark.parametrize(
    ("preset", "kept"),
    [
        ("mel96", ("shift", "equaliser")),
        ("musicnn", ("shift",)),
        ("paper", ("shift",)),
        ("mfcc", ("shift",)),
    ],
)
def test_the_equaliser_is_left_out_where_features_are_no_levels_and_that_is_said(
    preset, kept, capsys
):
    settings = read("--augment", "shift", "equaliser", "--features", preset)
    assert training_settings.resolve(settings, PRESETS[preset], 100, 0).augment == kept
    said = f"equaliser is left out, as features/{preset} are not levels in dB"
    assert (said in capsys.readouterr().out) == ("equaliser" not in kept)


@pytest.mark.parametrize(
    ("arguments", "n_clips", "repeats", "steps"),
    [
        ([], 15_425, 1, 60 * 965),
        ([], 100, 2, 60 * 14),  # 7 batches a pass, 60 epochs: 420 steps of 800
        (["--epochs", 60], 100, 2, 60 * 14),
        (["--epochs", 80], 100, 2, 80 * 14),  # more epochs are more steps
        (["--epochs", 3], 100, 2, 3 * 14),
        (["--repeats", 3], 15_425, 3, 60 * 3 * 965),
        (["--architecture", "paper"], 50, 4, 16 * 8),
    ],
)
def test_an_epoch_passes_over_few_clips_several_times_however_many_epochs_there_are(
    arguments, n_clips, repeats, steps
):
    fitted = training_settings.resolve(read(*arguments), PRESETS["mel96"], n_clips, 0)
    assert (fitted.repeats, fitted.steps) == (repeats, steps)


@pytest.mark.parametrize(
    ("arguments", "patience"),
    [
        ([], None),
        (["--patience", 7], 7),
        (["--schedule", "plateau"], 15),
        (["--schedule", "plateau", "--epochs", 10, "--patience", 4], 4),
    ],
)
def test_training_stops_early_on_a_plateau_or_where_it_is_asked_to(arguments, patience):
    fitted = training_settings.resolve(read(*arguments), PRESETS["mel96"], 100, 10)
    assert fitted.patience == patience
    assert fitted.refit == (not arguments)


@pytest.mark.parametrize(
    ("arguments", "n_clips", "refit", "batches"),
    [
        ([], (700, 99), True, 50),
        ([], (700, 100), False, 44),
        (["--no-refit"], (20, 3), False, 2),
        (["--refit"], (15_425, 1_538), True, 1_061),
    ],
)
def test_few_clips_are_all_learnt_from_unless_one_says_otherwise(
    arguments, n_clips, refit, batches
):
    settings = read(*arguments, "--repeats", 1)
    fitted = training_settings.resolve(settings, PRESETS["mel96"], *n_clips)
    assert (fitted.refit, fitted.steps) == (refit, 60 * batches)


def test_a_default_that_is_typed_out_trains_the_same():
    mel96 = PRESETS["mel96"]
    typed = training_settings.resolve(read("--epochs", 60), mel96, 15_425, 0)
    assert typed == training_settings.resolve(read(), mel96, 15_425, 0)


def test_a_batch_larger_than_the_training_part_is_reduced_and_said(capsys):
    fitted = training_settings.resolve(read("--batch-size", 700), PRESETS["mel96"], 24, 0)
    assert fitted.batch_size == 24
    assert "batches of 700 clips are reduced to all there are: 24" in capsys.readouterr().out


@pytest.mark.parametrize("name", training_settings.NAMES)
def test_a_head_takes_the_values_of_a_layer_and_any_other_network_spectrograms(name):
    settings = read("--architecture", name, "--features", "mine")
    if name in training_settings.HEADS:
        assert training_settings.resolve(settings, LAYER, 30, 9).chunk_frames == 1
        sentence = (
            f"--architecture {name} takes the values of a trained network's layer, and "
            "features/mine are spectrograms: run 2_feature_extraction.py --preset msd-musicnn"
        )
        with pytest.raises(ValueError, match=sentence):
            training_settings.resolve(settings, PRESETS["musicnn"], 30, 9)
    else:
        sentence = f"{name} takes spectrograms, and .* of mine: give --architecture linear or mlp"
        with pytest.raises(ValueError, match=sentence):
            training_settings.resolve(settings, LAYER, 30, 9)


def test_what_changes_time_and_frequency_is_left_out_for_a_layer_and_that_is_said(capsys):
    augment = ["shift", "equaliser", "mixup", "specaugment"]
    settings = read("--architecture", "mlp", "--augment", *augment)
    assert training_settings.resolve(settings, LAYER, 30, 9).augment == ("mixup",)
    printed = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in printed] == ["shift", "equaliser", "specaugment"]
    assert printed[0] == "shift is left out, as features/msd-musicnn are no spectrograms"


def test_a_network_that_is_solved_has_no_batches_to_reduce(capsys):
    fitted = training_settings.resolve(read("--architecture", "linear"), LAYER, 3, 1)
    assert (fitted.refit, fitted.steps) == (True, None)
    assert not capsys.readouterr().out
