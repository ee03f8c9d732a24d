"""What differs between two folders that the same command filled; times apart."""

import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open

from acdepth.core.command import COMMAND_FILE
from acdepth.core.files import hash_file

NO_OUTCOME = {COMMAND_FILE, ".lock"}
"""Names of files that tell how, and not what."""
NO_OUTCOMES = {"old", "tracked"}
"""Likewise of folders: what was moved aside, and trackers' files."""
NAMED = 5
"""So many values or files are named."""


def differences(former: Path, now: Path) -> Iterator[str]:
    """Lines that say what is the same in two folders and what is not.

    Weights are compared number by number, JSON by its values without ``seconds``; other files by their bytes.
    """
    there, here = set(_outcomes(former)), set(_outcomes(now))
    told = {name: _difference(former / name, now / name) for name in sorted(there & here)}
    differing = {name: what for name, what in told.items() if what}
    yield f"same: {len(told) - len(differing)} of {len(told)} files"
    for name, what in differing.items():
        yield f"differs: {name}: {what}"
    for folder, names in ((former, there - here), (now, here - there)):
        if names:
            yield f"only in {folder}: {_some(sorted(names))}"


def _outcomes(folder: Path) -> Iterator[str]:
    for place, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if name not in NO_OUTCOMES]
        for name in set(files) - NO_OUTCOME:
            yield (Path(place) / name).relative_to(folder).as_posix()


def _difference(a: Path, b: Path) -> str:
    """What differs between two files; empty where nothing does."""
    if a.stat().st_size == b.stat().st_size and hash_file(a) == hash_file(b):
        return ""
    try:
        if a.suffix == ".safetensors":
            return _of_tensors(a, b)
        if a.suffix in (".json", ".jsonl"):
            return _of_values(a, b)
    except (SafetensorError, OSError, ValueError):  # one of them is damaged
        pass
    return "other bytes"


def _of_tensors(a: Path, b: Path) -> str:
    with safe_open(a, "pt") as first, safe_open(b, "pt") as second:
        names = set(first.keys())
        if names != set(second.keys()):
            return f"other tensors ({_some(sorted(names ^ set(second.keys())))})"
        about = _paths(dict(first.metadata() or {}), dict(second.metadata() or {}))
        apart = {name: _apart(first.get_tensor(name), second.get_tensor(name)) for name in names}
    worst = max(apart, key=lambda name: apart[name], default="")
    told = [f"largest difference {apart[worst]:.3g}, in {worst}"] if worst and apart[worst] else []
    return "; ".join(told + ([f"what it says of itself ({_some(about)})"] if about else []))


def _apart(a: torch.Tensor, b: torch.Tensor) -> float:
    if a.shape != b.shape:
        return float("inf")
    return float((a.double() - b.double()).abs().max()) if a.numel() else 0.0


def _of_values(a: Path, b: Path) -> str:
    read = (path.read_text(encoding="utf-8") for path in (a, b))
    if a.suffix == ".jsonl":
        first, second = ([json.loads(line) for line in text.splitlines()] for text in read)
    else:
        first, second = map(json.loads, read)
    paths = _paths(first, second)
    return f"{len(paths)} values ({_some(paths)})" if paths else ""


def _paths(a: Any, b: Any, path: str = "") -> list[str]:
    """Names of the values that differ, in the order in which they stand."""
    if isinstance(a, str) and isinstance(b, str) and a[:1] == b[:1] == "{":
        a, b = json.loads(a), json.loads(b)  # a card, within the metadata of its weights
    if isinstance(a, dict) and isinstance(b, dict):
        names = [name for name in a | b if name != "seconds"]
        return [found for name in names for found in _paths(a.get(name), b.get(name), f"{path}.{name}")]
    if isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        pairs = enumerate(zip(a, b, strict=True))
        return [found for number, (one, other) in pairs for found in _paths(one, other, f"{path}.{number}")]
    return [] if a == b else [path.removeprefix(".")]


def _some(names: Iterable[str]) -> str:
    listed = list(names)
    more = len(listed) - NAMED
    return ", ".join(listed[:NAMED]) + (f" and {more} more" if more > 0 else "")
