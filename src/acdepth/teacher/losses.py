"""What is asked of depth beside photometric consistency: smoothness (monodepth2; ACDepth, section 3.2), and
nearness to what it started from."""

import torch
from jaxtyping import Float
from torch import Tensor


def smoothness_loss(
    inverse_depth: Float[Tensor, "*scales b 1 h w"], image: Float[Tensor, "b 3 h w"]
) -> tuple[Float[Tensor, "*scales b 1 h w-1"], Float[Tensor, "*scales b 1 h-1 w"]]:
    """L_e: gradients of mean-normalised inverse depth where the image has none, in a row and in a column."""
    edge_x, edge_y = (torch.exp(-gradient.abs().mean(1, keepdim=True)) for gradient in _gradients(image))
    mean = inverse_depth.mean((-2, -1), keepdim=True)
    change_x, change_y = _gradients(inverse_depth / mean.clamp(min=1e-6))
    return change_x.abs() * edge_x, change_y.abs() * edge_y


def pull_loss(
    inverse_depth: Float[Tensor, "b 1 h w"], of_start: Float[Tensor, "b 1 h w"]
) -> Float[Tensor, "b 1 h w"]:
    """How far the logarithm of depth has gone from that of the network it started from."""
    return (inverse_depth.log() - of_start.log()).abs()


def _gradients(image: Tensor) -> tuple[Tensor, Tensor]:
    return image[..., :, :-1] - image[..., :, 1:], image[..., :-1, :] - image[..., 1:, :]
