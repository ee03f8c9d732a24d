"""Flags and YAML from the same settings: ``--config`` names a file, flags beside it change single values."""

from importlib.resources import files
from pathlib import Path
from typing import Annotated, TypeVar

import tyro

from acdepth.core.config import Config
from acdepth.core.errors import UserError

Settings = TypeVar("Settings", bound=Config)

CONFIGS = Path(str(files("acdepth"))) / "configs"

Named = Annotated[
    str | None,
    tyro.conf.arg(help="Settings to start from: the name of a shipped file (such as world) or a path."),
]


def find_config(stage: str, name: str) -> Path:
    """A settings file by path, or a shipped one of a stage by name.

    Raises:
        UserError: if there is none; names those that ship.
    """
    if Path(name).suffix in (".yaml", ".yml"):
        return Path(name)
    shipped = CONFIGS / stage / f"{name}.yaml"
    if not shipped.is_file():
        known = ", ".join(sorted(path.stem for path in (CONFIGS / stage).glob("*.yaml")))
        raise UserError(
            f"--config {name}: no shipped settings of this name; there are {known}, or give a path"
        )
    return shipped


def take_config(stage: str, default: Settings, arguments: list[str]) -> tuple[Settings, list[str]]:
    """Take ``--config NAME`` out of the arguments and read it; ``default`` where it is not given."""
    rest, name = [], None
    remaining = iter(arguments)
    for argument in remaining:
        if argument == "--config":
            name = next(remaining, None)
            if name is None:
                raise UserError("--config: needs a name or a path behind it")
        elif argument.startswith("--config="):
            name = argument.removeprefix("--config=")
        else:
            rest.append(argument)
    return (default if name is None else type(default).read(find_config(stage, name))), rest
