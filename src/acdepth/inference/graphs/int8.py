"""Eight bits for weights and activations, and whether depth survives them: measured on the built-in world."""

import logging
from typing import NamedTuple

import numpy as np
import openvino
import torch

from acdepth.core.condition import Condition
from acdepth.core.errors import UserError
from acdepth.core.resize import crop_and_resize
from acdepth.inference.graphs.graph import Graph
from acdepth.inference.output import depth_of
from acdepth.networks.checkpoint import CheckpointCard
from acdepth.world.render import prepare

LARGEST_LOSS = 0.02
"""By how much of itself absRel on the built-in world may grow."""
CALIBRATION_TOWNS = range(9400, 9404)
"""Seeds of the towns from whose images the ranges of activations are taken."""
MEASURED_TOWNS = range(9410, 9413)
"""Of those in which the loss is measured."""
DRIVE, PLACES = 36, (0, 12, 24)
"""Frames of a drive at 12 a second, and which of them are taken."""
CONDITIONS = (Condition.CLEAR, Condition.NIGHT, Condition.RAIN, Condition.FOG)
WIDTH = 320
"""Of the rendered images [px]; they are brought to the network's size after that."""
FARTHEST = 80.0
"""[m]; what lies beyond is not measured."""


class Seen(NamedTuple):
    """One image of the world."""

    image: np.ndarray
    """float32 (1, 3, h, w) in 0..1, as the network sees it."""
    depth: np.ndarray
    """float32 (H, W) [m] as it was rendered; 0 for none."""


def quantised(model: openvino.Model, card: CheckpointCard, name: str) -> openvino.Model:
    """A model in int8, its heads apart, which need more than 256 levels.

    Raises:
        UserError: if it loses more than `LARGEST_LOSS`, or nncf is not installed.
    """
    try:
        import nncf
    except ImportError as error:
        raise UserError("--precision int8", "needs nncf", "pip install 'acdepth[openvino]'") from error
    log = logging.getLogger("acdepth")
    log.warning("%s: is brought to int8, which takes a minute or two and is kept for the next start", name)
    nncf.set_log_level(logging.ERROR)
    images = [seen.image for seen in views(CALIBRATION_TOWNS, card)]
    short = nncf.quantize(
        model,
        nncf.Dataset(images),
        preset=nncf.QuantizationPreset.MIXED,
        subset_size=len(images),
        ignored_scope=nncf.IgnoredScope(patterns=[".*heads.*"], validate=False),
    )
    measured = views(MEASURED_TOWNS, card)
    exact, loss = _loss(model, short, measured)
    log.info("%s: absRel on the built-in world %.4f, in int8 %+.2f %% of it", name, exact, 100 * loss)
    if not loss <= LARGEST_LOSS:
        what = f"in int8 its absRel on the built-in world grows by {100 * loss:.1f} %"
        raise UserError(name, f"{what}, more than {100 * LARGEST_LOSS:g} %", "use bf16 or fp32")
    return short


def views(towns: range, card: CheckpointCard) -> list[Seen]:
    """Images of the built-in world as a network sees them."""
    height, width = card.input_size
    size = round(height * WIDTH / width), WIDTH
    found = []
    for town in towns:
        renderer = prepare(town, DRIVE, size)
        for place in PLACES:
            frame = renderer.frame(place, CONDITIONS)
            for picture in frame.images.values():
                pixels = crop_and_resize(picture.numpy(), None, card.input_size, "world", card.resize)
                image = pixels.transpose(2, 0, 1)[None].astype(np.float32) / 255
                found.append(Seen(image, frame.depth.numpy()))
    return found


def _loss(exact: openvino.Model, short: openvino.Model, seen: list[Seen]) -> tuple[float, float]:
    """absRel of one model, and by how much of that the other's is larger."""
    from acdepth.inference.graphs.openvino import compiled

    core = openvino.Core()
    truth = np.concatenate([one.depth[_counted(one)] for one in seen])
    depths = [_depths(compiled(core, one, "f32"), seen) for one in (exact, short)]
    # A network without metres, or of another lens, is scaled: both by one factor, so that int8 may not drift.
    factor = np.median(truth / depths[0])
    before, after = (float(np.mean(np.abs(factor * depth / truth - 1))) for depth in depths)
    return before, after / before - 1


def _depths(graph: Graph, seen: list[Seen]) -> np.ndarray:
    """Depth [m] of all pixels that count."""
    found = []
    for one in seen:
        inverse_depth = torch.from_numpy(np.array(graph(one.image)[0]))
        found.append(depth_of(inverse_depth, one.depth.shape)[0, 0].numpy()[_counted(one)])
    return np.concatenate(found)


def _counted(seen: Seen) -> np.ndarray:
    return (seen.depth > 0) & (seen.depth < FARTHEST)
