"""Recompute reference values with this package and compare: python benchmarks/parity.py GOLDEN.npz

The file's inputs go through the package's public functions and networks, and each result is set beside the
output that the file stores. Exits with 1 if one differs by more than 1e-5 (networks: 1e-4) of the largest
stored value, with 2 if the file cannot be used.
"""

import argparse
import re
import sys
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from acdepth.core.batches import TripletBatch
from acdepth.core.errors import UserError
from acdepth.evaluation.metrics import METRICS, depth_metrics
from acdepth.evaluation.predict import align
from acdepth.geometry.motion import pose_matrix, velocity_loss
from acdepth.geometry.photometric import photometric_loss, ssim
from acdepth.geometry.warp import synthesise_views, warp
from acdepth.inference.output import fuse_flipped
from acdepth.networks.depth_net import DepthNet, DepthNetConfig
from acdepth.networks.pose_net import PoseNet
from acdepth.networks.published import load_reference_weights, reference_name
from acdepth.student.ordinal import discrepancy, order_labels, ranking_terms, uncertain_pixels, window_mean
from acdepth.student.task import mean_consistency, mean_distillation
from acdepth.teacher.task import mean_smoothness

TOLERANCE, NETWORK_TOLERANCE = 1e-5, 1e-4
SCALES, LEVELS = 4, 5
DAY_NIGHT = ((0.4130, 0.2093), (0.1652, 0.1728))
"""Mean and deviation of ACDepth's nuScenes images; the first row of a batch is day, the second night."""
MARGIN, WINDOW, MIN_DEPTH, MAX_DEPTH = 0.15, 5, 0.1, 80.0

Golden = dict[str, Tensor]
Result = tuple[str, Tensor]
"""Name of a stored output, and what we compute."""


@dataclass(frozen=True)
class Difference:
    """How far one recomputed output is from the stored one."""

    name: str
    largest: float
    relative: float
    """``largest`` as part of the largest stored absolute value."""

    @property
    def tolerance(self) -> float:
        return NETWORK_TOLERANCE if self.name.startswith("net_") else TOLERANCE

    @property
    def exceeds(self) -> bool:
        # Written so that NaN exceeds too.
        return not self.relative <= self.tolerance


def compare(path: Path, seed: int | None = None) -> list[Difference]:
    """Differences of every stored output.

    Args:
        path: file of reference values.
        seed: of the networks' weights; None takes the number that ends the file's name.

    Raises:
        UserError: if the file is unreadable, lacks an array, or names no seed.
    """
    golden = _read(path)
    seed = _seed_of(path) if seed is None else seed
    try:
        return [_difference(name, found, golden[name]) for name, found in _recompute(golden, seed)]
    except KeyError as error:
        raise UserError(path, f"the array {error} is missing") from error


def _recompute(golden: Golden, seed: int) -> Iterator[Result]:
    parts: tuple[Callable[[Golden], Iterator[Result]], ...] = (_geometry, _teacher, _student, _evaluation)
    for part in parts:
        yield from part(golden)
    yield from _networks(golden, seed)


def _geometry(golden: Golden) -> Iterator[Result]:
    motions = pose_matrix(golden["pose_vec_prev_next"])
    for index, neighbour in enumerate(("prev", "next")):
        yield f"pose_mat_{neighbour}", motions[:, index]
        stored = golden[f"pose_mat_{neighbour}"]
        yield (
            f"warped_{neighbour}",
            warp(golden[f"image_{neighbour}"], golden["disp_0"], golden["K"], stored),
        )


def _teacher(golden: Golden) -> Iterator[Result]:
    image, inverse_depths = golden["image"], _several(golden, "disp", SCALES)
    neighbours = torch.stack([golden["image_prev"], golden["image_next"]], 1)
    motions = torch.stack([golden["pose_mat_prev"], golden["pose_mat_next"]], 1)
    truth = torch.stack([golden["gt_pose_prev"], golden["gt_pose_next"]], 1)
    triplet = TripletBatch(image, neighbours, golden["K"], distance=truth[..., :3, 3].norm(dim=-1))
    synthesised = synthesise_views(triplet, inverse_depths, motions)
    yield "ssim", ssim(image, golden["image_prev"])
    yield "photometric_loss", photometric_loss(synthesised, image, neighbours).mean()
    yield "smoothness_loss", mean_smoothness(inverse_depths, image)
    yield "velocity_loss", velocity_loss(motions, triplet.distance).mean()


def _student(golden: Golden) -> Iterator[Result]:
    student, teacher = _several(golden, "disp", SCALES), _several(golden, "teacher_disp", SCALES)
    yield "distillation_loss", mean_distillation(student, teacher)
    disagreement = discrepancy(student[0], teacher[0])
    yield "discrepancy", disagreement
    yield "uncertain_mask", uncertain_pixels(disagreement)
    mixed, clear, taught = (
        _several(golden, f"feat_{name}", LEVELS) for name in ("student_mixed", "student_clear", "teacher")
    )
    yield "consistency_loss", mean_consistency(mixed, clear, taught, golden["consistency_degraded"])
    labels = order_labels(golden["rank_prior_a"], golden["rank_prior_b"], MARGIN)
    yield "rank_label", labels
    yield "rank_loss_sum", ranking_terms(golden["rank_pred_a"], golden["rank_pred_b"], labels).sum()
    yield "rank_pairs", (labels != 0).sum()
    yield "window5_mean", window_mean(golden["window5_input"][None, None], WINDOW)[0, 0]


def _evaluation(golden: Golden) -> Iterator[Result]:
    truths = golden["metric_gt"][:, 0].numpy()
    resized = F.interpolate(golden["metric_pred"], truths.shape[-2:], mode="bilinear", align_corners=True)
    for prefix, alignment in (("metric_", "none"), ("metric_gt_", "median")):
        rows = []
        for predicted, truth in zip(resized[:, 0].numpy(), truths, strict=True):
            counted = (truth > MIN_DEPTH) & (truth < MAX_DEPTH)
            aligned = align(predicted, truth, counted, alignment).clip(MIN_DEPTH, MAX_DEPTH)
            rows.append(depth_metrics(aligned[counted], truth[counted]))
        for metric in METRICS:
            stored = re.sub(r"^d(?=\d)", "a", metric)
            yield prefix + stored, torch.tensor(np.mean([row[metric] for row in rows]))
    yield "postprocessed_disp", fuse_flipped(golden["disp_0"], golden["flip_disp"].flip(-1))


@torch.inference_mode()
def _networks(golden: Golden, seed: int) -> Iterator[Result]:
    yield (
        "normalized_image",
        DepthNet(_normalising(*_statistics(golden["image"]))).normalised(golden["image"]),
    )
    normalised, depths, features, poses = [], [], [], []
    for row, (mean, std) in enumerate(DAY_NIGHT):
        one = {name: golden[name][row : row + 1] for name in ("image", "net_image", "net_prev", "net_next")}
        depth_net = _drawn(DepthNet(_normalising(mean, std)), seed)
        pose_net = _drawn(PoseNet(_normalising(mean, std)), seed)
        assert isinstance(depth_net, DepthNet)
        normalised.append(depth_net.normalised(one["image"]))
        found = depth_net(one["net_image"])
        depths.append(found.inverse_depths)
        features.append(found.features)
        poses.append(torch.stack([pose_net(one["net_image"], one[f"net_{n}"]) for n in ("prev", "next")], 1))
    yield "normalized_daytime", torch.cat(normalised)
    yield from (
        (f"net_disp_{scale}", torch.cat(rows)) for scale, rows in enumerate(zip(*depths, strict=True))
    )
    yield from (
        (f"net_feat_{level}", torch.cat(rows)) for level, rows in enumerate(zip(*features, strict=True))
    )
    yield "net_pose_vec", torch.cat(poses)


def _normalising(mean: float, std: float) -> DepthNetConfig:
    return DepthNetConfig(mean=(mean, mean, mean), std=(std, std, std))


def _statistics(image: Tensor) -> tuple[float, float]:
    return image.mean().item(), image.std().item()


def _drawn(network: nn.Module, seed: int) -> nn.Module:
    """The network with the weights that the reference values were made with, in evaluation mode."""
    drawn = {
        reference_name(name): _draw(reference_name(name), tuple(tensor.shape), seed)
        for name, tensor in network.state_dict().items()
    }
    load_reference_weights(network, drawn, "drawn weights")
    return network.eval()


def _draw(name: str, shape: tuple[int, ...], seed: int) -> Tensor:
    """One weight, by its published name: numpy's generator, seeded with the name's CRC-32 plus the seed."""
    if name.endswith("num_batches_tracked"):
        return torch.tensor(0)
    values = np.random.default_rng(zlib.crc32(name.encode()) + seed).standard_normal(shape)
    if len(shape) >= 2:
        values = values * np.sqrt(2 / np.prod(shape[1:])) * 0.7
    elif name.endswith("running_var"):
        values = 1 + 0.1 * np.abs(values)
    elif name.endswith("weight"):
        values = 1 + 0.1 * values
    else:
        values = 0.1 * values
    return torch.from_numpy(values.astype(np.float32))


def _difference(name: str, found: Tensor, stored: Tensor) -> Difference:
    if found.shape != stored.shape:
        raise UserError(name, f"computed with shape {tuple(found.shape)}, stored as {tuple(stored.shape)}")
    stored = stored.double()
    largest = (found.double() - stored).abs().max().item()
    return Difference(name, largest, largest / max(stored.abs().max().item(), 1e-12))


def _several(golden: Golden, name: str, count: int) -> list[Tensor]:
    return [golden[f"{name}_{index}"] for index in range(count)]


def _read(path: Path) -> Golden:
    try:
        with np.load(path, allow_pickle=False) as arrays:
            return {name: torch.from_numpy(np.array(arrays[name])) for name in arrays.files}
    except (OSError, ValueError, AttributeError, zipfile.BadZipFile) as error:
        raise UserError(path, f"not readable as reference values ({error})") from error


def _seed_of(path: Path) -> int:
    number = re.search(r"(\d+)$", path.stem)
    if not number:
        raise UserError(path, "its name does not end in the seed of the weights", "give --seed")
    return int(number[1])


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("golden", type=Path, help="file of reference values, golden_SEED.npz")
    parser.add_argument("--seed", type=int, help="of the networks' weights, if the file's name does not say")
    arguments = parser.parse_args()
    try:
        differences = compare(arguments.golden, arguments.seed)
    except UserError as error:
        print(error, file=sys.stderr)
        return 2
    print(f"{'output':22} {'largest error':>14} {'relative':>10}")
    for difference in differences:
        mark = "  EXCEEDS" if difference.exceeds else ""
        print(f"{difference.name:22} {difference.largest:14.2e} {difference.relative:10.2e}{mark}")
    exceeding = sum(difference.exceeds for difference in differences)
    limits = f"{TOLERANCE:g}; net_*: {NETWORK_TOLERANCE:g}"
    print(f"{len(differences)} outputs, {exceeding} beyond the tolerance ({limits})")
    return 1 if exceeding else 0


if __name__ == "__main__":
    sys.exit(main())
