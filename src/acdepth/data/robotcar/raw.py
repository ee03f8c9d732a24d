"""What the raw download of one traversal holds: time stamps, laser scans, Bayer images and their lens."""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from acdepth.core.errors import UserError
from acdepth.core.files import reading
from acdepth.core.images import read_gray
from acdepth.core.texts import read_text
from acdepth.data.scans import read_scan_file
from acdepth.data.stored import checked_size

FARTHEST = 1e6
"""[px]: that an undistorted pixel may lie from the raw image's corner; usual are some thousand."""


@dataclass(frozen=True)
class Recording:
    """Files of one sensor by time."""

    folder: Path
    suffix: str
    times: np.ndarray
    """(N,) int64 [us], in order: of the files that are there."""
    missing: int
    """How many more the list of time stamps has."""

    def file(self, time: int) -> Path:
        """The file of a moment."""
        return self.folder / f"{time}{self.suffix}"


def raw_scenes(raw: Path) -> list[str]:
    """Names of the traversals in a folder: all that have ``stereo.timestamps``."""
    return sorted(path.parent.name for path in Path(raw).glob("*/stereo.timestamps"))


def read_images(scene: Path, lens: str) -> Recording:
    """A lens' images.

    Raises:
        UserError: if their list cannot be read, or none of them is there.
    """
    return _read_recording(scene / "stereo.timestamps", scene / lens, ".png")


def read_scans(scene: Path) -> Recording:
    """The front laser's scans; see `read_images` for errors."""
    return _read_recording(scene / "lms_front.timestamps", scene / "lms_front", ".bin")


def read_bayer(path: Path) -> np.ndarray:
    """A raw image, uint8 (H, W): one colour per pixel, green blue / red green.

    Raises:
        UserError: if it cannot be read, or is no 8-bit gray PNG.
    """
    return read_gray(path, "a raw image has one number per pixel: copy or unpack it again")


def read_scan(path: Path) -> np.ndarray:
    """Points of a scan, (N, 3) float64 [m]: x, y, and 0 as the laser turns in a plane.

    A beam that met nothing is reported at the laser itself and left out.

    Raises:
        UserError: if the file cannot be read, is not whole, or holds points that are nowhere.
    """
    points = read_scan_file(path, 3, "a laser scan (float64 x, y, reflectance)", "<f8").copy()
    points[:, 2] = 0
    return points[points.any(axis=1)]


def _read_recording(stamps: Path, folder: Path, suffix: str) -> Recording:
    """Lines of ``TIME CHUNK``, as far as their files are there: few download every chunk."""
    with reading(stamps, "time stamps", "download it with the traversal"):
        times = np.unique([int(line.split()[0]) for line in read_text(stamps).splitlines() if line.strip()])
    there = {path.stem for path in folder.glob(f"*{suffix}")}
    found = np.array([str(time) in there for time in times], dtype=bool)
    if not found.any():
        raise UserError(folder, f"holds none of the {len(times)} files of {stamps.name}", "download a chunk")
    return Recording(folder, suffix, times[found], int((~found).sum()))


@dataclass(frozen=True)
class Undistortion:
    """Where in the raw image each undistorted pixel is."""

    column: np.ndarray
    row: np.ndarray
    """(H, W) float32 [px] each."""

    def picture(self, bayer: np.ndarray, path: Path) -> np.ndarray:
        """Undistorted picture of what `read_bayer` gives, uint8 (H, W, 3); black where the lens saw nothing.

        Raises:
            UserError: naming its ``path`` if it has another size than the camera model.
        """
        checked_size(bayer, self.column.shape, path, "the camera model has", "copy it again")
        coloured = cv2.cvtColor(bayer, cv2.COLOR_BayerGBRG2RGB)
        return cv2.remap(coloured, self.column, self.row, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)


def read_undistortion(path: Path, width: int, height: int) -> Undistortion:
    """Read a look-up table: float64, all columns, then all rows, of the pixels in reading order.

    Raises:
        UserError: if it cannot be read, or is not of images of this size.
    """
    with reading(path, "a look-up table"):
        values = np.fromfile(path, dtype="<f8")
    if values.size != 2 * width * height:
        told = f"{values.size} numbers, expected {2 * width * height} for {width}x{height} images"
        raise UserError(path, told, "copy it again")
    if not (np.abs(values) <= FARTHEST).all():
        raise UserError(path, "holds numbers that are no places in an image", "copy it again")
    column, row = values.astype(np.float32).reshape(2, height, width)
    return Undistortion(column, row)
