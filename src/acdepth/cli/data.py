"""``acdepth data``: look through a download, make it readable, draw pairs of points out of it."""

import logging
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import tyro
from rich import box
from rich.console import Console
from rich.table import Table

from acdepth.cli.launched import own_share
from acdepth.core.errors import UserError, shown
from acdepth.core.files import check_folder
from acdepth.core.lock import sole_writer
from acdepth.core.progress import progress, say

if TYPE_CHECKING:
    from acdepth.checking import CheckReport


def check(
    kind: Annotated[
        Literal["nuscenes", "robotcar", "kitti", "cityscapes", "acdc", "driving-stereo", "folder"],
        tyro.conf.Positional,
    ],
    *,
    root: Path,
    split: str | None = None,
    cameras: tuple[str, ...] = ("CAM_FRONT",),
    out: Path = Path("check"),
    sample: int = 200,
) -> None:
    """Say what is there, what is missing or broken, and what looks wrong; writes check.json and sheet.png.

    Args:
        kind: nuscenes, robotcar, kitti, cityscapes, acdc, driving-stereo, or folder for footage of one's own:
            sequence folders, videos and bags.
        root: folder of the data set; of one's own footage also a single video or bag.
        split: part of it; without one all of nuScenes whose tables are there, and all of the others.
        cameras: channels of nuScenes, or the lens of RobotCar, stereo/left or stereo/centre.
        out: folder for check.json and for sheet.png, images with their measured depth drawn in.
        sample: images whose pixels and depth are read, evenly spread; 0 reads all. That every image is
            there is always checked.
    """
    from acdepth.checking import check_data
    from acdepth.checking.check import MOST_PAGES
    from acdepth.core.spread import spread
    from acdepth.data.settings import FootageChoice

    if sample < 0:
        raise UserError(f"--sample {sample}", "must be 0, for all, or a number of images")
    report = check_data(kind, root, out, FootageChoice(split=split, cameras=cameras), sample)
    for line in report.lines():
        print(shown(line))
    Console().print(_table(report))
    if report.faults:
        raise UserError(None, f"{_count(report.faults, 'fault')}, listed above and in {out / 'check.json'}")
    pictures = f"; look at {out / 'sheet.png'}" if report.has_sheet else ""
    if pictures and len(report.drives) > MOST_PAGES:
        named = ", ".join(drive.name for drive in spread(report.drives, MOST_PAGES))
        pictures += f", which shows {MOST_PAGES} of {len(report.drives)} drives: {named}"
    print(shown(f"{root}: no faults, {_count(report.doubts, 'doubt')}{pictures}"))


def mask(
    root: Annotated[Path, tyro.conf.Positional], *, out: Path | None = None, overwrite: bool = False
) -> None:
    """Find bonnet, dashboard and burnt-in text; writes mask.png beside images/, NAME.mask.png beside a video.

    Black is left out of training and of scores; look at it, and repaint it where it is wrong.

    Args:
        root: your footage.
        out: folder for the masks; beside the images by default, where every verb finds them.
        overwrite: replace masks that are there, also painted ones.
    """
    from acdepth.data.folder import open_data
    from acdepth.data.own.ego_mask import LOOKED_AT, find_ego_mask, mask_file, write_ego_mask
    from acdepth.data.own.step import drives

    found = drives(open_data(root))
    if not found:
        raise UserError(
            root,
            "holds no drive of your own",
            "give videos, bags, or folders of images with camera.yaml in them",
        )
    files = [mask_file(drive[0], out) for drive in found]
    there = [file for file in files if file.exists() and not overwrite]
    if there and len(there) == len(files):
        raise UserError(there[0], "is there already", "repaint it, or replace it with --overwrite")
    images = [min(LOOKED_AT, sum(map(len, drive))) for drive in found]
    with progress("mask", sum(images), unit="image") as advance:
        for drive, file, count in zip(found, files, images, strict=True):
            if file in there:
                advance(count)
                print(shown(f"{file}: is there already, and stays as it is"))
                continue
            seen = find_ego_mask(drive, advance)
            if seen.mask is not None:
                write_ego_mask(file, seen.mask)
            print(shown(f"{file if seen.mask is not None else drive[0].name}: {seen.told}"))


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
        cameras: channels of nuScenes, or the lens of RobotCar, stereo/left or stereo/centre.
        seed: of the draws.
    """
    from acdepth.data.folder import count_targets, open_data
    from acdepth.data.pairs import draw_point_pairs
    from acdepth.data.settings import FootageChoice
    from acdepth.evaluation.pairs import Relation, write_pairs

    _check_pairs(out, per_image, min_ratio, same, min_depth, max_depth)
    footage = open_data(data, choice=FootageChoice(split=split, cameras=cameras))
    with progress("draw pairs", count_targets(footage), unit="image") as advance:
        drawn = draw_point_pairs(footage, per_image, min_ratio, same, (min_depth, max_depth), seed, advance)
    if not drawn:
        what = f"no image has measured depth of {min_depth:g} to {max_depth:g} m with such pairs"
        raise UserError(data, what, "give data with depth")
    write_pairs(out, drawn)
    counts = Counter(pair.relation for pair in drawn)
    told = ", ".join(f"{counts[relation]} {relation}" for relation in Relation if counts[relation])
    images = len({pair.image for pair in drawn})
    say(f"{out}: {len(drawn)} pairs of {images} images ({told})")


def prepare(
    kind: Annotated[Literal["robotcar"], tyro.conf.Positional],
    raw: Annotated[Path, tyro.conf.Positional],
    out: Annotated[Path, tyro.conf.Positional],
    *,
    models: Path,
    extrinsics: Path,
    cameras: tuple[str, ...] = ("stereo/left",),
    scan_poses: Literal["interpolated", "published"] = "interpolated",
    scenes: tuple[str, ...] = (),
    lists: tuple[Path, ...] = (),
) -> None:
    """Undistort images, turn visual odometry into poses and laser scans into clouds; goes on where it was.

    accelerate launch -m acdepth data prepare ... divides the work among processes and machines.

    Args:
        kind: robotcar.
        raw: folder of the downloaded traversals, RAW/2014-12-09-13-21-02/stereo/left/*.png and so on.
        out: folder for the layout that the other verbs read, md4all's.
        models: camera models of the RobotCar SDK: stereo_wide_left.txt, of stereo/centre
            stereo_narrow_left.txt, and its distortion table.
        extrinsics: extrinsics of the RobotCar SDK: stereo.txt and lms_front.txt.
        cameras: the lens, stereo/left as published or stereo/centre.
        scan_poses: where the car was at a scan: on its way between two images, or still at the first, as in
            the published clouds.
        scenes: names of the traversals; all that are in RAW by default.
        lists: md4all's, such as 2014-12-09-13-21-02_test.txt, copied to OUT/splits, and
            filter_train_samples.txt; of splits other than train their images get a cloud, and no others.
    """
    from acdepth.data.robotcar.calibration import lens_of, read_raw_calibration
    from acdepth.data.robotcar.prepare import plan_scene, prepare_scene
    from acdepth.data.robotcar.raw import raw_scenes

    found = scenes or tuple(raw_scenes(raw))
    if not found:
        raise UserError(raw, "holds no traversal", "expected RAW/SCENE/stereo.timestamps")
    calibration = read_raw_calibration(models, extrinsics, lens_of(cameras))
    warn = logging.getLogger("acdepth").warning
    share = own_share()
    with sole_writer(out, share=share):
        plans = [plan_scene(raw, out, scene, calibration, lists, scan_poses).part(share) for scene in found]
        share.wait()  # each plans by what was there before any began
        done, total = sum(plan.done for plan in plans), sum(plan.total for plan in plans)
        with progress(share.title("prepare"), total, done, unit="file") as advance:
            for plan in plans:
                prepare_scene(plan, advance, warn, share)
        share.wait()
    if share.leads:
        print(f"{out}: {', '.join(found)}; check it with acdepth data check robotcar --root {out}")


def _table(report: "CheckReport") -> Table:
    title = shown(f"{report.kind}: {report.root}")
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, padding=0, pad_edge=False)
    for name in ("split", "condition"):
        table.add_column(name, no_wrap=True)
    for name in ("sequences", "images", "targets", "hours", "measured", "points", "depth"):
        table.add_column(name, justify="right", no_wrap=True)
    for row in report.inventory:
        counts = map(str, (row.sequences, row.images, row.targets))
        hours = "?" if row.hours is None else f"{row.hours:.3f}"
        points = "" if row.points is None else f"{row.points:.0f}"
        depth = "" if row.depth is None else f"{row.depth:.1f} m"
        measured = f"{row.measured} of {row.looked_at}"
        table.add_row(row.split, row.condition.value, *counts, hours, measured, points, depth)
    return table


def _count(things: list, name: str) -> str:
    return f"{len(things)} {name}{'' if len(things) == 1 else 's'}"


def _check_pairs(
    out: Path, per_image: int, min_ratio: float, same: int, min_depth: float, max_depth: float
) -> None:
    if out.suffix.lower() != ".csv":
        raise UserError(out, "pairs are written as CSV", "let the name end in .csv")
    if out.is_dir():
        raise UserError(out, "is a folder", "give the name of a file")
    check_folder(out.parent, "OUT")
    if per_image < 0 or same < 0 or per_image + same < 1:
        where = f"--per-image {per_image} --same {same}"
        raise UserError(where, "must be numbers of pairs, at least 1 in all")
    if not 1 < min_ratio < float("inf"):
        raise UserError(f"--min-ratio {min_ratio:g}", "must be above 1, as 1.15")
    if not 0 < min_depth < max_depth:
        where = f"--min-depth {min_depth:g} --max-depth {max_depth:g}"
        raise UserError(where, "must be metres above 0, the least first")
