"""Translations as prepared data, index for index beside the clear frames they were made from."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

import numpy as np

from acdepth.core.condition import Condition
from acdepth.core.crop import Crop, Resize
from acdepth.core.errors import UserError
from acdepth.core.files import hash_json
from acdepth.core.images import read_image
from acdepth.core.resize import crop_and_resize
from acdepth.data.decoding import Decoded
from acdepth.data.manifest import Entry, Manifest
from acdepth.data.own.step import every
from acdepth.data.prepared import Prepared, make


def prepare_translations(clear: Prepared, translations: Path, condition: Condition, out: Path) -> Prepared:
    """Bring the translations of prepared clear frames to the same crop and size, in the same way.

    What is in ``out`` already is used again as long as clear frames and translations are the same. Kills and
    several processes at once are no harm, see `prepare`.

    Args:
        clear: what `prepare` made of the clear footage.
        translations: folder that `translate` wrote.
        condition: which of its conditions.
        out: folder for the prepared images.

    Raises:
        UserError: if a frame has no translation, or it shows another part of the picture.
    """
    manifest = Manifest(translations)
    keys = [clear.frames.key(number) for number in range(len(clear))]
    entries = [_entry(manifest, condition, key, keys) for key in keys]
    made_from = hash_json([clear.made_from, condition, [entry.file_hash for entry in entries]])
    reader = _Translations(
        files=[manifest.file(condition, entry.source) for entry in entries],
        source_size=clear.frames.source_size,
        window=clear.crop,
        shown=_translated_crop(manifest),
        image_size=clear.image_size,
        resize=clear.resize,
        clear=clear.folder,
    )
    number = np.full_like(clear.frames.clip_condition, condition.index)
    return make(
        Path(out),
        made_from=made_from,
        stamp=made_from,
        crop=clear.crop,
        reader=reader,
        describe=lambda: replace(clear.frames, clip_condition=number),
    )


def _entry(manifest: Manifest, condition: Condition, key: str, wanted: list[str]) -> Entry:
    entry = manifest.entries.get((condition, key))
    if entry is None or not manifest.file(condition, key).exists():
        remedy = f"run acdepth translate with --conditions {condition}, it makes what is missing"
        drive = PurePosixPath(key).parent
        made = _step([one for into, one in manifest.entries if into == condition], drive)
        asked = _step(wanted, drive)
        if made and asked and made != asked:
            steps = f"translations are of {every(made)}, those asked for of {every(asked)}"
            remedy = f"{steps}; translate with --step {asked}, or all images, without --step"
        raise UserError(manifest.folder, f"has no {condition} translation of {key}", remedy)
    return entry


def _step(keys: Iterable[str], drive: PurePosixPath) -> int | None:
    """Usual step between the numbers in the names of a drive's images; None if they have none."""
    paths = [path for key in keys if (path := PurePosixPath(key)).parent == drive]
    numbers = sorted(int(found[1]) for path in paths if (found := re.search(r"(\d+)$", path.stem)))
    return int(np.median(np.diff(numbers))) if len(numbers) > 1 else None


def _translated_crop(manifest: Manifest) -> Crop | None:
    crop = manifest.settings["crop"]
    return None if crop is None else Crop.from_dict(crop, where=str(manifest.folder))


@dataclass(frozen=True)
class _Translations:
    """Translated images at the crop and size of the clear frames."""

    files: list[Path]
    source_size: np.ndarray
    """(N, 2): height and width of the clear originals [px]."""
    window: Crop | None
    """That the clear frames show."""
    shown: Crop | None
    """That the translations show."""
    image_size: tuple[int, int]
    resize: Resize
    clear: Path
    """Folder of the clear frames."""

    def __len__(self) -> int:
        return len(self.files)

    def read(self, number: int) -> Decoded:
        """One translation; where it shows the whole image, the clear frames' crop is cut out of it."""
        file, (height, width) = self.files[number], self.source_size[number].tolist()
        image = read_image(file)
        window = self._window(file, image.shape[0] / height, image.shape[1] / width)
        shown = crop_and_resize(image, window, self.image_size, str(file), self.resize)
        return Decoded(shown, (height, width))

    def _window(self, file: Path, down: float, across: float) -> Crop | None:
        """The clear frames' crop in a translation of ``down`` and ``across`` times the original's size."""
        if self.shown == self.window:
            return None
        if self.shown is not None or self.window is None:
            told = f"shows another part of the picture than the clear frames in {self.clear}"
            raise UserError(file, told, "translate with the same crop, or without one")
        return Crop(
            top=round(self.window.top * down),
            left=round(self.window.left * across),
            height=round(self.window.height * down),
            width=round(self.window.width * across),
        )
