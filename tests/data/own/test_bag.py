"""Bags: every kind, every coding of pixels, topics that are chosen or refused, damage that is told."""

import pickle
import struct
import sys
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from acdepth.core.distortion import Distortion
from acdepth.core.errors import UserError
from acdepth.core.files import write_text
from acdepth.core.lens import Lens
from acdepth.data import open_data
from acdepth.data.own import messages as kinds
from acdepth.data.own.bag import lens_of_bag, whole_bag
from acdepth.data.own.clip import OwnClip
from tests.data.bags import KINDS, START, Bag
from tests.data.folders import CAMERA, HEIGHT, WIDTH, picture

STEP = 100_000_000
"""[ns] between images."""


def usual(kind: str = "sqlite3", count: int = 8) -> Bag:
    """Images, their camera, and odometry of half a metre an image."""
    bag = Bag(kind)
    for number in range(count):
        taken = START + number * STEP
        bag.image(taken, picture(number))
        bag.camera_info(taken, CAMERA)
        bag.odometry(taken, (0.5 * number, 0, 0))
    return bag


def opened(path: Path) -> tuple[OwnClip, list[str]]:
    told: list[str] = []
    (clip,) = open_data(path, told.append)
    assert isinstance(clip, OwnClip)
    return clip, told


def refused(path: Path, says: str) -> None:
    with pytest.raises(UserError, match=says) as caught:
        open_data(path)[0].image(0)
    assert path.name in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize("kind", KINDS)
def test_images_in_any_order_and_in_another_process(tmp_path: Path, kind: str) -> None:
    clip, told = opened(usual(kind, 30).write(tmp_path / "drive"))
    assert told == [] and len(clip) == 30 and clip.frame_rate == 10
    assert clip.key(7) == "drive/000007.png" and clip.camera == CAMERA
    clip.image(3)
    clip = pickle.loads(pickle.dumps(clip))
    for index in (0, 1, 3, 29, 28, 5, 5, 16):
        assert np.array_equal(clip.image(index), picture(index))
    assert clip.distance(0, 4) == pytest.approx(2)


@pytest.mark.parametrize("compression", ["MESSAGE", "FILE"])
def test_a_compressed_bag(tmp_path: Path, compression: str) -> None:
    clip, _ = opened(usual().write(tmp_path / "drive", compression))
    assert np.array_equal(clip.image(5), picture(5))


def mosaic(order: str) -> Callable[[np.ndarray], np.ndarray]:
    """What a sensor with one colour a pixel sees."""

    def see(image: np.ndarray) -> np.ndarray:
        seen = np.empty(image.shape[:2], np.uint8)
        for place, colour in enumerate(order):
            row, column = divmod(place, 2)
            seen[row::2, column::2] = image[row::2, column::2, "rgb".index(colour)]
        return seen

    return see


def yuv(order: int) -> Callable[[np.ndarray], np.ndarray]:
    """Two pixels share their colour; ``order`` 0 is UYVY, 1 YUYV."""

    def code(image: np.ndarray) -> np.ndarray:
        r, g, b = np.moveaxis(image.astype(float), -1, 0)
        y = 16 + 0.257 * r + 0.504 * g + 0.098 * b
        u, v = 128 - 0.148 * r - 0.291 * g + 0.439 * b, 128 + 0.439 * r - 0.368 * g - 0.071 * b
        shared = np.stack([u[:, ::2], v[:, ::2]], -1).reshape(y.shape)
        return np.stack([(shared, y), (y, shared)][order], -1).round().astype(np.uint8)

    return code


GRAY = picture(0).mean(-1).astype(np.uint8)
ALPHA = np.full((HEIGHT, WIDTH, 1), 7, np.uint8)
CODINGS = {
    "rgb8": (lambda image: image, 0),
    "bgr8": (lambda image: image[..., ::-1], 0),
    "rgba8": (lambda image: np.concatenate([image, ALPHA], -1), 0),
    "bgra8": (lambda image: np.concatenate([image[..., ::-1], ALPHA], -1), 0),
    "yuv422": (yuv(0), 9),
    "uyvy": (yuv(0), 9),
    "yuyv": (yuv(1), 9),
    "yuv422_yuy2": (yuv(1), 9),
    **{f"bayer_{order}8": (mosaic(order), 9) for order in ("rggb", "bggr", "gbrg", "grbg")},
}


def smooth() -> np.ndarray:
    """A picture without edges, of three different colours, uint8 (H, W, 3)."""
    rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH]
    return np.stack([60 + 3 * rows, 180 - 2 * columns, 30 + rows + columns], -1).astype(np.uint8)


@pytest.mark.parametrize("encoding", CODINGS)
def test_pixels_of_every_coding(tmp_path: Path, encoding: str) -> None:
    code, tolerance = CODINGS[encoding]
    coded = np.ascontiguousarray(code(smooth())).reshape(HEIGHT, -1)
    rows = np.pad(coded, ((0, 0), (0, 5)), constant_values=255)  # a row may be longer than its pixels
    bag = Bag("sqlite3")
    bag.image(START, smooth(), encoding=encoding, step=rows.shape[1], data=rows.ravel())
    image = opened(bag.write(tmp_path / "drive"))[0].image(0)
    inside = (slice(1, -1), slice(1, -1))
    assert np.abs(image[inside].astype(int) - smooth()[inside]).max() <= tolerance


def test_gray_and_compressed_images(tmp_path: Path) -> None:
    bag = Bag("mcap")
    bag.image(START, GRAY, encoding="mono8")
    image = opened(bag.write(tmp_path / "gray"))[0].image(0)
    assert np.array_equal(image, np.repeat(GRAY[..., None], 3, -1))
    for suffix, told in ((".png", "png"), (".jpg", "rgb8; jpeg compressed bgr8")):
        bag = Bag("mcap")
        data = cv2.imencode(suffix, picture(0)[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 100])[1]
        bag.add("/cam/image_raw/compressed", kinds.COMPRESSED, START, format=told, data=data.ravel())
        bag.camera_info(START, CAMERA)
        clip, _ = opened(bag.write(tmp_path / suffix[1:]))
        assert np.abs(clip.image(0).astype(int) - picture(0)).max() <= (40 if suffix == ".jpg" else 0)
        assert clip.camera == CAMERA


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"encoding": "mono16"}, "holds images coded as 'mono16'; readable are JPEG, PNG and rgb8"),
        ({"encoding": "8UC3"}, "coded as '8UC3'"),
        ({"step": 7}, "2880 bytes for 40x24 pixels of rgb8"),
        ({"data": np.zeros(100, np.uint8)}, "100 bytes for 40x24 pixels of rgb8"),
        ({"height": 0, "data": np.zeros(0, np.uint8)}, "0 bytes for 40x0 pixels"),
        ({"encoding": "yuyv", "width": 39, "step": 120}, "39x24 pixels cannot be of yuyv"),
    ],
)
def test_pixels_that_are_refused(tmp_path: Path, fields: dict, says: str) -> None:
    bag = Bag("sqlite3")
    bag.image(START, picture(0), **fields)
    refused(bag.write(tmp_path / "drive"), says)


def test_choosing_the_images(tmp_path: Path) -> None:
    bag = usual()
    depth = {"encoding": "16UC1", "step": 2 * WIDTH, "data": np.zeros(2 * WIDTH * HEIGHT, np.uint8)}
    bag.image(START, picture(0), "/cam/depth", **depth)
    assert len(opened(bag.write(tmp_path / "one"))[0]) == 8  # depth is no photograph
    bag.image(START, picture(9), "/left/image_rect")
    path = bag.write(tmp_path / "drive")
    told = r"several topics for image \(/cam/image_raw, /left/image_rect\); choose in .*drive/sequence.yaml: "
    refused(path, told + r"topics: \{image: /cam/image_raw\}")
    write_text(path / "sequence.yaml", "topics: {image: /left/image_rect, motion: none}")
    clip, _ = opened(path)
    assert np.array_equal(clip.image(0), picture(9)) and clip.camera is None
    write_text(path / "sequence.yaml", "topics: {image: /right}")
    refused(path, "has no topic /right for image, which sequence.yaml chooses; there are /cam/image_raw, ")
    write_text(path / "sequence.yaml", "topics: {picture: /right}")
    with pytest.raises(UserError, match="expected names of topics under image, camera_info, motion"):
        open_data(path)


def test_a_bag_without_images(tmp_path: Path) -> None:
    bag = Bag("ros1")
    bag.odometry(START, (0, 0, 0))
    refused(bag.write(tmp_path / "drive"), r"no images that can be read, but /odom \(nav_msgs/msg/Odometry\)")


@pytest.mark.parametrize("kind", ["ros1", "mcap"])
def test_cameras(tmp_path: Path, kind: str) -> None:
    def told(name: str, topic: str = "/cam/image_raw", **fields: Any) -> Path:
        bag = Bag(kind)
        bag.image(START, picture(0), topic)
        bag.camera_info(START, CAMERA, **fields)
        return bag.write(tmp_path / name)

    bent = np.array([-0.3, 0.1, 0, 0, 0])
    clip, _ = opened(told("bent", d=bent))
    assert clip.lens is not None and clip.lens.camera == CAMERA and clip.camera == clip.lens.straight
    assert clip.lens.distortion == Distortion("brown", (-0.3, 0.1))
    assert not np.array_equal(clip.image(0), picture(0))
    fisheye = {"d": np.array([0.1, 0, 0, 0]), "distortion_model": "equidistant"}
    assert opened(told("fisheye", **fisheye))[0].lens == Lens(
        CAMERA, Distortion("fisheye", (0.1,)), source="camera_info"
    )
    refused(told("odd", distortion_model="odd"), "distortion model 'odd' is not known")
    refused(told("binned", binning_x=2), "is of binned or cropped images")
    clip, said = opened(path := told("of_others", "/cam/left/image_raw"))
    file = path / "sequence.yaml" if path.is_dir() else path.with_name("of_others.sequence.yaml")
    assert clip.camera is None and said == [
        f"{path}: no camera_info beside /cam/left/image_raw, only /cam/camera_info; if it is theirs, "
        f"choose in {file}: topics: {{camera_info: /cam/camera_info}}"
    ]
    write_text(file, "topics: {camera_info: /cam/camera_info}\ncamera_height: 1.4\n")
    clip, said = opened(path)
    assert clip.camera == CAMERA and clip.camera_height == 1.4 and not said
    clip, said = opened(told("uncalibrated", k=np.zeros(9)))
    assert clip.camera is None and "K is all zero, nobody calibrated it; put camera.yaml beside" in said[0]
    # ROS has straightened these: the camera is that of P.
    rectified = np.array([20.0, 0, 19, 0, 0, 20, 12, 0, 0, 0, 1, 0])
    clip, _ = opened(told("rectified", "/cam/image_rect_color", d=bent, p=rectified))
    assert clip.camera == replace(CAMERA, fx=20.0, fy=20.0, cx=19.0, cy=12.0)
    path = told("file", d=bent)
    beside = path / "camera.yaml" if path.is_dir() else path.with_name("file.camera.yaml")
    replace(CAMERA, fx=31.0).write(beside)
    assert opened(path)[0].lens == lens_of_bag(path) == Lens(replace(CAMERA, fx=31.0))


def test_a_camera_that_changes(tmp_path: Path) -> None:
    bag = usual()
    bag.camera_info(START + 1, replace(CAMERA, fx=33.0))
    refused(bag.write(tmp_path / "drive"), "tells 2 different cameras; cut the bag, or put camera.yaml")


def test_motion(tmp_path: Path) -> None:
    def told(name: str, add: Callable[[Bag, int], object]) -> Path:
        bag = Bag("sqlite3")
        for number in range(20):
            bag.image(START + number * STEP, picture(number))
            add(bag, number)
        return bag.write(tmp_path / name)

    def speeds(bag: Bag, number: int) -> None:
        bag.odometry(START + number * STEP, (0, 0, 0), 4.0)

    def twist(bag: Bag, number: int) -> None:
        bag.add("/speed", kinds.TWIST, START + number * STEP, twist=bag.twist(4.0))

    def pose(bag: Bag, number: int) -> None:
        bag.add("/pose", kinds.POSE, START + number * STEP, pose=bag.pose((0, 0.4 * number, 0)))

    def fix(bag: Bag, number: int) -> None:
        if number % 5 == 0:
            bag.fix(START + number * STEP, 0, 9 + 0.4 * number / 111_319.5)
            bag.fix(START + number * STEP + 1, 80, 9, status=-1)

    for name, add in (("speeds", speeds), ("twist", twist), ("pose", pose), ("fix", fix)):
        clip, _ = opened(told(name, add))
        assert clip.distance(3, 4) == pytest.approx(0.4, rel=1e-4), name
    path = told("both", lambda bag, number: (twist(bag, number), pose(bag, number)))
    refused(
        path, r"several topics for motion \(/speed, /pose\); choose in .*topics: \{motion: /speed\}, or none"
    )
    assert whole_bag(path).distance(0, 1) is None  # nobody asks for it to predict
    write_text(path / "motion.csv", "time,speed\n" + "".join(f"{START + n * STEP},7\n" for n in range(20)))
    assert opened(path)[0].distance(0, 1) == pytest.approx(0.7, rel=1e-4)


def test_when_images_were_taken(tmp_path: Path) -> None:
    """By their stamps, in that order; by receipt where there are none; cut where time is missing."""
    bag = Bag("mcap")
    for number, place in enumerate((0, 2, 1, 3, 3)):
        bag.image(START + place * STEP, picture(place), received=START + number * STEP)
    clip, told = opened(bag.write(tmp_path / "unordered"))
    assert "1 images of /cam/image_raw have the time of another and are left out" in told[0]
    assert [int(clip.image(n)[0, 0, 2]) for n in range(4)] == [0, 3, 6, 9]
    bag = Bag("ros1")
    for number in range(6):
        bag.image(0, picture(number), received=START + number * STEP + 10 * STEP * (number > 2))
    first, second = open_data(bag.write(tmp_path / "unstamped"), told.append)
    bag = Bag("mcap")
    for number in range(6):  # a simulator's clock begins at 0, whenever messages are received
        bag.image(number * STEP, picture(number), received=START + number)
    clip, _ = opened(bag.write(tmp_path / "simulated"))
    assert [clip.time(number) for number in range(6)] == pytest.approx([0, 0.1, 0.2, 0.3, 0.4, 0.5])
    assert (len(first), len(second)) == (3, 3) and second.time(0) == pytest.approx(START / 1e9 + 1.3)
    assert "images are missing between 000002.png and 000003.png" in told[1]


def test_bags_below_a_folder_count_with_their_camera(tmp_path: Path) -> None:
    usual("sqlite3").write(tmp_path / "a/one")
    usual("ros1").write(tmp_path / "a/two")
    bag = Bag("mcap_file")
    bag.image(START, picture(0))
    bag.write(tmp_path / "a/three")
    assert sorted(clip.name for clip in open_data(tmp_path)) == ["a/one", "a/two"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_bag_that_is_cut_off(tmp_path: Path, kind: str) -> None:
    path = usual(kind, 30).write(tmp_path / "drive")
    file = path if path.is_file() else next(one for one in path.iterdir() if one.suffix in (".db3", ".mcap"))
    content = file.read_bytes()
    for part in (0, 30, len(content) // 2, len(content) - 20):
        file.write_bytes(content[:part])
        with pytest.raises(UserError, match=r"(not readable|is cut off).*; copy it again, or try") as caught:
            open_data(path)
        assert "\n" not in str(caught.value)


def test_a_bag_that_is_damaged_anywhere(tmp_path: Path) -> None:
    """Told, or read; never anything else."""
    dice = np.random.default_rng(0)
    for kind in ("ros1", "db3_file", "mcap_file"):
        path = usual(kind, 3).write(tmp_path / "drive")
        content = path.read_bytes()
        for _ in range(20):
            spoilt = bytearray(content)
            place = int(dice.integers(len(content)))
            spoilt[place : place + 8] = dice.bytes(8)
            path.write_bytes(spoilt)
            try:
                clips = open_data(path, lambda told: None)
                for clip in clips:
                    clip.image(0)
            except UserError as error:
                assert "\n" not in str(error)


def test_a_chunk_whose_checksum_differs(tmp_path: Path) -> None:
    """MCAP's chunks may say one; 0 says none."""
    path = usual("mcap_file", 3).write(tmp_path / "drive")
    content = path.read_bytes()
    place = content.index(b"\x06", content.index(b"ros2"))
    (length,) = struct.unpack_from("<Q", content, place + 25)
    start = place + 9 + 8 + 8 + 8 + 4 + 4 + 0 + 8
    records = content[start : start + length]
    for checksum in (zlib.crc32(records), zlib.crc32(records) ^ 1):
        told = struct.pack("<I", checksum)
        path.write_bytes(content[: place + 33] + told + content[place + 37 :])
        if checksum == zlib.crc32(records):
            assert opened(path)[0].camera == CAMERA
        else:
            refused(path, "not readable as a bag .*checksum mismatch")


def test_a_name_that_sqlite_would_read_otherwise(tmp_path: Path) -> None:
    usual("db3_file").write(tmp_path / "drive").rename(tmp_path / "drive#1.db3")
    refused(tmp_path / "drive#1.db3", "in its path, by which SQLite cannot open it; rename it")


def test_a_bag_that_was_never_closed(tmp_path: Path) -> None:
    path = usual("db3_file").write(tmp_path / "drive")
    path.with_name("drive.db3-wal").write_bytes(b"1")
    refused(path, "was not closed: its end still stands in drive.db3-wal")


def test_an_mcap_file_of_others(tmp_path: Path) -> None:
    path = tmp_path / "drive.mcap"
    path.write_bytes(b"\x89MCAP0\r\n\x01" + (12).to_bytes(8, "little") + b"\4\0\0\0ros1\0\0\0\0")
    refused(path, "is an MCAP file of profile 'ros1'; convert it to ROS 2")


def test_without_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = usual().write(tmp_path / "drive")
    monkeypatch.setitem(sys.modules, "rosbags", None)
    refused(path, r"reading bags needs rosbags .*; pip install 'acdepth\[ros\]'")


@pytest.mark.parametrize("kind", ["ros1", "mcap"])
def test_what_a_bag_says_of_types_is_never_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    from rosbags.typesys.store import Typestore

    path = usual(kind).write(tmp_path / "drive")
    monkeypatch.setattr(Typestore, "register", lambda *given: pytest.fail("made code of the file"))
    opened(path)[0].image(0)
