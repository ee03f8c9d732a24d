"""Flags read by tyro, whose errors become one line like all others."""

import functools
import re
from collections.abc import Callable
from contextlib import redirect_stderr
from io import StringIO
from typing import Any

import tyro

from acdepth.cli.mix import FLAG_TYPES
from acdepth.core.errors import UserError

FRAME = "│| "
"""Left and right of the boxes that tyro draws around errors, in Unicode or ASCII."""
RULE = re.compile(r"[\W_]*")
"""A line between their parts, and their lower edge."""


def parse(verb: Callable[..., None], name: str, flags: list[str]) -> Callable[[], None]:
    """The verb with its flags, ready to run.

    Args:
        verb: its arguments are the flags.
        name: of the verb, for the help text.
        flags: as given.

    Raises:
        UserError: if a flag is unknown, missing or no value of its kind.
        SystemExit: with 0, after the help text.
    """

    @functools.wraps(verb)
    def ready(*arguments: Any, **values: Any) -> Callable[[], None]:
        return functools.partial(verb, *arguments, **values)

    said = StringIO()
    config = (tyro.conf.AvoidSubcommands, tyro.conf.EnumChoicesFromValues)
    try:
        with redirect_stderr(said):
            return tyro.cli(ready, prog=f"acdepth {name}", args=flags, config=config, registry=FLAG_TYPES)
    except SystemExit as stopped:
        if stopped.code in (0, None):
            raise
        raise UserError(None, one_line(said.getvalue()), f"acdepth {name} --help lists the flags") from None


def one_line(box: str) -> str:
    """What a box of tyro's says, without its title, its advice and what pydantic adds for programmers."""
    kept: list[str] = []
    _, *lines = box.strip().splitlines()  # the first has the title
    for line in (line.strip(FRAME) for line in lines):
        if RULE.fullmatch(line):
            continue
        if line.startswith(("For full helptext", "Argument helptext", "For further information")):
            break
        kept.append(line)
    text = re.sub(r"\s+", " ", " ".join(kept))
    # "Error parsing config.loop: 1 validation error for LoopSettings steps Input should ... [type=..., ...]"
    text = re.sub(r"Error parsing (?:config\.?)?", "", text)
    text = re.sub(r"(\S*): \d+ validation errors? for \w+ Value error, (.*) \[type=.*", r"--\1: \2", text)
    text = re.sub(r"(\S*): \d+ validation errors? for \w+ (\S+) ", r"--\1.\2: ", text)
    text = re.sub(r"\[type=\w+, input_value=(.*?), input_type=\w+\].*", r"(\1)", text)
    text = text.replace(" Perhaps you meant:", "; perhaps you meant")
    return text.replace("--: ", "--").replace("--.", "--").strip()
