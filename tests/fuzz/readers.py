"""All readers, each with a small valid file or folder made on the spot, and what is read of it."""

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from acdepth.core.clip import Clip
from acdepth.core.errors import UserError
from acdepth.core.files import write_json, write_text
from tests.fuzz import sane

Make = Callable[[Path], object]


@dataclass(frozen=True)
class Reader:
    """A door through which files come in."""

    name: str
    make: Make
    """Writes a valid file or folder into an empty folder."""
    read: Callable[[Path], Any]
    """Reads it, and raises `sane.Insane` if what comes of it cannot be; gets that folder."""
    files: tuple[str, ...] = ("**/*",)
    """Patterns of what is damaged."""
    share: float = 1.0
    """Of the inputs, compared with other readers."""
    valid: bool = True
    """Whether the undamaged file is accepted."""
    exact: bool = False
    """Whether what `read` gives tells wrong pixels from right ones."""
    root: bool = False
    """Whether it is a data set, which people give one folder too high or too low."""
    any_text: bool = True
    """Whether its texts are taken with a byte order mark and any ends of lines."""
    below: str = "."
    """Where the data set lies in the folder."""


READERS: dict[str, Reader] = {}


def reader(name: str, make: Make, **how: Any) -> Callable[[Callable[[Path], Any]], Callable[[Path], Any]]:
    """Enter a reader into the table."""

    def enter(read: Callable[[Path], Any]) -> Callable[[Path], Any]:
        READERS[name] = Reader(name, make, read, **how)
        return read

    return enter


# Pictures ------------------------------------------------------------------------------------------------


def street(height: int = 120, width: int = 176) -> np.ndarray:
    """A picture with enough grain that a sector of its file is no matter of luck."""
    draw = np.random.default_rng(3)
    rows, columns = np.mgrid[0:height, 0:width]
    smooth = np.stack([rows * 2, columns, rows + columns], -1) % 200
    return (smooth + draw.integers(0, 40, smooth.shape)).astype(np.uint8)


def encode(suffix: str, pixels: np.ndarray, *options: int) -> bytes:
    """A file's content."""
    done, content = cv2.imencode(suffix, pixels, options)
    assert done
    return content.tobytes()


def _avif(pixels: np.ndarray) -> bytes:
    import io

    from PIL import Image

    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "AVIF", quality=80)
    return stream.getvalue()


PICTURES: dict[str, Callable[[], bytes]] = {
    "jpg": lambda: encode(".jpg", street()),
    "progressive.jpg": lambda: encode(".jpg", street(), cv2.IMWRITE_JPEG_PROGRESSIVE, 1),
    "png": lambda: encode(".png", street()),
    "webp": lambda: encode(".webp", street(), cv2.IMWRITE_WEBP_QUALITY, 90),
    "tif": lambda: encode(".tif", street()),
    "bmp": lambda: encode(".bmp", street()),
    "jp2": lambda: encode(".jp2", street()),
    "ppm": lambda: encode(".ppm", street()),
    "avif": lambda: _avif(street()),
}


def _write(name: str, content: Callable[[], bytes], folder: Path) -> None:
    (folder / name).write_bytes(content())


def _read_picture(name: str, folder: Path) -> bytes:
    from acdepth.core.images import decode_reduced, read_content, read_image

    pixels = sane.image(read_image(folder / name))
    reduced = decode_reduced(read_content(folder / name), folder / name, lambda _: (30, 44))
    sane.image(reduced.array)
    sane.need(reduced.size == pixels.shape[:2], f"{reduced.size} is not {pixels.shape}")
    return pixels.tobytes()


for _suffix, _content in PICTURES.items():
    _name = f"picture.{_suffix}"
    READERS[_name] = Reader(
        _name, partial(_write, _name, _content), partial(_read_picture, _name), share=0.6, exact=True
    )


@reader(
    "depth-png16",
    lambda f: _write("d.png", lambda: encode(".png", (street()[..., 0] * np.uint16(200))), f),
    exact=True,
)
def _depth_png(folder: Path) -> bytes:
    from acdepth.core.images import read_depth_png16

    metres = read_depth_png16(folder / "d.png", without_scale=True)
    sane.depth(metres)
    return metres.tobytes()


@reader(
    "class-map", lambda f: _write("c.png", lambda: encode(".png", street()[..., 0]), f), share=0.5, exact=True
)
def _class_map(folder: Path) -> bytes:
    from acdepth.core.images import read_classes

    return read_classes(folder / "c.png").tobytes()


@reader("mask", lambda f: _write("mask.png", lambda: encode(".png", street()), f), share=0.5)
def _mask(folder: Path) -> None:
    from acdepth.data.own.folder import read_ego_mask

    sane.need(read_ego_mask(folder / "mask.png").dtype == bool, "mask")


@reader("upload", lambda f: _write("u.jpg", PICTURES["jpg"], f), share=0.5)
def _upload(folder: Path) -> None:
    from acdepth.core.images import read_content
    from acdepth.serve.limits import Limits
    from acdepth.serve.reading import read_upload

    sane.image(read_upload(read_content(folder / "u.jpg"), Limits()))


# Own footage -----------------------------------------------------------------------------------------------


def _open(folder: Path) -> None:
    from acdepth.data import open_data

    warnings: list[str] = []
    sane.clips(open_data(folder, warnings.append))
    for told in warnings:
        sane.need("\n" not in told and len(told) < 3000, f"a warning of {len(told)} characters")


def _video(name: str, codec: str, folder: Path) -> None:
    from tests.data.own.videos import write_video

    write_video(folder / name, 12, codec)


for _name, _codec in (("v.mp4", "mpeg4"), ("v.mkv", "mpeg4"), ("v.avi", "mjpeg"), ("v.ts", "mpeg2video")):
    READERS[f"video.{_name[2:]}"] = Reader(
        f"video.{_name[2:]}",
        partial(_video, _name, _codec),
        lambda folder: _open(next(folder.glob("v.*"), folder / "v.mp4")),
        share=0.5,
    )


def _drive(folder: Path) -> None:
    from tests.data.folders import write_drive

    write_drive(folder / "town", 5, depth=True)
    (folder / "town" / "classes").mkdir()
    for number in range(5):
        classes = np.full((24, 40), number % 2, np.uint8)
        cv2.imwrite(str(folder / "town" / "classes" / f"{number:06d}.png"), classes)
    write_text(folder / "town" / "times.txt", "".join(f"{number / 12:.4f}\n" for number in range(5)))
    mask = np.full((24, 40), 255, np.uint8)
    mask[20:] = 0
    cv2.imwrite(str(folder / "town" / "mask.png"), mask)


@reader(
    "sequence",
    _drive,
    files=("town/*.*", "town/*.*", "town/images/*", "town/depth/*"),
    share=2.0,
    root=True,
    below="town",
)
def _sequence(folder: Path) -> None:
    _open(folder / "town")


def _camera_files(folder: Path) -> None:
    from tests.data.own.test_cameras import FIVE, FOUR, K, colmap, kalibr, ros

    write_text(
        folder / "a.yaml",
        "fx: 578.25\nfy: 575.5\ncx: 335.5\ncy: 194.25\nwidth: 640\nheight: 360\n"
        "frame_rate: 12\nk1: -0.2\ncamera_height: 1.5\n",
    )
    write_text(folder / "ros.yaml", ros(FIVE, "plumb_bob"))
    write_text(folder / "kalibr.yaml", kalibr(FOUR, "equidistant"))
    write_text(folder / "cameras.txt", colmap("OPENCV", 578.25, 575.5, 336.0, 194.75, *FIVE[:4]))
    told = {"camera_matrix": K, "dist_coeffs": [FIVE], "image_width": 640, "image_height": 360}
    write_text(folder / "c.json", json.dumps(told))
    for suffix in ("xml", "yml"):
        storage = cv2.FileStorage(str(folder / f"o.{suffix}"), cv2.FILE_STORAGE_WRITE)
        storage.write("image_width", 640)
        storage.write("image_height", 360)
        storage.write("camera_matrix", np.array(K))
        storage.write("distortion_coefficients", np.array([FIVE]))
        storage.release()


@reader("camera-file", _camera_files, share=3.0)
def _camera_file(folder: Path) -> None:
    from acdepth.data.own.cameras import read_frame_rate, read_lens

    def read(file: Path) -> None:
        lens = read_lens(file)
        sane.camera(lens.camera)
        sane.camera(lens.straight)
        sane.finite(lens.distortion.coefficients if hasattr(lens.distortion, "coefficients") else ())
        rate = read_frame_rate(file)
        sane.need(rate is None or 0 < rate <= sane.MOST_RATE, f"frame rate {rate}")

    sane.some([partial(read, file) for file in sorted(folder.iterdir()) if file.is_file()])


def _track(text: Callable[[], tuple[str, str]], folder: Path) -> None:
    from tests.data.own.test_tracks import drive

    drive(folder / "d", 24)
    name, content = text()
    write_text(folder / "d" / name, content)


def _gpx() -> tuple[str, str]:
    from tests.data.own.test_tracks import eastwards, gpx

    return "motion.gpx", gpx(eastwards(10.0), speed=10.0)


def _track_csv() -> tuple[str, str]:
    from tests.data.own.test_tracks import rows

    return "motion.csv", "time,latitude,longitude,speed\n" + rows("{t},0.0,9.0,0.5\n")


def _tum() -> tuple[str, str]:
    from tests.data.own.test_tracks import rows

    return "motion.txt", rows("{t} {d} 0 0 0 0 0 1\n")


def _index_csv() -> tuple[str, str]:
    return "motion.csv", "index,speed\n" + "".join(f"{n},5.0\n" for n in range(24))


for _name, _text in (("gpx", _gpx), ("csv", _track_csv), ("tum", _tum), ("speeds", _index_csv)):
    READERS[f"track.{_name}"] = Reader(
        f"track.{_name}",
        partial(_track, _text),
        lambda folder: _open(folder / "d"),
        files=("d/motion.*", "d/motion.*", "d/motion.*", "d/times.txt"),
        share=0.7,
    )


def _bag(kind: str, folder: Path) -> None:
    from tests.data.own.test_bag import usual

    usual(kind, 4).write(folder / "drive")


for _name in ("ros1", "sqlite3", "mcap"):
    READERS[f"bag.{_name}"] = Reader(
        f"bag.{_name}",
        partial(_bag, _name),
        lambda folder: _open(next(folder.glob("drive*"), folder / "drive.bag")),
        share=0.8,
    )


# Data sets -------------------------------------------------------------------------------------------------


def _nuscenes(folder: Path) -> None:
    from tests.data.nuscenes_layout import write_nuscenes

    write_nuscenes(folder / "nuscenes", {"scene-0061": "Night, rain"}, samples=2, sweeps=2)
    for unread in (
        "attribute",
        "instance",
        "map",
        "sample_annotation",
        "visibility",
        "category",
        "log",
        "sensor",
    ):
        (folder / "nuscenes" / "v1.0-mini" / f"{unread}.json").unlink(missing_ok=True)


def _faulty(open_one: Callable[[Callable[[UserError], Any]], list]) -> list:
    """Clips of tables whose faults are told one by one, as ``data check`` does; the first is raised after."""
    faults: list[UserError] = []
    found = open_one(faults.append)
    for fault in faults[:20]:
        sane.need(bool(str(fault)) and len(str(fault)) < 3000, f"a fault of {len(str(fault))} characters")
    return found


@reader(
    "nuscenes",
    _nuscenes,
    files=("nuscenes/v1.0-mini/*", "nuscenes/v1.0-mini/*", "nuscenes/s*/*/*"),
    share=2.0,
    root=True,
    below="nuscenes",
)
def _read_nuscenes(folder: Path) -> None:
    from acdepth.data.nuscenes.scenes import open_nuscenes, open_scenes
    from acdepth.data.nuscenes.tables import read_tables

    root, cameras = folder / "nuscenes", frozenset({"CAM_FRONT"})

    def loosely(on_fault: Callable[[UserError], Any]) -> list:
        tables = read_tables(root, "v1.0-mini", cameras, on_fault)
        return open_scenes(root, tables, "mini_train", cameras, on_fault)

    for clip in _faulty(loosely):
        sane.camera(clip.camera)
    sane.clips(open_nuscenes(root, "mini_train"))  # pyright: ignore


@reader("pcd-bin", lambda f: (np.ones((50, 5), "<f4") * 3).tofile(f / "a.pcd.bin"), share=0.3)
def _pcd(folder: Path) -> None:
    from acdepth.data.nuscenes.lidar import project, read_points

    measured = project(
        read_points(folder / "a.pcd.bin"), np.array([[9.0, 0, 8], [0, 9, 8], [0, 0, 1]]), (16, 16)
    )
    sane.depth(measured.image())


def _robotcar(folder: Path) -> None:
    from tests.data.robotcar_layout import image_time, write_prepared

    day = "2014-12-09-13-21-02"
    write_prepared(folder / "robotcar", {day: range(5)})
    lines = "".join(f"{image_time(n - 1)} {image_time(n)} {image_time(n + 1)}\n" for n in (1, 2, 3))
    write_text(folder / "robotcar" / "splits" / f"{day}_train.txt", lines)


def _read_splits(opened: Callable[..., list[Clip]], root: Path, split: str) -> None:
    """The whole of a data set, and a split of it."""
    told: list[str] = []
    sane.some([lambda part=part: sane.clips(opened(root, part, told.append)) for part in (None, split)])  # pyright: ignore


@reader("robotcar", _robotcar, share=1.5, root=True, below="robotcar")
def _read_robotcar(folder: Path) -> None:
    from acdepth.data.robotcar.scenes import open_robotcar

    _read_splits(open_robotcar, folder / "robotcar", "train")


def _robotcar_raw(folder: Path) -> None:
    from tests.data.robotcar_layout import write_raw

    write_raw(folder, "2014-12-09-13-21-02", 4)


@reader("robotcar-raw", _robotcar_raw, share=1.0)
def _read_robotcar_raw(folder: Path) -> None:
    from acdepth.data.robotcar.calibration import read_raw_calibration
    from acdepth.data.robotcar.odometry import read_odometry
    from acdepth.data.robotcar.prepare import plan_scene
    from acdepth.data.robotcar.raw import read_bayer, read_images, read_scan, read_scans, read_undistortion
    from tests.data.robotcar_layout import HEIGHT, WIDTH

    day = folder / "raw" / "2014-12-09-13-21-02"
    calibration = read_raw_calibration(folder / "models", folder / "extrinsics")
    sane.some(
        [
            lambda: plan_scene(folder / "raw", folder / "out", day.name, calibration),
            lambda: sane.need(
                bool(np.isfinite(read_odometry(day / "vo" / "vo.csv").T_earlier_to_world).all()), "vo"
            ),
            lambda: [*map(read_bayer, _first_files(read_images(day, "stereo/left")))],
            lambda: [*map(read_scan, _first_files(read_scans(day)))],
            lambda: read_undistortion(calibration.lut, WIDTH, HEIGHT),
        ]
    )


def _first_files(recording: Any) -> list[Path]:
    return [recording.file(time) for time in recording.times[:3].tolist()]


def _kitti(folder: Path) -> None:
    from tests.data.kitti_layout import write_kitti_raw

    write_kitti_raw(folder / "kitti", {"0001": range(3)})
    line = "2011_09_26/2011_09_26_drive_0001_sync 0000000001 l\n"
    write_text(folder / "kitti" / "splits" / "small_files.txt", line)


@reader(
    "kitti-raw",
    _kitti,
    files=("kitti/*/*.txt", "kitti/*/*.txt", "kitti/**/data/*"),
    share=1.5,
    root=True,
    below="kitti",
)
def _read_kitti(folder: Path) -> None:
    from acdepth.data.kitti.drives import open_kitti_raw

    _read_splits(open_kitti_raw, folder / "kitti", "small")


def _odometry(folder: Path) -> None:
    from tests.data.test_kitti import write_lidar_frame, write_odometry_drive

    write_odometry_drive(folder / "odometry" / "sequences" / "04")
    write_lidar_frame(folder / "object", [(10, 5, 4), (20, 10, 8)])


@reader("kitti-benchmarks", _odometry, share=1.0)
def _read_odometry(folder: Path) -> None:
    sane.some([partial(_open, folder / "odometry"), partial(_open, folder / "object")])


def _driving_stereo(folder: Path) -> None:
    from tests.data.driving_stereo_layout import write_calibration, write_weather

    date = "2018-10-25-07-37-26"
    names = [f"{date}_2018-10-25-07-38-0{n}-000" for n in range(3)]
    write_weather(folder / "ds", "rainy", names)
    write_calibration(folder / "ds", date)


@reader("driving-stereo", _driving_stereo, root=True, below="ds")
def _read_driving_stereo(folder: Path) -> None:
    _open(folder / "ds")


def _cityscapes(folder: Path) -> None:
    from tests.data.cityscapes_layout import write_annotated, write_video

    write_annotated(folder / "cs", "val", ["ulm_000000_000019"])
    write_video(folder / "cs", "val", [f"ulm_000000_{n:06d}" for n in (18, 19, 20)])


@reader("cityscapes", _cityscapes, root=True, below="cs")
def _read_cityscapes(folder: Path) -> None:
    _open(folder / "cs")


def _acdc(folder: Path) -> None:
    from tests.data.test_acdc import write_recording

    write_recording(folder / "acdc", "fog", "train", "GOPR0475", range(41, 43))


@reader("acdc", _acdc, share=0.5, root=True, below="acdc")
def _read_acdc(folder: Path) -> None:
    _open(folder / "acdc")


# What our own verbs write ----------------------------------------------------------------------------------


def _translations(folder: Path) -> None:
    from acdepth.core.identity import Identity
    from acdepth.data.manifest import Entry, Manifest, generator_hash

    manifest = Manifest(folder)
    manifest.open_for_writing(
        Identity({"format": "png", "crop": None, "method": "x", "size": [24, 40], "seed": 0})
    )
    from acdepth.core.files import hash_file

    entries = []
    for number in range(3):
        file = manifest.file("night", f"town/images/{number:06d}.png")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(encode(".png", street(24, 40)))
        told = hash_file(file), file.stat().st_size
        of = generator_hash(manifest.settings)
        entries.append(Entry(f"town/images/{number:06d}.png", "a" * 64, "1:2", "night", 0, of, *told))
    manifest.add(entries)


@reader(
    "manifest",
    _translations,
    files=("manifest.jsonl", "manifest.jsonl", "settings.json", "night/**/*"),
    share=1.0,
)
def _manifest(folder: Path) -> None:
    from acdepth.data.manifest import Manifest

    manifest = Manifest(folder)
    for problem in manifest.problems():
        sane.need("\n" not in problem and len(problem) < 3000, "a problem in several lines")
    for entry in list(manifest.entries.values())[:3]:
        manifest.has("night", entry.source, "1:2")  # pyright: ignore


def _prepared(folder: Path) -> None:
    from acdepth.data import open_data, prepare
    from tests.data.folders import write_drive

    write_drive(folder.with_name("footage"), 5)
    prepare(open_data(folder.with_name("footage")), folder, (12, 20), workers=1)
    shutil.rmtree(folder.with_name("footage"))
    (folder / ".lock").unlink(missing_ok=True)


def _frames(prepared: Any) -> None:
    frames, count = prepared.frames, len(prepared)
    sane.need(count < 1_000_000, f"{count} frames")
    for index in dict.fromkeys((0, count - 1)):
        sane.image(prepared.image(index, mirror=True))
        frames.key(index), frames.counted(index), frames.clip_name(int(frames.clip[index]))
    frames.conditions(), frames.has_neighbour(1)


@reader("prepared", _prepared, files=("index.json", "index.json", "frames/*", "images.bin"), share=1.0)
def _read_prepared(folder: Path) -> None:
    from acdepth.data import Prepared

    _frames(Prepared.open(folder))


def _packed(folder: Path) -> None:
    from acdepth.data import open_data
    from acdepth.data.shards.pack import pack
    from tests.data.folders import write_drive

    write_drive(folder.with_name("footage"), 5)
    pack(open_data(folder.with_name("footage")), folder, (12, 20), workers=1, per_shard=3)
    shutil.rmtree(folder.with_name("footage"))
    for file in folder.rglob(".lock"):
        file.unlink()


@reader("shards", _packed, files=("shards.json", "shards.json", "frames/*", "shards/*"), share=1.0)
def _read_packed(folder: Path) -> None:
    from acdepth.data.shards.packed import Packed

    _frames(Packed.open(folder))


def _votes(folder: Path) -> None:
    from acdepth.rating.pictures import Kind
    from acdepth.rating.votes import Vote, VoteFile

    file = VoteFile(folder / "votes.csv")
    file.begin()
    for number in range(6):
        kind = list(Kind)[number % 2]
        file.add(
            Vote(f"2026-05-01T12:00:0{number}+00:00", "Ann, B", f"made_{number}.jpg", kind, Kind.REAL, 1.5)
        )


@reader("votes", _votes)
def _read_votes(folder: Path) -> None:
    from acdepth.rating.votes import read_votes, tally

    if votes := read_votes(folder / "votes.csv"):
        sane.need(0 <= tally(votes).seconds < float("inf"), "seconds")


def _pairs(folder: Path) -> None:
    write_text(
        folder / "pairs.csv", "image,x1,y1,x2,y2,relation\na.png,1,2,3,4,closer\nb.png,5,6.5,7,8,same\n"
    )
    told = {"a.jpg": [{"point1": [1, 2], "point2": [3, 4], "closer_point": "point1"}]}
    write_json(folder / "pairs.json", told)


@reader("pairs", _pairs)
def _read_pairs(folder: Path) -> None:
    from acdepth.evaluation.pairs import read_pairs

    def read(name: str) -> None:
        for pair in read_pairs(folder / name):
            sane.finite([pair.x1, pair.y1, pair.x2, pair.y2])

    sane.some([partial(read, "pairs.csv"), partial(read, "pairs.json")])


def _results(folder: Path) -> None:
    from tests.reports.fake_run import results

    write_json(folder / "results.json", results())
    row = {"sequence": "a", "model": "student", "condition": "night"}
    write_text(
        folder / "log.jsonl",
        "".join(json.dumps({"step": n, "loss": 0.5, "terms": {"x": 1.0}}) + "\n" for n in range(4)),
    )
    write_text(folder / "frames.jsonl", json.dumps(row) + "\n")


@reader("results", _results, files=("results.json", "log.jsonl", "results.json"), share=1.5)
def _read_results(folder: Path) -> None:
    from acdepth.evaluation.schema import Results
    from acdepth.reports.training import read_training

    def results() -> None:
        sane.finite(Results.read(folder / "results.json").to_dict(), "results")

    def log() -> None:
        found = read_training(folder / "log.jsonl")
        if found:
            sane.need(len(found.steps) < 1_000, "steps")

    sane.some([results, log])


def _predictions(folder: Path) -> None:
    np.save(folder / "a.npy", np.full((24, 40), 5, np.float32))


@reader("prediction-npy", _predictions, share=0.5)
def _read_predictions(folder: Path) -> None:
    from acdepth.evaluation.stored import _read

    values = _read(folder / "a.npy", metric=True)
    sane.need(bool(np.isfinite(values).all() and (values > 0).all()), "depth")


# Settings --------------------------------------------------------------------------------------------------


def _configs(folder: Path) -> None:
    from importlib.resources import files

    from acdepth.serve.limits import Limits

    for kind, name in CONFIGS:
        text = (files("acdepth") / "configs" / kind / name).read_text(encoding="utf-8")
        write_text(folder / f"{kind}-{name}", text)
    Limits().write(folder / "limits.yaml")


CONFIGS = (
    ("fit", "own.yaml"),
    ("demo", "world.yaml"),
    ("reproduce", "nuscenes.yaml"),
    ("ablate", "world.yaml"),
)


@reader("settings", _configs, share=2.0)
def _read_configs(folder: Path) -> None:
    from acdepth.recipes.ablation.config import AblationConfig
    from acdepth.recipes.demo import DemoConfig
    from acdepth.recipes.fit.settings import FitConfig
    from acdepth.recipes.reproduce import ReproduceConfig
    from acdepth.serve.limits import Limits

    kinds = dict(zip(CONFIGS, (FitConfig, DemoConfig, ReproduceConfig, AblationConfig), strict=True))
    named = {f"{kind}-{name}": model for (kind, name), model in kinds.items()} | {"limits.yaml": Limits}
    sane.some(
        [lambda m=model, n=name: sane.finite(m.read(folder / n).to_dict()) for name, model in named.items()]
    )


# Weights ---------------------------------------------------------------------------------------------------


def _checkpoint(folder: Path) -> None:
    from tests.inference.tiny import tiny_checkpoint

    tiny_checkpoint(folder / "model.safetensors")


@reader("checkpoint", _checkpoint, share=0.7)
def _read_checkpoint(folder: Path) -> None:
    from acdepth.networks.checkpoint import load_checkpoint, load_confidence_head

    network, _ = load_checkpoint(folder / "model.safetensors")
    sane.need(all(bool(p.isfinite().all()) for p in network.parameters()), "weights")
    load_confidence_head(folder / "model.safetensors")


def _card(folder: Path) -> None:
    from tests.inference.tiny import tiny_card

    write_json(folder / "card.json", tiny_card().to_dict())


@reader("checkpoint-card", _card, share=1.5)
def _read_card(folder: Path) -> None:
    from safetensors.torch import save_file

    from acdepth.core.images import read_content
    from acdepth.inference import load
    from acdepth.networks.checkpoint import CARD_KEY
    from tests.inference.tiny import picture, tiny_network

    text = read_content(folder / "card.json").decode("utf-8-sig", errors="replace")
    file = folder.with_name("card.safetensors")
    save_file(tiny_network().state_dict(), file, {CARD_KEY: text})
    found = load(file, device="cpu")(picture(48, 64))
    sane.need(bool(np.isfinite(found.depth).all() and (found.depth > 0).all()), "depth")


def _published(folder: Path) -> None:
    import torch

    from acdepth.networks.depth_net import DepthNet, DepthNetConfig
    from acdepth.networks.published import reference_name

    names = [reference_name(name) for name in DepthNet(DepthNetConfig(width=8)).state_dict()]
    state = {f"depth_model.{name}": torch.zeros(2) for name in names}
    torch.save({"epoch": 1, "state_dict": state}, folder / "a.ckpt")
    torch.save({"height": 192, "width": 640, "x": torch.zeros(2)}, folder / "encoder.pth")
    torch.save({"x": torch.zeros(2)}, folder / "depth.pth", _use_new_zipfile_serialization=False)


@reader("published", _published, share=0.7, valid=False)
def _read_published(folder: Path) -> None:
    from acdepth.networks.published import import_published

    sane.some(
        [
            lambda: import_published(folder / "a.ckpt", "acdepth"),
            lambda: import_published(folder, "monodepth2"),
        ]
    )


def _translator(folder: Path) -> None:
    from acdepth.translator.adapters import save_translator
    from tests.translator.test_adapters import CARD
    from tests.translator.tiny import tiny_generator

    save_translator(folder / "adapters", tiny_generator(), CARD)


@reader("translator", _translator, share=0.4, any_text=False)
def _read_translator(folder: Path) -> None:
    from acdepth.translator.adapters import load_translator
    from tests.diffusion.tiny import tiny_model

    generator = load_translator(folder / "adapters", tiny_model(), "the base")
    sane.need(all(bool(p.isfinite().all()) for p in generator.parameters()), "weights")


def _identity() -> Any:
    from acdepth.core.identity import Identity

    return Identity({"seed": 0, "loop.steps": 4})


def _task() -> tuple[Any, Any]:
    import torch

    task = torch.nn.Linear(4, 3)
    optimizer = torch.optim.Adam(task.parameters())
    task(torch.ones(1, 4)).sum().backward()
    optimizer.step()
    return task, optimizer


def _state(folder: Path) -> None:
    from acdepth.engine.state import StateWriter

    with StateWriter(folder) as writer:
        for step in (2, 4):
            writer.save(step, *_task(), _identity(), {})


@reader("training-state", _state, share=0.7)
def _read_state(folder: Path) -> None:
    from acdepth.engine.state import load_newest_state

    task, optimizer = _task()
    step, unlogged = load_newest_state(folder, task, optimizer, _identity())
    sane.need(step in (0, 2, 4), "step")
    sane.need(unlogged == {}, "what the log would tell")
