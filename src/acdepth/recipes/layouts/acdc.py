"""The world as ACDC: adverse images, each with the clear one of the same place as its reference."""

from collections.abc import Callable
from pathlib import Path

from acdepth.core.condition import Condition
from acdepth.core.files import write_bytes
from acdepth.data.acdc import ADVERSE, IMAGES, REFERENCE
from acdepth.recipes.layouts.drives import WorldDrive, with_clear_twin


def write_acdc(
    drives: list[WorldDrive], out: Path, evaluation: frozenset[int], progress: Callable[[], object]
) -> None:
    """Write adverse drives as recordings of the split train, those of evaluation towns of val.

    They are left out where the town has no clear drive.
    """
    for drive, clear in with_clear_twin(drives):
        split = "val" if drive.town in evaluation else "train"
        name = f"{drive.style}{drive.town:04d}"
        for index, (image, reference) in enumerate(zip(drive.images, clear.images, strict=True)):
            if drive.condition is not Condition.CLEAR:
                for folder, ending, source in (
                    (split, ADVERSE, image),
                    (f"{split}_ref", REFERENCE, reference),
                ):
                    file = f"{name}_frame_{index:06d}{ending}.png"
                    place = out / IMAGES / drive.condition / folder / name
                    write_bytes(place / file, source.read_bytes())
            progress()
