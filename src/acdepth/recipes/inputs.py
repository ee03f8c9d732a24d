"""What a stage is made from, in words: a person sees what changed, and a new option changes nothing."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from acdepth.core.config import Config
from acdepth.engine import what_shapes

NAMED_CHANGES = 6
"""More are only counted."""


@dataclass(frozen=True)
class Inputs:
    """Settings and facts that shape what comes out of a stage."""

    values: Mapping[str, Any] = field(default_factory=dict)
    """JSON values by dotted name."""
    defaults: frozenset[str] = frozenset()
    """Names of those that are as their class has them by default."""

    @classmethod
    def of(cls, config: Config, only: Collection[str] | None = None) -> Self:
        """The settings that shape a stage, or ``only`` some of them."""
        values = what_shapes(config) if "loop" in type(config).model_fields else config.to_dict()
        chosen = set(values if only is None else only)
        changed = _flat(config.model_dump(mode="json", exclude_defaults=True))
        flat = _flat({name: value for name, value in values.items() if name in chosen})
        return cls(flat, frozenset(flat.keys() - changed.keys()))

    def and_facts(self, facts: Mapping[str, Any]) -> "Inputs":
        """With what no setting says, such as the content of files; None where there is nothing to say."""
        known = {name: value for name, value in facts.items() if value is not None}
        return Inputs({**self.values, **json.loads(json.dumps(known))}, self.defaults)

    def changes(self, former: Mapping[str, Any]) -> list[str]:
        """What is not as it was, one text each.

        An option that the former run did not know is no change while it is at its default.
        """
        names = sorted(former.keys() | (self.values.keys() - (self.defaults - former.keys())))
        return [
            f"{name}: {_told(former, name)} → {_told(self.values, name)}"
            for name in names
            if name not in former or name not in self.values or former[name] != self.values[name]
        ]


def in_one_line(changes: list[str]) -> str:
    """Changes, the first few by name."""
    more = len(changes) - NAMED_CHANGES
    return "; ".join(changes[:NAMED_CHANGES]) + (f"; and {more} more" if more > 0 else "")


def _flat(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in values.items():
        flat |= _flat(value, f"{prefix}{name}.") if isinstance(value, dict) else {prefix + name: value}
    return flat


def _told(values: Mapping[str, Any], name: str) -> str:
    if name not in values:
        return "nothing"
    text = values[name] if isinstance(values[name], str) else json.dumps(values[name])
    is_hash = len(text) == 64 and not text.strip("0123456789abcdef")
    return text[:8] if is_hash else text
