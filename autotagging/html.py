"""Pages that are one file and work offline; everything from tables is escaped.

The templates lie in ``autotagging/templates``.
"""

import json
from pathlib import Path

import jinja2

from autotagging import formatting
from autotagging.files import write_whole

TEMPLATES = Path(__file__).parent / "templates"


def write(path, template, **content):
    """Fill a template and write the page.

    Parameters
    ----------
    path : Path
    template : str
        Name of a file in `TEMPLATES` that extends ``page.html``.
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
    environment.filters["measure"] = formatting.measure
    environment.policies["json.dumps_function"] = _to_json
    write_whole(path, environment.get_template(template).render(**content))


def _to_json(content, **_):
    return json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
