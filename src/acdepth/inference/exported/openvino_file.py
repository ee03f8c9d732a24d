"""OpenVINO: a graph (.xml) with its weights beside it (.bin)."""

from pathlib import Path

import numpy as np

from acdepth.core.crop import Resize
from acdepth.inference.exported.about import ABOUT_KEY, About
from acdepth.inference.exported.running import Inputs, Run
from acdepth.inference.exported.whole import DEPTH, FOCAL_LENGTH, IMAGE, UNKNOWN, ImageToDepth
from acdepth.inference.graphs import int8
from acdepth.inference.graphs.openvino import converted, save
from acdepth.inference.graphs.quiet_openvino import openvino

OUTSIDE = r"(?!__module\.network).*"
"""Names of all that is not the network."""


def write(module: ImageToDepth, about: About, path: Path) -> None:
    """Write a network with its weights and what is known of it."""
    example = module.example()
    model = converted(module, tuple(example.values()))
    for place, name in zip(model.inputs, example, strict=True):
        place.set_names({name})
    model.outputs[0].set_names({DEPTH})
    if about.precision == "int8":
        # It may go to any machine, so also to one whose sums of bytes saturate.
        inputs = _calibration(module, about.card.resize)
        model = int8.quantised(model, inputs, any_cpu=True, in_float=(OUTSIDE,))
    if module.image_size is None:
        model.reshape({IMAGE: [1, -1, -1, 3], **({FOCAL_LENGTH: [2]} if FOCAL_LENGTH in example else {})})
    model.set_rt_info(about.model_dump_json(), [ABOUT_KEY, "about"])
    for name, said in about.in_words().items():
        model.set_rt_info(said, [ABOUT_KEY, name.replace(" ", "_")])
    save(model, path, half=about.precision == "fp16")


def _calibration(module: ImageToDepth, resize: Resize) -> list[dict[str, np.ndarray]]:
    fixed = {FOCAL_LENGTH: np.array(UNKNOWN, np.float32)} if module.takes_focal_length else {}
    return [{IMAGE: one[None], **fixed} for one in int8.seen_by_calibration(module.example_size, resize)]


def read(path: Path) -> tuple[str | None, Run]:
    """What a file says of itself, as JSON, and what it computes, on the CPU."""
    core = openvino.Core()
    model = core.read_model(path)
    about = (
        model.get_rt_info([ABOUT_KEY, "about"]).astype(str)
        if model.has_rt_info([ABOUT_KEY, "about"])
        else None
    )
    # Left alone it would compute float32 weights in bfloat16 where the CPU can.
    options = {"INFERENCE_PRECISION_HINT": "f32", "PERFORMANCE_HINT": "LATENCY"}
    request = core.compile_model(model, "CPU", options).create_infer_request()
    defaults = {FOCAL_LENGTH: np.array(UNKNOWN, np.float32)} if len(model.inputs) > 1 else {}

    def run(inputs: Inputs) -> np.ndarray:
        return np.array(request.infer(defaults | dict(inputs))[0])

    return about, run
