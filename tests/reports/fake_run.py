"""A small run folder with invented numbers."""

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np

ERRORS = {
    "teacher": {"clear": 0.13, "night": 0.29},
    "control": {"clear": 0.13, "night": 0.285},
    "student": {"clear": 0.132, "night": 0.17},
}


def estimate(mean: float, half: float = 0.01) -> dict[str, float | None]:
    return {"mean": mean, "low": mean - half, "high": mean + half}


def metrics(abs_rel: float) -> dict[str, Any]:
    names = ("sq_rel", "rmse", "rmse_log", "d2", "d3")
    return {"abs_rel": estimate(abs_rel), "d1": estimate(1 - abs_rel), **{n: estimate(0.9) for n in names}}


def results() -> dict[str, Any]:
    """Models apart at night (student), together in clear; control and teacher are paired apart at night."""
    changes = {
        "student": {"clear": (0.015, -0.01, 0.04), "night": (-0.41, -0.45, -0.37)},
        "control": {"clear": (0.0, -0.01, 0.01), "night": (-0.017, -0.03, -0.005)},
    }
    return {
        "protocol": {
            "name": "world-80m",
            "min_depth": 0.1,
            "max_depth": 80.0,
            "alignment": "none",
            "flip": False,
            "condition_known": False,
        },
        "model_order": list(ERRORS),
        "models": {
            model: {
                condition: {
                    "images": 24,
                    "sequences": 6,
                    **metrics(value),
                    "classes": {
                        "ground": {"images": 24, **metrics(value / 2)},
                        "<objects>": {"images": 24, **metrics(value * 2)},
                    },
                }
                for condition, value in errors.items()
            }
            for model, errors in ERRORS.items()
        },
        "checkpoints": {
            "student": {
                "sha256": "0" * 64,
                "description": "a small student",
                "metric": True,
                "conditions": ["clear", "night"],
                "input_size": [64, 96],
            }
        },
        "comparisons": {
            f"{model} vs teacher": {
                condition: {"abs_rel": {"relative_change": mean, "low": low, "high": high}}
                for condition, (mean, low, high) in found.items()
            }
            for model, found in changes.items()
        },
    }


def write_run(folder: Path) -> Path:
    """Every file a report can read."""
    (folder / "examples").mkdir(parents=True)
    write(folder / "results.json", results())
    write(
        folder / "examples" / "index.json",
        [_example(folder, c, r) for c in ("clear", "night") for r in ("best", "worst")],
    )
    frames = [
        {"model": m, "sequence": "a", "key": f"a/{i}", "index": i, "condition": c, "classes": {}}
        | {"metrics": {"abs_rel": value + 0.01 * i}}
        for m, errors in ERRORS.items()
        for c, value in errors.items()
        for i in range(5)
    ]
    (folder / "frames.jsonl").write_text("".join(json.dumps(frame) + "\n" for frame in frames))
    for model in ERRORS:
        (folder / model).mkdir()
        lines = [
            {"step": s, "loss": 1 / s, "terms": {"distillation": 1 / s} | ({"late": 0.5} if s > 20 else {})}
            for s in range(10, 60, 10)
        ]
        (folder / model / "log.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    story = {
        "title": "A run & its <title>",
        "made_by": {"torch": "2.13.0", "commit": "1a2b3c4"},
        "config": {"teacher": {"steps": 50}},
        "seconds": {"teacher": 312.0, "evaluate": 7430.0},
        "notes": ["One seed."],
    }
    write(folder / "run.json", story)
    return folder


def write(path: Path, content: Any) -> None:
    path.write_text(json.dumps(content, sort_keys=True))


def _example(folder: Path, condition: str, rank: str) -> dict[str, Any]:
    name = f"examples/{condition}_{rank}"
    truth = np.tile(np.linspace(4, 60, 24, dtype=np.float16)[:, None], (1, 40))
    truth[:4] = 0
    cv2.imwrite(str(folder / f"{name}.png"), np.full((24, 40, 3), 90, np.uint8))
    np.save(folder / f"{name}_truth.npy", truth)
    for model in ("teacher", "student"):
        np.save(folder / f"{name}_{model}.npy", (truth + np.float16(3)))
    return {
        "condition": condition,
        "rank": rank,
        "key": f"town/{condition}/{rank}",
        "image": f"{name}.png",
        "truth": f"{name}_truth.npy",
        "depth": {model: f"{name}_{model}.npy" for model in ("teacher", "student")},
        "teacher_abs_rel": 0.2,
        "student_abs_rel": 0.1,
    }
