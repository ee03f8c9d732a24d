"""What moves with the camera, found where nobody painted a mask; written into the run folder."""

from collections.abc import Sequence
from pathlib import Path

from acdepth.core.clip import Clip
from acdepth.core.files import write_json
from acdepth.core.progress import progress
from acdepth.data.own.ego_mask import LOOKED_AT, find_ego_mask, mask_file, write_ego_mask
from acdepth.data.own.step import drives

FOUND_FILE = "found.json"


def find_masks(clips: Sequence[Clip], masks: Path) -> None:
    """Look for the vehicle in each drive without a mask, and write it below ``masks``.

    A mask that is there already may have been painted, and stays. ``found.json`` says what came of it all.
    """
    own = drives(clips)
    images = [min(LOOKED_AT, sum(map(len, drive))) for drive in own]
    told = []
    with progress("mask", sum(images), unit="image") as advance:
        for drive, count in zip(own, images, strict=True):
            file = mask_file(drive[0], masks)
            if drive[0].description.ego_mask is not None:
                file, said = mask_file(drive[0]), "is in use as it lies beside the footage"
                advance(count)
            elif file.exists():
                said = "was there already and stays"
                advance(count)
            else:
                found = find_ego_mask(drive, advance)
                said = found.told
                if found.mask is not None:
                    write_ego_mask(file, found.mask)
            place = file.relative_to(masks) if file.is_relative_to(masks) else file.absolute()
            told.append({"drive": drive[0].name, "told": said, "file": place.as_posix()})
    write_json(masks / FOUND_FILE, told)
