"""``acdepth export``: a file that needs neither torch nor acdepth."""

from pathlib import Path
from typing import Annotated, Literal

import tyro


def export(
    weights: Annotated[Path, tyro.conf.Positional],
    *,
    to: Literal["onnx", "openvino", "torch-export"],
    out: Path | None = None,
    image_size: str = "any",
    precision: Literal["fp32", "fp16", "int8"] = "fp32",
    images: Path | None = None,
    licence: str | None = None,
    data_licence: str | None = None,
) -> None:
    """Write a network as a file that takes pixels and says metres, without torch and without acdepth.

    Normalisation, the lens' factor and a calibration are inside. The file is compared with torch on pictures
    of the built-in world and on --images; if it differs by more than is stated, nothing is written.

    Args:
        weights: checkpoint or its folder, or shipped.
        to: onnx: for ONNX Runtime and others; openvino: .xml with .bin beside it; torch-export: for torch
            without acdepth.
        out: the file; if not given depth.onnx, depth.xml or depth.pt2.
        image_size: HEIGHTxWIDTH of the images that the file takes, as a camera gives them, such as 720x1280:
            it then resizes them itself. any: each side a multiple of 32; the network sees them as they are.
        precision: fp32; fp16: half the size; int8: of openvino, a quarter, and fastest on a CPU.
        images: a folder of photographs by the camera, on which the file is compared too.
        licence: of the weights, written into the file.
        data_licence: of what they were trained on, likewise.
    """
    from acdepth.cli.world import parse_image_size
    from acdepth.prediction.export import export_model

    size = None if image_size == "any" else parse_image_size(image_size)
    written, agreement = export_model(weights, to, out, size, precision, images, licence, data_licence)
    print(f"{written}: {agreement.describe()}")
