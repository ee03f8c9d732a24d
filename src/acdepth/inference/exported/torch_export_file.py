"""torch.export: a program that torch runs without this package, and compiles."""

from pathlib import Path

import numpy as np
import torch

from acdepth.inference.exported.about import About
from acdepth.inference.exported.running import Inputs, Run
from acdepth.inference.exported.whole import FOCAL_LENGTH, IMAGE, UNKNOWN, ImageToDepth

ABOUT_FILE = "acdepth.json"
"""Of the archive's extra files."""


def write(module: ImageToDepth, about: About, path: Path) -> None:
    """Write a network with its weights and what is known of it."""
    example = tuple(module.example().values())
    program = torch.export.export(module, example, dynamic_shapes=module.dynamic_shapes())
    torch.export.save(program, path, extra_files={ABOUT_FILE: about.model_dump_json()})


def read(path: Path) -> tuple[str | None, Run]:
    """What a file says of itself, as JSON, and what it computes, on the CPU.

    Of a file that was just written alone: torch would execute what a stranger's holds (it unpickles, and
    evaluates formulas of shapes).
    """
    told = {ABOUT_FILE: ""}
    module = torch.export.load(path, extra_files=told).module()
    about = About.model_validate_json(told[ABOUT_FILE])
    names = (IMAGE, FOCAL_LENGTH) if about.takes_focal_length else (IMAGE,)

    def run(inputs: Inputs) -> np.ndarray:
        given = {FOCAL_LENGTH: np.array(UNKNOWN, np.float32), **inputs}
        with torch.inference_mode():
            return module(*(torch.from_numpy(np.array(given[name])) for name in names)).numpy()

    return told[ABOUT_FILE], run
