"""The long verbs: a command of each on the smallest data it takes, and what of its result may differ."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.faults.inputs import RECIPES

DEMO = Path(__file__).parent.parent / "demo" / "tiny.yaml"
GRID = RECIPES / "tiny-grid.yaml"
OWN = RECIPES / "tiny-own.yaml"
LOG = {"log.jsonl": {"seconds"}}
"""The times in the log of a training."""
HALF_MADE = (".*.partial*",)
"""What a kill leaves for a day in a folder that nobody locks, as several may write there at once."""
TIMES = {
    **LOG,
    "index.json": {"stamp"},  # made of when the files of earlier stages were written
    "manifest.jsonl": {"source_stamp"},
    "stages/*.json": {"seconds", "prepared"},
    "run.json": {"seconds"},
}
"""The times in the folder of a pipeline."""


@dataclass(frozen=True)
class Verb:
    """One long verb."""

    arguments: Callable[[Path, Path], list[object]]
    """What follows ``acdepth``, from the folder of inputs and that of the result."""
    differs: dict[str, set[str]]
    """Keys of JSON that may differ, by patterns of the files they are in."""
    unseen: tuple[str, ...] = ()
    """Patterns of files that tell how long something took in words or pictures; they must be there."""
    spare: tuple[str, ...] = ()
    """Patterns of files that need not be there."""
    keeps_cache: bool = False
    """Whether the user's cache is part of the result."""


def _trains(stage: str, *more: Callable[[Path], list[object]]) -> Callable[[Path, Path], list[object]]:
    def arguments(inputs: Path, out: Path) -> list[object]:
        given: list[object] = ["train", stage, inputs / "clear", "--config", inputs / f"{stage}.yaml"]
        return [*given, "--out", out, *(one for some in more for one in some(inputs))]

    return arguments


def _ablate(inputs: Path, out: Path) -> list[object]:
    return [
        *("ablate", inputs / "clear", "--translations", inputs / "translations"),
        *("--teacher", inputs / "teacher", "--evaluation", inputs / "measured"),
        *("--config", GRID, "--out", out, "--seeds", 0),
    ]


def _taught(inputs: Path) -> list[object]:
    return ["--teacher", inputs / "teacher", "--translations", inputs / "translations"]


def _from_network(inputs: Path) -> list[object]:
    return ["--student", inputs / "network"]


def _adverse(inputs: Path) -> list[object]:
    return ["--adverse", inputs / "night"]


VERBS: dict[str, Verb] = {
    "world make": Verb(
        lambda _, out: [
            *("world", "make", out, "--towns", "1,2", "--conditions", "clear,night"),
            *("--image-size", "32x48", "--frames", 6, "--device", "cpu"),
        ],
        {},
    ),
    "data prepare": Verb(
        lambda inputs, out: [
            *("data", "prepare", "robotcar", inputs / "robotcar" / "raw", out),
            *("--models", inputs / "robotcar" / "models"),
            *("--extrinsics", inputs / "robotcar" / "extrinsics"),
        ],
        {},
    ),
    "data pack": Verb(
        lambda inputs, out: [
            *("data", "pack", inputs / "clear", out, "--image-size", "64x96", "--per-shard", 2)
        ],
        {},
    ),
    "translate": Verb(
        lambda inputs, out: [
            *("translate", inputs / "clear", out, "--depth", "measured", "--conditions", "night,rain"),
            *("--batch-size", 2, "--workers", 1),
        ],
        {},
    ),
    "translate by a translator": Verb(
        lambda inputs, out: [
            *("translate", inputs / "clear", out, "--method", "diffusion", "--weights", inputs / "adapters"),
            *("--conditions", "night,fog", "--batch-size", 2, "--device", "cpu"),
        ],
        {},
    ),
    "train teacher": Verb(_trains("teacher"), LOG),
    "train student": Verb(_trains("student", _taught), LOG),
    "train adapt": Verb(_trains("adapt", _taught, _from_network, _adverse), LOG),
    "train confidence": Verb(_trains("confidence", _taught, _from_network), LOG),
    "train translator": Verb(_trains("translator", _adverse), LOG),
    "fit": Verb(
        lambda inputs, out: ["fit", inputs / "own", "--out", out, "--config", OWN],
        {**TIMES, "plan.json": {"stages"}, "fit.json": {"seconds", "expected"}},
        unseen=("report.html",),
    ),
    "demo": Verb(
        lambda _, out: ["demo", "--out", out, "--config", DEMO],
        TIMES,
        unseen=("report.html",),
    ),
    "reproduce": Verb(
        lambda inputs, out: [
            *("reproduce", "nuscenes", "--root", inputs / "nuscenes", "--out", out),
            *("--config", inputs / "reproduce.yaml"),
        ],
        TIMES,
        unseen=("report.html",),
    ),
    "ablate": Verb(
        _ablate,
        TIMES,
        unseen=("report.html",),
    ),
    "ablate in processes": Verb(
        lambda inputs, out: [*_ablate(inputs, out), "--workers", 2],
        TIMES,
        unseen=("report.html",),
        spare=("worker-*.log",),
    ),
    "evaluate": Verb(
        lambda inputs, out: [
            *("evaluate", inputs / "measured", "--weights", f"a={inputs / 'teacher'}"),
            *(f"b={inputs / 'network'}", "--out", out, "--keep-predictions"),
        ],
        {},
        unseen=("report.html",),
    ),
    "export": Verb(
        lambda inputs, out: [
            *("export", inputs / "network", "--to", "onnx", "--image-size", "64x96"),
            *("--out", out / "depth.onnx"),
        ],
        {},
        spare=HALF_MADE,
    ),
    "predict a video": Verb(
        lambda inputs, out: [
            *("predict", inputs / "film.mp4", "--weights", inputs / "network", "--out", out, "--fov", 60),
            *("--to", "colour,png16,npy", "--device", "cpu"),
        ],
        {},
        spare=HALF_MADE,
    ),
    "the user's cache": Verb(
        lambda inputs, out: [
            *("predict", inputs / "clear" / "drive" / "images" / "000000.png", "--out", out, "--fov", 60),
            *("--weights", inputs / "network", "--device", "cpu", "--backend", "openvino"),
        ],
        {},
        spare=HALF_MADE,
        keeps_cache=True,
    ),
}
