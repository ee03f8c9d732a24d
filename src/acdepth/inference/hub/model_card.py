"""The page of a model on the hub: what it is, what it was measured to do, and under which licences."""

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import yaml

from acdepth.core.condition import Condition
from acdepth.core.config import Config
from acdepth.core.hub import is_hub_name
from acdepth.networks.checkpoint import CheckpointCard

COLUMNS = {"abs_rel": "absRel", "rmse": "RMSE [m]", "d1": "δ < 1.25"}
"""Metrics that a model card shows, and its leaderboard entries tell."""


class Licences(NamedTuple):
    """Under which a network may be used; None is not stated, and the page says so."""

    weights: str | None = None
    """Name by the hub's list, such as ``apache-2.0``, or in words."""
    data: str | None = None
    """Of what it was trained on, in words: ``nuScenes (CC BY-NC-SA 4.0); the built-in world``."""


class Measured(Config):
    """What one evaluation found of a network."""

    dataset: str
    """What was measured on: words, or the name of a data set on the hub (OWNER/NAME), which makes entries for
    its leaderboard of it."""
    protocol: str
    """How it was measured, in words."""
    conditions: dict[Condition, dict[str, float]]
    """By condition the means over images of `COLUMNS`, and how many ``images``."""
    sha256: str | None = None
    """Of the checkpoint; None if that was not recorded."""


def readme(name: str, card: CheckpointCard, licences: Licences, measured: Sequence[Measured]) -> str:
    """``README.md``."""
    head = yaml.safe_dump(_metadata(licences, measured), sort_keys=False)
    parts = [
        f"---\n{head}---\n# {name}",
        card.description or "A depth network of [ACDepth](https://arxiv.org/abs/2505.12199)'s kind.",
        _use(name),
        _what_it_says(card),
        _results(measured),
        _licences(licences),
        _made_by(card),
    ]
    return "\n\n".join(parts) + "\n"


def eval_results(measured: Sequence[Measured]) -> str:
    """The content of a file in ``.eval_results``; empty where nothing was measured on data of the hub."""
    entries = [
        {
            "dataset": {"id": one.dataset, "task_id": f"{condition}_{metric}"},
            "value": values[metric],
            "notes": f"{COLUMNS[metric]} over {values['images']:g} images; {one.protocol}",
        }
        for one in measured
        if is_hub_name(one.dataset)
        for condition, values in one.conditions.items()
        for metric in COLUMNS
    ]
    return yaml.safe_dump(entries, sort_keys=False, allow_unicode=True) if entries else ""


def _metadata(licences: Licences, measured: Sequence[Measured]) -> dict[str, Any]:
    """What the hub reads and filters by."""
    named: Mapping[str, str] = {"license": "unknown"}
    if licences.weights and re.fullmatch(r"[a-z0-9.-]+", licences.weights):
        named = {"license": licences.weights}
    elif licences.weights:
        named = {"license": "other", "license_name": licences.weights}
    tags = ["depth-estimation", "monocular-depth", "driving", "acdepth"]
    datasets = sorted({one.dataset for one in measured if is_hub_name(one.dataset)})
    found = {**named, "library_name": "acdepth", "pipeline_tag": "depth-estimation", "tags": tags}
    return found | ({"datasets": datasets} if datasets else {})


def _use(name: str) -> str:
    return f"""\
## Use
```python
import acdepth  # pip install "acdepth[hub]"

prediction = acdepth.load("{name}")("street.jpg")
prediction.depth  # (H, W) metres
```
By transformers (pip install "acdepth[train]"); `predicted_depth` holds metres at the image's size:
```python
import acdepth
from transformers import pipeline

acdepth.register_with_transformers()
pipeline("depth-estimation", model="{name}")("street.jpg")["predicted_depth"]
```"""


def _what_it_says(card: CheckpointCard) -> str:
    height, width = card.input_size
    near, far = card.network.min_depth, card.network.max_depth
    lines = [
        f"- Depth along the optical axis, {near:g} to {far:g} m; trained at {width}x{height} pixels.",
        f"- Trained on: {', '.join(card.conditions)}.",
    ]
    if not card.metric:
        lines.append("- Its unit is **not** metres: it was trained without known lengths.")
    elif card.metres:
        lines.append(f"- Metres are {card.metres.describe()}.")
    if card.camera:
        degrees = 2 * math.degrees(math.atan(card.camera["width"] / 2 / card.camera["fx"]))
        told = f"- Its training camera sees {degrees:.0f} degrees across"
        lines.append(f"{told}; metres follow yours where `acdepth.load(...)` is given it.")
    if card.confidence:
        lines.append("- It also says how far depth may be off, pixel by pixel.")
    return "## What it says\n" + "\n".join(lines)


def _results(measured: Sequence[Measured]) -> str:
    if not measured:
        return "## Results\nNone are given."
    tables = []
    for one in measured:
        rows = [f"| condition | images | {' | '.join(COLUMNS.values())} |", "|---" * (len(COLUMNS) + 2) + "|"]
        for condition, values in one.conditions.items():
            numbers = " | ".join(f"{values[metric]:.3f}" for metric in COLUMNS)
            rows.append(f"| {condition} | {values['images']:g} | {numbers} |")
        tables.append(f"On {one.dataset}; {one.protocol}:\n\n" + "\n".join(rows))
    return "## Results\n" + "\n\n".join(tables)


def _licences(licences: Licences) -> str:
    unstated = "not stated; ask whoever published this before you use it"
    weights, data = (one or unstated for one in licences)
    return f"## Licences\n- Weights: {weights}.\n- Training data: {data}."


def _made_by(card: CheckpointCard) -> str:
    settings = {name: value for name, value in card.made_by.items() if name != "config"}
    told = yaml.safe_dump(settings, sort_keys=True, allow_unicode=True).strip()
    return f"## Made by\n```yaml\n{told}\n```\nAll settings stand in `config.json` under `card`."
