"""Depth of adverse video from view synthesis: what the teacher learns by, where there is light enough."""

import torch
from torch import Tensor
from torch.nn import functional as F

from acdepth.core.batches import TripletBatch
from acdepth.geometry.motion_length import with_length
from acdepth.geometry.photometric import photometric_loss, window_mean
from acdepth.geometry.view_synthesis import synthesise_views
from acdepth.student.adapt.agreement import mean_where
from acdepth.student.adapt.settings import PhotometricOptions
from acdepth.weather.fields import luminance


def well_lit_pixels(image: Tensor, darkest: float, brightest: float) -> Tensor:
    """Where an image is neither too dark nor too bright to say where a pixel went.

    The mean of the 3x3 window, which is also what SSIM sees, must be in the range, so that noise does not
    decide; the pixel itself must not be too bright either, or a small lamp would pass among dark pixels.

    Args:
        image: (B, 3, H, W) float in 0..1.
        darkest: least luminance.
        brightest: highest luminance.

    Returns:
        (B, 1, H, W) bool.
    """
    light = luminance(image)
    around = window_mean(F.pad(light, (1, 1, 1, 1), mode="reflect"))
    return (around >= darkest) & (torch.maximum(around, light) <= brightest)


def lit_photometric_loss(
    triplets: TripletBatch, inverse_depth: Tensor, T_target_to_source: Tensor, options: PhotometricOptions
) -> Tensor:
    """L_p of the teacher, of the full-size depth alone, as the mean over the well-lit pixels.

    Coarser scales help out of a bad start, which a trained student is not.

    Args:
        clips: frames with their neighbours.
        inverse_depth: (B, 1, H, W) of the frames [1/m].
        T_target_to_source: (B, N, 4, 4) [m], as the pose network says it.
        options: which pixels count, and whose lengths.

    Returns:
        Scalar; 0 where no pixel is well lit.
    """
    measured = options.motion_length == "measured"
    motions = with_length(T_target_to_source, triplets.distance) if measured else T_target_to_source
    synthesised = synthesise_views(triplets, [inverse_depth], motions)
    (error,) = photometric_loss(synthesised, triplets.image, triplets.neighbours)
    return mean_where(error, well_lit_pixels(triplets.image, *options.well_lit))
