"""Eight bits for weights and activations, and whether depth survives them: measured on the built-in world."""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from importlib.metadata import version
from importlib.util import find_spec

import numpy as np
import torch

from acdepth.core.crop import Resize
from acdepth.core.errors import UserError
from acdepth.core.resize import crop_and_resize
from acdepth.inference.graphs import pictures
from acdepth.inference.graphs.quiet_openvino import openvino
from acdepth.inference.output import depth_of

LARGEST_LOSS = 0.02
"""By how much of itself absRel on the built-in world may grow."""
FARTHEST = 80.0
"""[m]; what lies beyond is not measured."""
IN_FLOAT = (
    ".*heads.*",  # a depth of 40 m is a sigmoid of 0.001
    r".*decoder\.(before|after)\.0/.*",  # activations from -1 to 700, of which the small ones are far away
    ".*upsample.*",  # whose result would share its range with the encoder's features beside it
    r".*encoder(\.blocks\.[01])?/.*",  # EfficientNet's first layers: nights are in their lowest steps
)
"""Names of what needs more than 256 levels, as was found by leaving out one group after the other."""
RECIPE = 2
"""Counts the ways in which networks were brought to int8, so that none kept by an earlier one is used."""


def nncf_version() -> str:
    """Of the package that brings networks to int8; empty where it is not installed."""
    return version("nncf") if find_spec("nncf") else ""


def seen_by_calibration(size: tuple[int, int], resize: Resize) -> Iterator[np.ndarray]:
    """Pictures by which the ranges of activations are taken: RGB, uint8 (h, w, 3) of a (height, width)."""
    for one in pictures.world_pictures(pictures.CALIBRATION_TOWNS, size):
        yield crop_and_resize(one.image, None, size, one.name, resize)


def quantised(
    model: openvino.Model,
    inputs: Iterable[Mapping[str, np.ndarray] | np.ndarray],
    any_cpu: bool,
    in_float: Sequence[str] = (),
) -> openvino.Model:
    """A model in int8.

    Args:
        model: in float32.
        inputs: what it is asked, by which the ranges of activations are taken.
        any_cpu: whether weights have 7 bits, with which no x86 CPU saturates.
        in_float: patterns of the names of what is left as it is beside `IN_FLOAT`.

    Raises:
        UserError: if nncf is not installed.
    """
    try:
        import nncf
        from nncf.quantization.advanced_parameters import QuantizationParameters
    except ImportError as error:
        raise UserError("--precision int8", "needs nncf", "pip install 'acdepth[openvino]'") from error
    nncf.set_log_level(logging.ERROR)
    asked = list(inputs)
    parameters = nncf.AdvancedQuantizationParameters(
        overflow_fix=nncf.OverflowFix.ENABLE if any_cpu else nncf.OverflowFix.FIRST_LAYER,
        # By default each channel before a depthwise convolution has a range of its own. One that the pictures
        # of calibration never light has none, and photographs that light it are cut off.
        activations_quantization_params=QuantizationParameters(per_channel=False),
    )
    return nncf.quantize(
        model,
        nncf.Dataset(asked),
        preset=nncf.QuantizationPreset.MIXED,
        subset_size=len(asked),
        ignored_scope=nncf.IgnoredScope(patterns=[*IN_FLOAT, *in_float], validate=False),
        advanced_parameters=parameters,
    )


def refuse_loss(
    name: str,
    exact: Callable[[np.ndarray], np.ndarray],
    short: Callable[[np.ndarray], np.ndarray],
    size: tuple[int, int],
    resize: Resize,
) -> None:
    """Measure what int8 costs on the built-in world.

    Args:
        name: what messages call the network.
        exact: says depth (h, w) [m] of a picture, RGB, uint8 (h, w, 3), in float32.
        short: likewise in int8.
        size: (height, width) of the pictures that they take.
        resize: the filter by which pictures come to it.

    Raises:
        UserError: if it is more than `LARGEST_LOSS`.
    """
    truths, depths = [], ([], [])
    for one in pictures.world_pictures(pictures.MEASURED_TOWNS, size):
        there = (one.depth > 0) & (one.depth < FARTHEST)
        truths.append(one.depth[there])
        image = crop_and_resize(one.image, None, size, one.name, resize)
        for found, ask in zip(depths, (exact, short), strict=True):
            found.append(_brought_to(ask(image), one.depth.shape)[there])
    truth, before, after = (np.concatenate(parts) for parts in (truths, *depths))
    # A network without metres, or of another lens, is scaled: both by one factor, so that int8 may not drift.
    factor = np.median(truth / before)
    before, after = (float(np.mean(np.abs(factor * depth / truth - 1))) for depth in (before, after))
    loss = after / before - 1
    said = "%s: absRel on the built-in world %.4f, in int8 %+.2f %% of it"
    logging.getLogger("acdepth").info(said, name, before, 100 * loss)
    if not loss <= LARGEST_LOSS:
        what = f"in int8 its absRel on the built-in world grows by {100 * loss:.1f} %"
        raise UserError(name, f"{what}, more than {100 * LARGEST_LOSS:g} %", "use bf16 or fp32")


def _brought_to(depth: np.ndarray, size: tuple[int, ...]) -> np.ndarray:
    """(H, W) [m] of (h, w) [m]."""
    return depth_of(1 / torch.from_numpy(depth)[None, None], size)[0, 0].numpy()
