"""Eight bits for weights and activations, and whether depth survives them: measured on the built-in world."""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np

from acdepth.core.errors import UserError
from acdepth.inference.graphs.pictures import WorldPicture
from acdepth.inference.graphs.quiet_openvino import openvino

LARGEST_LOSS = 0.02
"""By how much of itself absRel on the built-in world may grow."""
FARTHEST = 80.0
"""[m]; what lies beyond is not measured."""
HEADS = ".*heads.*"
"""Names of what needs more than 256 levels."""


def quantised(
    model: openvino.Model,
    inputs: Iterable[Mapping[str, np.ndarray] | np.ndarray],
    any_cpu: bool,
    in_float: Sequence[str] = (HEADS,),
) -> openvino.Model:
    """A model in int8.

    Args:
        model: in float32.
        inputs: what it is asked, by which the ranges of activations are taken.
        any_cpu: whether weights have 7 bits, with which no x86 CPU saturates.
        in_float: patterns of the names of what is left as it is.

    Raises:
        UserError: if nncf is not installed.
    """
    try:
        import nncf
    except ImportError as error:
        raise UserError("--precision int8", "needs nncf", "pip install 'acdepth[openvino]'") from error
    nncf.set_log_level(logging.ERROR)
    asked = list(inputs)
    fix = nncf.OverflowFix.ENABLE if any_cpu else nncf.OverflowFix.FIRST_LAYER
    return nncf.quantize(
        model,
        nncf.Dataset(asked),
        preset=nncf.QuantizationPreset.MIXED,
        subset_size=len(asked),
        ignored_scope=nncf.IgnoredScope(patterns=list(in_float), validate=False),
        advanced_parameters=nncf.AdvancedQuantizationParameters(overflow_fix=fix),
    )


def refuse_loss(
    name: str,
    exact: Callable[[np.ndarray], np.ndarray],
    short: Callable[[np.ndarray], np.ndarray],
    seen: Sequence[WorldPicture],
) -> None:
    """Measure what int8 costs.

    Args:
        name: what messages call the network.
        exact: says depth (H, W) [m] of a picture (H, W, 3) in float32.
        short: likewise in int8.
        seen: pictures, with their depth.

    Raises:
        UserError: if it is more than `LARGEST_LOSS`.
    """
    counted = [(one.depth > 0) & (one.depth < FARTHEST) for one in seen]
    truth = np.concatenate([one.depth[there] for one, there in zip(seen, counted, strict=True)])
    depths = [
        np.concatenate([ask(one.image)[there] for one, there in zip(seen, counted, strict=True)])
        for ask in (exact, short)
    ]
    # A network without metres, or of another lens, is scaled: both by one factor, so that int8 may not drift.
    factor = np.median(truth / depths[0])
    before, after = (float(np.mean(np.abs(factor * depth / truth - 1))) for depth in depths)
    loss = after / before - 1
    said = "%s: absRel on the built-in world %.4f, in int8 %+.2f %% of it"
    logging.getLogger("acdepth").info(said, name, before, 100 * loss)
    if not loss <= LARGEST_LOSS:
        what = f"in int8 its absRel on the built-in world grows by {100 * loss:.1f} %"
        raise UserError(name, f"{what}, more than {100 * LARGEST_LOSS:g} %", "use bf16 or fp32")
