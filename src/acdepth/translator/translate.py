"""Clear footage to a folder of translations: resumable, and the same whatever the order of work."""

import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Literal

import numpy as np
from torch import Tensor

from acdepth.core.clip import Clip, Frame, clear_clips
from acdepth.core.condition import Condition
from acdepth.core.crop import Crop
from acdepth.core.errors import UserError
from acdepth.core.identity import Identity
from acdepth.core.lock import sole_writer
from acdepth.core.resize import crop_and_resize
from acdepth.core.share import ALL, Share
from acdepth.core.stream import in_order, results
from acdepth.core.tally import ReadTally
from acdepth.data.manifest import Manifest, generator_hash
from acdepth.data.order import as_floats
from acdepth.data.ready import ReadyClip
from acdepth.data.stored import frame_stamps, hash_pixels
from acdepth.translator.depth_doubts import DepthDoubts
from acdepth.translator.depth_source import DepthSource
from acdepth.translator.making import Group, Method, Wanted, makers, usual_workers
from acdepth.translator.method import Translator

log = logging.getLogger("acdepth")


@dataclass(frozen=True)
class TranslateSettings:
    """What is made of the clear footage, besides the method."""

    conditions: tuple[Condition, ...]
    """Each clear image is turned into each of these."""
    seed: int = 0
    """Of every draw."""
    image_size: tuple[int, int] | None = None
    """(height, width) of the translations; None keeps the size of the clear images or of the crop."""
    crop: Crop | None = None
    """Window of the clear images that is translated; None for all of it."""
    format: Literal["jpg", "png"] = "jpg"
    """Of the translations' files."""
    batch_size: int = 8
    """Images per batch; shapes speed and memory, and the result no further than a GPU's rounding."""

    def __post_init__(self) -> None:
        if not self.conditions:
            remedy = "name night, rain, night-rain, fog or snow"
            raise UserError(None, "there is no condition to translate to", remedy)
        if self.batch_size < 1:
            raise UserError(f"batch size {self.batch_size}", "must be at least 1")


@dataclass(frozen=True)
class _Frame:
    """One clear image on its way."""

    clip: Clip
    index: int
    key: str
    stamp: str
    todo: tuple[Condition, ...]
    """What is missing of it."""


_Read = tuple[_Frame, np.ndarray | UserError, str]
"""A frame, its image or why there is none, and the hash of that."""


def translate(
    clips: Iterable[Clip],
    out: Path,
    translator: Translator,
    depth_source: DepthSource | None,
    settings: TranslateSettings,
    progress: Callable[[int], object] | None = None,
    on_warning: Callable[[str], object] | None = None,
    share: Share = ALL,
    workers: int | None = None,
) -> Manifest:
    """Translate every clear frame; what is there already is left as it is.

    A batch always holds the same frames, whatever was there before and whoever makes it, so that files are
    the same byte for byte after a kill and with any number of processes.

    Args:
        clips: only those of condition clear are translated.
        out: folder that gets ``<condition>/<key>.jpg``, ``manifest.jsonl`` and ``settings.json``.
        translator: the method.
        depth_source: gives the frames' depth; None for a method that needs none.
        settings: conditions, seed, size.
        progress: called with the number of clear frames that are finished since it was last called.
        on_warning: called with each warning, about a skipped frame or wrong-looking depth; logged by default.
        share: which batches are this process's.
        workers: processes that make images, with a method that allows several; by default one per core, if
            there is enough to do. Reading and depth are this process's.

    Raises:
        UserError: if nothing can be translated, or more than 1 % of the frames cannot be read.
    """
    clear = clear_clips(clips)
    if any(isinstance(clip, ReadyClip) for clip in clear):
        what = "packed footage shows its images cropped and resized"
        raise UserError(out, f"not begun, as {what}", "translate the footage that it was packed from")
    total = sum(len(clip.targets()) for clip in clear)
    if not total:
        remedy = "condition in sequence.yaml must be clear"
        raise UserError(out, "not begun, as there is no clear footage", remedy)
    for condition in settings.conditions:
        if condition not in translator.conditions:
            known = ", ".join(sorted(translator.conditions))
            raise UserError(condition, "this method cannot make it", f"choose from {known}")
    if workers and workers > 1 and not translator.in_workers:
        what = f"{translator.name} is made by one process here"
        raise UserError(f"workers {workers}", what, "leave it out, or start several with accelerate launch")
    if translator.uses_depth and depth_source is None:
        what = "this method needs the depth of the clear images"
        raise UserError(None, what, "give a teacher or measured depth")
    with sole_writer(out, share=share):
        manifest = _open(out, _made_from(translator, depth_source, settings, clear), share)
        tally, doubts = ReadTally(total, on_warning), DepthDoubts(on_warning)
        work = _Work(manifest, translator, depth_source, settings, tally, doubts, progress)
        batches = enumerate(_batches(_frames(clear, manifest, settings.conditions), settings.batch_size))
        mine = (batch for number, batch in batches if work.is_wanted(batch, share.has(number)))
        work.translate(mine, workers or usual_workers(translator, total, share))
        doubts.say()
        if depth_source and (doubt := depth_source.doubt()):
            (on_warning or log.warning)(doubt)
        tally.gather(share)
        manifest = Manifest(out)
        share.wait()
        if share.leads:
            manifest.gather()
    return manifest


def _open(out: Path, made_from: Identity, share: Share) -> Manifest:
    """The manifest that this process adds to; the first process makes it ready for all."""
    if share.leads:
        Manifest(out).open_for_writing(made_from)
    share.wait()
    manifest = Manifest(out)
    if share.count > 1:
        manifest.append_to_part(share.rank)
    return manifest


class _Work:
    """Translates frames, batch by batch: while some are made and written, the next are read."""

    def __init__(
        self,
        manifest: Manifest,
        translator: Translator,
        depth_source: DepthSource | None,
        settings: TranslateSettings,
        tally: ReadTally,
        doubts: DepthDoubts,
        progress: Callable[[int], object] | None,
    ) -> None:
        self.manifest, self.depth_source, self.settings = manifest, depth_source, settings
        self.tally, self.doubts, self.size = tally, doubts, translator.size
        self.progress = progress or (lambda count: None)
        self.method = Method(
            translator, settings.conditions, settings.seed, generator_hash(manifest.settings)
        )

    def is_wanted(self, batch: list[_Frame], is_mine: bool) -> bool:
        """Whether this process has something to make of a batch; if not, it is finished."""
        wanted = is_mine and any(frame.todo for frame in batch)
        if not wanted:
            self.progress(len(batch))
        return wanted

    def translate(self, batches: Iterator[list[_Frame]], workers: int) -> None:
        """Write all missing translations of batches, then their entries."""
        with makers(self.method, workers) as submit:
            groups = (group for frames in in_order(_read, batches) for group in self._groups(frames))
            # Processes share images; a device takes the batch at once.
            pieces = (piece for group in groups for piece in (group.apart() if workers > 1 else [group]))
            for entries, images in results(map(submit, pieces), ahead=2 * workers):
                self.manifest.add(entries)
                self.progress(images)

    def _groups(self, frames: list[_Read]) -> Iterator[Group]:
        """Images of one size, cut and with their depth."""
        cut: dict[tuple[int, ...], list[tuple[_Frame, np.ndarray, Wanted]]] = {}
        for frame, image, pixels in frames:
            if isinstance(image, UserError):
                self.tally.skip(image)
                self.progress(1)
                continue
            size = self.settings.image_size or _size_of(self.settings.crop, image)
            seen = self.size or size
            resize = "area" if seen == size else "lanczos"
            shown = crop_and_resize(image, self.settings.crop, seen, frame.key, resize)
            files = {condition: self.manifest.file(condition, frame.key) for condition in frame.todo}
            wanted = Wanted(frame.key, frame.stamp, pixels, size, files)
            cut.setdefault(shown.shape, []).append((frame, shown, wanted))
        for rows in cut.values():
            group_frames, images, wanted = map(list, zip(*rows, strict=True))
            yield Group(wanted, images, self._depth(group_frames, images))

    def _depth(self, frames: list[_Frame], images: list[np.ndarray]) -> Tensor | None:
        if not self.depth_source:
            return None
        places = [Frame(frame.clip, frame.index) for frame in frames]
        depth = self.depth_source.depth(images, places, self.settings.crop)
        if self.depth_source.predicted:
            self.doubts.look(frames[0].clip.name, as_floats(images[:1])[0], depth[0])
        return depth


def _read(frames: list[_Frame]) -> list[_Read]:
    read = []
    for frame in frames:
        try:
            image = frame.clip.image(frame.index)
        except UserError as error:
            read.append((frame, error, ""))
        else:
            read.append((frame, image, hash_pixels(image)))
    return read


def _frames(clips: list[Clip], manifest: Manifest, conditions: tuple[Condition, ...]) -> Iterator[_Frame]:
    """All frames, in order, also those that lack nothing."""
    for clip in clips:
        for index in clip.targets():
            key, stamp = clip.key(index), frame_stamps(clip, [index])[0]
            todo = tuple(condition for condition in conditions if not manifest.has(condition, key, stamp))
            yield _Frame(clip, index, key, stamp, todo)


def _batches(frames: Iterator[_Frame], size: int) -> Iterator[list[_Frame]]:
    while batch := list(islice(frames, size)):
        yield batch


def _made_from(
    translator: Translator, depth_source: DepthSource | None, settings: TranslateSettings, clips: list[Clip]
) -> Identity:
    return Identity(
        {
            **translator.describe(),
            **(depth_source.describe() if depth_source else {}),
            "seed": settings.seed,
            "image_size": settings.image_size and list(settings.image_size),
            "crop": settings.crop and settings.crop.to_dict(),
            "format": settings.format,
            **({"batch_size": settings.batch_size} if translator.rounds_by_batch else {}),
            **_translated_at(translator, settings, clips),
        }
    )


def _translated_at(
    translator: Translator, settings: TranslateSettings, clips: list[Clip]
) -> dict[str, list[int]]:
    """The size to which images are brought; nothing where all are known, unread, to have it."""
    wanted, crop = translator.size, settings.crop
    if wanted is None:
        return {}
    if settings.image_size or crop:
        sizes = {settings.image_size or (crop and (crop.height, crop.width))}
    else:
        sizes = {clip.camera and (clip.camera.height, clip.camera.width) for clip in clips}
    return {} if sizes == {wanted} else {"translated_at": list(wanted)}


def _size_of(crop: Crop | None, image: np.ndarray) -> tuple[int, int]:
    return (crop.height, crop.width) if crop else (image.shape[0], image.shape[1])
