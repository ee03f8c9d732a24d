"""Flags of a verb, made by tyro from the arguments of its function; an error of theirs is one line."""

import argparse
import inspect
import re
import shutil
import sys
import textwrap
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout, suppress
from functools import partial
from io import StringIO
from typing import Annotated, Any

import tyro

from acdepth.cli.flag_types import FLAG_TYPES
from acdepth.core.config import Config
from acdepth.core.errors import UserError
from acdepth.core.presets import find_config, shipped_configs

Verb = Callable[..., None]

ELSEWHERE = {"--model": "weights"}
"""What other programs call a flag, and the argument that it is here."""
MARKERS = (tyro.conf.AvoidSubcommands, tyro.conf.EnumChoicesFromValues)
FRAME = "│| "
"""Left and right of the boxes that tyro draws around errors, in Unicode or ASCII."""
RULE = re.compile(r"[\W_]*")
"""A line between their parts, and their lower edge."""
INNER = re.compile(r"[│|] {9}")
"""How a line begins that explains the one before."""


def configured(stage: str, default: Config) -> Callable[[Verb], Verb]:
    """Mark a verb whose argument ``config`` is settings of a stage, with ``default`` where no file is named.

    ``--config`` names a file; the other flags change single values of it.
    """

    def mark(verb: Verb) -> Verb:
        verb.__dict__.update(stage=stage, default=default)
        return verb

    return mark


def parse(verb: Verb, name: str, arguments: list[str]) -> partial[None]:
    """The verb, whose arguments are the flags, ready to run; ``name`` is for the help text.

    Raises:
        UserError: if a flag is unknown, missing or no value of its kind.
        SystemExit: with 0, after the help text.
    """
    config, flags = _take_config(verb, arguments)
    said, shown = StringIO(), _Shown()
    try:
        with redirect_stderr(said), redirect_stdout(shown):
            ready = _with_flags(verb, config)
            return tyro.cli(ready, prog=f"acdepth {name}", args=flags, config=MARKERS, registry=FLAG_TYPES)
    except SystemExit as stopped:
        if stopped.code in (0, None):
            print(_wrapped(shown.getvalue()))
            raise
        what = one_line(said.getvalue())
        if "perhaps you meant" not in what:
            what += _meant(verb, flags)
        raise UserError(None, what, f"acdepth {name} --help lists the flags") from None


def _meant(verb: Verb, flags: list[str]) -> str:
    """Our flag for the first that another program has."""
    typed = {flag.partition("=")[0] for flag in flags}
    arguments = inspect.signature(verb).parameters.values()
    taken = {one.name for one in arguments if one.kind is inspect.Parameter.KEYWORD_ONLY}
    ours = [name for other, name in ELSEWHERE.items() if other in typed and name in taken]
    return f"; perhaps you meant --{ours[0]}" if ours else ""


def flag_names(verb: Verb) -> list[str]:
    """All flags of a verb, as its help lists them."""
    shown = StringIO()
    with redirect_stdout(shown), suppress(SystemExit):
        parse(verb, "", ["--help"])
    lines = re.findall(r"(?m)^[^\w-]*(--[\w.-]*\w)(?:, (--[\w.-]*\w))?", shown.getvalue())
    return ["--config"] * ("stage" in verb.__dict__) + [name for names in lines for name in names if name]


class _Shown(StringIO):
    """Takes what is printed, in the colours and signs that the terminal shows."""

    @property
    def encoding(self) -> str:
        return getattr(sys.__stdout__, "encoding", None) or "utf-8"

    def isatty(self) -> bool:
        return sys.__stdout__ is not None and sys.__stdout__.isatty()


def _take_config(verb: Verb, arguments: list[str]) -> tuple[Config | None, list[str]]:
    """The settings whose values are the flags' defaults, and the arguments without ``--config NAME``."""
    marks: dict[str, Any] = verb.__dict__
    if "stage" not in marks:
        return None, arguments
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False, exit_on_error=False)
    parser.add_argument("--config")
    try:
        known, rest = parser.parse_known_args(arguments)
    except argparse.ArgumentError as error:
        raise UserError("--config", "needs a name or a path behind it") from error
    default: Config = marks["default"]
    if known.config is None:
        return default, rest
    return type(default).read(find_config(marks["stage"], known.config)), rest


def _with_flags(verb: Verb, config: Config | None) -> Callable[..., partial[None]]:
    """A function for tyro that, called with the flags, returns the verb ready to run."""

    def ready(*arguments: Any, **values: Any) -> partial[None]:
        return partial(verb, *arguments, **values)

    signature = inspect.signature(verb)
    parameters = [_as_flag(parameter, config) for parameter in signature.parameters.values()]
    parameters.sort(key=lambda parameter: parameter.kind)
    ready.__dict__["__signature__"] = signature.replace(parameters=parameters)
    ready.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    # Lines that go on with the text of an argument would be broken where the source breaks them.
    told = re.sub(r"\n {8,}", " ", inspect.cleandoc(verb.__doc__ or ""))
    ready.__doc__ = told if config is None else _with_config_told(told, verb.__dict__["stage"])
    return ready


def _as_flag(parameter: inspect.Parameter, config: Config | None) -> inspect.Parameter:
    if config is not None and parameter.name == "config":
        return parameter.replace(default=config, kind=inspect.Parameter.KEYWORD_ONLY)
    if config is not None:
        parameter = parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY)
    if parameter.default in (None, False, (), ""):  # what happens without it stands in its description
        without_hint = tyro.conf.arg(help_behavior_hint="")
        annotation = Annotated[parameter.annotation, without_hint, tyro.conf.DisallowNone]
        return parameter.replace(annotation=annotation)
    return parameter


def _with_config_told(docstring: str, stage: str) -> str:
    """Help that names ``--config``, which no flag of the verb does, as it is taken out before."""
    summary, _, rest = docstring.partition("\n")
    names = ", ".join(shipped_configs(stage))
    told = f"The flags below change the settings of --config NAME|PATH: {names}, or a YAML of one's own."
    return f"{summary}\n\n{told}\n{rest}"


def _wrapped(help_text: str) -> str:
    """Help with paragraphs as wide as the terminal, as its boxes are, and with no empty lines in those."""
    width = shutil.get_terminal_size().columns
    help_text = help_text.replace("(default: )    ", "(default: none)")
    lines = [line for line in help_text.splitlines() if not line or line.strip(FRAME)]
    return "\n".join(textwrap.fill(line, width) if line[:1].isalnum() else line for line in lines)


def one_line(box: str) -> str:
    """What a box of tyro's says, without its title, its advice and what pydantic adds for programmers."""
    kept: list[str] = []
    _, *lines = box.strip().splitlines()  # the first has the title
    # What a flag is for stands below it, further in; its name is enough.
    for line in (line.strip(FRAME) for line in lines if not INNER.match(line)):
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
    text = re.sub(r"(--[\w.-]+): = (\S+): ", r"\1 \2: ", text)  # as our own types tell what was said
    text = re.sub(
        r" (?:Perhaps you meant|Arguments similar to \S+): (--[\w.-]+)(?: [^\s-]\S*)*",
        r"; perhaps you meant \1",
        text,
    )
    text = re.sub(r"(?<=\S) Unrecognized options:", "; unrecognized options:", text)
    return text.replace("--: ", "--").replace("--.", "--").strip()
