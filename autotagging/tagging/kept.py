"""``<name>.settings.json``, beside a file that later runs go on with: what network made it."""

import json

from autotagging.files import write_whole
from autotagging.formatting import display_path


class Settings:
    """What a file depends on, as kept beside it.

    Parameters
    ----------
    path : Path
        Of the file.
    model : Tagger
    options : dict
        Of the command line: option -> value.
    """

    def __init__(self, path, model, options):
        self._path, self._shown = path, display_path(path)
        self._beside = path.with_name(f"{path.name}.settings.json")
        self._values = {"tags": model.tags, "checksum": model.checksum, **options}
        self._model_name = model.name
        if not path.parent.is_dir():
            raise ValueError(f"{display_path(path.parent)} is not a folder: make it first")

    def check(self):
        """Refuse a file that another network or other options made.

        Raises
        ------
        ValueError
        """
        try:
            before = json.loads(self._beside.read_text(encoding="utf-8"))
            differing = [name for name, value in self._values.items() if before[name] != value]
            model_name = before["model"]
        except (OSError, ValueError, LookupError, TypeError):
            raise ValueError(
                f"{self._shown} is there, and {self._beside.name} beside it is gone or damaged, "
                "which says what made it: name another file"
            ) from None
        if {"tags", "checksum"} & {*differing}:
            raise ValueError(
                f"{self._shown} holds what the network {model_name} says, which is another than "
                f"this {self._model_name}: name another file"
            )
        for name in differing:
            raise ValueError(
                f"{self._shown} was made with {name} {before[name]}, not {self._values[name]}: "
                "name another file"
            )

    def write(self):
        """Write them, before the file is begun."""
        values = {"model": self._model_name, **self._values}
        write_whole(self._beside, json.dumps(values, ensure_ascii=False))
