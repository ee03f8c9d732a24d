"""Opening the prepared layout: all traversals, or those that a list names."""

from collections.abc import Callable, Iterable
from itertools import pairwise
from pathlib import Path

from acdepth.core.condition import Condition
from acdepth.core.config import Config
from acdepth.core.errors import UserError
from acdepth.data.faults import OnFault, raise_fault
from acdepth.data.robotcar.calibration import MODEL_FILE, CameraModel, read_model
from acdepth.data.robotcar.clip import RobotCarClip, Scene
from acdepth.data.robotcar.lists import Times, read_targets
from acdepth.data.robotcar.poses import read_poses
from acdepth.data.sequence_folder import Description
from acdepth.data.splits import find_list, tell_missing
from acdepth.data.stored import image_size, list_images

FRAME_RATE = 16.0
"""Images per second, nearly (Maddern et al., 2017)."""
LONGEST_STEP = 250_000
"""Time between neighbours [us]; a longer one cuts the traversal. Four times the usual one."""
CONDITIONS = {"2014-12-09-13-21-02": Condition.CLEAR, "2014-12-16-18-44-24": Condition.NIGHT}
"""The two traversals of the paper."""


class SceneNotes(Config):
    """What ``sequence.yaml`` tells of a traversal."""

    condition: Condition
    """Weather and light."""


def is_robotcar(root: Path) -> bool:
    """Whether a folder has the prepared layout: the camera model, and images of the centre camera."""
    return (Path(root) / "models" / MODEL_FILE).is_file() and bool(_scenes(Path(root)))


def open_robotcar(
    root: Path, split: str | None, on_warning: Callable[[str], object], on_fault: OnFault = raise_fault
) -> list[RobotCarClip]:
    """Open traversals in pieces without gaps; pieces without a target are left out.

    Args:
        root: folder that holds ``models``, ``splits`` and the scenes.
        split: name of a list in ``ROOT/splits`` or path of one, whose images are the targets, except those of
            ``NAME_filter.txt`` beside it. None opens all scenes, and every image is a target.
        on_warning: called with each warning.
        on_fault: told about each scene that cannot be understood, which is then left out, and if more than
            1 % of the list's images are missing.

    Raises:
        UserError: by ``on_fault``, or if nothing is found, or a file that all scenes need cannot be
            understood.
    """
    root = Path(root)
    model = read_model(root / "models" / MODEL_FILE)
    if split is None:
        scenes = _scenes(root)
        images = _images_of(root, scenes, on_fault)
        targets: Times = {scene: set(timed) for scene, timed in images.items()}
    else:
        file = find_list(root, split)
        targets = scenes = read_targets(file)
        images = _images_of(root, scenes, on_fault)
        missing = [
            root / scene / "stereo" / "centre" / f"{time}.png"
            for scene, timed in images.items()
            for time in sorted(targets[scene] - timed.keys())
        ]
        total = sum(map(len, targets.values()))
        remedy = "prepare their scenes or give another list"
        tell_missing(file, missing, total, remedy, on_warning, on_fault)
    clips = []
    for name, timed in images.items():
        try:
            scene = _read_scene(root / name, model, timed, on_warning) if timed else None
        except UserError as fault:
            on_fault(fault)
        else:
            clips += _cut(scene, timed, targets[name], on_warning) if scene else []
    if split is None and len(images) == len(scenes) and not any(images.values()):
        on_fault(
            UserError(root, "has no images in SCENE/stereo/centre", "make them with acdepth data prepare")
        )
    return clips


def _images_of(root: Path, scenes: Iterable[str], on_fault: OnFault) -> dict[str, dict[int, Path]]:
    """The images of each scene by time; a scene with other files among them is told and left out."""
    images = {}
    for scene in sorted(scenes):
        try:
            images[scene] = _images(root / scene)
        except UserError as fault:
            on_fault(fault)
    return images


def _scenes(root: Path) -> list[str]:
    return sorted(path.parent.parent.name for path in root.glob("*/stereo/centre"))


def _images(folder: Path) -> dict[int, Path]:
    """The images of a scene by time, in order; none where there is no such folder."""
    centre, timed = folder / "stereo" / "centre", {}
    for path in list_images(centre) if centre.is_dir() else ():
        if not path.stem.isdecimal():
            raise UserError(path, "its name is no time stamp [us]", "take it out of the scene")
        timed[int(path.stem)] = path
    return timed


def _read_scene(
    folder: Path, model: CameraModel, timed: dict[int, Path], on_warning: Callable[[str], object]
) -> Scene:
    camera = model.camera(*image_size(next(iter(timed.values()))))
    file = folder / "poses_synchronized.json"
    poses = read_poses(file)
    without = [path.name for time, path in timed.items() if time not in poses]
    if without:
        told = f"{file}: has no pose for {len(without)} of {len(timed)} images, such as {without[0]}"
        on_warning(f"{told}; their distances are unknown")
    return Scene(folder.name, folder, Description(_condition(folder), camera, FRAME_RATE), poses)


def _condition(folder: Path) -> Condition:
    notes = folder / "sequence.yaml"
    if notes.exists():
        return SceneNotes.read(notes).condition
    if folder.name not in CONDITIONS:
        raise UserError(notes, "no such file", "write condition: clear, night or another one into it")
    return CONDITIONS[folder.name]


def _cut(
    scene: Scene, timed: dict[int, Path], targets: set[int], on_warning: Callable[[str], object]
) -> list[RobotCarClip]:
    times = list(timed)
    starts = [number for number, step in enumerate(_steps(times), start=1) if step > LONGEST_STEP]
    clips = []
    for start, end in pairwise([0, *starts, len(times)]):
        here = times[start:end]
        if not targets.isdisjoint(here):
            name = f"{scene.name}/from_{here[0]}" if start else scene.name
            clips.append(RobotCarClip(name, scene, [timed[time] for time in here], targets))
    if starts:
        before, after = (timed[times[number]].name for number in (starts[0] - 1, starts[0]))
        others = f" and in {len(starts) - 1} other places" if starts[1:] else ""
        gap = f"images are missing between {before} and {after}{others}"
        on_warning(f"{scene.folder}: {gap}; no clip crosses a gap")
    return clips


def _steps(times: list[int]) -> list[int]:
    return [after - before for before, after in pairwise(times)]
