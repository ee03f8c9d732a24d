"""``manifest.jsonl``: what each translated image was made from, readable after a kill at any moment."""

import json
from dataclasses import asdict, dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from acdepth.core.clip import Clip, target_frames
from acdepth.core.condition import Condition
from acdepth.core.errors import UserError
from acdepth.core.files import (
    hash_file,
    hash_json,
    inside,
    read_object,
    reading,
    write_json,
    write_text,
    writing,
)
from acdepth.core.identity import Identity, in_one_line
from acdepth.core.images import read_image
from acdepth.core.texts import parse_json, read_text
from acdepth.data.stored import hash_pixels


@dataclass(frozen=True)
class Entry:
    """One line of the manifest."""

    source: str
    """Key of the clear image in its data set."""
    source_hash: str
    """Of the clear image's pixels."""
    source_stamp: str
    """Changes when the clear image's file does; spares reading it."""
    condition: str
    """What it was turned into."""
    seed: int
    """Together with source and condition it decides every draw."""
    generator: str
    """Hash of everything else that shapes the image: method, options, weights, size."""
    file_hash: str
    file_size: int
    """Of the translated file, and its size [bytes]."""


_KINDS = {one.name: int if one.name in ("seed", "file_size") else str for one in fields(Entry)}
"""Types of what a line says."""


class Manifest:
    """The translations under one folder.

    Entries are appended line by line; a last one that a kill tore is dropped. Each process of several appends
    to a part of its own, ``manifest-RANK.jsonl``, and the first gathers them.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = Path(folder)
        self.path = self.folder / "manifest.jsonl"
        self.entries = {
            (entry.condition, entry.source): entry
            for path in (self.path, *self._parts())
            for entry in _read_entries(path)
        }
        self._appended = self.path

    @cached_property
    def settings(self) -> dict[str, Any]:
        """What every image in the folder was made with.

        Raises:
            UserError: if there are no translations.
        """
        path = self.folder / "settings.json"
        if not path.exists():
            raise UserError(self.folder, "holds no translations", "make some with acdepth translate")
        found = read_object(path)
        if found.get("format") not in ("jpg", "png") or "crop" not in found:
            raise UserError(path, "not the settings of translations", "translate again into another folder")
        return found

    def open_for_writing(self, made_from: Identity) -> None:
        """Make sure that new images will be made like those already there.

        Raises:
            UserError: naming the settings that differ.
        """
        self._forget_without_settings()
        if self.entries and (changes := made_from.changes(self.settings)):
            told = f"its images were made with other settings ({in_one_line(changes)})"
            raise UserError(self.folder, told, "give another folder, or delete this one")
        self.settings = dict(made_from.values)
        write_json(self.folder / "settings.json", self.settings)
        self.gather()

    def _forget_without_settings(self) -> None:
        """Make again what is left without settings, as where the folder was removed meanwhile."""
        if not (self.folder / "settings.json").exists():
            self.entries = {}

    def gather(self) -> None:
        """Write all entries into one file, in the order of condition and source, whoever made them when."""
        lines = [json.dumps(asdict(self.entries[key])) + "\n" for key in sorted(self.entries)]
        write_text(self.path, "".join(lines))
        for part in self._parts():
            part.unlink()

    def append_to_part(self, rank: int) -> None:
        """Let `add` append to the part of one process of several."""
        self._appended = self.folder / f"manifest-{rank}.jsonl"

    def add(self, entries: list[Entry]) -> None:
        """Append entries whose files are written.

        Raises:
            UserError: if the disk is full; of a line half written the image is made again.
        """
        with writing(self._appended), self._appended.open("a", encoding="utf-8") as stream:
            stream.writelines(json.dumps(asdict(entry)) + "\n" for entry in entries)
        self.entries |= {(entry.condition, entry.source): entry for entry in entries}

    def has(self, condition: Condition, source: str, stamp: str) -> bool:
        """Whether the image is there and its source has not changed, told without reading either."""
        entry = self.entries.get((condition, source))
        if entry is None or entry.source_stamp != stamp:
            return False
        file = self.file(condition, source)
        return file.exists() and file.stat().st_size == entry.file_size

    def file(self, condition: Condition | str, source: str) -> Path:
        """Where a translation lies: ``<condition>/<source>`` with the suffix of its format.

        Raises:
            UserError: if ``source``, which data sets and manifests name, leads elsewhere.
        """
        place = inside(self.folder / Condition(condition).value, source, self.path)
        return place.with_suffix("." + self.settings["format"])

    def translations(self, clip: Clip, index: int) -> dict[str, np.ndarray]:
        """What there is of one frame, RGB, uint8 (H, W, 3), by condition."""
        key = clip.key(index)
        made = sorted(condition.value for condition in Condition if (condition, key) in self.entries)
        return {condition: read_image(self.file(condition, key)) for condition in made}

    def _parts(self) -> list[Path]:
        return sorted(self.folder.glob("manifest-*.jsonl"))

    def problems(self) -> list[str]:
        """What is wrong with the files under the folder, one line each; reads every file."""
        found = []
        generator = generator_hash(self.settings)
        for entry in self.entries.values():
            file = self.file(entry.condition, entry.source)
            if entry.generator != generator:
                found.append(f"{file}: made with other settings than settings.json says")
            elif not file.exists():
                found.append(f"{file}: is missing")
            elif hash_file(file) != entry.file_hash:
                found.append(f"{file}: has changed since it was made")
        return found

    def changed_sources(self, clear: list[Clip]) -> list[str]:
        """Translations whose source is another image now, or is none of ``clear``, one line each."""
        hashes = {frame.key: hash_pixels(frame.clip.image(frame.index)) for frame in target_frames(clear)}
        return [
            f"{entry.source}: has changed since it became {entry.condition}, or is gone"
            for entry in self.entries.values()
            if hashes.get(entry.source) != entry.source_hash
        ]


def generator_hash(settings: dict[str, Any]) -> str:
    """Hash of all settings but the seed, which has a place of its own in each entry."""
    return hash_json({key: value for key, value in settings.items() if key != "seed"})


def _read_entries(path: Path) -> list[Entry]:
    if not path.exists():
        return []
    entries = []
    with reading(path, "a manifest"):
        lines = read_text(path).splitlines(keepends=True)
    for number, line in enumerate(lines, start=1):
        if not line.endswith("\n"):
            break  # torn by a kill
        try:
            entry = Entry(**parse_json(line))
            Condition(entry.condition)
            for one in fields(Entry):
                if type(getattr(entry, one.name)) is not _KINDS[one.name]:
                    raise TypeError(f"{one.name} is {getattr(entry, one.name)!r}")
        except (ValueError, TypeError) as error:
            told = f"line {number} is no manifest entry ({error})"
            raise UserError(path, told, "delete it, the image is made again") from error
        entries.append(entry)
    return entries
