"""Camera files: ours, and those of ROS, OpenCV, COLMAP and Kalibr, told apart by their content."""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from acdepth.core.camera import FILE_KEYS, LONGEST_SIDE, Camera, check_camera_keys
from acdepth.core.distortion import COEFFICIENTS, Distortion, Model
from acdepth.core.errors import UserError, first_line
from acdepth.core.files import reading
from acdepth.core.lens import Lens, check_camera_height
from acdepth.core.texts import parse_json, parse_yaml, read_text

READABLE = (
    "camera.yaml (fx, fy, cx, cy, width, height), ROS camera_info, OpenCV's camera_matrix with image_width, "
    "COLMAP's cameras.txt and Kalibr's camchain"
)
NAMES = ("camera.yaml", "camera.yml", "camera.json", "camera.xml", "camera_info.yaml", "cameras.txt")
"""By which a camera file is found in a folder; Kalibr's are ``camchain*.yaml``."""
MODELS: dict[str, Model] = {
    "plumb_bob": "brown",
    "rational_polynomial": "brown",
    "radtan": "brown",
    "none": "brown",
    "": "brown",
    "equidistant": "fisheye",
    "fisheye": "fisheye",
}
"""As ROS and Kalibr call them."""
COLMAP: dict[str, tuple[Model, int, tuple[str, ...]]] = {
    "SIMPLE_PINHOLE": ("brown", 1, ()),
    "PINHOLE": ("brown", 2, ()),
    "SIMPLE_RADIAL": ("brown", 1, ("k1",)),
    "RADIAL": ("brown", 1, ("k1", "k2")),
    "OPENCV": ("brown", 2, ("k1", "k2", "p1", "p2")),
    "FULL_OPENCV": ("brown", 2, COEFFICIENTS["brown"]),
    "SIMPLE_RADIAL_FISHEYE": ("fisheye", 1, ("k1",)),
    "RADIAL_FISHEYE": ("fisheye", 1, ("k1", "k2")),
    "OPENCV_FISHEYE": ("fisheye", 2, COEFFICIENTS["fisheye"]),
}
"""Of each of its models: ours, how many focal lengths it has, and its coefficients in order."""
LEAST_RATE, MOST_RATE = 1e-4, 10_000.0
"""Images per second: one in three hours, and more than any camera of a car takes; usual are 10 to 60."""
MOST_SKEW = 0.5
"""Of a camera matrix [px]; below it, skew moves no pixel by more than rounding."""
LONGEST_BLOCK = 20_000
"""Letters of one entry of OpenCV's files; a camera matrix has some hundred."""
MOST_DIGITS = 6
"""Of a width or height [px]."""
MOST_OFF_CENTRE = 1.5
"""How far from the middle a principal point may lie, in widths or heights: also that of a picture that was
cropped to a side."""
MOST_PINCUSHION = 1.5
"""Focal length of the straightened picture over the lens' own; lenses that bend lines inwards reach 1.2."""


def find_lens(folder: Path, stem: str | None = None) -> Lens | None:
    """The lens that a camera file in a folder tells; of a video or bag, ``STEM.camera.yaml`` goes first.

    Raises:
        UserError: if there are several, or it cannot be understood.
    """
    file = find_camera_file(folder, stem)
    return None if file is None else read_lens(file)


def find_camera_file(folder: Path, stem: str | None = None) -> Path | None:
    """Where `find_lens` finds it.

    Raises:
        UserError: if there are several.
    """
    own = [] if stem is None else [folder / f"{stem}.camera{suffix}" for suffix in (".yaml", ".yml")]
    shared = [*(folder / name for name in NAMES), *sorted(folder.glob("camchain*.yaml"))]
    for candidates in (own, shared):
        found = [path for path in candidates if path.is_file()]
        if len(found) > 1:
            named = ", ".join(path.name for path in found)
            raise UserError(folder, f"holds several camera files ({named})", "keep one of them")
        if found:
            return found[0]
    return None


def read_lens(path: Path) -> Lens:
    """Read a camera file of any of the kinds in `READABLE`.

    Raises:
        UserError: if it is none of them, or holds no lens or several.
    """
    text = _text(path)
    if rows := _colmap_rows(text):
        return _from_colmap(rows, path)
    values = _parse(text, path)
    keys = {str(key).lower() for key in values} if isinstance(values, dict) else set()
    if any(_is_kalibr(key) for key in keys):
        return _from_kalibr(values, path)
    if {_plain(key) for key in keys} & MATRIX:
        return _with_height(_from_matrix(values, path), values, path)
    if keys & set(FILE_KEYS):
        return _plausible(Lens.from_dict(check_camera_keys(values, path), str(path)), path)
    raise UserError(path, "not a camera file that can be read", f"readable are {READABLE}")


def read_frame_rate(path: Path) -> float | None:
    """The optional key ``frame_rate`` of a ``camera.yaml`` [1/s]; files of other tools tell none.

    Raises:
        UserError: if it is not a positive number.
    """
    text = _text(path)
    values = None if _colmap_rows(text) else _parse(text, path)
    rate = values.get("frame_rate") if isinstance(values, dict) else None
    if rate is None:
        return None
    if isinstance(rate, bool) or not isinstance(rate, (int, float)) or not LEAST_RATE <= rate <= MOST_RATE:
        told = f"frame_rate = {rate!r}, expected images per second, {LEAST_RATE:g} to {MOST_RATE:g}"
        raise UserError(path, told, "write such as frame_rate: 12")
    return float(rate)


def lens_from_message(
    width: int, height: int, K: Sequence[float], D: Sequence[float], model: str, where: Path | str
) -> Lens:
    """The lens of a ROS ``camera_info`` message.

    Args:
        width: of the images [px].
        height: of the images [px].
        K: the nine numbers of the camera matrix.
        D: distortion coefficients; none where images are straight.
        model: such as ``plumb_bob``.
        where: file and topic, for error messages.

    Raises:
        UserError: if the numbers make no lens, or the model is not known.
    """
    return _made(where, "camera_info", lambda: (_camera(K, width, height), _distortion(D, model)))


def _made(where: Path | str, source: str, parts: Callable[[], tuple[Camera, Distortion]]) -> Lens:
    """A lens of parts; what is wrong with them is told with the file."""
    try:
        return _plausible(Lens(*parts(), source=source), where)
    except UserError as error:
        raise UserError(where, error.what, error.remedy) from error


def _plausible(lens: Lens, where: Path | str) -> Lens:
    """The lens, unless its numbers cannot be of these images.

    Raises:
        UserError: if the principal point is far outside, or what the lens does to the picture is.
    """
    camera = lens.camera
    cx, cy = camera.cx / camera.width - 0.5, camera.cy / camera.height - 0.5
    if max(abs(cx), abs(cy)) > MOST_OFF_CENTRE:
        what = f"its principal point ({camera.cx:g}, {camera.cy:g}) lies far outside of its"
        size = f"{camera.width}x{camera.height} pixels"
        raise UserError(where, f"{what} {size}", "give cx and cy in pixels of these images")
    if (times := lens.straight.fx / camera.fx) > MOST_PINCUSHION:
        what = f"its distortion ({lens.distortion}) leaves 1/{times:.2g} of the view that fx alone would have"
        raise UserError(where, what, "check signs and order of the coefficients, or calibrate again")
    return lens


def _with_height(lens: Lens, values: dict[str, Any], path: Path) -> Lens:
    """With ``camera_height``, which other tools do not know, where people have added it to their files."""
    told = next((value for key, value in values.items() if _plain(key) == "cameraheight"), None)
    return replace(lens, camera_height=check_camera_height(told, path))


def _text(path: Path) -> str:
    with reading(path, "text", f"readable are {READABLE}"):
        return read_text(path)


def _parse(text: str, path: Path) -> Any:
    """What YAML, JSON, or a file that OpenCV wrote holds; matrices as mappings with ``data``.

    Of several documents of YAML it is the first: ``rostopic echo`` ends each message by ``---``.
    """
    try:
        if text.lstrip().startswith("<"):
            return _xml_values(text)
        if text.lstrip().startswith("{"):
            return parse_json(text)
        if by_opencv := text.lstrip().startswith("%YAML") or "!!opencv-" in text:
            text = _opencv_as_yaml(text)
        return parse_yaml(text, first=True, any_tag=by_opencv)
    except (ValueError, cv2.error, SystemError) as error:
        what = f"not readable as YAML, JSON or XML ({first_line(error)})"
        raise UserError(path, what, f"readable are {READABLE}") from error


def _opencv_as_yaml(text: str) -> str:
    """Without the first line, which older ones write otherwise than YAML, and what is too long for a camera:
    the corners that it was calibrated by."""
    text = re.sub(r"\A\s*%YAML.*\n", "", text)
    blocks = re.split(r"(?m)^(?=\w)", text)
    return "".join(block for block in blocks if len(block) < LONGEST_BLOCK)


def _xml_values(text: str) -> Any:
    """Of a file by OpenCV. Its YAML is read as any other: OpenCV hangs on some that it did not write."""
    storage = cv2.FileStorage(text, cv2.FILE_STORAGE_READ | cv2.FILE_STORAGE_MEMORY)
    try:
        return _value(storage.root())
    finally:
        storage.release()


def _value(node: cv2.FileNode) -> Any:
    if node.isMap():
        return {key: _value(node.getNode(key)) for key in node.keys()}  # noqa: SIM118 - not a mapping
    if node.isSeq():
        return [_value(node.at(index)) for index in range(node.size())]
    return node.string() if node.isString() else node.real()


MATRIX = frozenset({"cameramatrix", "k", "intrinsicmatrix", "m1", "mtx"})
DISTORTION = frozenset({"distortioncoefficients", "distcoeffs", "distortion", "dist", "d", "d1"})
WIDTH, HEIGHT = frozenset({"imagewidth", "width"}), frozenset({"imageheight", "height"})
SIZE = frozenset({"imagesize", "size"})
"""Keys as OpenCV's samples and ROS spell them, without case and underscores; a size is width, height."""


def _plain(key: Any) -> str:
    return re.sub(r"[_\s-]", "", str(key)).lower()


def _from_matrix(values: dict[str, Any], path: Path) -> Lens:
    """ROS ``camera_info`` and OpenCV's calibrations: a matrix, coefficients, perhaps the model's name."""
    known = {_plain(key): value for key, value in values.items()}

    def of(names: frozenset[str], default: Any = None) -> Any:
        return next((known[name] for name in sorted(names) if name in known), default)

    said = DISTORTION | {"distortionmodel"}
    unknown = [str(key) for key in values if _plain(key).startswith("dist") and _plain(key) not in said]
    if unknown:
        what = f"does not say its distortion in a known way ({', '.join(unknown)})"
        raise UserError(path, what, "call it distortion_coefficients: k1, k2, p1, p2, k3")
    size = _numbers(of(SIZE), path, "image_size")
    width, height = of(WIDTH, size[0] if len(size) == 2 else None), of(HEIGHT, size[-1] if size else None)
    if width is None or height is None:
        raise UserError(path, "does not say of which images", "write image_width and image_height into it")
    K, D = _numbers(of(MATRIX), path, "camera_matrix"), _numbers(of(DISTORTION), path, "the distortion")
    is_fisheye = bool(known.get("fisheyemodel")) or known.get("model") == "fisheye"
    model = str(known.get("distortionmodel", "fisheye" if is_fisheye else ""))
    kind = "camera_info" if "distortionmodel" in known else "an OpenCV calibration"
    return _made(path, kind, lambda: (_camera(K, width, height), _distortion(D, model)))


def _numbers(value: Any, path: Path, what: str) -> list[float]:
    """The numbers of a matrix or (nested) list, row by row; of nothing, none."""
    if isinstance(value, dict):
        value = value.get("data")
    try:
        return np.array([] if value is None else value, np.float64).ravel().tolist()
    except (TypeError, ValueError) as error:
        raise UserError(path, f"{what} holds something else than numbers", "copy it again") from error


def _camera(K: Sequence[float], width: float, height: float) -> Camera:
    if len(K) != 9:
        raise UserError("camera", f"the camera matrix has {len(K)} numbers", "expected 9")
    if not any(K):
        raise UserError("camera", "its camera matrix is all zero: nobody calibrated it", "calibrate it")
    fx, skew, cx, _, fy, cy, *_ = (float(value) for value in K)
    if abs(skew) > MOST_SKEW:
        raise UserError("camera", f"pixels are skewed by {skew:g} px", "calibrate without skew")
    return Camera(fx, fy, cx, cy, *(_whole(side) for side in (width, height)))


def _whole(side: Any) -> int:
    """A side in whole pixels; OpenCV's files do not tell 640 from 640.0."""
    if isinstance(side, (int, float)) and abs(side) <= LONGEST_SIDE and side == int(side):
        return int(side)
    raise UserError("camera", f"a side of {side!r}", "expected a whole number of pixels")


def _distortion(D: Sequence[float], model: str) -> Distortion:
    if model.strip().lower() not in MODELS:
        known = ", ".join(name for name in MODELS if name)
        raise UserError("camera", f"distortion model {model!r} is not known", f"known are {known}")
    kind = MODELS[model.strip().lower()]
    most = len(COEFFICIENTS[kind])
    if any(D[most:]):  # thin prism and tilted sensor
        raise UserError(
            "camera", f"{len(D)} coefficients, of which {most} are known", "calibrate without the others"
        )
    return Distortion(kind, tuple(D[:most]))


def _from_kalibr(values: dict[str, Any], path: Path) -> Lens:
    cameras = {str(key): value for key, value in values.items() if _is_kalibr(key)}
    if len(cameras) > 1:
        raise UserError(path, f"holds {len(cameras)} cameras ({', '.join(cameras)})", "keep one of them")
    [about] = cameras.values()
    if not isinstance(about, dict) or about.get("camera_model") != "pinhole":
        model = about.get("camera_model") if isinstance(about, dict) else None
        raise UserError(path, f"camera_model {model!r}", "calibrate as pinhole-radtan or pinhole-equi")
    pinhole = _numbers(about.get("intrinsics"), path, "intrinsics")
    size = _numbers(about.get("resolution"), path, "resolution")
    if len(pinhole) != 4 or len(size) != 2:
        raise UserError(path, "expected 4 intrinsics and 2 sides of resolution", "copy it again")
    fx, fy, cx, cy = pinhole
    D = _numbers(about.get("distortion_coeffs"), path, "distortion_coeffs")
    model = str(about.get("distortion_model", ""))
    K = (fx, 0, cx, 0, fy, cy, 0, 0, 1)
    lens = _made(path, "a Kalibr camchain", lambda: (_camera(K, *size), _distortion(D, model)))
    return _with_height(lens, {**values, **about}, path)


def _is_kalibr(key: Any) -> bool:
    return re.fullmatch(r"cam\d+", str(key).lower()) is not None


def _colmap_rows(text: str) -> list[list[str]]:
    """The cameras of COLMAP's text format; none if it is something else."""
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    if all(re.match(r"\s*\d+\s+[A-Z_]+\s+\d+\s+\d+\s", line) for line in lines):
        return [line.split() for line in lines]
    return []


def _from_colmap(rows: list[list[str]], path: Path) -> Lens:
    if len(rows) > 1:
        ids = ", ".join(row[0] for row in rows)
        raise UserError(path, f"holds {len(rows)} cameras ({ids})", "keep the line of one")
    [[_, name, width, height, *values]] = rows
    if name not in COLMAP:
        raise UserError(path, f"camera model {name}", f"readable are {', '.join(COLMAP)}")
    model, focals, names = COLMAP[name]
    numbers = _numbers(values, path, name)
    if len(numbers) != focals + 2 + len(names):
        what = f"{name} with {len(numbers)} parameters, expected {focals + 2 + len(names)}"
        raise UserError(path, what, "copy it again")
    fx, fy = numbers[0], numbers[focals - 1]
    # COLMAP counts from the corner of the top left pixel, we from its centre.
    cx, cy = numbers[focals] - 0.5, numbers[focals + 1] - 0.5
    named = {"model": model, **dict(zip(names, numbers[focals + 2 :], strict=True))}
    if max(len(width), len(height)) > MOST_DIGITS:
        raise UserError(path, f"{name} of images of {width:.20} by {height:.20} pixels", "copy it again")
    size = int(width), int(height)
    return _made(
        path, "COLMAP cameras.txt", lambda: (Camera(fx, fy, cx, cy, *size), Distortion.from_dict(named))
    )
