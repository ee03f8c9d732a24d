"""Finding footage: whatever layout lies under a path becomes a list of clips."""

import logging
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path

from acdepth.core.clip import Clip
from acdepth.core.condition import Condition
from acdepth.core.errors import OnFault, UserError, is_text, raise_fault, shown, telling
from acdepth.core.images import PICTURE_SUFFIXES, SAVE_AS_JPEG, UNREAD_SUFFIXES
from acdepth.core.progress import say
from acdepth.data.kitti import benchmarks
from acdepth.data.layouts import LAYOUTS, data_set_around, layout_of, layouts_of
from acdepth.data.own.bag import has_camera, open_bag
from acdepth.data.own.cameras import find_camera_file
from acdepth.data.own.choice import as_chosen
from acdepth.data.own.clip import Description, ImageClip, OwnClip
from acdepth.data.own.container import VIDEO_SUFFIXES, is_video
from acdepth.data.own.folder import equal_stems, is_sequence_folder, open_sequence_folder
from acdepth.data.own.recording import BAG_SUFFIXES, is_bag
from acdepth.data.own.step import told_footage
from acdepth.data.own.video import open_video
from acdepth.data.settings import EVERYTHING, FootageChoice
from acdepth.data.shards.packed import is_packed, open_packed
from acdepth.data.stored import list_images, tell_unread


class NoFootageError(UserError):
    """Nothing under a path is footage."""


def open_data(
    path: Path,
    on_warning: Callable[[str], object] | None = None,
    condition: Condition | None = None,
    choice: FootageChoice = EVERYTHING,
    on_fault: OnFault = raise_fault,
) -> list[Clip]:
    """Open all footage under a path.

    Recognised: the root of a data set, see `layouts`; a folder that holds such roots is refused, as only
    parts of them would be read. Else, in this order, in ``path`` itself or anywhere below it: sequence
    folders (``images/``, or images beside a camera file), KITTI odometry drives (``calib.txt`` beside
    ``image_2``, ``image_0`` or ``image_l``), KITTI frames with LiDAR (``image_2/``, ``velodyne/``,
    ``calib/``), bags, video files. Below ``path`` a video or bag counts only with its camera beside it or in
    it. If there is none of these and ``path`` holds pictures, they are single photographs without a camera,
    or, where ``choice`` tells one, a drive.

    Args:
        path: a folder, a bag, a video file or an image file; of packed footage also its address.
        on_warning: called with each warning; by default it goes to the log.
        condition: holds for all footage, whatever ``sequence.yaml`` says.
        choice: which part of a data set that has splits, and every how many-th image of own footage.
        on_fault: told of each drive in a tree that cannot be opened; by default the first one ends it.

    Raises:
        UserError: if something found cannot be understood; `NoFootageError` if nothing is found.
    """
    path = Path(path)
    warn = on_warning or logging.getLogger("acdepth").warning
    if is_packed(path):
        if choice.split is not None:
            raise UserError(path, f"has no splits, so split {choice.split} means nothing", "leave it out")
        clips: list[Clip] = [*open_packed(path)]
    elif is_bag(path):
        clips = _as_chosen(list(open_bag(path, path.stem, warn)), choice)
    elif path.is_file():
        clips = _as_chosen(_open_file(path, warn), choice)
    elif path.is_dir():
        clips = _open_data_set(path, choice, warn, on_fault)
    else:
        raise UserError(path, "no such file or folder")
    for clip in clips:
        clip.condition = condition or clip.condition
        _refuse_bytes(path, clip)
    return clips


def _refuse_bytes(path: Path, clip: Clip) -> None:
    """Refuse names that are bytes and no text: results, manifests and caches are called by them."""
    names = (clip.name, *map(clip.key, range(len(clip)))) if isinstance(clip, OwnClip) else (clip.name,)
    for name in names:
        if not is_text(name):
            raise UserError(path, f"holds {shown(name)}, a name that is no UTF-8", "rename it")


def name_below(root: Path, folder: Path) -> str:
    """How footage in a folder of a tree is named; ``root`` itself by its own name."""
    return root.resolve().name if folder == root else folder.relative_to(root).as_posix()


def count_targets(clips: Iterable[Clip]) -> int:
    """How many frames training or evaluation of some footage is about."""
    return sum(len(clip.targets()) for clip in clips)


def _open_data_set(
    root: Path, choice: FootageChoice, warn: Callable[[str], object], on_fault: OnFault
) -> list[Clip]:
    layout = layout_of(root)
    if choice.split is not None and not (layout and layout.has_splits):
        _refuse_part(root, UserError)
        signs = "; ".join(f"{layout.name}: {layout.signs}" for layout in LAYOUTS if layout.has_splits)
        told = f"is no data set with splits ({signs}), so split {choice.split} means nothing"
        raise UserError(root, told, "leave it out, or give the root of such a data set")
    if layout:
        return list(layout.open(root, choice, warn, raise_fault))
    return _as_chosen(_open_tree(root, choice, warn, on_fault), choice)


def _as_chosen(clips: list[Clip], choice: FootageChoice) -> list[Clip]:
    chosen = as_chosen(clips, choice)
    if choice.step != 1 and (used := told_footage(chosen)):
        say(used)
    return chosen


def _refuse_part(folder: Path, kind: type[UserError]) -> None:
    if around := data_set_around(folder):
        raise kind(folder, f"is a part of {around[1].name}", f"give its root, {around[0]}")


def _open_file(path: Path, warn: Callable[[str], object]) -> list[Clip]:
    if is_video(path):
        return list(open_video(path, path.stem, warn))
    if path.suffix.lower() in PICTURE_SUFFIXES:
        return [ImageClip(path.stem, path.parent.resolve().name, [path], Description())]
    if path.suffix.lower() in UNREAD_SUFFIXES:
        raise UserError(path, f"{path.suffix} is not read", SAVE_AS_JPEG)
    kinds = ", ".join(sorted(VIDEO_SUFFIXES | BAG_SUFFIXES | PICTURE_SUFFIXES))
    raise UserError(
        path, "neither a video, a bag nor an image", f"give a folder or a file that ends in {kinds}"
    )


def _open_tree(
    root: Path, choice: FootageChoice, warn: Callable[[str], object], on_fault: OnFault
) -> list[Clip]:
    """All that can be opened: a broken drive does not hide the others, if whoever is told of it goes on."""
    faults: list[UserError] = []
    found: list[Clip] = []

    def tell(fault: UserError) -> None:
        faults.append(fault)
        on_fault(fault)

    for opens in _drives(root, warn):
        with telling(tell):
            found += opens()
    if not found and not faults:
        return _open_photographs(root, choice, warn)
    return found


def _drives(root: Path, warn: Callable[[str], object]) -> Iterator[Callable[[], Sequence[Clip]]]:
    """What opens each of the drives in a tree."""
    for parent, folders, files in os.walk(root):
        folder = Path(parent)
        name = name_below(root, folder)
        if is_sequence_folder(folder):
            folders.clear()
            yield partial(open_sequence_folder, folder, name, warn)
        elif benchmarks.is_odometry_drive(folder):
            folders.clear()
            yield partial(benchmarks.open_odometry_drive, folder, name, warn)
        elif benchmarks.is_lidar_folder(folder):
            folders.clear()
            yield partial(benchmarks.open_lidar_folder, folder, name)
        elif is_bag(folder):
            folders.clear()
            yield partial(_open_bag, folder, name, folder == root, warn)
        else:
            _refuse_data_set(folder, root)
            folders[:] = sorted(entry for entry in folders if not entry.startswith("."))
            for video in _videos(folder, files, with_camera=folder != root):
                prefix = "" if folder == root else f"{name}/"
                yield partial(open_video, video, f"{prefix}{video.stem}", warn)
            for bag in (folder / file for file in sorted(files) if is_bag(folder / file)):
                bag_name = name_below(root, bag.with_suffix(""))
                yield partial(_open_bag, bag, bag_name, folder == root, warn)


def _open_bag(bag: Path, name: str, given: bool, warn: Callable[[str], object]) -> Sequence[Clip]:
    """A bag; one below the folder that was ``given`` counts only if its camera is known."""
    return open_bag(bag, name, warn) if given or has_camera(bag) else []


def _refuse_data_set(folder: Path, root: Path) -> None:
    """A data set is opened by its root; walked through it would be read as stray pictures and videos."""
    for layout in layouts_of(folder):
        raise UserError(root, f"holds a data set laid out as {layout.name} in {folder}", f"give {folder}")


def _videos(folder: Path, files: list[str], with_camera: bool) -> list[Path]:
    videos = [folder / file for file in sorted(files) if is_video(folder / file)]
    return [video for video in videos if not with_camera or find_camera_file(video.parent, video.stem)]


def _open_photographs(folder: Path, choice: FootageChoice, warn: Callable[[str], object]) -> list[Clip]:
    unread = any(tell_unread(one, warn) for one in (folder, folder / "images") if one.is_dir())
    if paths := list_images(folder):
        name = folder.resolve().name
        if choice.fov is not None:  # whoever knows the camera means a drive
            return list(open_sequence_folder(folder, name, warn))
        for before, after in equal_stems(paths):
            warn(f"{before}: is also there as {after.name}; keep one, or results are called {after.name}_*")
        return [ImageClip(name, name, paths, Description())]
    _refuse_part(folder, NoFootageError)
    if below := [one.name for one in sorted(folder.iterdir()) if one.is_dir() and list_images(one)]:
        named = ", ".join(below[:4]) + ", ..." * (len(below) > 4)
        raise NoFootageError(folder, "holds pictures one folder down only", f"give one of {named}")
    if unread:
        raise NoFootageError(
            folder, "holds pictures of kinds that are not read", SAVE_AS_JPEG.replace("it", "them")
        )
    remedy = "give a folder of pictures, a video, or the root of a data set"
    raise NoFootageError(folder, "no footage found", f"put pictures into {folder / 'images'}, or {remedy}")
