"""Types that the command line reads in its own way."""

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import tyro
from tyro.constructors import (
    ConstructorRegistry,
    PrimitiveConstructorSpec,
    PrimitiveTypeInfo,
    UnsupportedTypeAnnotationError,
)

from acdepth.core.condition import Condition

NOTHING = ("null", "None")
"""How a flag says that a setting has no value: as YAML does, or as Python does."""

FLAG_TYPES = ConstructorRegistry()


@FLAG_TYPES.primitive_rule
def _optional_rule(info: PrimitiveTypeInfo) -> PrimitiveConstructorSpec[Any] | None:
    """``X | None`` as ``X|null``, or as ``X`` where leaving the flag out is the only way to say nothing."""
    kinds = get_args(info.type)
    if get_origin(info.type) not in (Union, UnionType) or len(kinds) != 2 or NoneType not in kinds:
        return None
    kind = kinds[0] if kinds[1] is NoneType else kinds[1]
    inner = ConstructorRegistry.get_primitive_spec(PrimitiveTypeInfo.make(kind, info.markers))
    if isinstance(inner, UnsupportedTypeAnnotationError):
        return None
    if tyro.conf.DisallowNone in info.markers:
        return replace(
            inner,
            is_instance=lambda value: value is None or inner.is_instance(value),
            str_from_instance=lambda value: [] if value is None else inner.str_from_instance(value),
        )
    nargs = inner.nargs
    if isinstance(nargs, int) and nargs > 1:
        nargs = (1, nargs)
    return PrimitiveConstructorSpec(
        nargs=nargs,
        metavar=f"{inner.metavar}|null",
        instance_from_str=lambda said: (
            None if len(said) == 1 and said[0] in NOTHING else inner.instance_from_str(said)
        ),
        is_instance=lambda value: value is None or inner.is_instance(value),
        str_from_instance=lambda value: [NOTHING[0]] if value is None else inner.str_from_instance(value),
        choices=inner.choices and (*inner.choices, *NOTHING),
    )


@FLAG_TYPES.primitive_rule
def _number_or_word_rule(info: PrimitiveTypeInfo) -> PrimitiveConstructorSpec[Any] | None:
    """``--step 3`` or ``--step auto``: a whole number, perhaps from a least one on, or one of some words."""
    kinds = get_args(info.type)
    if get_origin(info.type) not in (Union, UnionType) or len(kinds) != 2:
        return None
    number, words = kinds
    number, *about = get_args(number) if get_origin(number) is Annotated else (number,)
    if number is not int or get_origin(words) is not Literal:
        return None
    marks = [mark for one in about for mark in (one, *getattr(one, "metadata", ()))]
    least = next((mark.ge for mark in marks if hasattr(mark, "ge")), None)
    from_least = "" if least is None else f" from {least}"
    wanted = f"give a whole number{from_least}, or {' or '.join(get_args(words))}"

    def read(said: list[str]) -> int | str:
        if said[0] in get_args(words):
            return said[0]
        if not re.fullmatch(r"[+-]?\d+", said[0]) or (least is not None and int(said[0]) < least):
            raise ValueError(f"= {said[0]}: {wanted}")
        return int(said[0])

    return PrimitiveConstructorSpec(
        nargs=1,
        metavar="|".join(("INT", *get_args(words))),
        instance_from_str=read,
        is_instance=lambda value: isinstance(value, int) or value in get_args(words),
        str_from_instance=lambda value: [str(value)],
    )


@FLAG_TYPES.primitive_rule
def _mix_rule(info: PrimitiveTypeInfo) -> PrimitiveConstructorSpec[Any] | None:
    """``--mix clear=1,night=1,fog=0.5``: parts of the conditions as one flag."""
    if info.type != dict[Condition, float]:
        return None
    return PrimitiveConstructorSpec(
        nargs=1,
        metavar="CONDITION=PART,…",
        instance_from_str=lambda said: parse_mix(said[0]),
        is_instance=lambda value: isinstance(value, dict),
        str_from_instance=lambda mix: [format_mix(mix)],
    )


def name_and_path(text: str) -> tuple[str, Path]:
    """Of ``NAME=PATH``, or of ``PATH``, which is named by its last part.

    A path that is there, such as ``runs/lr=0.01``, is no name with a path; nor is there a ``/`` in names.
    """
    name, separator, rest = text.partition("=")
    named = bool(separator) and "/" not in name and not Path(text).exists()
    path = Path(rest if named else text)
    return name if named else path.resolve().name, path


def parse_mix(text: str) -> dict[Condition, float]:
    """Conditions and their parts.

    Raises:
        ValueError: if ``text`` is no list of CONDITION=NUMBER; the command line turns it into its own error.
    """
    mix: dict[Condition, float] = {}
    for entry in text.split(","):
        name, equals, part = entry.partition("=")
        known = ", ".join(Condition)
        if not equals or name.strip() not in list(Condition):
            raise ValueError(f"{entry!r} is not CONDITION=NUMBER; conditions are {known}")
        mix[Condition(name.strip())] = float(part)
    return mix


def format_mix(mix: Mapping[Condition, float]) -> str:
    """What `parse_mix` reads."""
    return ",".join(f"{condition}={part:g}" for condition, part in mix.items())
