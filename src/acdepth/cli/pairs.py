"""``acdepth data pairs``: pairs of points out of measured depth, as people would annotate them."""

from collections import Counter
from pathlib import Path
from typing import Annotated

import tyro

from acdepth.cli.say import say
from acdepth.core.errors import UserError
from acdepth.core.files import check_folder
from acdepth.core.progress import progress


def pairs(
    data: Annotated[Path, tyro.conf.Positional],
    out: Annotated[Path, tyro.conf.Positional],
    *,
    per_image: int = 10,
    min_ratio: float = 1.15,
    same: int = 0,
    min_depth: float = 0.1,
    max_depth: float = 80.0,
    split: str | None = None,
    cameras: tuple[str, ...] = ("CAM_FRONT",),
    seed: int = 0,
) -> None:
    """Draw pairs of points whose order measured depth tells, for acdepth evaluate --pairs.

    Args:
        data: footage with measured depth.
        out: CSV file to write: image, x1, y1, x2, y2 in pixels from the top left, and whether the first point
            is closer or farther than the second, or the same.
        per_image: pairs with an order, in each image.
        min_ratio: of the larger to the smaller of their depths, above 1.
        same: also so many pairs in each image whose depths differ by less than 1 %.
        min_depth: least depth of a point, in metres.
        max_depth: largest depth of a point, in metres.
        split: part of a data set that has splits.
        cameras: channels of nuScenes.
        seed: of the draws.
    """
    from acdepth.data.folder import count_targets, open_data
    from acdepth.data.pairs import draw_point_pairs
    from acdepth.data.settings import FootageChoice
    from acdepth.evaluation.pairs import Relation, write_pairs

    _check(out, per_image, min_ratio, same, min_depth, max_depth)
    footage = open_data(data, choice=FootageChoice(split=split, cameras=cameras))
    with progress("draw pairs", count_targets(footage), unit="image") as advance:
        drawn = draw_point_pairs(footage, per_image, min_ratio, same, (min_depth, max_depth), seed, advance)
    if not drawn:
        raise UserError(
            data,
            f"no image has measured depth of {min_depth:g} to {max_depth:g} m with such pairs",
            "give data with depth",
        )
    write_pairs(out, drawn)
    counts = Counter(pair.relation for pair in drawn)
    told = ", ".join(f"{counts[relation]} {relation}" for relation in Relation if counts[relation])
    images = len({pair.image for pair in drawn})
    say(f"{out}: {len(drawn)} pairs of {images} images ({told})")


def _check(
    out: Path, per_image: int, min_ratio: float, same: int, min_depth: float, max_depth: float
) -> None:
    if out.suffix.lower() != ".csv":
        raise UserError(out, "pairs are written as CSV", "let the name end in .csv")
    if out.is_dir():
        raise UserError(out, "is a folder", "give the name of a file")
    check_folder(out.parent, "OUT")
    if per_image < 0 or same < 0 or per_image + same < 1:
        raise UserError(
            f"--per-image {per_image} --same {same}", "must be numbers of pairs, at least 1 in all"
        )
    if not 1 < min_ratio < float("inf"):
        raise UserError(f"--min-ratio {min_ratio:g}", "must be above 1, as 1.15")
    if not 0 < min_depth < max_depth:
        raise UserError(
            f"--min-depth {min_depth:g} --max-depth {max_depth:g}", "must be metres above 0, the least first"
        )
