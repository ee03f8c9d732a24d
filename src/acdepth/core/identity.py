"""What something was made from, by names that people know: what is the same made again, and what is stale.

Stages of a pipeline, saved states of trainings and folders of translations all keep the values of an
`Identity` beside what they made, and ask it later what has changed.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

from acdepth.core.config import Config
from acdepth.core.files import hash_json

NAMED_CHANGES = 6
"""More are only counted."""


@dataclass(frozen=True)
class Identity:
    """Settings and facts that shape an outcome."""

    values: Mapping[str, Any] = field(default_factory=dict)
    """JSON values by dotted name."""
    defaults: frozenset[str] = frozenset()
    """Names of those that are as their class has them by default."""
    formerly: Mapping[str, Any] = field(default_factory=dict)
    """What settings meant before they were there; see `Config.formerly`."""

    @classmethod
    def of(cls, config: Config, only: Collection[str] | None = None) -> Self:
        """The settings that shape an outcome, or ``only`` some of them; see `Config.incidental`."""
        shaping = _shaping(config)
        values = _flat({name: shaping[name] for name in shaping if only is None or name in only})
        changed = _flat(config.model_dump(mode="json", exclude_defaults=True))
        formerly = {name: value for name, value in _formerly(config).items() if name in values}
        return cls(values, frozenset(values.keys() - changed.keys()), formerly)

    def and_facts(self, facts: Mapping[str, Any]) -> Self:
        """With what no setting says, such as the content of files; None where there is nothing to say."""
        known = {name: value for name, value in facts.items() if value is not None}
        return replace(self, values={**self.values, **json.loads(json.dumps(known))})

    @property
    def hash(self) -> str:
        """Stands for the values."""
        return hash_json(dict(self.values))

    def changes(self, former: Mapping[str, Any]) -> dict[str, str]:
        """What is not as in the ``former`` values, by name: ``old → new``.

        An option that the former run did not know is no change while it says what was done ``formerly``;
        where that is not told, while it is at its default.
        """
        former = {**self.formerly, **former}
        names = sorted(former.keys() | (self.values.keys() - (self.defaults - former.keys())))
        return {
            name: f"{_told(former, name)} → {_told(self.values, name)}"
            for name in names
            if name not in former or name not in self.values or former[name] != self.values[name]
        }


def in_one_line(changes: Mapping[str, str]) -> str:
    """Changes, the first few by name."""
    told = [f"{name}: {change}" for name, change in changes.items()]
    more = len(told) - NAMED_CHANGES
    return "; ".join(told[:NAMED_CHANGES]) + (f"; and {more} more" if more > 0 else "")


def _shaping(config: Config) -> dict[str, Any]:
    values = {name: value for name, value in config.to_dict().items() if name not in config.incidental}
    inner = {name: getattr(config, name) for name in values}
    return values | {name: _shaping(value) for name, value in inner.items() if isinstance(value, Config)}


def _formerly(config: Config, prefix: str = "") -> dict[str, Any]:
    told = {prefix + name: value for name, value in config.formerly.items()}
    for name in type(config).model_fields:
        inner = getattr(config, name)
        told |= _formerly(inner, f"{prefix}{name}.") if isinstance(inner, Config) else {}
    return told


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
