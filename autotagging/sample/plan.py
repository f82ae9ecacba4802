"""The sample's plan: who plays what, on which album, in which folder.

A plan is a list of tracks, dicts of ``artist``, ``album``, ``title``, ``number``, ``folder``,
``part`` (a key of `FOLDERS`), ``style``, ``hand``, ``mix``, ``seed``, ``n_clips`` and
``segments``; a segment is a dict of ``clip_id``, ``start`` and ``end`` (s) and ``file`` (path below
the sample, empty where no clip was cut). Folders say the part as in MagnaTagATune: 0-b train, c
validation, d-f test.
"""

import re

import numpy as np

from autotagging.sample.composer.pieces import draw_hand
from autotagging.sample.synthesizer import draw_mix

VALIDATION, HEARD, UNHEARD = 0.165, 0.075, 0.15  # shares of the clips; the rest is for training
ARTISTS_A_CLIP = {"train": 44 / 366, "validation": 17 / 99, "unheard": 17 / 90}
CLIPS_A_TRACK = 2.8
FOLDERS = {"train": "0123456789ab", "validation": "c", "heard": "def", "unheard": "def"}

# An artist plays the styles of one family.
FAMILIES = (
    ("harpsichord suite", "trio sonata"), ("string quartet", "orchestra"),
    ("piano recital", "contemporary"), ("cello alone", "violin alone"),
    ("classical guitar", "folk"), ("flute and harp", "celtic"), ("choir", "chant"),
    ("opera", "organ"), ("rock", "metal"), ("country", "blues"), ("jazz", "funk"),
    ("techno", "trance"), ("dance", "pop"), ("ambient", "new age"),
    ("indian",), ("middle eastern", "far eastern"), ("drone", "downtempo"),
)  # fmt: skip

SYLLABLES = ("ba", "dor", "el", "fin", "ga", "hal", "in", "jo", "ka", "lu", "mar", "nel", "or",
             "pe", "quin", "ra", "sol", "ta", "ul", "ven", "wy", "xan", "yl", "zo")  # fmt: skip
ADJECTIVES = ("Amber", "Blue", "Cold", "Distant", "Early", "Faded", "Golden", "Hidden", "Inner",
              "Late", "Narrow", "Open", "Pale", "Quiet", "Restless", "Silver")  # fmt: skip
NOUNS = ("Bridge", "Circle", "Daylight", "Estuary", "Field", "Garden", "Harbour", "Island",
         "Journey", "Kiln", "Lantern", "Meadow", "North", "Orchard", "Paper", "River")  # fmt: skip


def plan_tracks(n_clips, seed):
    """Plan a sample.

    Parameters
    ----------
    n_clips, seed : int

    Returns
    -------
    list of dict
        The tracks, in the order of their clip ids.
    """
    rng = np.random.default_rng([seed, 0])
    shares = {"validation": VALIDATION, "heard": HEARD, "unheard": UNHEARD}
    clips = {part: round(n_clips * share) for part, share in shares.items()}
    clips["train"] = n_clips - sum(clips.values())
    artists, tracks = _artists(clips, rng), []
    for part in ("train", "validation", "unheard", "heard"):
        tracks += _tracks(artists, clips[part], part, tracks, rng)
    _name_albums(tracks, rng)
    tracks = [tracks[k] for k in rng.permutation(len(tracks))]
    _number_clips(tracks, rng)
    for number, track in enumerate(tracks):
        track["seed"] = [seed, 2, number]
    return tracks


def _artists(clips, rng):
    """Return the artists of each part: name, styles, hand and mix."""
    artists, taken = {}, set()
    for part, share in ARTISTS_A_CLIP.items():
        families, artists[part] = [], []
        for _ in range(max(1, round(clips[part] * share)) if clips[part] else 0):
            families = families or list(rng.permutation(len(FAMILIES)))
            artist = {"artist": _new_name(taken, rng), "styles": FAMILIES[families.pop()]}
            artists[part].append(artist | {"hand": draw_hand(rng), "mix": draw_mix(rng)})
    return artists


def _new_name(taken, rng):
    while True:
        words = ["".join(rng.choice(SYLLABLES, size=rng.integers(2, 4))) for _ in range(2)]
        name = " ".join(word.capitalize() for word in words)
        if name not in taken:
            taken.add(name)
            return name


def _tracks(artists, n_clips, part, before, rng):
    """Deal a part's clips to tracks, and these to artists, in the styles the part has least of."""
    if not n_clips:
        return []
    band = artists["train" if part == "heard" else part]
    times = {style: 0 for family in FAMILIES for style in family}
    for track in before:
        times[track["style"]] += (part, track["part"]) == ("heard", "unheard") and track["n_clips"]
    tracks, waiting = [], []
    for count in _counts(n_clips, rng):
        waiting = waiting or [band[k] for k in rng.permutation(len(band))]
        artist = min(waiting, key=lambda one: min(times[style] for style in one["styles"]))
        waiting.remove(artist)
        style = min(artist["styles"], key=times.get)
        times[style] += count
        tracks.append(
            {name: artist[name] for name in ("artist", "hand", "mix")}
            | {"style": style, "part": part, "n_clips": count}
        )
    return tracks


def _counts(n_clips, rng):
    """Return how many clips each track gets, two to four where that many are left."""
    n_tracks = max(1, round(n_clips / CLIPS_A_TRACK))
    counts = np.full(n_tracks, n_clips // n_tracks)
    counts[: n_clips % n_tracks] += 1
    for _ in range(n_tracks):
        giver, taker = rng.integers(n_tracks, size=2)
        if counts[giver] > 2 and counts[taker] < 4:
            counts[giver] -= 1
            counts[taker] += 1
    return rng.permutation(counts).tolist()


def _name_albums(tracks, rng):
    """Put the tracks of an artist and part on albums of at most four, each in one folder."""
    albums, titles, dealt = {}, set(), dict.fromkeys(FOLDERS, 0)
    for track in tracks:
        discs = albums.setdefault((track["artist"], track["part"]), [])
        if not discs or discs[-1]["tracks"] == 4:
            folders = FOLDERS[track["part"]]
            folder = folders[dealt[track["part"]] % len(folders)]
            dealt[track["part"]] += 1
            name = f"Synthetic {_title(titles, track['artist'], rng)}"
            discs.append({"album": name, "folder": folder, "tracks": 0})
        discs[-1]["tracks"] += 1
        track["number"] = discs[-1]["tracks"]
        track["album"], track["folder"] = discs[-1]["album"], discs[-1]["folder"]
        track["title"] = _title(titles, track["artist"], rng)


def _title(taken, artist, rng):
    while True:
        title = f"{rng.choice(ADJECTIVES)} {rng.choice(NOUNS)}"
        title = f"The {title}" if rng.random() < 0.3 else title
        if (artist, title) not in taken:
            taken.add((artist, title))
            return title


def _number_clips(tracks, rng):
    """Give each track its segments, and those that become clips a file.

    As in MagnaTagATune ids run through all segments; some were never cut, some not even listed.
    """
    clip_id = 1
    for track in tracks:
        n_segments = track["n_clips"] + int(rng.integers(0, 2))
        kept = set(rng.permutation(n_segments)[: track["n_clips"]].tolist())
        track["segments"] = []
        for k in range(n_segments):
            clip_id += 1
            start, end = (0, 29) if k == 0 else (29 * k + 1, 29 * k + 30)
            if k in kept or rng.random() < 0.5:
                file = _file(track, start, end) if k in kept else ""
                track["segments"].append(
                    {"clip_id": clip_id, "start": start, "end": end, "file": file}
                )


def _file(track, start, end):
    words = (track["artist"], track["album"], f"{track['number']:02d}", track["title"])
    name = "-".join(re.sub("[^0-9a-z]", "_", word.lower()) for word in words)
    return f"{track['folder']}/{name}-{start}-{end}.mp3"


def cut_segments(track):
    """Return a track's segments that become clips."""
    return [segment for segment in track["segments"] if segment["file"]]


def summary(tracks):
    """Return how much the sample holds, in words."""
    artists = {track["artist"] for track in tracks}
    albums = {(track["artist"], track["album"]) for track in tracks}
    styles = {track["style"] for track in tracks}
    return (
        f"{len(tracks):,} tracks on {len(albums):,} albums by {len(artists):,} artists "
        f"in {len(styles)} styles"
    )


def shares(tracks):
    """Return a line for each part of the sample: its clips, artists and share."""
    total = sum(track["n_clips"] for track in tracks)
    lines = []
    for part, words in PARTS.items():
        own = [track for track in tracks if track["part"] == part]
        n_clips, n_artists = sum(t["n_clips"] for t in own), len({t["artist"] for t in own})
        share = 100 * n_clips / total
        lines.append(f"{words}: {n_clips:,} clips ({share:.1f} %) by {n_artists:,} artists")
    return lines


PARTS = {
    "train": "training, folders 0-b",
    "validation": "validation, folder c, artists not heard in training",
    "heard": "test, folders d-f, artists heard in training",
    "unheard": "test, folders d-f, artists not heard in training",
}
