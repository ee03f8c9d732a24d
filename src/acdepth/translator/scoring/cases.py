"""What is compared: sources, every method's translations of them, the truth, and real images elsewhere."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from acdepth.core.clip import Clip, Frame, target_frames
from acdepth.core.condition import Condition
from acdepth.core.crop import Crop
from acdepth.core.errors import UserError
from acdepth.core.images import read_image
from acdepth.core.resize import crop_and_resize
from acdepth.core.spread import spread
from acdepth.data.manifest import Manifest
from acdepth.translator.scoring.pictures import Pictures, Window, read_frames, stack

SOURCES, TRUTH = "untranslated", "truth"
"""Rows beside the folders' and the controls': what a method starts from, and what it should reach."""
FEWEST_DRIVES = 2
"""Of real images: one drive to learn from and one to ask about."""


@dataclass(frozen=True)
class Case:
    """One condition. Row i of everything is about the same source."""

    condition: Condition
    sources: Pictures
    made: dict[str, Pictures]
    """Translations, by the name of their folder."""
    truth: Pictures | None
    """How the same streets look under the condition; None where nobody knows."""
    hashes: frozenset[str]
    """Of the sources and their truth as they lie in their files."""
    left_out: int
    """Sources that some of the folders translated, but not all: there is nothing to compare them with."""


def find_window(manifests: Mapping[str, Manifest], image_size: tuple[int, int] | None) -> Window:
    """The window that all folders were made of, at ``image_size`` or the size of the first translation."""
    crops = {name: manifest.settings.get("crop") for name, manifest in manifests.items()}
    first, *others = crops
    for name in others:
        if crops[name] != crops[first]:
            what = f"made of crop {crops[name]}, {manifests[first].folder} of {crops[first]}"
            raise UserError(manifests[name].folder, what, "translate the same part with both")
    crop = crops[first] and Crop.from_dict(crops[first], where=str(manifests[first].folder))
    if image_size is None:
        condition, source = next(iter(manifests[first].entries))
        height, width = read_image(manifests[first].file(condition, source)).shape[:2]
        image_size = height, width
    return Window(crop, image_size)


def build_case(
    condition: Condition,
    manifests: Mapping[str, Manifest],
    clear: Iterable[Clip],
    truth: Iterable[Clip],
    window: Window,
    most: int,
) -> Case:
    """Read the images of one condition: at most ``most`` sources, and all that became of them.

    ``manifests`` are by the folders' names, ``clear`` is the footage that was translated, and ``truth`` the
    same streets under other conditions, which may be empty.
    """
    keys = _translated_by_all(condition, manifests)
    frames = [frame for frame in target_frames(clear) if frame.key in keys]
    if not frames:
        what = f"holds no source of the translations to {condition}"
        raise UserError("--data", what, "give what was translated")
    chosen = spread(frames, most)
    sources, hashes = read_frames(chosen, window)
    _refuse_changed(condition, manifests, chosen, hashes)
    made = {}
    for name, manifest in manifests.items():
        files = [manifest.file(condition, frame.key) for frame in chosen]
        images = [crop_and_resize(read_image(file), None, window.image_size, str(file)) for file in files]
        made[name] = Pictures(stack(images), sources.drives)
    twins = _find_truth(condition, chosen, truth)
    true, twin_hashes = read_frames(twins, window) if twins else (None, [])
    left_out = len(_translated_by_any(condition, manifests)) - len(frames)
    return Case(condition, sources, made, true, frozenset(hashes + twin_hashes), left_out)


def read_real(
    footage: Iterable[Clip], cases: Iterable[Case], window: Window, most: int
) -> dict[Condition, Pictures]:
    """At most ``most`` images of each condition that the footage has, to compare the cases with.

    Raises:
        UserError: if clear or a condition of the cases has fewer than two drives, or the footage holds
            sources or their truth.
    """
    drives: dict[Condition, list[Clip]] = {condition: [] for condition in Condition}
    for clip in footage:
        drives[clip.condition].append(clip)
    for condition in (Condition.CLEAR, *(case.condition for case in cases)):
        if len(drives[condition]) < FEWEST_DRIVES:
            remedy = f"at least {FEWEST_DRIVES} are needed, to learn how it looks and to hold one out"
            raise UserError("--real", f"holds {len(drives[condition])} drives of {condition}", remedy)
    known = {one: case.condition for case in cases for one in case.hashes}
    read: dict[Condition, Pictures] = {}
    for condition, clips in drives.items():
        if len(clips) < FEWEST_DRIVES:
            continue
        chosen = spread(target_frames(clips), most)
        read[condition], hashes = read_frames(chosen, window)
        _refuse_known(chosen, hashes, known)
    return read


def twin_key(key: str, condition: Condition) -> str:
    """Where the built-in world keeps the same view under another condition.

    ``town_0007/clear/images/000003.png`` has the twin ``town_0007/night/images/000003.png``.
    """
    parts = PurePosixPath(key).parts
    return PurePosixPath(*(condition if part == Condition.CLEAR else part for part in parts)).as_posix()


def _translated_by_any(condition: Condition, manifests: Mapping[str, Manifest]) -> set[str]:
    return {key for one in manifests.values() for made, key in one.entries if made == condition}


def _translated_by_all(condition: Condition, manifests: Mapping[str, Manifest]) -> set[str]:
    shared = _translated_by_any(condition, manifests)
    for manifest in manifests.values():
        found = {key for made, key in manifest.entries if made == condition}
        if not found:
            what = f"holds no translations to {condition}"
            raise UserError(manifest.folder, what, "leave it out of --conditions")
        shared &= found
    if not shared:
        what = f"no source was turned into {condition} in all folders"
        raise UserError(None, what, "translate the same footage with all")
    return shared


def _refuse_changed(
    condition: Condition, manifests: Mapping[str, Manifest], frames: list[Frame], hashes: list[str]
) -> None:
    for manifest in manifests.values():
        for frame, found in zip(frames, hashes, strict=True):
            if manifest.entries[condition, frame.key].source_hash != found:
                what = f"has changed since it became {condition} in {manifest.folder}"
                raise UserError(frame.key, what, "run acdepth translate again")


def _find_truth(condition: Condition, frames: list[Frame], truth: Iterable[Clip]) -> list[Frame]:
    """The twin of each frame, in order; none at all where the truth has nothing of this condition."""
    there = {frame.key: frame for frame in target_frames(truth) if frame.clip.condition is condition}
    if not there:
        return []
    keys = [twin_key(frame.key, condition) for frame in frames]
    for frame, key in zip(frames, keys, strict=True):
        if key not in there:
            what = f"has {condition}, but not {key}, the twin of {frame.key}"
            raise UserError("--truth", what, "render the same towns and frames, or leave --truth out")
    return [there[key] for key in keys]


def _refuse_known(frames: list[Frame], hashes: list[str], known: Mapping[str, Condition]) -> None:
    for frame, found in zip(frames, hashes, strict=True):
        if found in known:
            remedy = "a judge must not learn from the streets it is asked about, so give footage of others"
            raise UserError("--real", f"{frame.key} is a source or its truth", remedy)
