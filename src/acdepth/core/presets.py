"""Settings files that ship, by stage and name."""

from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

from acdepth.core.config import Config
from acdepth.core.errors import UserError

CONFIGS = Path(str(files("acdepth"))) / "configs"


def shipped_configs(stage: str) -> list[str]:
    """Names of the settings files of a stage that ship."""
    return sorted(path.stem for path in (CONFIGS / stage).glob("*.yaml"))


def find_config(stage: str, name: str, what: str = "--config") -> Path:
    """A settings file by path, or one of ``configs/STAGE`` by its name; ``what`` stands in the error message.

    Raises:
        UserError: if there is none; names those that ship.
    """
    if Path(name).suffix in (".yaml", ".yml"):
        return Path(name)
    shipped = CONFIGS / stage / f"{name}.yaml"
    if not shipped.is_file():
        remedy = f"there are {', '.join(shipped_configs(stage))}, or give a path"
        raise UserError(f"{what} {name}", "no shipped settings of this name", remedy)
    return shipped


def read_named(values: Any, kinds: Mapping[str, type[Config]], where: str) -> Any:
    """Plain settings, those of the stages ``kinds`` read from their files where only a name is given."""
    for stage, kind in kinds.items():
        name = values.get(stage) if isinstance(values, dict) else None
        if isinstance(name, str):
            file = find_config(stage, name, f"{where}: {stage}:")
            values = {**values, stage: kind.read(file).to_dict()}
    return values
