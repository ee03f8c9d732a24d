"""Small traversals in both of RobotCar's layouts: the prepared one, and a raw drive past a wall.

Poses are made here by other means than in the package: arcs of circles, and rotations by `cv2.Rodrigues`.
"""

import json
from collections.abc import Iterable
from itertools import pairwise
from math import cos, sin
from pathlib import Path

import cv2
import numpy as np

from acdepth.core.files import write_text
from tests.data.folders import picture

WIDTH, HEIGHT = 64, 48
FX, FY, CX, CY = 60.0, 62.0, 33.0, 22.5
T_OPTICAL_TO_HEAD = np.array([[0, 0, 1, 0.1], [1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 0, 1.0]])
MODEL = f"{FX} {FY} {CX} {CY}\n" + "\n".join(" ".join(map(str, row)) for row in T_OPTICAL_TO_HEAD) + "\n"

CLOUDS = "lms_front_synchronized/vo/time_margin=+-4.0e+06"
MODELS = {"stereo/left": "stereo_wide_left", "stereo/centre": "stereo_narrow_left"}
START = 1_418_132_416_737_115
"""Of every drive [us]."""
IMAGE_STEP, SCAN_STEP = 62_500, 20_000
"""[us]."""
SPEED, TURN = 8.0, 0.3
"""[m/s], [rad/s]: to the right."""
STEREO = [0.05, -0.1, 0.2, 0.01, -0.02, 0.03]
LASER = [1.7, 0.2, -0.1, 1.6, 0.05, 0.3]
"""Extrinsics; the laser lies on its side, so that it scans from the road to the sky."""
WALL = np.array([0.9, 0.3, 0.05, 21.0])
"""Normal and distance [m]: points p of the world with normal . p = distance."""


def image_time(number: int) -> int:
    """Time stamp of an image [us]."""
    return START + IMAGE_STEP * number


def write_prepared(
    root: Path, scenes: dict[str, Iterable[int]], condition: str | None = None, lens: str = "stereo/left"
) -> Path:
    """Write scenes in the layout that is read: half a metre from image to image, and clouds drawn at random.

    Args:
        root: gets ``models``, ``extrinsics`` and the scenes.
        scenes: name to numbers of the images.
        condition: goes to ``sequence.yaml``.
        lens: where the images go, and whose camera model.
    """
    draw = np.random.default_rng(3)
    write_text(root / "models" / f"{MODELS[lens]}.txt", MODEL)
    write_text(root / "extrinsics" / "stereo.txt", " ".join(map(str, STEREO)) + "\n")
    for scene, numbers in scenes.items():
        folder, numbers = root / scene, list(numbers)
        for part in (lens, CLOUDS):
            (folder / part).mkdir(parents=True)
        for number in numbers:
            name = str(image_time(number))
            image = picture(number, HEIGHT, WIDTH)[..., ::-1]
            cv2.imwrite(str(folder / lens / f"{name}.png"), image)
            points = draw.uniform([-5, -8, -5], [30, 8, 4], (2000, 3))
            points.T.astype("<f4").tofile(folder / CLOUDS / f"{name}.pcd.bin")
        poses = [
            {
                "timestamp": image_time(number),
                "pose_to_prev": motion(number, number - 1).tolist(),
                "pose_to_next": motion(number, number + 1).tolist(),
            }
            for number in numbers
            if {number - 1, number + 1} <= set(numbers)
        ]
        write_text(folder / "poses_synchronized.json", json.dumps(poses))
        if condition:
            write_text(folder / "sequence.yaml", f"condition: {condition}\n")
    return root


def place(number: int) -> np.ndarray:
    """Where the car is at an image of `write_prepared`, (4, 4) [m]."""
    return rigid([0.4 * number, 0.3 * number, 0, 0.1 * number, 0, 0])


def motion(here: int, there: int) -> np.ndarray:
    """The car at one image in its frame at another, (4, 4) [m]."""
    return np.linalg.inv(place(here)) @ place(there)


def write_raw(root: Path, scene: str, images: int = 12, lens: str = "stereo/left") -> Path:
    """Write a download: ``root/raw/SCENE``, ``root/models``, ``root/extrinsics``."""
    folder, draw = root / "raw" / scene, np.random.default_rng(4)
    write_text(root / "models" / f"{MODELS[lens]}.txt", MODEL)
    np.stack(distortion()).astype("<f8").tofile(root / "models" / f"{MODELS[lens]}_distortion_lut.bin")
    for name, numbers in (("stereo", STEREO), ("lms_front", LASER)):
        write_text(root / "extrinsics" / f"{name}.txt", " ".join(map(str, numbers)) + "\n")
    for part in (lens, "lms_front"):
        (folder / part).mkdir(parents=True)
    times = [image_time(number) for number in range(images)]
    for number, time in enumerate(times):
        cv2.imwrite(str(folder / lens / f"{time}.png"), mosaic(picture(number, HEIGHT, WIDTH)))
    # The first scans are of before the odometry begins.
    scans = [START - 35_000 + SCAN_STEP * number for number in range(images * 3)]
    for time in scans:
        scan_of_wall(time, draw).astype("<f8").tofile(folder / "lms_front" / f"{time}.bin")
    write_text(folder / "stereo.timestamps", "".join(f"{time} 1\n" for time in times))
    write_text(folder / "lms_front.timestamps", "".join(f"{time} 1\n" for time in scans))
    write_text(folder / "vo" / "vo.csv", odometry(times))
    return root


def odometry(times: list[int]) -> str:
    """``vo.csv``: the later image stands first."""
    lines = ["source_timestamp,destination_timestamp,x,y,z,roll,pitch,yaw"]
    for earlier, later in pairwise(times):
        x, y, yaw = arc((later - earlier) / 1e6)
        lines.append(f"{later},{earlier},{x},{y},0.0,0.0,0.0,{yaw}")
    return "\n".join(lines) + "\n"


def arc(seconds: float) -> tuple[float, float, float]:
    """x, y [m] and heading [rad] of the car after some time."""
    yaw = TURN * seconds
    return SPEED / TURN * sin(yaw), SPEED / TURN * (1 - cos(yaw)), yaw


def T_vehicle_to_world(time: int) -> np.ndarray:
    """Where the car is, (4, 4) [m]."""
    x, y, yaw = arc((time - START) / 1e6)
    return rigid([x, y, 0, 0, 0, yaw])


def T_head_to_world(time: int) -> np.ndarray:
    """Where the stereo head is, (4, 4) [m]."""
    return T_vehicle_to_world(time) @ np.linalg.inv(rigid(STEREO))


def T_camera_to_world(time: int) -> np.ndarray:
    """Where the camera is, (4, 4) [m]: x right, y down, z forward."""
    return T_head_to_world(time) @ T_OPTICAL_TO_HEAD


def scan_of_wall(time: int, draw: np.random.Generator) -> np.ndarray:
    """Beams that meet the wall, and two that meet nothing: (N, 3) x, y, reflectance."""
    T = T_vehicle_to_world(time) @ rigid(LASER)
    angle = np.linspace(-0.6, 0.6, 80)
    beams = np.stack([np.cos(angle), np.sin(angle), np.zeros(80)], 1)
    normal, distance = WALL[:3], WALL[3]
    length = (distance - normal @ T[:3, 3]) / (beams @ T[:3, :3].T @ normal)
    points = beams * length[:, None]
    points[:, 2] = draw.uniform(1, 200, 80)
    return np.vstack([points, [[0, 0, 0], [0, 0, 12]]])


def wall_depth(time: int, column: np.ndarray, row: np.ndarray) -> np.ndarray:
    """Depth of the wall in the camera's image at some places [m]."""
    T = T_camera_to_world(time)
    rays = np.stack([(column - CX) / FX, (row - CY) / FY, np.ones_like(column)], -1)
    return (WALL[3] - WALL[:3] @ T[:3, 3]) / (rays @ T[:3, :3].T @ WALL[:3])


def distortion() -> tuple[np.ndarray, np.ndarray]:
    """Column and row in the raw image of each undistorted pixel; some lie outside."""
    row, column = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float64)
    x, y = (column - WIDTH / 2) / WIDTH, (row - HEIGHT / 2) / HEIGHT
    stretch = 1 + 0.3 * (x * x + y * y)
    return WIDTH / 2 + x * stretch * WIDTH, HEIGHT / 2 + y * stretch * HEIGHT + 0.4


def mosaic(image: np.ndarray) -> np.ndarray:
    """What the sensor keeps of an RGB image: green blue / red green."""
    bayer = image[..., 1].copy()
    bayer[0::2, 1::2] = image[0::2, 1::2, 2]
    bayer[1::2, 0::2] = image[1::2, 0::2, 0]
    return bayer


def rigid(values: list[float]) -> np.ndarray:
    """(4, 4) from x, y, z, roll, pitch, yaw: one turn about each axis after the other."""
    T = np.eye(4)
    roll, pitch, yaw = (
        cv2.Rodrigues(angle * axis)[0] for angle, axis in zip(values[3:], np.eye(3), strict=True)
    )
    T[:3, :3], T[:3, 3] = yaw @ pitch @ roll, values[:3]
    return T
