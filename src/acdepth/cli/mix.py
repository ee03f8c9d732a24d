"""``--mix clear=1,night=1,fog=0.5``: parts of the conditions as one flag."""

from collections.abc import Mapping
from typing import Any

from tyro.constructors import ConstructorRegistry, PrimitiveConstructorSpec, PrimitiveTypeInfo

from acdepth.core.condition import Condition


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


FLAG_TYPES = ConstructorRegistry()
"""Types that the command line reads in its own way."""


@FLAG_TYPES.primitive_rule
def _mix_rule(type_info: PrimitiveTypeInfo) -> PrimitiveConstructorSpec[Any] | None:
    if type_info.type != dict[Condition, float]:
        return None
    return PrimitiveConstructorSpec(
        nargs=1,
        metavar="CONDITION=PART,…",
        instance_from_str=lambda arguments: parse_mix(arguments[0]),
        is_instance=lambda value: isinstance(value, dict),
        str_from_instance=lambda mix: [format_mix(mix)],
    )
