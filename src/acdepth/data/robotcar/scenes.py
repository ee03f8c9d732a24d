"""Opening the prepared layout: all traversals, or what the lists of a split name of them."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np

from acdepth.core.condition import Condition
from acdepth.core.config import Config
from acdepth.core.errors import OnFault, UserError, raise_fault
from acdepth.core.lens import Lens as StraightLens
from acdepth.data.own.clip import Description
from acdepth.data.robotcar.calibration import (
    HEAD_FILE,
    LENSES,
    CameraModel,
    Lens,
    model_file,
    read_head,
    read_model,
)
from acdepth.data.robotcar.clip import RobotCarClip, Scene
from acdepth.data.robotcar.lists import Line, current, find_lists, list_of, read_targets
from acdepth.data.robotcar.motions import POSES, read_motions, refuse_former
from acdepth.data.splits import NumberedImages, open_by_list
from acdepth.data.stored import image_size, named_pieces

FRAME_RATE = 16.0
"""Images per second, nearly (Maddern et al., 2017)."""
LONGEST_STEP = 250_000
"""Time between neighbours [us] that no list tells; a longer one cuts the traversal. Four times the usual."""
CONDITIONS = {"2014-12-09-13-21-02": Condition.CLEAR, "2014-12-16-18-44-24": Condition.NIGHT}
"""The two traversals of the paper."""


class SceneNotes(Config):
    """What ``sequence.yaml`` tells of a traversal."""

    condition: Condition
    """Weather and light."""


def is_robotcar(root: Path) -> bool:
    """Whether a folder has the prepared layout: a camera model, and images of its lens."""
    root = Path(root)
    return any((root / "models" / model_file(lens)).is_file() and _folders(root, lens) for lens in LENSES)


def open_robotcar(
    root: Path,
    split: str | None,
    on_warning: Callable[[str], object],
    on_fault: OnFault = raise_fault,
    lens: Lens = "stereo/left",
) -> list[RobotCarClip]:
    """Open traversals in pieces without gaps; pieces without a target are left out.

    Args:
        root: folder that holds ``models``, ``splits`` and the scenes.
        split: as `find_lists` has it. Where its lists tell neighbours, each target stands between its own;
            else, and for None, the images of a scene follow each other in time.
        on_warning: called with each warning.
        on_fault: as `open_by_list` has it.
        lens: whose images.

    Raises:
        UserError: by ``on_fault``, or if nothing is found, a scene is of acdepth's former layout, or a file
            that all scenes need is at fault.
    """
    root, lines, measured = Path(root), dict[str, list[Line]](), set[str]()
    for folder in (folder for one in LENSES for folder in _folders(root, one)):
        refuse_former((root / folder).parent.parent)
    _refuse_other_lens(root, lens)
    model = read_model(root / "models" / model_file(lens))
    head = root / "extrinsics" / HEAD_FILE
    T_head_to_vehicle = read_head(head) if head.is_file() else np.eye(4)

    def read(path: Path) -> dict[str, set[int]]:
        name, of_split = list_of(path)
        folder, found = f"{name}/{lens}", read_targets(root, path)
        lines.setdefault(folder, []).extend(found)
        if of_split == "test":
            measured.add(folder)
        return {folder: set(map(current, found))}

    def open_folder(folder: str, images: dict[int, Path], targets: set[int]) -> list[RobotCarClip]:
        scene = _read_scene(root / folder.removesuffix(f"/{lens}"), lens, model, T_head_to_vehicle, images)
        if any(len(line) == 3 for line in lines.get(folder, ())):
            clips = _between_neighbours(scene, lines[folder], images)
        else:
            clips = [
                RobotCarClip(name, scene, piece, targets)
                for name, piece in named_pieces(_cut(images), scene.name, on_warning)
                if any(int(path.stem) in targets for path in piece)
            ]
        if folder not in measured:  # which needs no motion
            _tell_unknown(scene, clips, on_warning)
        return clips

    data_set = NumberedImages(
        folders=lambda root: _folders(root, lens),
        find_lists=find_lists,
        read_list=read,
        file="{}.png",
        number="time stamp [us]",
        layout=f"SCENE/{lens}",
        source="prepare their scenes with acdepth data prepare",
    )
    return open_by_list(root, split, data_set, open_folder, on_warning, on_fault)


def _folders(root: Path, lens: Lens) -> list[str]:
    return [path.relative_to(root).as_posix() for path in root.glob(f"*/{lens}")]


def _refuse_other_lens(root: Path, lens: Lens) -> None:
    other = next((one for one in LENSES if _folders(root, one)), lens)
    if other != lens and not _folders(root, lens):
        told = f"has images of {other}, not of {lens}"
        raise UserError(root, told, f"say --cameras {other}, or prepare {lens}")


def _read_scene(
    folder: Path, lens: Lens, model: CameraModel, T_head_to_vehicle: np.ndarray, images: dict[int, Path]
) -> Scene:
    camera = model.camera(*image_size(next(iter(images.values()))))
    description = Description(_condition(folder), StraightLens(camera), FRAME_RATE)
    return Scene(folder.name, folder, lens, description, model, T_head_to_vehicle, read_motions(folder))


def _condition(folder: Path) -> Condition:
    notes = folder / "sequence.yaml"
    if notes.exists():
        return SceneNotes.read(notes).condition
    if folder.name not in CONDITIONS:
        raise UserError(notes, "no such file", "write condition: clear, night or another one into it")
    return CONDITIONS[folder.name]


def _tell_unknown(scene: Scene, clips: Sequence[RobotCarClip], on_warning: Callable[[str], object]) -> None:
    targets = [(clip, index) for clip in clips for index in clip.targets()]
    unknown = [clip.times[index] for clip, index in targets if not clip.knows_neighbours(index)]
    if unknown:
        told = f"has no poses for {len(unknown)} of {len(targets)} images, such as {unknown[0]}"
        on_warning(f"{scene.folder / POSES}: {told}; their distances are unknown")


def _between_neighbours(scene: Scene, lines: Sequence[Line], images: dict[int, Path]) -> list[RobotCarClip]:
    """Clips in which each target has the neighbours of its line beside it."""
    times: list[list[int]] = []  # of each clip, as its targets
    targets: list[set[int]] = []
    for line in sorted({current(line): line for line in lines}.values(), key=current):
        if current(line) in images:
            new = _continued(times[-1], targets[-1], line) if times else None
            if new is None:
                times.append([])
                targets.append(set())
            times[-1].extend(time for time in new or line if time in images)
            targets[-1].add(current(line))
    return [
        RobotCarClip(
            f"{scene.name}/from_{min(of_clip)}" if number else scene.name,
            scene,
            [images[time] for time in times[number]],
            of_clip,
        )
        for number, of_clip in enumerate(targets)
    ]


def _continued(times: list[int], targets: set[int], line: Line) -> Line | None:
    """What a line adds to a clip that ends with its previous image, or with that and its own; else None."""
    if len(line) == 3 and times[-2:] == [*line[:2]]:
        return line[2:]
    if len(line) == 3 and times[-1:] == [line[0]] and line[0] not in targets:
        return line[1:]
    return None


def _cut(images: dict[int, Path]) -> list[list[Path]]:
    """The images in pieces between which too much time goes by."""
    times, paths = list(images), list(images.values())
    gaps = [place for place, (one, next_) in enumerate(pairwise(times), 1) if next_ - one > LONGEST_STEP]
    return [paths[start:end] for start, end in pairwise([0, *gaps, len(paths)])]
