"""Opening Cityscapes: images that follow each other in time become a clip, and single ones one each."""

from collections.abc import Callable, Collection, Iterator
from itertools import count, groupby
from pathlib import Path

from acdepth.core.condition import Condition
from acdepth.core.errors import OnFault, UserError, raise_fault, telling
from acdepth.data.cityscapes.clip import CityscapesClip
from acdepth.data.cityscapes.measured import Stereo, read_stereo
from acdepth.data.cityscapes.names import (
    FOGGY,
    IMAGES,
    SEQUENCES,
    SPLITS,
    Part,
    Shot,
    find_images,
    find_part,
    parts,
)


def is_cityscapes(root: Path) -> bool:
    """Whether a folder holds images of a split: ``leftImg8bit/val`` and the like."""
    folders = (IMAGES, SEQUENCES, *FOGGY.values())
    return any((Path(root) / folder / split).is_dir() for folder in folders for split in SPLITS)


def split_names(root: Path) -> list[str]:
    """The parts whose images are there, as `open_cityscapes` takes them."""
    return [part.name for part in parts(Path(root))]


def open_cityscapes(
    root: Path, split: str | None, on_warning: Callable[[str], object], on_fault: OnFault = raise_fault
) -> list[CityscapesClip]:
    """Open the images of a split; runs of a video without a target are left out.

    Args:
        root: folder that holds ``leftImg8bit``, ``camera``, ``disparity`` and so on.
        split: ``val``: the annotated images, with those of ``leftImg8bit_sequence`` as neighbours if they are
            there; ``val-sequence``: all of these; ``val-foggy-0.02``: the annotated ones, clear and in fog.
            None opens every split by its annotated images, and every fog.
        on_warning: told once for a split that has no cameras.
        on_fault: told about each drive that cannot be understood, which is then left out.

    Raises:
        UserError: by ``on_fault``, or if there is no such part.
    """
    root = Path(root)
    chosen = [find_part(root, split)] if split else [part for part in parts(root) if not part.video]
    clips: list[CityscapesClip] = []
    for name in dict.fromkeys(part.split for part in chosen):
        of_split = [part for part in chosen if part.split == name]
        if not (root / "camera" / name).is_dir():
            _tell_no_camera(root, name, on_warning, on_fault)
        clear = Part(name, video=of_split[0].video)
        for part in [clear, *(part for part in of_split if part.fog)]:
            clips += _open_part(root, part, on_fault)
    if not clips:
        on_fault(UserError(root, f"no image of {split or 'any split'} can be opened", f"unpack {IMAGES}"))
    return clips


def _tell_no_camera(root: Path, split: str, on_warning: Callable[[str], object], on_fault: OnFault) -> None:
    folder = root / "camera" / split
    if (root / "disparity" / split).is_dir():
        on_fault(UserError(folder, "no such folder, but there is disparity", "unpack the package camera"))
    else:
        on_warning(f"{folder}: no such folder; the images of {split} have no camera and no depth")


def _open_part(root: Path, part: Part, on_fault: OnFault) -> Iterator[CityscapesClip]:
    """The clear images of a split, or those in one fog."""
    condition, video = Condition.CLEAR, dict[Shot, Path]()
    if part.fog:
        condition = Condition.FOG
        images = find_images(root, FOGGY[part.fog], part.split, on_fault, part.beta)
    else:
        images = find_images(root, IMAGES, part.split, on_fault)
        video = find_images(root, SEQUENCES, part.split, on_fault)
    shown, targets = (video, video) if part.video else ({**video, **images}, images)
    for stereo, run in _runs(root, part.split, shown, images, on_fault):
        if not targets.keys().isdisjoint(run):
            name = f"{part.split if part.video else part.name}/{next(iter(run)).stem}"
            yield CityscapesClip(name, root, part.split, run, targets, stereo, condition)


def _runs(
    root: Path, split: str, images: dict[Shot, Path], annotated: Collection[Shot], on_fault: OnFault
) -> Iterator[tuple[Stereo | None, dict[Shot, Path]]]:
    """The images in pieces of consecutive numbers of one sequence and one camera."""
    for _, of_sequence in groupby(sorted(images), key=lambda shot: shot[:2]):
        shots = list(of_sequence)
        cameras = _cameras(root, split, {shot: images[shot] for shot in shots}, annotated, on_fault)
        places = zip(count(), shots, cameras, strict=False)
        for (_, stereo), run in groupby(places, key=lambda one: (one[1].number - one[0], one[2])):
            yield stereo, {shot: images[shot] for _, shot, _ in run}


def _cameras(
    root: Path, split: str, images: dict[Shot, Path], annotated: Collection[Shot], on_fault: OnFault
) -> list[Stereo | None]:
    """Of each image of a sequence the camera, as the nearest image has it whose camera was published.

    Those of annotated images were, which are one in each thirty of a video. Empty where none can be read.
    """
    folder, known = root / "camera" / split, dict[Shot, Stereo]()
    if not folder.is_dir():
        return [None] * len(images)
    files = {shot: folder / shot.city / f"{shot.stem}_camera.json" for shot in images}
    told = [shot for shot in images if shot in annotated or files[shot].exists()] or list(images)[:1]
    for shot in told:
        with telling(on_fault):
            known[shot] = read_stereo(files[shot], images[shot])
    if not known:
        return []
    nearest = (min(known, key=lambda other: abs(other.number - shot.number)) for shot in images)
    return [known[shot] for shot in nearest]
