"""Flags and YAML from the same settings: ``--config`` names a file, flags beside it change single values."""

import functools
import inspect
from collections.abc import Callable
from typing import Any, TypeVar

from acdepth.core.config import Config
from acdepth.core.errors import UserError
from acdepth.core.presets import find_config, shipped_configs

Settings = TypeVar("Settings", bound=Config)


def take_config(stage: str, default: Settings, arguments: list[str]) -> tuple[Settings, list[str]]:
    """Take ``--config NAME`` out of the arguments and read it; ``default`` where it is not given."""
    rest, name = [], None
    remaining = iter(arguments)
    for argument in remaining:
        if argument == "--config":
            name = next(remaining, None)
            if name is None:
                raise UserError("--config", "needs a name or a path behind it")
        elif argument.startswith("--config="):
            name = argument.removeprefix("--config=")
        else:
            rest.append(argument)
    return (default if name is None else type(default).read(find_config(stage, name))), rest


def configured(stage: str, default: Config) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Mark a verb whose argument ``config`` is settings of a stage, with ``default`` where no file is named.

    The command line takes ``--config`` out first; what remains is flags, whose defaults are the file's.
    """

    def mark(verb: Callable[..., None]) -> Callable[..., None]:
        verb.__dict__.update(stage=stage, default=default)
        return verb

    return mark


def with_config(verb: Callable[..., None], arguments: list[str]) -> tuple[Callable[..., None], list[str]]:
    """The verb with its settings read as flags' defaults, and the arguments without ``--config``."""
    marks: dict[str, Any] = verb.__dict__
    if "stage" not in marks:
        return verb, arguments
    config, rest = take_config(marks["stage"], marks["default"], arguments)
    signature = inspect.signature(verb)
    parameters = [
        parameter.replace(default=config, kind=inspect.Parameter.KEYWORD_ONLY)
        if name == "config"
        else parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY)
        for name, parameter in signature.parameters.items()
    ]

    @functools.wraps(verb)
    def call(**values: Any) -> None:
        verb(**values)

    call.__dict__["__signature__"] = signature.replace(parameters=parameters)
    call.__doc__ = _with_config_told(verb.__doc__ or "", marks["stage"])
    return call, rest


def _with_config_told(docstring: str, stage: str) -> str:
    """Help that names ``--config``, which no flag of the verb does, as it is taken out before."""
    summary, _, rest = inspect.cleandoc(docstring).partition("\n")
    names = ", ".join(shipped_configs(stage))
    told = f"--config NAME|PATH gives settings that the flags below change: {names}, or a YAML of one's own."
    return f"{summary}\n\n{told}\n{rest}"
