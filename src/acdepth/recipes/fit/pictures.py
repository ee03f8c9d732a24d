"""A few frames as the run's networks see them: in clear, and the same pictures by simulated weather."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np

from acdepth.core.clip import Clip, Frame, target_frames
from acdepth.core.condition import Condition
from acdepth.core.encoding import jpeg
from acdepth.core.errors import UserError, telling
from acdepth.core.files import write_bytes
from acdepth.core.images import read_image
from acdepth.core.prediction import colour_inverse_depth, nearest_shown
from acdepth.core.progress import progress
from acdepth.core.resize import at_most_wide
from acdepth.core.sheet import draw_block, save_sheet
from acdepth.core.spread import spread
from acdepth.data.manifest import Manifest
from acdepth.inference.model import DepthModel
from acdepth.inference.output import depth_of
from acdepth.reports.fit import Picture, Shown

WIDEST = 480
"""Of a picture [px]."""
PICTURES = "pictures"
SHEET_FILE = "sheet.jpg"


def show(
    models: Mapping[str, DepthModel],
    kept: str,
    clips: Sequence[Clip],
    translations: Manifest | None,
    conditions: Sequence[Condition],
    most: int,
    out: Path,
) -> list[Shown]:
    """Write pictures of a few frames below ``out/pictures``, and all of them as ``out/sheet.jpg``.

    Args:
        models: networks by name; all are shown in clear.
        kept: the one that is shown in other weather too.
        clips: clear footage.
        translations: of it; None where there are none.
        conditions: that it was translated into.
        most: frames, evenly spread.
        out: the run folder.

    Raises:
        UserError: if none of these frames can be read; one that cannot is left out.
    """
    shown, blocks = [], []
    faults: list[UserError] = []
    frames = spread(target_frames(clips), most)
    with progress("pictures", len(frames), unit="image") as advance:
        for number, frame in enumerate(frames):
            with telling(faults.append):  # training and translation left it out with a warning, too
                pixels, nearest = _seen(models, kept, frame, translations, conditions)
                pictures = tuple(_write(out, number, name, one) for name, one in pixels.items())
                shown.append(Shown(key=frame.key, brightest=1 / nearest, pictures=pictures))
                blocks.append(draw_block({name: [one] for name, one in pixels.items()}))
            advance()
    if not blocks:
        raise faults[0]
    save_sheet(out / SHEET_FILE, blocks, quality=90)
    return shown


def _seen(
    models: Mapping[str, DepthModel],
    kept: str,
    frame: Frame,
    translations: Manifest | None,
    conditions: Sequence[Condition],
) -> tuple[dict[str, np.ndarray], float]:
    """Pictures of a frame by their titles, all of one size, and the inverse depth [1/m] that is brightest.

    Raises:
        UserError: if it cannot be read.
    """
    clear = frame.clip.image(frame.index)
    by_name = {name: _inverse_depth(model, clear) for name, model in models.items()}
    nearest = nearest_shown(by_name[kept])
    pixels = {"clear": at_most_wide(clear, WIDEST)}
    pixels[f"{kept}, clear"] = colour_inverse_depth(by_name[kept], nearest)
    for condition in conditions if translations else ():
        assert translations is not None
        seen = read_image(translations.file(condition, frame.key))
        found = _inverse_depth(models[kept], seen)
        pixels[condition.value] = seen
        pixels[f"{kept}, {condition.value}"] = colour_inverse_depth(found, nearest)
    for name in (one for one in models if one != kept):
        # Its unit may be another one, so that it has a brightest colour of its own.
        pixels[f"{name}, clear"] = colour_inverse_depth(by_name[name])
    size = pixels["clear"].shape[1::-1]
    alike = {name: cv2.resize(one, size, interpolation=cv2.INTER_AREA) for name, one in pixels.items()}
    return alike, nearest


def _inverse_depth(model: DepthModel, image: np.ndarray) -> np.ndarray:
    """(h, w) [1/m] of an image, at most `WIDEST` wide."""
    [answer] = model.infer([image], [model.fit(image.shape)])
    size = at_most_wide(image, WIDEST).shape[:2]
    return 1 / depth_of(answer.inverse_depth, size)[0, 0].cpu().numpy()


def _write(out: Path, number: int, name: str, pixels: np.ndarray) -> Picture:
    file = f"{PICTURES}/{number:02d} {name.replace(', ', ' ')}.jpg".replace(" ", "_")
    write_bytes(out / file, jpeg(pixels, 90, out / file))
    return Picture(title=name, file=file)
