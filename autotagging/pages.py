"""Pages that are one file: nothing is asked for, everything from tables is escaped.

The templates lie in ``autotagging/templates``; a page says within what it was made from.
"""

import json
from pathlib import Path

import jinja2
import markupsafe

from autotagging import comparison
from autotagging.files import write_whole

TEMPLATES = Path(__file__).parent / "templates"


def is_made(path, source):
    """Return whether a page is there, whole, and of this source."""
    if not path.exists():
        return False
    text = path.read_bytes()
    marker = f'<meta name="source" content="{markupsafe.escape(source)}">'  # as page.html has it
    return marker.encode() in text and text.rstrip().endswith(b"</html>")


def write(path, template, source, **content):
    """Fill a template and write the page.

    Parameters
    ----------
    path : Path
    template : str
        Name of a file in `TEMPLATES` that extends ``page.html``.
    source : str
        What the page is made from; kept in it for `is_made`.
    content : dict
        What the template names.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["measure"] = comparison.shown_number
    environment.policies["json.dumps_function"] = _to_json
    write_whole(path, environment.get_template(template).render(source=source, **content))


def _to_json(content, **_):
    return json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
