"""Time evaluation at nuScenes' size, side by side with the plain way, and compare the numbers:
python benchmarks/evaluation.py [--frames 1000] [--size 320x576 --width 64] [--out FILE]

Writes made frames into a temporary folder: JPEGs of 1600x900 pixels, and sweeps of 34,720 points of which
some 3,000 are in the image. The plain way takes one frame after the other: Pillow decodes and resizes it,
the network sees it alone, its depth is brought to full size, the truth is a depth image, and masks choose
what NumPy compares; for a confidence the network is asked again. Ours is `acdepth.evaluation`.
"""

import argparse
import json
import tempfile
from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from PIL import Image
from turns import keep, show, take_turns

from acdepth.cli.world import parse_image_size
from acdepth.core.images import read_image
from acdepth.core.shipped import STUDENT
from acdepth.core.stream import in_order, threads_beside
from acdepth.data.nuscenes.lidar import MARGIN, NEAREST, moved, moved_back, read_points
from acdepth.data.nuscenes.scenes import NuScenesClip
from acdepth.data.nuscenes.tables import Calibration, EgoPose, Scene, Shot, Tables
from acdepth.evaluation.evaluate import evaluate
from acdepth.evaluation.metrics import depth_metrics
from acdepth.evaluation.predict import NetworkModel
from acdepth.evaluation.protocols import Protocol, find_protocol
from acdepth.evaluation.schema import FrameRow, Sparsification
from acdepth.evaluation.sparsification import sparsify
from acdepth.inference.model import Backend, Confidence, DepthModel, model_of
from acdepth.networks.checkpoint import CheckpointCard, load_checkpoint
from acdepth.networks.confidence import confidence_of, disagreement
from acdepth.networks.depth_net import DepthNet, DepthNetConfig, DepthOutput

HEIGHT, WIDTH = 900, 1600
K = np.array([[1266.0, 0.0, 816.0], [0.0, 1266.0, 491.0], [0.0, 0.0, 1.0]])
BEAMS, TURN = 32, 1085
"""Of the scanner: points in a sweep."""
DIFFERENT_IMAGES = 20
"""The others repeat them, with sweeps of their own."""
AT_ONCE = 8


def make_clip(folder: Path, frames: int) -> NuScenesClip:
    """A scene of key frames in front of a wall and above a road."""
    draw = np.random.default_rng(0)
    images = [_picture(draw) for _ in range(min(frames, DIFFERENT_IMAGES))]
    shots, lidar, poses = [], {}, {}
    for number in range(frames):
        name = f"{number:06d}"
        (folder / f"{name}.jpg").write_bytes(images[number % len(images)])
        (folder / f"{name}.pcd.bin").write_bytes(_sweep(draw).tobytes())
        row = {"rotation": [0.99875, 0.0, 0.0, 0.05], "translation": [411.3 + number, 1180.9, 0.0]}
        poses[name] = EgoPose(folder / "ego_pose.json", json.dumps(row).encode())
        shots.append(Shot(f"{name}.jpg", name, number, True, "camera", name, (HEIGHT, WIDTH)))
        lidar[name] = Shot(f"{name}.pcd.bin", name, number, True, "lidar", name, (0, 0))
    # Ego: forward, left, up; camera: right, down, forward; scanner: right, forward, up.
    camera = np.array([[0, 0, 1, 1.7], [-1, 0, 0, 0.0], [0, -1, 0, 1.5], [0, 0, 0, 1.0]])
    scanner = np.array([[0, 1, 0, 0.9], [-1, 0, 0, 0.0], [0, 0, 1, 1.8], [0, 0, 0, 1.0]])
    calibrations = {"camera": Calibration(camera, K), "lidar": Calibration(scanner, None)}
    scenes = {"scene": Scene("scene-0003", "Night")}
    tables = Tables(scenes, {}, {"CAM_FRONT": shots, "LIDAR_TOP": list(lidar.values())}, calibrations, poses)
    return NuScenesClip(folder, tables, "scene", "CAM_FRONT", shots, lidar)


def _picture(draw: np.random.Generator) -> bytes:
    """Clouds of several sizes and a little noise: a JPEG of some 150 kB, as nuScenes' are."""
    image = np.full((HEIGHT, WIDTH, 3), 110.0, np.float32)
    for cells, strength in ((4, 60.0), (16, 30.0), (64, 12.0), (200, 6.0)):
        noise = draw.normal(0, strength, (cells, 2 * cells, 3)).astype(np.float32)
        image += cv2.resize(noise, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
    image += draw.normal(0, 2, image.shape).astype(np.float32)
    pixels = image.clip(0, 255).astype(np.uint8)
    return cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, 85])[1].tobytes()


def _sweep(draw: np.random.Generator) -> np.ndarray:
    """(N, 5) float32: x, y, z [m], intensity, ring, of a road 1.8 m below and walls 10 to 60 m away."""
    ring = np.repeat(np.arange(BEAMS), TURN)
    angle = np.tile(np.linspace(0, 2 * np.pi, TURN, endpoint=False), BEAMS)
    rise = np.radians(np.linspace(-30.7, 10.7, BEAMS))[ring]
    wall = np.interp(angle, np.linspace(0, 2 * np.pi, 40), draw.uniform(10, 60, 40))
    ground = np.where(rise < 0, 1.8 / np.tan(-np.minimum(rise, -1e-3)), np.inf)
    away = np.minimum(wall, ground)
    x, y, z = away * np.cos(angle), away * np.sin(angle), away * np.tan(rise)
    return np.stack([x, y, z, np.zeros_like(x), ring], 1).astype(np.float32)


class Plain:
    """The plain way: one frame after the other, everything at full size."""

    def __init__(self, network: Backend, size: tuple[int, int], clip: NuScenesClip, protocol: Protocol):
        self.network, self.size, self.clip, self.protocol = network, size, clip, protocol

    def evaluate(self, confidence: bool) -> list[dict[str, float]]:
        """Metrics of each frame, and its AUSE where confidence is asked for."""
        found = []
        for index in range(len(self.clip)):
            image = self._image(index)
            truth = self._truth(index)
            depth = self._full_size(1 / self._ask(image)[0])
            counted = (truth > self.protocol.min_depth) & (truth < self.protocol.max_depth)
            predicted = np.clip(depth, self.protocol.min_depth, self.protocol.max_depth)
            metrics = depth_metrics(predicted[counted], truth[counted])
            if confidence:
                sure = self._full_size(confidence_of(disagreement(list(self._ask(image)))))
                error = np.abs(predicted[counted] - truth[counted]) / truth[counted]
                sparsified = sparsify(error, sure[counted], predicted[counted])
                assert isinstance(sparsified, Sparsification)
                metrics["ause"] = sparsified.ause
            found.append(metrics)
        return found

    def _image(self, index: int) -> torch.Tensor:
        with Image.open(self.clip.root / self.clip.key(index)) as picture:
            height, width = self.size
            small = picture.convert("RGB").resize((width, height), Image.Resampling.LANCZOS)
        return torch.from_numpy(np.array(small)).permute(2, 0, 1)[None].float() / 255

    def _truth(self, index: int) -> np.ndarray:
        clip, shot = self.clip, self.clip.shots[index]
        pose = clip.tables.ego_poses[shot.ego_pose].matrix()
        points = read_points(clip.root / clip._lidar[shot.sample].file)
        for T in (clip.tables.calibrations["lidar"].T_sensor_to_ego, pose):
            points = moved(points, T)
        for T in (pose, clip.calibration.T_sensor_to_ego):
            points = moved_back(points, T)
        points = points[points[:, 2] > NEAREST]
        column, row = ((points @ K.T)[:, :2] / points[:, 2:]).T
        seen = (column > MARGIN) & (column < WIDTH - MARGIN) & (row > MARGIN) & (row < HEIGHT - MARGIN)
        image = np.zeros((HEIGHT, WIDTH), np.float32)
        image[row[seen].astype(int), column[seen].astype(int)] = points[seen, 2]
        return image

    @torch.inference_mode()
    def _ask(self, image: torch.Tensor) -> Sequence[torch.Tensor]:
        return self.network(image, None).inverse_depths

    @staticmethod
    def _full_size(values: torch.Tensor) -> np.ndarray:
        enlarged = torch.nn.functional.interpolate(
            values, (HEIGHT, WIDTH), mode="bilinear", align_corners=True
        )
        return enlarged[0, 0].numpy()


def largest_difference(ours: Sequence[FrameRow], plain: Sequence[dict[str, float]]) -> float:
    """Relative, of any metric of any frame."""
    worst = 0.0
    for row, expected in zip(ours, plain, strict=True):
        found = row.metrics | ({"ause": row.confidence.ause} if row.confidence else {})
        worst = max(worst, *(abs(found[name] / one - 1) for name, one in expected.items() if one))
    return worst


class Comparison:
    """Both ways with one network on one clip."""

    def __init__(self, clip: NuScenesClip, model: DepthModel) -> None:
        assert model.input_size is not None
        self.clip, self.model, self.size = clip, model, model.input_size
        self.protocol = find_protocol("nuscenes-80m")
        self.plain = Plain(model.backend, self.size, clip, self.protocol)

    def measure(self, kind: Confidence, rounds: int) -> dict[str, Any]:
        """Times [s], and ratios."""
        said: dict[str, Any] = {}
        ours = NetworkModel(self.model, kind)
        timed = take_turns(
            {
                "plain": lambda: said.update(plain=self.plain.evaluate(kind != "none")),
                "ours": lambda: said.update(ours=evaluate([ours], [self.clip], self.protocol)),
                "decoding alone, by threads": self._decode,
                "network alone, batches of 8": self._compute,
            },
            rounds,
        )
        plain, ours, decoding, network = (one.median for one in timed.values())
        ratios = {"plain / ours": plain / ours, "ours / (decoding + network)": ours / (decoding + network)}
        return {"seconds": timed, "ratios": ratios, "largest difference": largest_difference(**said)}

    def _decode(self) -> None:
        files = [self.clip.root / self.clip.key(index) for index in range(len(self.clip))]
        deque(in_order(read_image, files, threads_beside()), maxlen=0)

    @torch.inference_mode()
    def _compute(self) -> None:
        for first in range(0, len(self.clip), AT_ONCE):
            self.model.backend(torch.zeros(min(AT_ONCE, len(self.clip) - first), 3, *self.size), None)


def instant(size: tuple[int, int]) -> Backend:
    """A network that costs nothing, as if on a fast device: four scales of waves."""
    down, across = (torch.linspace(0, 9, side) for side in size)
    waves = [0.1 + 0.05 * torch.sin(power * down)[:, None] * torch.cos(across) for power in range(1, 5)]

    def say(image: torch.Tensor, night: torch.Tensor | None) -> DepthOutput:
        return DepthOutput(tuple(wave.expand(len(image), 1, -1, -1) for wave in waves), ())

    return say


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--frames", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--size", help="of a network of random weights; without it the student that ships")
    parser.add_argument("--width", type=int, default=64, help="of that network")
    parser.add_argument("--out", type=Path, help="JSON file to write")
    given = parser.parse_args()
    if given.size:
        card = CheckpointCard(
            network=DepthNetConfig(width=given.width), input_size=parse_image_size(given.size)
        )
        network = DepthNet(card.network, 15.0)
    else:
        network, card = load_checkpoint(STUDENT)
    # The filter of the published way, so that both ways show the network the same pixels.
    card = card.model_copy(update={"resize": "lanczos"})
    network.eval().requires_grad_(False)
    with tempfile.TemporaryDirectory() as folder:
        clip = make_clip(Path(folder), given.frames)
        points = clip.measured(0)
        assert points is not None
        kilobytes = (clip.root / clip.key(0)).stat().st_size / 1000
        model = model_of(network, card, torch.device("cpu"), name="m")
        kinds: dict[str, Confidence] = {"depth": "none", "depth and confidence": "scales"}
        groups = {
            f"{title}{beside}": Comparison(clip, one).measure(kind, given.rounds)
            for title, kind in kinds.items()
            for beside, one in (
                ("", model),
                (", a network that costs nothing", replace(model, backend=instant(card.input_size))),
            )
        }
    about = {
        "frames": given.frames,
        "rounds": given.rounds,
        "network": f"{card.input_size[0]}x{card.input_size[1]}, width {card.network.width}",
        "points in a frame": len(points.pixels),
        "kB of a JPEG": round(kilobytes),
    }
    print(", ".join(f"{name} {value}" for name, value in about.items()))
    for name, group in groups.items():
        show(f"{name}, {given.frames} frames", group["seconds"], group["ratios"])
        print(f"  largest relative difference of a metric of a frame: {group['largest difference']:.1e}")
    if given.out:
        keep(given.out, about, groups)


if __name__ == "__main__":
    main()
