"""Notes and a General MIDI sound font -> samples; an artist's mix; mp3.

The font is TimGM6mb.sf2, which ships within the package pretty_midi. A piece is rendered as a
whole at twice the rate, added to one channel, mixed as its artist mixes, then cut into clips.
"""

import os
from importlib import resources
from pathlib import Path

import numpy as np
import soundfile
from scipy import signal

from autotagging.sample import sound_font

RATE = 16000  # Hz, as MagnaTagATune ships its clips
RENDER_RATE = 2 * RATE
PEAK = 0.8  # of full scale: leaves room for what mp3 adds

# dB by program: what the font plays louder or softer than a band would
GAINS = {
    0: 8, 1: 6, 2: 5, 6: 5, 12: 5, 25: 2, 27: 9, 28: 5, 29: 5, 30: 5, 34: 5, 37: 4, 38: 4, 47: 2,
    50: 3, 60: -4, 61: 6, 80: -4, 79: -3, 87: -3, 89: 3, 92: 4, 101: 5, 104: 7, 105: 2, 106: 6,
    107: 2, 113: 10, 115: 8, 119: 18, 120: 18, 125: 12,
}  # fmt: skip
DRUM_GAINS = {42: 11, 44: 11, 46: 7, 51: 6, 54: 6, 70: 10}  # by key


def font_path():
    """Return the path of the sound font; raise OSError where pretty_midi ships none."""
    path = Path(str(resources.files("pretty_midi"))) / "TimGM6mb.sf2"
    if not path.is_file():
        raise OSError(f"{path} is missing: install pretty_midi again, it ships the sound font")
    return path


def render(piece, rate=RENDER_RATE):
    """Play a piece.

    Parameters
    ----------
    piece : dict
        See `autotagging.sample.composer.pieces`.
    rate : int
        In Hz.

    Returns
    -------
    ndarray of shape (seconds x rate,), float32
        One channel, at the synthesizer's own level.
    """
    font = sound_font.load(str(font_path()))
    sound = np.zeros(round(piece["seconds"] * rate), dtype=np.float32)
    for part in piece["parts"]:
        played = _played(part, piece["swell"], font, len(sound), rate)
        if part["vibrato"]:
            played = _with_vibrato(played, part["vibrato"], rate)
        sound += played * np.float32(10 ** (_gain(part) / 20))
    return sound


def _gain(part):
    """Return a part's place in the balance, in dB."""
    if part["is_drum"]:
        return 2.0
    if part["sung"]:
        return 3.0
    return GAINS.get(part["program"], 0.0)


def _played(part, swell, font, length, rate):
    """Return one part alone, its notes added up."""
    sound = np.zeros(length, dtype=np.float32)
    bank = sound_font.DRUM_BANK if part["is_drum"] else 0
    tones, zones = {}, {}
    for onset, seconds, *struck in part["notes"].tolist():
        key, velocity = int(struck[0]), int(struck[1])
        if (key, velocity) not in zones:
            zones[key, velocity] = sound_font.zones_of(font, bank, part["program"], key, velocity)
        for zone in zones[key, velocity]:
            held = 2.0 if part["is_drum"] else seconds  # a stroke rings, whatever its length
            wanted = int((held + min(_seconds(zone["release"]), 0.6)) * rate)
            tone = _tone(tones, (zone, key, font["samples"]), wanted, rate)
            start = int(onset * rate)
            n = min(wanted, len(tone), length - start)
            shape = _envelope(tones, zone, n, int(held * rate), rate)
            if swell and seconds > 1.5:
                shape = shape * (0.55 + 0.45 * np.sin(np.linspace(0, np.pi, n, dtype=np.float32)))
            strength = (velocity / 127) ** 2
            if part["is_drum"]:
                strength *= 10 ** (DRUM_GAINS.get(key, 0) / 20)
            sound[start : start + n] += tone[:n] * shape * np.float32(strength)
    return sound


def _tone(tones, source, n_samples, rate):
    """Return a zone's sample at a key's pitch, looped to a length; kept for the next note."""
    zone, key, samples = source
    kept = tones.get((id(zone), key))
    if kept is not None and (len(kept) >= n_samples or not zone["mode"] & 1):
        return kept
    start, end, loop_start, loop_end = zone["wave"]
    tuning = (key - zone["root"]) * zone["scale"] / 100 + zone["semitones"] + zone["cents"] / 100
    step = 2 ** (tuning / 12) * zone["rate"] / rate
    if zone["mode"] & 1 and loop_end > loop_start:
        at = start + step * np.arange(n_samples + rate // 2)
        looped = slice(int((loop_end - start) / step) + 1, None)
        at[looped] = loop_start + (at[looped] - loop_start) % (loop_end - loop_start)
        here = at.astype(np.int64)
        after = np.where(here + 1 < loop_end, here + 1, loop_start)
    else:
        at = start + step * np.arange(int((end - start - 1) / step))
        here = at.astype(np.int64)
        after = here + 1
    share = (at - here).astype(np.float32)
    tone = samples[here] * (1 - share) + samples[after] * share
    # the filter follows the key: without the modulators left out it would swallow high notes
    cutoff = 8.176 * max(2 ** (zone["cutoff"] / 1200), 4 * 2 ** (key / 12))
    if cutoff < 0.4 * rate:
        tone = signal.sosfilt(signal.butter(2, cutoff, fs=rate, output="sos"), tone)
    tone = tone * 10 ** (-0.4 * zone["attenuation"] / 200)  # 0.4: as the first players had it
    tones[id(zone), key] = tone.astype(np.float32)
    return tones[id(zone), key]


def _envelope(tones, zone, n_samples, released, rate):
    """Return a zone's volume over a note that is let go after `released` samples."""
    kept = tones.get(id(zone))
    if kept is None or len(kept[0]) < n_samples:
        time = np.arange(int(1.5 * n_samples)) / rate
        attack = np.minimum(1, time / _seconds(zone["attack"]))
        fallen = time - _seconds(zone["attack"]) - _seconds(zone["hold"])
        fallen = fallen / _seconds(zone["decay"])
        held = attack * 10 ** (-np.minimum(100 * np.clip(fallen, 0, 1), zone["sustain"] / 10) / 20)
        let_go = 10 ** (-5 * time / max(_seconds(zone["release"]), 0.02))
        kept = tones[id(zone)] = held.astype(np.float32), let_go.astype(np.float32)
    held, let_go = kept
    if n_samples <= released:
        return held[:n_samples]
    level = held[max(released - 1, 0)]
    return np.concatenate([held[:released], level * let_go[: n_samples - released]])


def _seconds(timecents):
    return 2 ** (timecents / 1200)


def _with_vibrato(sound, depth, rate):
    """Return samples whose pitch swings, 5.5 times a second, up to a third of a semitone."""
    time = np.arange(len(sound))
    swing = depth / 127 * 0.02 / (2 * np.pi * 5.5) * rate
    return np.interp(time + swing * np.sin(2 * np.pi * 5.5 / rate * time), time, sound)


def draw_mix(rng):
    """Return how an artist's records sound, whatever is played.

    Parameters
    ----------
    rng : numpy.random.Generator

    Returns
    -------
    dict
        ``low``, ``middle``, ``high`` (dB at a shelf below ``low_hz``, a bell at ``middle_hz``, a
        shelf above ``high_hz``), ``level`` (dB on the record's level), ``reverb`` (share),
        ``reverb_seconds``, ``drive`` (1: clean), ``noise`` (dB below full scale).
    """
    return {
        "low": float(rng.uniform(-9, 9)), "low_hz": float(rng.uniform(150, 350)),
        "middle": float(rng.uniform(-7, 7)), "middle_hz": float(np.exp(rng.uniform(6.2, 7.8))),
        "high": float(rng.uniform(-12, 9)), "high_hz": float(rng.uniform(1500, 3500)),
        "level": float(rng.uniform(-3.5, 3.5)),
        "reverb": float(rng.uniform(0.0, 0.45)), "reverb_seconds": float(rng.uniform(0.5, 2.6)),
        "drive": float(rng.choice([1.0, 1.0, 1.5, 2.5])), "noise": float(rng.uniform(-78, -52)),
    }  # fmt: skip


def mix(sound, settings, level, rng):
    """Mix a rendered piece and bring it to `RATE`.

    Parameters
    ----------
    sound : ndarray of shape (n_samples,), float
        At `RENDER_RATE`.
    settings : dict
        See `draw_mix`.
    level : float
        RMS of the loudest half of the piece, in dB of full scale, before the artist's ``level``.
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of shape (n_samples / 2,), float64
        Within `PEAK`.
    """
    sound = signal.resample_poly(sound, 1, 2)
    sound = signal.sosfilt(_equaliser(settings), sound)
    sound = _reverberated(sound, settings, rng)
    sound = _levelled(sound)
    sound = sound * 10 ** ((level + settings["level"]) / 20) / _rms_of_louder_half(sound)
    noise = 10 ** (settings["noise"] / 20) * rng.standard_normal(len(sound))
    sound = limited((sound + noise) * settings["drive"]) / settings["drive"] ** 0.7
    # what the encoder leaves out anyway: taking it away later would raise the peaks
    sound = signal.sosfilt(signal.butter(8, 6500, fs=RATE, output="sos"), sound)
    return sound * min(1.0, PEAK / np.abs(sound).max())


def limited(sound):
    """Return samples bent smoothly below `PEAK`, straight up to half of it."""
    size, knee = np.abs(sound), PEAK / 2
    bent = knee + (PEAK - knee) * np.tanh((size - knee) / (PEAK - knee))
    return np.sign(sound) * np.where(size > knee, bent, size)


def _levelled(sound):
    """Return samples with soft passages raised by a third of what they lack, at most 9 dB."""
    power = np.convolve(_power_a_tenth(sound), np.ones(40) / 40, mode="same") + 1e-12
    lack = np.clip(10 * np.log10(power.max() / power), 0, 27) / 3
    at = (np.arange(len(lack)) + 0.5) * RATE / 10
    return sound * np.interp(np.arange(len(sound)), at, 10 ** (lack / 20))


def _power_a_tenth(sound):
    step = RATE // 10
    return (sound[: len(sound) // step * step].reshape(-1, step) ** 2).mean(axis=1)


def _rms_of_louder_half(sound):
    seconds = sound[: len(sound) // RATE * RATE].reshape(-1, RATE)
    powers = np.sort((seconds**2).mean(axis=1))
    return np.sqrt(powers[len(powers) // 2 :].mean()) + 1e-9


def _reverberated(sound, settings, rng):
    length = int(RATE * settings["reverb_seconds"])
    decay = np.exp(-6.9 * np.arange(length) / length)
    room = rng.standard_normal(length) * decay
    room = signal.sosfilt(signal.butter(1, 3500, fs=RATE, output="sos"), room)
    wet = signal.oaconvolve(sound, room / np.sqrt(np.sum(room**2)))[: len(sound)]
    return (1 - settings["reverb"]) * sound + settings["reverb"] * wet


def _equaliser(settings):
    """Return the artist's equaliser as second-order sections, a low cut with them."""
    bands = [
        _band(kind, settings[kind], settings[f"{kind}_hz"]) for kind in ("low", "middle", "high")
    ]
    return np.vstack([signal.butter(2, 30, "highpass", fs=RATE, output="sos"), *bands])


def _band(kind, gain, frequency):
    """Return one second-order section: a shelf or a bell (R. Bristow-Johnson's cookbook)."""
    amplitude, omega = 10 ** (gain / 40), 2 * np.pi * frequency / RATE
    cosine, alpha = np.cos(omega), np.sin(omega) / np.sqrt(2)
    if kind == "middle":
        b = [1 + alpha * amplitude, -2 * cosine, 1 - alpha * amplitude]
        a = [1 + alpha / amplitude, -2 * cosine, 1 - alpha / amplitude]
        return np.array([*b, *a])[None] / a[0]
    side = 1 if kind == "low" else -1
    root = 2 * np.sqrt(amplitude) * alpha
    more, less = amplitude + 1, amplitude - 1
    b = [
        amplitude * (more - side * less * cosine + root),
        side * 2 * amplitude * (less - side * more * cosine),
        amplitude * (more - side * less * cosine - root),
    ]
    a = [
        more + side * less * cosine + root,
        -side * 2 * (less + side * more * cosine),
        more + side * less * cosine - root,
    ]
    return np.array([*b, *a])[None] / a[0]


def write_mp3(path, sound):
    """Write samples as MagnaTagATune ships them: one channel, 16 kHz, 32 kbit/s.

    The file appears whole or not at all.

    Parameters
    ----------
    path : Path
    sound : ndarray of shape (n_samples,), float
        At `RATE`.
    """
    part = path.with_name(path.name + ".part")
    soundfile.write(
        part, sound.astype(np.float32), RATE, format="MP3", subtype="MPEG_LAYER_III",
        bitrate_mode="CONSTANT", compression_level=0.85,
    )  # fmt: skip
    os.replace(part, path)
