"""Depth of adverse video from view synthesis: what the teacher learns by, where there is light enough."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn import functional as F

from acdepth.core.batches import TripletBatch
from acdepth.geometry.motion import with_length
from acdepth.geometry.photometric import mean_of_3x3, photometric_loss
from acdepth.geometry.warp import synthesise_views
from acdepth.weather.fields import luminance


def well_lit_pixels(
    image: Float[Tensor, "b 3 h w"], darkest: float, brightest: float
) -> Bool[Tensor, "b 1 h w"]:
    """Where an image is neither too dark nor too bright to say where a pixel went.

    The mean of the 3x3 window, which is also what SSIM sees, must be in the range, so that noise does not
    decide; the pixel itself must not be too bright either, or a small lamp would pass among dark pixels.

    Args:
        image: in 0..1.
        darkest: least luminance.
        brightest: highest luminance.
    """
    light = luminance(image)
    around = mean_of_3x3(F.pad(light, (1, 1, 1, 1), mode="reflect"))
    return (around >= darkest) & (torch.maximum(around, light) <= brightest)


def photometric_loss_of_depth(
    triplets: TripletBatch,
    inverse_depth: Float[Tensor, "b 1 h w"],
    T_target_to_source: Float[Tensor, "b n 4 4"],
    measured: bool,
) -> Float[Tensor, "b 1 h w"]:
    """L_p of the teacher, of the full-size depth alone.

    Coarser scales help out of a bad start, which a trained student is not.

    Args:
        triplets: frames with their neighbours.
        inverse_depth: of the frames [1/m].
        T_target_to_source: [m], as the pose network says it.
        measured: whether motions get the known lengths.
    """
    motions = with_length(T_target_to_source, triplets.distance) if measured else T_target_to_source
    synthesised = synthesise_views(triplets, [inverse_depth], motions)
    return photometric_loss(synthesised, triplets.image, triplets.neighbours)[0]
