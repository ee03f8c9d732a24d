"""Pairs of points and the footage they are of: finding it, and drawing pairs where depth was measured."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path, PurePosixPath

import numpy as np
import torch

from acdepth.core.clip import Clip, target_frames
from acdepth.core.errors import UserError
from acdepth.core.files import inside
from acdepth.core.seeding import make_generator
from acdepth.data.own.clip import Description, ImageClip
from acdepth.evaluation.ordinal import AskedFrame
from acdepth.evaluation.pairs import PointPair, Relation

SAME_RATIO = 1.01
"""Below this ratio of the larger to the smaller depth two points are drawn as equally far."""
ROUNDS, AT_ONCE = 50, 1000
"""So often so many pairs are drawn at most, before fewer than wanted will do."""


def ask_frames(pairs: Sequence[PointPair], footage: Sequence[Clip], root: Path) -> list[AskedFrame]:
    """The frames that pairs are of, in the order in which the pairs name them.

    Images are named by their keys, in front of which the name of ``root`` itself may be missing. Where the
    footage, which was found under ``root``, has not all of them, but all are files below ``root``, they are
    photographs, each a clip of its own, of clear weather.

    Raises:
        UserError: naming the first image that is not there, or is not below ``root``.
    """
    of_image: dict[str, list[PointPair]] = {}
    for pair in pairs:
        of_image.setdefault(pair.image, []).append(pair)
    place_of = {clip.key(index): (clip, index) for clip in footage for index in range(len(clip))}
    names = {image: _known(image, place_of, root) for image in of_image}
    if None not in names.values():
        return [AskedFrame(*place_of[name], tuple(of_image[image])) for image, name in names.items() if name]
    files = {image: inside(root, image, "the pairs") for image in of_image}
    if all(file.is_file() for file in files.values()):
        photographs = [_photograph(root, image, file) for image, file in files.items()]
        return [AskedFrame(one, 0, tuple(of_image[one.name])) for one in photographs]
    missing = next(image for image in of_image if names[image] is None and not files[image].is_file())
    example = f"; its images are named as {next(iter(place_of))}" if place_of else ""
    raise UserError(root, f"has no image {missing}, of which there are pairs{example}")


def draw_point_pairs(
    footage: Iterable[Clip],
    per_image: int,
    min_ratio: float,
    same: int,
    depth_range: tuple[float, float],
    seed: int,
    advance: Callable[[], object] = lambda: None,
) -> list[PointPair]:
    """Draw pairs of points of measured depth, in each image that has any.

    Both points are drawn evenly over the measured pixels, so that either may be the closer. Pairs of an image
    depend on the seed and its key, on nothing else.

    Args:
        footage: frames without measured depth are passed over.
        per_image: pairs with an order, in each image; fewer where that many are not found.
        min_ratio: of the larger to the smaller depth, of these; above 1.
        same: pairs of no order (`SAME_RATIO`), in each image beside these.
        depth_range: least and most depth [m].
        seed: of the draws.
        advance: called once per target.
    """
    found = []
    for frame in target_frames(footage):
        depth = frame.clip.depth(frame.index)
        if depth is not None:
            generator, flat = make_generator(seed, "pairs", frame.key), depth.ravel()
            known = np.flatnonzero((flat > depth_range[0]) & (flat < depth_range[1]))
            ordered = _draw(flat, known, per_image, lambda ratio: ratio >= min_ratio, generator)
            equal = _draw(flat, known, same, lambda ratio: ratio < SAME_RATIO, generator)
            closer = [flat[first] < flat[second] for first, second in ordered]
            relations = [Relation.CLOSER if one else Relation.FARTHER for one in closer]
            relations += [Relation.SAME] * len(equal)
            for points, relation in zip(ordered + equal, relations, strict=True):
                (y1, x1), (y2, x2) = (divmod(point, depth.shape[1]) for point in points)
                found.append(PointPair(frame.key, x1, y1, x2, y2, relation))
        advance()
    return found


def _draw(
    depth: np.ndarray,
    known: np.ndarray,
    wanted: int,
    fits: Callable[[np.ndarray], np.ndarray],
    generator: torch.Generator,
) -> list[tuple[int, int]]:
    """Up to ``wanted`` pairs of ``known`` pixels of a flat depth [m] whose ratio, at least 1, fits."""
    kept: list[tuple[int, int]] = []
    for _ in range(ROUNDS if len(known) > 1 else 0):
        if len(kept) >= wanted:
            break
        first, second = known[torch.randint(len(known), (2, AT_ONCE), generator=generator).numpy()]
        ratio = depth[first] / depth[second]
        good = fits(np.maximum(ratio, 1 / ratio)) & (first != second)
        kept += zip(first[good].tolist(), second[good].tolist(), strict=True)
    return kept[:wanted]


def _known(image: str, place_of: Iterable[str], root: Path) -> str | None:
    """The key of an image, which may be told without the name of the folder that all of it lies in."""
    return next((name for name in (image, f"{root.resolve().name}/{image}") if name in place_of), None)


def _photograph(root: Path, image: str, file: Path) -> ImageClip:
    parent = PurePosixPath(image).parent.as_posix()
    folder = root.resolve().name if parent == "." else parent
    return ImageClip(image, folder, [file], Description())
