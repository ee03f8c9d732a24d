"""How Cityscapes names its parts and files: ``{type}/{split}/{city}/{city}_{sequence}_{number}_{type}``."""

import re
from pathlib import Path
from typing import NamedTuple

from acdepth.core.errors import OnFault, UserError, telling
from acdepth.data.stored import list_images

IMAGES, SEQUENCES = "leftImg8bit", "leftImg8bit_sequence"
"""Folders of the annotated images, and of the video around them."""
FOGGY = {"foggy": "leftImg8bit_foggy", "foggyDBF": "leftImg8bit_foggyDBF"}
"""Folders of the annotated images in simulated fog, of Foggy Cityscapes and Foggy Cityscapes-DBF."""
SPLITS = ("train", "val", "test", "train_extra", "demoVideo")
EXAMPLE = "aachen_000000_000019_leftImg8bit.png"
_NAME = re.compile(r"(.+)_(\d{6})_(\d{6})_leftImg8bit(?:_foggy(?:DBF)?_beta_(\d\.\d+))?")


class Shot(NamedTuple):
    """One moment; they sort in the order of time."""

    city: str
    sequence: str
    """Six digits."""
    number: int

    @property
    def stem(self) -> str:
        """What all its files begin with."""
        return f"{self.city}_{self.sequence}_{self.number:06d}"


class Part(NamedTuple):
    """What may be opened: a split by its annotated images, by all of its video, or with its fog."""

    split: str
    video: bool = False
    """Whether every image of the video is a target."""
    fog: str | None = None
    """One of `FOGGY`."""
    beta: str | None = None
    """Attenuation of the fog [1/m], as files have it."""

    @property
    def name(self) -> str:
        """As a person says it."""
        fog = f"-{self.fog}-{self.beta}" if self.fog else ""
        return f"{self.split}{'-sequence' if self.video else fog}"


def find_part(root: Path, name: str) -> Part:
    """The part of this name.

    Raises:
        UserError: if there is none of this name, or its images are not there.
    """
    there = {part.name: part for part in parts(root)}
    if name not in there:
        told = f"has no images of split {name}"
        raise UserError(root, told, f"unpack them, or give another: {', '.join(there)}")
    return there[name]


def parts(root: Path) -> list[Part]:
    """Those whose images are there, by looking into the folders alone."""
    found = []
    for split in SPLITS:
        found += [Part(split)] * (root / IMAGES / split).is_dir()
        found += [Part(split, video=True)] * (root / SEQUENCES / split).is_dir()
        found += [Part(split, fog=fog, beta=beta) for fog in FOGGY for beta in _betas(root, fog, split)]
    return found


def _betas(root: Path, fog: str, split: str) -> list[str]:
    """The attenuations that images of the first city are there in."""
    cities = sorted((root / FOGGY[fog] / split).glob("*/"))
    names = (_NAME.fullmatch(path.stem) for path in (list_images(cities[0]) if cities else ()))
    return sorted({name[4] for name in names if name and name[4]}, key=float)


def find_images(
    root: Path, folder: str, split: str, on_fault: OnFault, beta: str | None = None
) -> dict[Shot, Path]:
    """The images of a split; none where there is no such folder, and of fog those of one ``beta``.

    ``on_fault`` is told about each city that holds a file of another name.
    """
    images: dict[Shot, Path] = {}
    for city in sorted((root / folder / split).glob("*/")):
        with telling(on_fault):
            images |= _of_city(city, folder, beta)
    return images


def _of_city(city: Path, folder: str, beta: str | None) -> dict[Shot, Path]:
    found: dict[Shot, Path] = {}
    for path in list_images(city):
        shot = _shot(path, folder, beta)
        if shot is None:
            continue
        if shot in found:
            raise UserError(path, f"is also there as {found[shot].name}", "keep one of them")
        found[shot] = path
    return found


def _shot(path: Path, folder: str, beta: str | None) -> Shot | None:
    """The moment of an image; None if it shows another fog."""
    name = _NAME.fullmatch(path.stem)
    if not name or name[1] != path.parent.name or (name[4] is None) != (beta is None):
        example = EXAMPLE if beta is None else EXAMPLE.replace(".png", f"_foggy_beta_{beta}.png")
        told = f"its name is not such as {example} in a folder of its city"
        raise UserError(path, told, f"take it out of {folder}")
    return Shot(name[1], name[2], int(name[3])) if name[4] == beta else None
