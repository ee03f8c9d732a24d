"""Opening the prepared layout: all traversals, or those that a list names; lists and their filters."""

import re
from collections import defaultdict
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

from acdepth.core.condition import Condition
from acdepth.core.config import Config
from acdepth.core.errors import OnFault, UserError, raise_fault
from acdepth.data.robotcar.calibration import MODEL_FILE, CameraModel, read_model
from acdepth.data.robotcar.clip import IMAGES, POSES, RobotCarClip, Scene, read_poses
from acdepth.data.sequence_folder import Description
from acdepth.data.splits import NumberedImages, open_by_list, read_lines
from acdepth.data.stored import image_size, named_pieces

FRAME_RATE = 16.0
"""Images per second, nearly (Maddern et al., 2017)."""
LONGEST_STEP = 250_000
"""Time between neighbours [us]; a longer one cuts the traversal. Four times the usual one."""
CONDITIONS = {"2014-12-09-13-21-02": Condition.CLEAR, "2014-12-16-18-44-24": Condition.NIGHT}
"""The two traversals of the paper."""
FILTER_ENDING = "_filter"
"""Of a list's name without suffix: the frames that are no targets after all, as they are over-exposed."""

EXAMPLE = "2014-12-09-13-21-02/stereo/centre/1418132504537582.png"
_LINE = re.compile(rf"([^/\s]+)/{IMAGES}/(\d{{1,18}})\.png")

Times = dict[str, set[int]]
"""Time stamps of images [us] by scene."""


class SceneNotes(Config):
    """What ``sequence.yaml`` tells of a traversal."""

    condition: Condition
    """Weather and light."""


def is_robotcar(root: Path) -> bool:
    """Whether a folder has the prepared layout: the camera model, and images of the centre camera."""
    return (Path(root) / "models" / MODEL_FILE).is_file() and bool(_folders(Path(root)))


def open_robotcar(
    root: Path, split: str | None, on_warning: Callable[[str], object], on_fault: OnFault = raise_fault
) -> list[RobotCarClip]:
    """Open traversals in pieces without gaps; pieces without a target are left out.

    Args:
        root: folder that holds ``models``, ``splits`` and the scenes.
        split: as `open_by_list` has it; images of ``NAME_filter.txt`` beside the list are no targets.
        on_warning: called with each warning.
        on_fault: as `open_by_list` has it.

    Raises:
        UserError: by ``on_fault``, or if nothing is found or a file that all scenes need is at fault.
    """
    root = Path(root)
    model = read_model(root / "models" / MODEL_FILE)
    data_set = NumberedImages(
        folders=_folders,
        read_list=lambda path: {f"{scene}/{IMAGES}": times for scene, times in read_targets(path).items()},
        file="{}.png",
        number="time stamp [us]",
        layout=f"SCENE/{IMAGES}",
        source="prepare their scenes with acdepth data prepare",
    )

    def open_folder(folder: str, images: dict[int, Path], targets: set[int]) -> list[RobotCarClip]:
        scene = _read_scene(root / folder.removesuffix(f"/{IMAGES}"), model, images, on_warning)
        return [
            RobotCarClip(name, scene, piece, targets)
            for name, _, piece in named_pieces(_cut(images), scene.name, on_warning)
            if any(int(path.stem) in targets for path in piece)
        ]

    return open_by_list(root, split, data_set, open_folder, on_warning, on_fault)


def read_targets(path: Path) -> Times:
    """The images of a list without those of ``NAME_filter.txt`` beside it, if there is one.

    Raises:
        UserError: if a list cannot be understood, or nothing is left.
    """
    targets = read_list(path)
    left_out = path.with_stem(path.stem + FILTER_ENDING)
    if left_out.is_file():
        for scene, times in read_list(left_out).items():
            targets.get(scene, set()).difference_update(times)
    targets = {scene: times for scene, times in targets.items() if times}
    if not targets:
        raise UserError(path, f"names no images that {left_out.name} leaves", "give another list")
    return targets


def read_list(path: Path) -> Times:
    """Read lines of ``SCENE/stereo/centre/TIME.png``; see `read_lines` for errors."""
    times: Times = defaultdict(set)
    for line in read_lines(path, _LINE, f"SCENE/{IMAGES}/TIME.png, such as {EXAMPLE}"):
        times[line[1]].add(int(line[2]))
    return dict(times)


def _folders(root: Path) -> list[str]:
    return [path.relative_to(root).as_posix() for path in root.glob(f"*/{IMAGES}")]


def _read_scene(
    folder: Path, model: CameraModel, images: dict[int, Path], on_warning: Callable[[str], object]
) -> Scene:
    camera = model.camera(*image_size(next(iter(images.values()))))
    file = folder / POSES
    poses = read_poses(file)
    without = [path.name for time, path in images.items() if time not in poses]
    if without:
        told = f"{file}: has no pose for {len(without)} of {len(images)} images, such as {without[0]}"
        on_warning(f"{told}; their distances are unknown")
    return Scene(folder.name, folder, Description(_condition(folder), camera, FRAME_RATE), poses)


def _condition(folder: Path) -> Condition:
    notes = folder / "sequence.yaml"
    if notes.exists():
        return SceneNotes.read(notes).condition
    if folder.name not in CONDITIONS:
        raise UserError(notes, "no such file", "write condition: clear, night or another one into it")
    return CONDITIONS[folder.name]


def _cut(images: dict[int, Path]) -> list[list[Path]]:
    """The images in pieces between which too much time goes by."""
    times, paths = list(images), list(images.values())
    gaps = [place for place, (one, next_) in enumerate(pairwise(times), 1) if next_ - one > LONGEST_STEP]
    return [paths[start:end] for start, end in pairwise([0, *gaps, len(paths)])]
