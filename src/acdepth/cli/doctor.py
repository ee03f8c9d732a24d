"""``acdepth doctor``: what is installed, which devices and weights are here, what is missing."""

import os
import platform
import re
import sys
from collections import defaultdict
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from acdepth.cli.main import VERBS, Verb
from acdepth.core import shipped
from acdepth.core.errors import UserError
from acdepth.core.files import read_object

if TYPE_CHECKING:
    import torch


def doctor() -> None:
    """Show what is installed, which devices and weights are here, and what is missing for which verb."""
    console = Console()
    for title, rows in (
        ("Installed", _packages()),
        ("Devices", _devices()),
        ("Weights that ship", _shipped()),
        ("Verbs", [(name, _state(verb)) for name, verb in VERBS.items()]),
    ):
        table = Table(title=title, title_justify="left", show_header=False)
        for row in rows:
            table.add_row(*map(escape, row))
        console.print(table)


def _packages() -> list[tuple[str, str]]:
    """Versions of what the package needs, and for each extra what is missing."""
    import av

    from acdepth.prediction.writer import CODECS

    rows = [("python", platform.python_version()), ("acdepth", version("acdepth"))]
    for extra, packages in _requirements().items():
        found = {package: _version(package) for package in packages}
        rows += [(package, number) for package, number in found.items() if number]
        if missing := [package for package, number in found.items() if not number]:
            remedy = f"pip install 'acdepth[{extra}]'" if extra else "pip install --force-reinstall acdepth"
            rows.append((extra or "acdepth", f"missing {', '.join(missing)} -> {remedy}"))
    codec = next((codec for codec in CODECS if codec in av.codecs_available), "none: no video can be written")
    return [*rows, ("video encoder", codec)]


def _requirements() -> dict[str, list[str]]:
    """Packages by extra, as the installed package declares them; those always needed under ``""``."""
    by_extra: dict[str, list[str]] = defaultdict(list)
    for requirement in requires("acdepth") or []:
        name = re.match(r"[\w.-]+", requirement)
        extra = re.search(r"extra == [\"'](\w+)[\"']", requirement)
        if name:
            by_extra[extra[1] if extra else ""].append(name[0])
    by_extra.pop("dev", None)  # no verb needs the tools that test the package
    return by_extra


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _devices() -> list[tuple[str, str]]:
    import torch

    cores = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count()
    threads, instructions = torch.get_num_threads(), torch.backends.cpu.get_cpu_capability()
    trains_in = _trains_in(torch.device("cpu"))
    rows = [("cpu", f"{cores} cores, {threads} threads, {instructions}; {trains_in}")]
    for index in range(torch.cuda.device_count()):
        about = torch.cuda.get_device_properties(index)
        trains_in = _trains_in(torch.device("cuda", index))
        rows.append((f"cuda:{index}", f"{about.name}, {about.total_memory / 2**30:.0f} GiB, {trains_in}"))
    if torch.backends.mps.is_available():
        rows.append(("mps", "Apple GPU"))
    if len(rows) == 1:
        rows.append(("gpu", "none found; everything runs on the CPU"))
    return rows


def _shipped() -> list[tuple[str, str]]:
    """For each kind of weights what they were trained on, or why they cannot be used."""
    from acdepth.networks.checkpoint import load_checkpoint, load_tensors

    ask: dict[str, Callable[[], str]] = {
        "student": lambda: load_checkpoint(shipped.STUDENT)[1].description,
        "encoder": lambda: load_tensors(shipped.ENCODER)[1].get("description", ""),
        "prior": lambda: _card(shipped.PRIOR),
        "generator": lambda: _card(shipped.GENERATOR),
        "translator": lambda: _card(shipped.TRANSLATOR),
    }
    rows = [(kind, _answer_or_error(describe)) for kind, describe in ask.items()]
    return [*rows, ("sha-256", _answer_or_error(_whole))]


def _whole() -> str:
    if changed := shipped.altered():
        return f"not as they were shipped: {', '.join(changed)}; install acdepth again"
    return "of all files as they were shipped"


def _card(folder: Path) -> str:
    return read_object(folder / "card.json").get("description", "")


def _answer_or_error(describe: Callable[[], str]) -> str:
    try:
        return describe() or "says nothing about itself"
    except UserError as error:
        return f"not usable: {error}"


def _trains_in(device: "torch.device") -> str:
    from acdepth.core.precision import fast_bfloat16

    if fast_bfloat16(device):
        return "trains in bfloat16"
    return "trains in float32, as bfloat16 would only be imitated"


def _state(verb: Verb) -> str:
    """Whether a verb can be used, found out by importing what it uses: a list of needs could be wrong."""
    try:
        verb.load_work()
    except UserError as error:
        return str(error)
    except Exception as error:  # a doctor reports a broken part and looks at the next one
        return f"broken: {type(error).__name__}: {error}"
    return "ready"
