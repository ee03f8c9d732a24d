"""Consecutive images of Cityscapes, with depth from disparity and motion from the vehicle's speed."""

from collections.abc import Collection
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np

from acdepth.core.condition import Condition
from acdepth.core.images import read_classes
from acdepth.core.lens import Lens
from acdepth.data.cityscapes.measured import Stereo, read_disparity, read_speed, read_time
from acdepth.data.cityscapes.names import SEQUENCES, Shot
from acdepth.data.own.clip import Description, ImageClip
from acdepth.data.stored import checked_size

FRAME_RATE = 17.0
"""Images per second (Cordts et al., CVPR 2016)."""
WITH_THE_CAMERA = (1, 2, 3)
"""Labels of the car, of the border that rectification leaves, and of what else counts nowhere."""


class CityscapesClip(ImageClip):
    """Images of one camera that follow each other, or a single one.

    Args:
        name: unique within the data set.
        root: of the data set.
        split: whose folders hold what stands beside the images.
        images: the files by moment, in order.
        targets: which of them are.
        stereo: None where nobody gave a camera.
        condition: fog for images in simulated fog.
    """

    def __init__(
        self,
        name: str,
        root: Path,
        split: str,
        images: dict[Shot, Path],
        targets: Collection[Shot],
        stereo: Stereo | None,
        condition: Condition = Condition.CLEAR,
    ) -> None:
        rate = FRAME_RATE if len(images) > 1 else None
        about = Description(condition, stereo and Lens(stereo.camera, source="camera.json"), rate)
        super().__init__(name, "", list(images.values()), about)
        self.root, self.split, self.stereo, self.shots = root, split, stereo, list(images)
        self._is_target = [shot in targets for shot in images]
        self.lengths_from = "speeds" if self._beside_image("vehicle", 0, ".json") else None

    def key(self, index: int) -> str:
        """The image's file, relative to the root of the data set."""
        return self.paths[index].relative_to(self.root).as_posix()

    def is_target(self, index: int) -> bool:
        """Annotated images are, or all of a video; the others are neighbours."""
        return self._is_target[index]

    def depth(self, index: int) -> np.ndarray | None:
        """Depth of the published disparity [m], float32 (H, W); None where it was not unpacked.

        Raises:
            UserError: if that of a target is missing from a split that has disparity, or is damaged.
        """
        path = self.disparity_file(index)
        if self.stereo is None or path is None:
            return None
        steps = checked_size(read_disparity(path), self.stereo.camera.size, path, "its image has")
        return self.stereo.depth(steps)

    def disparity_file(self, index: int) -> Path | None:
        """Where the disparity of an image stands, or should stand; None where none is expected."""
        found = self._beside_image("disparity", index, ".png")
        folder = self.root / "disparity" / self.split
        if found or not folder.is_dir() or self.paths[index].is_relative_to(self.root / SEQUENCES):
            return found
        return folder / self.shots[index].city / f"{self.shots[index].stem}_disparity.png"

    @property
    def ego_mask(self) -> np.ndarray | None:
        """bool (H, W): True where the car or the border of the rectified images shows; None without labels.

        As the labels of the first annotated image have it.
        """
        if self._label_file is None:
            return None
        size = self.camera and self.camera.size
        labels = checked_size(_read_labels(self._label_file), size, self._label_file, "its image has")
        return np.isin(labels, WITH_THE_CAMERA)

    @cached_property
    def _label_file(self) -> Path | None:
        kinds = [kind for kind in ("gtFine", "gtCoarse") if (self.root / kind / self.split).is_dir()]
        files = (
            self._beside_image(kind, index, "_labelIds.png") for kind in kinds for index in range(len(self))
        )
        return next(filter(None, files), None)

    def time(self, index: int) -> float | None:
        """When the image was taken [s]."""
        return float(self.times[index])

    def distance(self, index: int, other: int) -> float | None:
        """Metres by the mean of two neighbours' speeds and the time between them, summed; None if unknown."""
        first, last = sorted((index, other))
        speeds, times = self.speeds[first : last + 1], self.times[first : last + 1]
        metres = float(((speeds[1:] + speeds[:-1]) / 2 * np.diff(times)).sum())
        return None if np.isnan(metres) else metres

    @cached_property
    def speeds(self) -> np.ndarray:
        """(N,) float64 [m/s], NaN where unknown."""
        files = [self._beside_image("vehicle", index, ".json") for index in range(len(self))]
        return np.array([np.nan if file is None else read_speed(file) for file in files])

    @cached_property
    def times(self) -> np.ndarray:
        """(N,) float64 [s]: as recorded if that is known of all images, else by number and `FRAME_RATE`."""
        files = [self._beside_image("timestamp", index, ".txt") for index in range(len(self))]
        recorded = [read_time(file) for file in files if file]
        if len(recorded) < len(self):
            recorded = [shot.number / FRAME_RATE for shot in self.shots]
        return np.array(recorded)

    def _beside_image(self, kind: str, index: int, ending: str) -> Path | None:
        """A file about an image, of the package for videos or of that for annotated images; None without."""
        shot = self.shots[index]
        folders = (self.root / name / self.split / shot.city for name in (f"{kind}_sequence", kind))
        files = (folder / f"{shot.stem}_{kind}{ending}" for folder in folders)
        return next((file for file in files if file.exists()), None)


@lru_cache(maxsize=4)
def _read_labels(path: Path) -> np.ndarray:
    """Of a clip they are asked for again and again; thousands of clips have some of their own."""
    return read_classes(path)
