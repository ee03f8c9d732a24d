"""ONNX: one file that ONNX Runtime and others run."""

from pathlib import Path

import numpy as np
import onnxruntime

from acdepth.inference.exported.about import ABOUT_KEY, About
from acdepth.inference.exported.running import Inputs, Run
from acdepth.inference.exported.whole import DEPTH, FOCAL_LENGTH, UNKNOWN, ImageToDepth


def write(module: ImageToDepth, about: About, path: Path) -> None:
    """Write a network with its weights and what is known of it."""
    from onnx import helper, numpy_helper  # only what writes needs it

    from acdepth.inference.graphs.onnx import converted

    model = converted(module, module.example(), [DEPTH], module.dynamic_shapes()).model_proto
    if module.takes_focal_length:
        # An input that has a value beforehand need not be given.
        default = np.array(UNKNOWN, np.float32)
        model.graph.initializer.append(numpy_helper.from_array(default, FOCAL_LENGTH))
    helper.set_model_props(model, {ABOUT_KEY: about.model_dump_json(), **about.in_words()})
    path.write_bytes(model.SerializeToString())


def read(path: Path) -> tuple[str | None, Run]:
    """What a file says of itself, as JSON, and what it computes, on the CPU.

    It is read as one piece, so that it cannot refer to other files.
    """
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3  # it warns of inputs with a default
    session = onnxruntime.InferenceSession(path.read_bytes(), options, providers=["CPUExecutionProvider"])

    def run(inputs: Inputs) -> np.ndarray:
        return np.asarray(session.run([DEPTH], dict(inputs))[0])

    return session.get_modelmeta().custom_metadata_map.get(ABOUT_KEY), run
