"""The ids of clips: made of paths where a table has none, and compared with those of other tables.

Ids are text, in Unicode's form NFC. What a spreadsheet opens it may save as something else, 7 for
0007 or 1E+05 for 100000: such an id is of no clip, and its clip would be left out without a word.
"""

import re
from pathlib import PurePosixPath

from autotagging.formatting import count
from autotagging.user_tables import normalise, quote

NUMBER = re.compile(r"(\d+)(?:[.,](\d*))?(e\+?\d{1,3})?", re.ASCII | re.IGNORECASE)
MARKS = " \t\"'=\N{NO-BREAK SPACE}\N{ZERO WIDTH NO-BREAK SPACE}"  # that are added around a text


def derive(files):
    """Return an id for each clip, made of its path: ``audio/rock/8.mp3`` is ``audio-rock-8``.

    Parameters
    ----------
    files : Series of shape (n_clips,)
        Paths.

    Returns
    -------
    Series of shape (n_clips,)
        Where that would be the id of several, these keep their endings, as ``song.mp3`` and
        ``song.flac``; where they have the same, folders are separated by "--".
    """
    paths = files.map(PurePosixPath)
    clip_ids = paths.map(lambda path: _join(path.with_suffix("") if path.name else path, "-"))
    for others in [
        paths.map(lambda path: _join(path, "-")),
        paths.map(lambda path: _join(path, "--")),
    ]:
        clip_ids = clip_ids.where(~clip_ids.duplicated(keep=False), others)
    return clip_ids


def _join(path, separator):
    return normalise(str(path).replace("/", separator))


def in_numerical_order(clip_ids):
    """Return clip ids sorted: numbers as numbers and first, other text after them."""

    def rank(clip_id):
        digits = clip_id.lstrip("0") if clip_id.isdecimal() else ""
        return not clip_id.isdecimal(), len(digits), digits, clip_id

    return sorted(clip_ids, key=rank)


def refuse_altered(clip_ids, known, table, source):
    """Refuse a table whose ids are those of known clips, but for how they are written.

    Parameters
    ----------
    clip_ids : iterable of str
        Of the table.
    known : iterable of str
    table, source : Path or str
        What stands in the sentence for the table, and for where the known ids are from.

    Raises
    ------
    ValueError
        Naming an id of each.
    """
    altered = find_altered(clip_ids, known)
    if altered:
        given, meant = next(iter(altered.items()))
        raise ValueError(
            f"{table} writes {count(len(altered), 'clip id')} otherwise than {source}, the first "
            f"is {quote(given)}, which is {quote(meant)} {_explain(given, meant)}: write ids as "
            f"{source} does (in a spreadsheet, import their column as text)"
        )


def _explain(given, meant):
    if given.isdecimal() and given == (meant.lstrip("0") or "0"):
        return "without its zeros"
    if NUMBER.fullmatch(given.strip(MARKS)) and NUMBER.fullmatch(meant):
        return "taken for a number"
    return "in another spelling"


def find_altered(clip_ids, known):
    """Return ids that are of no known clip, but would be if they were written otherwise: a dict.

    Parameters
    ----------
    clip_ids, known : iterable of str

    Returns
    -------
    dict
        Id -> that of a known clip which is none of `clip_ids` itself: the same number, perhaps
        rounded, or the same text but for upper and lower case and marks around it; or the clip's
        path.
    """
    clip_ids, known = dict.fromkeys(clip_ids), dict.fromkeys(known)
    strange = [clip_id for clip_id in clip_ids if clip_id not in known]
    lost = [clip_id for clip_id in known if clip_id not in clip_ids]
    if not strange or not lost:
        return {}
    spellings = {}
    n_digits = {_n_digits(clip_id) for clip_id in strange} - {None}
    for clip_id in reversed(lost):  # the first is named
        spellings |= dict.fromkeys([_simplify(clip_id), *_round(clip_id, n_digits)], clip_id)
    found = {clip_id: _look_up(clip_id, spellings) for clip_id in strange}
    return {clip_id: meant for clip_id, meant in found.items() if meant is not None}


def _look_up(clip_id, spellings):
    path = PurePosixPath(clip_id.strip(MARKS))
    as_path = [path.with_suffix("")] if path.name else []
    forms = [clip_id, *(_join(form, "-") for form in (*as_path, path))]
    rounded = _round(clip_id, {_n_digits(clip_id)} - {None})
    keys = [*map(_simplify, forms), *rounded]
    return next((spellings[key] for key in keys if key in spellings), None)


def _simplify(clip_id):
    """Return what is the same for all spellings: a number's digits and exponent, or a text."""
    text = normalise(clip_id).strip(MARKS).casefold()
    number = NUMBER.fullmatch(text)
    if not number:
        return text
    whole, fraction, exponent = number[1], number[2] or "", (number[3] or "e0")[1:]
    digits = (whole + fraction).lstrip("0")
    if not digits:
        return "", 0
    n_zeros = len(digits) - len(digits.rstrip("0"))
    return digits.rstrip("0"), int(exponent) - len(fraction) + n_zeros


def _n_digits(clip_id):
    """Return how many digits behind the point a number such as 1.2E+05 has; None for others."""
    number = NUMBER.fullmatch(clip_id.strip(MARKS))
    return len(number[2] or "") if number and number[3] else None


def _round(clip_id, n_digits):
    number = NUMBER.fullmatch(clip_id.strip(MARKS))
    return [f"{float(clip_id.strip(MARKS).replace(',', '.')):.{n}e}" for n in n_digits if number]
