"""A JPEG in memory to depth, by each backend: python benchmarks/inference.py [--out FILE]

The published way decodes the whole photograph by PIL, shrinks it by Lanczos and asks the network in float32,
eager. Ours decodes it at reduced size and asks a `Predictor`'s model. The last rows bring depth to the size
of the photograph. All take turns. ``floor`` is the network alone, by the quickest backend.
"""

import argparse
import io
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import get_args

import cv2
import numpy as np
import torch
from PIL import Image
from turns import Work, keep, show, take_turns

from acdepth.cli.world import parse_image_size
from acdepth.core.seeding import make_generator
from acdepth.inference.devices import Precision, Runtime
from acdepth.inference.model import open_model
from acdepth.inference.predictor import MARGIN, Predictor
from acdepth.networks.checkpoint import CheckpointCard, load_checkpoint, save_checkpoint
from acdepth.networks.depth_net import DepthNet, DepthNetConfig

PHOTOGRAPH = (900, 1600)
"""(height, width) of nuScenes [px]."""
PUBLISHED = "published: PIL, Lanczos, fp32 eager"
ON_DEVICES: tuple[tuple[Runtime, Precision], ...] = (("torch", "fp32"), ("torch", "bf16"))
ON_CPUS: tuple[tuple[Runtime, Precision], ...] = (
    *ON_DEVICES,
    ("onnx", "fp32"),
    ("openvino", "fp32"),
    ("openvino", "bf16"),
    ("openvino", "int8"),
)


def photograph(size: tuple[int, int] = PHOTOGRAPH) -> bytes:
    """A JPEG with large shapes, texture and noise, about 0.7 bits a pixel, as a street has."""
    draw = make_generator(0, "photograph")
    layers = [(6, 60.0), (60, 30.0), (300, 8.0)]
    picture = np.full((*size, 3), 128.0, np.float32)
    for rows, strength in layers:
        coarse = torch.randn(rows, rows * size[1] // size[0], 3, generator=draw).numpy()
        picture += strength * cv2.resize(coarse, (size[1], size[0]), interpolation=cv2.INTER_LINEAR)
    return cv2.imencode(".jpg", picture.clip(0, 255).astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, 85])[
        1
    ].tobytes()


def published(network: DepthNet, size: tuple[int, int]) -> Callable[[bytes], np.ndarray]:
    """The published order of work, written plainly."""

    @torch.inference_mode()
    def depth(jpeg: bytes) -> np.ndarray:
        image = Image.open(io.BytesIO(jpeg)).convert("RGB").resize(size[::-1], Image.Resampling.LANCZOS)
        tensor = torch.from_numpy(np.array(image)).permute(2, 0, 1)[None].float() / 255
        inverse = network(tensor.to(next(network.parameters()).device)).inverse_depths[0]
        return (1 / inverse)[0, 0].cpu().numpy()

    return depth


def at_network_size(predictor: Predictor, jpeg: bytes, margin: float = MARGIN) -> np.ndarray:
    """Depth (h, w) as the network says it."""
    pixels = predictor.read(jpeg, margin)
    [answer] = predictor.model.infer([pixels.array], [predictor.model.fit(pixels.size)])
    return (1 / answer.inverse_depth)[0, 0].cpu().numpy()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--size", default="320x576", help="height and width that the network sees")
    parser.add_argument("--width", type=int, default=64, help="channels of ResNet18's first level")
    parser.add_argument("--weights", type=Path, help="instead: a checkpoint, at its own size")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument(
        "--without", nargs="*", default=[], choices=sorted(get_args(Runtime) + get_args(Precision))
    )
    parser.add_argument("--out", type=Path, help="JSON file to write")
    given = parser.parse_args()
    jpeg = photograph()
    with tempfile.TemporaryDirectory() as folder:
        weights = given.weights or Path(folder) / "model.safetensors"
        if given.weights is None:
            torch.manual_seed(0)
            card = CheckpointCard(
                network=DepthNetConfig(width=given.width), input_size=parse_image_size(given.size)
            )
            save_checkpoint(weights, DepthNet(card.network, 15.0), card)
        network, card = load_checkpoint(weights)
        predictors = {
            f"{runtime} {precision}": Predictor(
                open_model(weights, "benchmark", given.device, precision, runtime)
            )
            for runtime, precision in (ON_CPUS if given.device == "cpu" else ON_DEVICES)
            if runtime not in given.without and precision not in given.without
        }
    by_published = published(network.to(given.device).eval().requires_grad_(False), card.input_size)
    works: dict[str, Work] = {PUBLISHED: lambda: by_published(jpeg)}
    for name, predictor in predictors.items():
        works[name] = lambda predictor=predictor: at_network_size(predictor, jpeg)
    quickest = list(predictors)[-1]
    for name, predictor in predictors.items():
        works[f"{name}, JPEG as small as may be"] = lambda predictor=predictor: at_network_size(
            predictor, jpeg, 1.0
        )
    image = predictors[quickest].read(jpeg).array
    model = predictors[quickest].model
    works[f"floor: {quickest}, network alone"] = lambda: model.infer(
        [model.resized(image, card.input_size)], [card.input_size]
    )
    for name in (next(iter(predictors)), quickest):
        works[f"{name}, depth at {PHOTOGRAPH[1]}x{PHOTOGRAPH[0]}"] = lambda name=name: predictors[name](
            jpeg, confidence=False
        )
    timed = take_turns(works, given.rounds)
    first = timed[PUBLISHED].median
    ratios = {
        f"published / {name}": first / seconds.median for name, seconds in timed.items() if name != PUBLISHED
    }
    expected = by_published(jpeg)
    apart = {
        name: float(np.median(np.abs(at_network_size(predictor, jpeg) / expected - 1)))
        for name, predictor in predictors.items()
    }
    large = f"{PHOTOGRAPH[1]}x{PHOTOGRAPH[0]}, {len(jpeg) // 1000} kB"
    show(f"JPEG ({large}) to depth, {card.network.encoder}, {card.input_size}", timed, ratios)
    if given.out:
        settings = {"size": card.input_size, "encoder": card.network.encoder, "width": card.network.width}
        groups = {"seconds": timed, "ratios": ratios, "median difference to the published": apart}
        keep(given.out, {**settings, "rounds": given.rounds}, groups)


if __name__ == "__main__":
    main()
