"""Translations as prepared data, index for index beside the clear frames they were made from."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from acdepth.core.condition import Condition
from acdepth.core.errors import UserError
from acdepth.core.files import atomic_path, hash_json
from acdepth.core.images import read_image
from acdepth.core.resize import Crop, crop_and_resize
from acdepth.data.manifest import Entry, Manifest
from acdepth.data.prepared import Prepared, PreparedFrame, reuse, write_index


def prepare_translations(
    clear: Prepared,
    translations: Path,
    condition: Condition,
    out: Path,
    progress: Callable[[], object] | None = None,
) -> Prepared:
    """Bring the translations of prepared clear frames to the same crop and size.

    What is in ``out`` already is used again as long as clear frames and translations are the same.

    Args:
        clear: what `acdepth.data.prepare` made of the clear footage.
        translations: folder that `translate` wrote.
        condition: which of its conditions.
        out: folder for the prepared images.
        progress: called once per finished frame.

    Raises:
        UserError: if a frame has no translation, or it shows another part of the picture.
    """
    manifest = Manifest(translations)
    entries = [_entry(manifest, condition, frame) for frame in clear.frames]
    made_from = hash_json([clear.made_from, condition, [entry.file_hash for entry in entries]])
    found = reuse(out, made_from)
    if found:
        return found
    crop = _translated_crop(manifest)
    with atomic_path(Path(out) / "images.bin") as temporary, temporary.open("wb") as stream:
        for frame, entry in zip(clear.frames, entries, strict=True):
            stream.write(_read(clear, frame, manifest.file(condition, entry.source), crop).data)
            if progress:
                progress()
    frames = [replace(frame, condition=condition) for frame in clear.frames]
    return write_index(out, made_from, made_from, clear.crop, clear.image_size, frames)


def _entry(manifest: Manifest, condition: Condition, frame: PreparedFrame) -> Entry:
    entry = manifest.entries.get((condition, frame.key))
    if entry is None or not manifest.file(condition, frame.key).exists():
        raise UserError(
            manifest.folder,
            f"has no {condition} translation of {frame.key}",
            f"run acdepth translate with --conditions {condition}, it makes what is missing",
        )
    return entry


def _translated_crop(manifest: Manifest) -> Crop | None:
    crop = manifest.settings["crop"]
    return None if crop is None else Crop.from_dict(crop, where=str(manifest.folder))


def _read(clear: Prepared, frame: PreparedFrame, file: Path, translated: Crop | None) -> np.ndarray:
    """Read one translation; where it shows the whole image, the clear frames' crop is cut out of it."""
    image = read_image(file)
    if translated == clear.crop:
        return crop_and_resize(image, None, clear.image_size, str(file))
    if translated is not None or clear.crop is None:
        raise UserError(
            file,
            f"shows another part of the picture than the clear frames in {clear.folder}",
            "translate with the same crop, or without one",
        )
    down, across = image.shape[0] / frame.source_size[0], image.shape[1] / frame.source_size[1]
    window = Crop(
        top=round(clear.crop.top * down),
        left=round(clear.crop.left * across),
        height=round(clear.crop.height * down),
        width=round(clear.crop.width * across),
    )
    return crop_and_resize(image, window, clear.image_size, str(file))
