"""ExecuTorch: one file (.pte) for phones and boards, computed by XNNPACK on their CPUs."""

from pathlib import Path

import numpy as np
import torch

from acdepth.inference.exported.about import About
from acdepth.inference.exported.running import Inputs, Run
from acdepth.inference.exported.whole import FOCAL_LENGTH, IMAGE, UNKNOWN, ImageToDepth

ABOUT_METHOD = "about"
"""Of the program, which answers with what it says of itself."""


def write(module: ImageToDepth, about: About, path: Path) -> None:
    """Write a network with its weights and what is known of it."""
    from executorch.backends.xnnpack.partition.xnnpack_partitioner import XnnpackPartitioner
    from executorch.exir import to_edge_transform_and_lower

    program = torch.export.export(module, tuple(module.example().values()))
    told = {ABOUT_METHOD: about.model_dump_json()}
    edge = to_edge_transform_and_lower(program, partitioner=[XnnpackPartitioner()], constant_methods=told)
    path.write_bytes(edge.to_executorch().buffer)


def read(path: Path) -> tuple[str | None, Run]:
    """What a file says of itself, as JSON, and what it computes, on the CPU."""
    from executorch.runtime import Runtime

    program = Runtime.get().load_program(path)
    told = str(program.load_method(ABOUT_METHOD).execute([])[0])
    names = (IMAGE, FOCAL_LENGTH) if About.from_json(told, str(path)).takes_focal_length else (IMAGE,)
    method = program.load_method("forward")

    def run(inputs: Inputs) -> np.ndarray:
        given = {FOCAL_LENGTH: np.array(UNKNOWN, np.float32), **inputs}
        return method.execute([torch.from_numpy(np.array(given[name])) for name in names])[0].numpy()

    return told, run
