"""Opening the prepared layout: all traversals, or what the lists of a split name of them."""

from collections.abc import Callable, Container, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np

from acdepth.core.condition import Condition
from acdepth.core.config import Config
from acdepth.core.errors import OnFault, UserError, raise_fault
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
from acdepth.data.sequence_folder import Description
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
    root, lines = Path(root), dict[str, list[Line]]()
    for folder in (folder for one in LENSES for folder in _folders(root, one)):
        refuse_former((root / folder).parent.parent)
    _refuse_other_lens(root, lens)
    model = read_model(root / "models" / model_file(lens))
    head = root / "extrinsics" / HEAD_FILE
    T_head_to_vehicle = read_head(head) if head.is_file() else np.eye(4)

    def read(path: Path) -> dict[str, set[int]]:
        folder, found = f"{list_of(path)[0]}/{lens}", read_targets(root, path)
        lines.setdefault(folder, []).extend(found)
        return {folder: set(map(current, found))}

    def open_folder(folder: str, images: dict[int, Path], targets: set[int]) -> list[RobotCarClip]:
        scene = _read_scene(root / folder.removesuffix(f"/{lens}"), lens, model, T_head_to_vehicle, images)
        if any(len(line) == 3 for line in lines.get(folder, ())):
            _tell_unknown(scene, targets & images.keys(), on_warning)
            return _between_neighbours(scene, lines[folder], images)
        return [
            RobotCarClip(name, scene, piece, targets)
            for name, _, piece in named_pieces(_cut(images), scene.name, on_warning)
            if any(int(path.stem) in targets for path in piece)
        ]

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
    description = Description(_condition(folder), camera, FRAME_RATE)
    return Scene(folder.name, folder, lens, description, model, T_head_to_vehicle, read_motions(folder))


def _condition(folder: Path) -> Condition:
    notes = folder / "sequence.yaml"
    if notes.exists():
        return SceneNotes.read(notes).condition
    if folder.name not in CONDITIONS:
        raise UserError(notes, "no such file", "write condition: clear, night or another one into it")
    return CONDITIONS[folder.name]


def _tell_unknown(scene: Scene, targets: set[int], on_warning: Callable[[str], object]) -> None:
    unknown = sorted(targets - scene.motions.keys())
    if unknown:
        told = f"has no poses for {len(unknown)} of {len(targets)} images, such as {unknown[0]}"
        on_warning(f"{scene.folder / POSES}: {told}; their distances are unknown")


def _between_neighbours(scene: Scene, lines: Sequence[Line], images: dict[int, Path]) -> list[RobotCarClip]:
    """Clips in which each target has the neighbours of its line beside it."""
    pieces: list[tuple[list[int], set[int]]] = []
    for line in sorted({current(line): line for line in lines}.values(), key=current):
        if current(line) in images:
            times, targets = pieces[-1] if pieces else ([], set[int]())
            new = _continued(times, targets, line, images)
            if new is None:
                times, targets = new_piece = [time for time in line if time in images], set[int]()
                pieces.append(new_piece)
            else:
                times += new
            targets.add(current(line))
    return [
        RobotCarClip(
            f"{scene.name}/from_{min(targets)}" if number else scene.name,
            scene,
            [images[time] for time in times],
            targets,
        )
        for number, (times, targets) in enumerate(pieces)
    ]


def _continued(times: list[int], targets: set[int], line: Line, there: Container[int]) -> list[int] | None:
    """What a line adds to a clip that ends with its previous image, or with that and its own; else None."""
    if len(line) == 3 and times[-2:] == [*line[:2]]:
        return [time for time in line[2:] if time in there]
    if len(line) == 3 and times[-1:] == [line[0]] and line[0] not in targets:
        return [time for time in line[1:] if time in there]
    return None


def _cut(images: dict[int, Path]) -> list[list[Path]]:
    """The images in pieces between which too much time goes by."""
    times, paths = list(images), list(images.values())
    gaps = [place for place, (one, next_) in enumerate(pairwise(times), 1) if next_ - one > LONGEST_STEP]
    return [paths[start:end] for start, end in pairwise([0, *gaps, len(paths)])]
