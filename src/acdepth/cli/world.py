"""``acdepth world``: make towns of the built-in driving world, and look at them."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import tyro

from acdepth.core.condition import Condition
from acdepth.core.distortion import KEYS, Distortion
from acdepth.core.errors import UserError
from acdepth.core.lock import sole_writer
from acdepth.core.progress import progress

if TYPE_CHECKING:
    from acdepth.core.crop import Crop


def make(
    out: Annotated[Path, tyro.conf.Positional],
    *,
    towns: str = "0-19",
    conditions: str = "clear",
    image_size: str = "96x160",
    frames: int = 24,
    every: int = 1,
    style: str = "town",
    cameras: Literal["usual", "drawn"] = "usual",
    focal: float = 1.0,
    camera_height: float | None = None,
    pitch: float = 0.0,
    roll: float = 0.0,
    yaw: float = 0.0,
    lens: str = "",
    device: str = "auto",
    workers: int = 1,
) -> None:
    """Make towns and drive through them in several conditions; complete sequences are left as they are.

    Args:
        out: folder for the towns; each becomes OUT/town_0007/CONDITION.
        towns: seeds, as in 0-19 or 3,5,9-12.
        conditions: any of clear,night,rain,night-rain,fog,snow, or all.
        image_size: height and width in pixels, as in 96x160.
        frames: how many of each drive, at 12 a second.
        every: render one of so many frames of a longer drive, so that those of a town differ: 10 gives 1.2
            a second.
        style: family of towns: town; country, which has other roads, other things beside them, another light
            and another camera; city, dense traffic between high houses; or motorway, cars and lorries in all
            lanes.
        cameras: usual, the style's own, which focal, camera-height, pitch, roll and yaw change; or drawn,
            another for each town: 45 to 110 degrees across, 1.1 to 2.3 m high, pitch within 5 degrees, roll
            within 3, and three in ten looking to a side.
        focal: focal length over the style's usual one (town: 0.8 of the image's width, country: 0.92): 0.7
            sees wider, 1.5 narrower.
        camera_height: of the lens above the road, in metres; if not given, the town's own: 1.4 to 1.6, in the
            country 1.7 to 1.9.
        pitch: how many degrees the camera looks down beyond the town's own 0 to 0.7 (country: 0.7 to 2);
            negative looks up.
        roll: how many degrees the camera leans to its right; negative leans left.
        yaw: how many degrees the camera looks to the right of the road; negative looks left.
        lens: how it bends, as in k1=-0.25,k2=0.06 or model=fisheye,k1=0.03: OpenCV's k1 to k6, p1, p2, or k1
            to k4 of a fisheye. Depth and classes are those of the bent pixels.
        device: where to render: auto, cpu, cuda, cuda:1 or mps.
        workers: processes that make towns at the same time.
    """
    from acdepth.inference.devices import choose_device
    from acdepth.world.car import USUAL, Rig
    from acdepth.world.export import DriveSettings, write_towns
    from acdepth.world.styles import find_style

    seeds, wanted = parse_towns(towns), parse_conditions(conditions)
    at_least_one("workers", workers)
    at_least_one("every", every)
    size, bend = parse_image_size(image_size), parse_lens(lens)
    rig = Rig(focal, camera_height, pitch, roll, yaw)
    if cameras == "drawn":
        if rig != USUAL:
            remedy = "leave out --focal, --camera-height, --pitch, --roll and --yaw"
            raise UserError("--cameras drawn", "each town's camera is drawn, and you tell one", remedy)
        rig = None
    settings = DriveSettings(at_least_one("frames", frames), size, rig, find_style(style).name, bend, every)
    place = str(choose_device(device))
    with sole_writer(out), progress("render", len(seeds) * frames, unit="frame") as advance:
        write_towns(out, seeds, wanted, settings, place, workers, on_frames=advance)


def export(
    data: Annotated[Path, tyro.conf.Positional],
    out: Annotated[Path, tyro.conf.Positional],
    *,
    layout: Literal["nuscenes", "robotcar", "kitti", "cityscapes", "acdc"],
    evaluation: str,
) -> None:
    """Write rendered drives as another data set would be laid out, to try its reader, settings and protocol.

    Args:
        data: folder that acdepth world make wrote.
        out: root of the new data set.
        layout: nuscenes (v1.0-trainval), robotcar (as md4all prepares it), kitti (raw), cityscapes (with its
            video and fog) or acdc.
        evaluation: towns of the evaluation split, as in 8000-8003; the others are for training.
    """
    from acdepth.recipes.layouts import export_world, keep_drives, read_drives

    drives = read_drives(data)
    images = sum(len(drive.images) for drive in keep_drives(drives, layout))
    with progress("export", images, unit="image") as advance:
        export_world(drives, out, layout, parse_towns(evaluation, "--evaluation"), advance)


def sheet(
    data: Annotated[Path, tyro.conf.Positional],
    out: Annotated[Path, tyro.conf.Positional],
    *,
    frame: int = 0,
    most_towns: int = 8,
) -> None:
    """Make a contact sheet: towns in rows, conditions and coloured depth in columns.

    Args:
        data: folder that `acdepth world make` wrote.
        out: picture to write, for example sheet.png.
        frame: which frame of each drive.
        most_towns: rows at most.
    """
    from acdepth.world.sheet import make_sheet

    make_sheet(data, out, frame, at_least_one("most-towns", most_towns))


def parse_towns(text: str, flag: str = "--towns") -> list[int]:
    """Seeds of a list like ``3,5,9-12``, in order and without repetition."""
    seeds: set[int] = set()
    for part in text.split(","):
        match = re.fullmatch(r"\s*(\d{1,9})(?:-(\d{1,9}))?\s*", part)
        first, last = (int(match[1]), int(match[2] or match[1])) if match else (1, 0)
        if last < first:
            what = f"{part.strip()!r} is no seed or range"
            raise UserError(f"{flag} {text}", what, "write 0-19 or 3,5,9-12")
        seeds.update(range(first, last + 1))
    return sorted(seeds)


def parse_conditions(text: str) -> list[Condition]:
    """Conditions of a list like ``clear,night``; ``all`` means every one."""
    known = list(Condition)
    names = known if text.strip() == "all" else [name.strip() for name in text.split(",")]
    for name in names:
        if name not in known:
            remedy = f"choose from {', '.join(known)} or all"
            raise UserError(f"--conditions {text}", f"{name!r} is unknown", remedy)
    return [Condition(name) for name in dict.fromkeys(names)]


def parse_image_size(text: str, flag: str = "--image-size") -> tuple[int, int]:
    """(height, width) of text like ``96x160``."""
    match = re.fullmatch(r"(\d{1,5})x(\d{1,5})", text.strip())
    if not match or not (8 <= int(match[1]) <= 4096 and 8 <= int(match[2]) <= 4096):
        raise UserError(f"{flag} {text}", "write height x width in pixels, 8 to 4096, like 96x160")
    return int(match[1]), int(match[2])


def parse_lens(text: str) -> Distortion:
    """The distortion of text like ``k1=-0.25,k2=0.06`` or ``model=fisheye,k1=0.03``; of none, none."""
    where, values = f"--lens {text}", {}
    for part in text.split(",") if text.strip() else ():
        name, _, value = (piece.strip() for piece in part.partition("="))
        if name not in KEYS or name in values:
            remedy = f"write any of {', '.join(KEYS)} once, as in k1=-0.25,k2=0.06"
            raise UserError(where, f"{part.strip()!r} is no part of a lens", remedy)
        try:
            values[name] = value if name == "model" else float(value)
        except ValueError as error:
            raise UserError(where, f"{value!r} is no number", "write such as k1=-0.25,k2=0.06") from error
    return Distortion.from_dict(values, where)


def at_least_one(name: str, value: int) -> int:
    """The value of a flag; raises `UserError` if it is less than one."""
    if value < 1:
        raise UserError(f"--{name} {value}", "must be at least 1")
    return value


def parse_crop(text: str) -> "Crop":
    """A part of images by ``top,left,height,width``."""
    from acdepth.core.crop import Crop

    parts = text.split(",")
    if len(parts) != 4 or not all(part.strip().isdecimal() for part in parts):
        raise UserError(f"--crop {text}", "write top,left,height,width in pixels, like 0,0,768,1280")
    top, left, height, width = (int(part) for part in parts)
    return Crop.from_dict({"top": top, "left": left, "height": height, "width": width}, where="--crop")
