"""Which lens took each input, and what becomes of pictures that it bent."""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np

from acdepth.core.distortion import Distortion
from acdepth.core.encoding import encode
from acdepth.core.errors import UserError
from acdepth.core.files import write_bytes
from acdepth.core.lens import Lens
from acdepth.core.progress import say
from acdepth.core.share import Share
from acdepth.data.kitti.beside import camera_beside
from acdepth.data.own.bag import lens_of_bag
from acdepth.data.own.cameras import find_lens
from acdepth.data.own.guessed import lens_from_exif


class Lenses:
    """Finds the lens of each file and reads each camera file of a folder once."""

    def __init__(self) -> None:
        self._in_folder: dict[Path, Lens | None] = {}

    def of_video(self, path: Path, top: Path) -> Lens | None:
        """By ``NAME.camera.yaml`` beside it, else as a picture's."""
        return find_lens(path.parent, path.stem) or self._near(path, top)

    def of_bag(self, path: Path) -> Lens | None:
        """By a camera file beside it or by its ``camera_info``; its faults are told when it is opened."""
        with suppress(UserError):
            return lens_of_bag(path)
        return None

    def of_image(self, path: Path, top: Path) -> Lens | None:
        """By the nearest camera file, by KITTI's calibration, else as its own EXIF lets guess."""
        if (lens := self._near(path, top)) is not None:
            return lens
        if (camera := camera_beside(path)) is not None:
            return Lens(camera, source="KITTI's calibration")
        return lens_from_exif(path)

    def _near(self, path: Path, top: Path) -> Lens | None:
        """The nearest camera file: beside the file, or above it up to ``top``.

        Above a folder ``images`` too, because there it stands in a sequence folder.
        """
        folders = [folder for folder in path.parents if folder.is_relative_to(top)]
        if top.resolve().name == "images":
            folders.append(top.resolve().parent)
        return next((lens for folder in folders if (lens := self._read(folder))), None)

    def _read(self, folder: Path) -> Lens | None:
        if folder not in self._in_folder:
            self._in_folder[folder] = find_lens(folder)
        return self._in_folder[folder]


class Straightened:
    """Writes what results of straightened pictures need beside them: the picture, and its camera."""

    def __init__(self) -> None:
        self._lenses: dict[Path, Lens] = {}
        self._told: set[Distortion] = set()

    def tell(self, lens: Lens) -> None:
        """Say once that pictures of a lens are straightened."""
        if not lens.is_straight and lens.distortion not in self._told:
            self._told.add(lens.distortion)
            say(f"the lens bends ({lens.distortion}): results are of the pictures straightened")

    def write(self, target: Path, image: np.ndarray, lens: Lens | None) -> None:
        """Write ``NAME_straight.png``; threads may write several."""
        if lens is None or lens.is_straight:
            return
        file = target.with_name(f"{target.name}_straight.png")
        write_bytes(file, encode(".png", image, where=file))
        self._lenses[target] = Lens(lens.straight, camera_height=lens.camera_height)

    def write_cameras(self, targets: Sequence[Path], share: Share) -> None:
        """Write ``straight_camera.yaml`` into each folder of results, once all processes are done.

        A picture by another camera than the first in its folder gets ``NAME_straight_camera.yaml``. Neither
        is a name that a camera file is found by, as results may lie beside those of the footage.

        Args:
            targets: of all images, in order; the frames of a video have a folder to themselves.
            share: of this process.
        """
        number = {target: place for place, target in enumerate(targets)}
        found = share.sorted(list(self._lenses.items()), lambda one: number.get(one[0], len(number)))
        first: dict[Path, Lens] = {}
        for target, lens in found if share.leads else ():
            shared = target.with_name("straight_camera.yaml")
            if shared not in first:
                lens.write(shared)
            if first.setdefault(shared, lens) != lens:
                lens.write(target.with_name(f"{target.name}_straight_camera.yaml"))
