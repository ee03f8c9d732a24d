"""Own footage as the settings want it: with what they know of its camera, thinned, and no more than asked."""

from collections.abc import Sequence
from dataclasses import replace

from acdepth.core.clip import Clip
from acdepth.core.lens import check_camera_height
from acdepth.core.spread import spread
from acdepth.data.own.clip import Description, OwnClip
from acdepth.data.own.ego_mask import mask_file
from acdepth.data.own.folder import read_ego_mask
from acdepth.data.own.guessed import lens_from_fov
from acdepth.data.own.step import drives, with_steps
from acdepth.data.settings import FootageChoice


def as_chosen(clips: Sequence[Clip], choice: FootageChoice) -> list[Clip]:
    """What a choice makes of the drives among some clips; others stay as they are.

    Raises:
        UserError: if a mask, a field of view or a height of the camera cannot be.
    """
    return limited(with_steps(_described(clips, choice), choice.step), choice.most_frames)


def limited(clips: Sequence[Clip], most: int | None) -> list[Clip]:
    """Own footage with at most so many targets of each condition, evenly spread; the rest are neighbours.

    The first and last image of a clip lack a neighbour, and are taken only of clips that have no others.
    """
    if most is None:
        return list(clips)
    places: dict[str, list[tuple[OwnClip, int]]] = {}
    for clip in clips:
        if isinstance(clip, OwnClip):
            inner = clip.targets()[1:-1] if clip.in_time else []
            places.setdefault(clip.condition, []).extend((clip, index) for index in inner or clip.targets())
    chosen: dict[OwnClip, set[int]] = {clip: set() for some in places.values() for clip, _ in some}
    for some in places.values():
        for clip, index in spread(some, most):
            chosen[clip].add(index)
    return [clip.about(chosen[clip]) if isinstance(clip, OwnClip) else clip for clip in clips]


def _described(clips: Sequence[Clip], choice: FootageChoice) -> list[Clip]:
    """With the masks of a folder, and a camera where the choice tells what nobody else does."""
    if (choice.masks, choice.fov, choice.camera_height) == (None, None, None):
        return list(clips)
    check_camera_height(choice.camera_height, "--camera-height")
    told: dict[Clip, Clip] = {}
    for drive in drives(clips):
        about = _description(drive[0], choice)
        told |= {clip: clip.described(about) for clip in drive}
    return [told.get(clip, clip) for clip in clips]


def _description(clip: OwnClip, choice: FootageChoice) -> Description:
    about, changes = clip.description, {}
    if about.lens is None and choice.fov is not None:
        changes["lens"] = lens_from_fov(choice.fov, clip.source.size())
    if clip.camera_height is None and choice.camera_height is not None:
        changes["camera_height"] = choice.camera_height
    if about.ego_mask is None and choice.masks is not None:
        file = mask_file(clip, choice.masks)
        if file.exists():
            changes["ego_mask"] = read_ego_mask(file)
    return replace(about, **changes).of(clip.source)
