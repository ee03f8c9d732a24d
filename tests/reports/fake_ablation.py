"""An ablation's summary as `acdepth ablate` would write it, made up: conditions, variants, effects."""

from typing import Any

from acdepth.evaluation.protocols import PROTOCOLS

LEVELS = {"clear": 0.13, "night": 0.17, "rain": 0.16, "fog": 0.23, "snow": 0.17}


def fake_ablation(
    effects: dict[str, float],
    seeds: tuple[int, ...] = (0, 1, 2),
    drives: int = 12,
    half: float = 0.03,
    conditions: int = 5,
) -> dict[str, Any]:
    """Variants whose absRel is that of ``full`` times 1 + effect, with intervals of +- ``half``."""
    effects = {"teacher": 0.9, "full": 0.0, **effects}
    protocol = PROTOCOLS["world-80m"]
    return {
        "protocol": {**protocol.to_dict(), "facts": protocol.facts(), "interval_seed": 0},
        "base": "full",
        "seeds": list(seeds),
        "order": list(effects),
        "conditions": {
            condition: {"images": 20 * drives, "sequences": drives} for condition in list(LEVELS)[:conditions]
        },
        "variants": {name: _variant(name, effect, seeds) for name, effect in effects.items()},
        "differences": {
            "full": _against("full", effects, seeds, half),
            "teacher": _against("teacher", effects, seeds, half),
        },
        "data": {"path": "towns", "split": None, "cameras": None, "sequences": 5 * drives},
        "changes": {name: {"ordinal_weight": e} for name, e in effects.items() if name != "teacher"},
        "missing": [],
    }


def _variant(name: str, effect: float, seeds: tuple[int, ...]) -> dict[str, Any]:
    of_seeds = [] if name == "teacher" else list(seeds)
    found: dict[str, Any] = {"seeds": of_seeds}
    for condition, level in LEVELS.items():
        mean = level * (1 + effect)
        spread = 0.004 if len(of_seeds) > 1 else None
        values = {"abs_rel": mean, "rmse": 40 * mean, "d1": 1 - mean}
        found[condition] = {
            "metrics": {
                metric: {"mean": value, "deviation": spread, "of_seeds": [value] * max(1, len(of_seeds))}
                for metric, value in values.items()
            },
            "classes": {},
        }
    return found


def _against(other: str, effects: dict[str, float], seeds: tuple[int, ...], half: float) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, effect in effects.items():
        if name == other:
            continue
        relative = (1 + effect) / (1 + effects[other]) - 1
        ends = (relative - half, relative + half) if len(seeds) > 1 else (None, None)
        numbers = {
            "difference": relative,
            "low": ends[0],
            "high": ends[1],
            "relative": relative,
            "relative_low": ends[0],
            "relative_high": ends[1],
            "of_seeds": [relative + 0.01 * (seed - 1) for seed in range(len(seeds))],
        }
        found[name] = {condition: {"metrics": {"abs_rel": numbers}, "classes": {}} for condition in LEVELS}
    return found
