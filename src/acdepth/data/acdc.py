"""ACDC: images of fog, night, rain and snow, each with one of the same place in clear weather, without depth.

Sakaridis et al., ICCV 2021: "The Adverse Conditions Dataset with Correspondences".
"""

from collections.abc import Callable
from pathlib import Path

from acdepth.core.condition import Condition
from acdepth.core.errors import OnFault, UserError, raise_fault, telling
from acdepth.data.own.cameras import find_lens
from acdepth.data.own.clip import Description, ImageClip
from acdepth.data.own.source import ImageFiles
from acdepth.data.stored import list_images

IMAGES = "rgb_anon"
CONDITIONS = (Condition.FOG, Condition.NIGHT, Condition.RAIN, Condition.SNOW)
"""Each has a folder of its name."""
SPLITS = ("train", "val", "test")
ADVERSE, REFERENCE = "_rgb_anon", "_rgb_ref_anon"
"""What the names of adverse images and of their clear references end in; they are else the same."""


def is_acdc(root: Path) -> bool:
    """Whether a folder holds adverse images of a split: ``rgb_anon/fog/train`` and the like."""
    return bool(split_names(root))


def split_names(root: Path) -> list[str]:
    """The splits whose images are there."""
    return [split for split in SPLITS if any(_folder(Path(root), one, split).is_dir() for one in CONDITIONS)]


def open_acdc(
    root: Path, split: str | None, on_warning: Callable[[str], object], on_fault: OnFault = raise_fault
) -> list[ImageClip]:
    """Open each recording of each condition as a clip, and its clear references as another.

    Args:
        root: folder that holds ``rgb_anon`` and, if somebody measured the camera, its file.
        split: train, val or test; None opens all.
        on_warning: told about conditions whose images lack references.
        on_fault: told about each recording that cannot be understood, which is then left out.

    Raises:
        UserError: by ``on_fault``, or if there is no such split.
    """
    root, there = Path(root), split_names(root)
    if split is not None and split not in there:
        raise UserError(root, f"has no images of split {split}", f"give another: {', '.join(there)}")
    lens, clips = find_lens(root), list[ImageClip]()
    for condition in CONDITIONS:
        for one in there if split is None else [split]:
            folder = _folder(root, condition, one)
            of_adverse, of_clear = (
                Description(each, lens, in_time=False) for each in (condition, Condition.CLEAR)
            )
            adverse = _recordings(root, folder, ADVERSE, of_adverse, on_fault)
            references = _recordings(root, _references(folder), REFERENCE, of_clear, on_fault)
            _tell_missing(adverse, references, on_warning)
            clips += adverse + references
    if not clips:
        remedy = "unpack rgb_anon_trainvaltest.zip"
        on_fault(UserError(root, f"no image of {split or 'any split'} can be opened", remedy))
    return clips


def _folder(root: Path, condition: Condition, split: str) -> Path:
    return root / IMAGES / condition / split


def _references(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}_ref")


def _recordings(
    root: Path, folder: Path, ending: str, about: Description, on_fault: OnFault
) -> list[ImageClip]:
    """The recordings in a folder, each in a folder of its own; none where there is no such folder."""
    clips = []
    for recording in sorted(folder.glob("*/")):
        with telling(on_fault):
            paths = list_images(recording)
            for path in paths:
                if not path.stem.endswith(ending):
                    told = f"its name is not such as {recording.name}_frame_000123{ending}.png"
                    raise UserError(path, told, "take it out of the folder")
            name = recording.relative_to(root / IMAGES).as_posix()
            if paths:
                scaled = about.of(ImageFiles(paths))
                clips.append(ImageClip(name, f"{IMAGES}/{name}", paths, scaled))
    return clips


def _tell_missing(
    adverse: list[ImageClip], references: list[ImageClip], on_warning: Callable[[str], object]
) -> None:
    wanted = [path for clip in adverse for path in clip.paths]
    there = {path.stem.removesuffix(REFERENCE) for clip in references for path in clip.paths}
    missing = [path for path in wanted if path.stem.removesuffix(ADVERSE) not in there]
    if missing:
        folder = _references(missing[0].parent.parent)
        told = f"{len(missing)} of {len(wanted)} images have no clear reference, such as {missing[0].name}"
        on_warning(f"{folder}: {told}")
