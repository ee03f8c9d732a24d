"""Inverse depth [1/m] and the sigmoid that a network says it with."""

import math

from jaxtyping import Float
from torch import Tensor

from acdepth.core.errors import UserError


def inverse_depth_from_sigmoid(
    sigmoid: Float[Tensor, "*shape"], min_depth: float, max_depth: float
) -> Float[Tensor, "*shape"]:
    """Scale 0..1 linearly to inverse depth between 1/max_depth and 1/min_depth [1/m] (monodepth2)."""
    return 1 / max_depth + (1 / min_depth - 1 / max_depth) * sigmoid


def logit_of_depth(depth: float, min_depth: float, max_depth: float) -> float:
    """The value before the sigmoid that says ``depth`` [m]: the inverse of `inverse_depth_from_sigmoid`.

    Raises:
        UserError: if the depth is not inside the range.
    """
    if not min_depth < depth < max_depth:
        raise UserError(
            None,
            f"a depth of {depth:g} m is outside the network's range of {min_depth:g} to {max_depth:g} m",
            "choose one inside it",
        )
    sigmoid = (1 / depth - 1 / max_depth) / (1 / min_depth - 1 / max_depth)
    return math.log(sigmoid / (1 - sigmoid))
