"""What a network says about a place: its depth, and whether that stays what it is where the scene does."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from torch import Tensor

from acdepth.core.clip import Clip
from acdepth.core.seeding import derive_seed
from acdepth.evaluation.unlabelled.places import LATER, Place
from acdepth.inference.metric import find_metres
from acdepth.inference.model import DepthModel
from acdepth.inference.output import depth_of
from acdepth.inference.view import view_of

Order = Callable[[np.ndarray], np.ndarray]
"""RGB, uint8 (H, W, 3) -> relative inverse depth (h, w), larger is nearer."""
Translated = Callable[[Clip, int], Mapping[str, np.ndarray]]
"""A frame in other conditions, by their names; empty where it was not translated."""
DARKER, NOISE = 0.7, 6.0
"""Factor on the image, and standard deviation of what is added to it [gray values]."""
POINT_PAIRS = 2000
LEAST_APART = 0.1
"""Part of the prior's range by which the points of a pair must differ."""


@dataclass(frozen=True)
class Answers:
    """A place as a network sees it."""

    place: Place
    """Without its originals."""
    depths: Sequence[np.ndarray]
    """(h, w) of each frame, by the clip's lens; not finite where the network is not."""
    mirror: float
    """Median |log| of depth over that of the mirror image."""
    light: float
    """The same of the image made darker and noisy."""
    translated: Mapping[str, float]
    """The same of each translation."""
    order: float
    """Part of the pairs of points, of whose order the prior is sure, that depth orders the same."""

    @property
    def is_depth(self) -> bool:
        """Whether all depths are finite and above zero."""
        return all(bool(np.isfinite(one).all() and (one > 0).all()) for one in self.depths)


def ask(
    model: DepthModel, place: Place, order: Order | None = None, translated: Translated | None = None
) -> Answers:
    """Ask a network about a place.

    Raises:
        NoMetres: if it is relative, and a frame does not tell metres.
    """
    first, clip = place.originals[0], place.clip
    generator = np.random.default_rng(derive_seed(0, "check", clip.key(place.index)))
    darker = first * DARKER + generator.normal(0, NOISE, first.shape)
    others = dict(translated(clip, place.index)) if translated else {}
    made = [np.ascontiguousarray(first[:, ::-1]), darker.clip(0, 255).astype(np.uint8), *others.values()]
    depths = predict_at(model, [*place.originals, *made], place)
    count = len(place.originals)
    depths[count] = depths[count][:, ::-1]
    mirror, light, *changed = (_change(depths[0], one, place.counted) for one in depths[count:])
    return Answers(
        place=replace(place, originals=()),
        depths=depths[:count],
        mirror=mirror,
        light=light,
        translated=dict(zip(others, changed, strict=True)),
        order=_ordered_alike(depths[0], order(first), place.counted) if order else np.nan,
    )


def predict_at(model: DepthModel, images: Sequence[np.ndarray], place: Place) -> list[np.ndarray]:
    """Depth (h, w) at the place's size, by its lens, of its frames and of images made of the first."""
    seen_at = [model.fit(image.shape) for image in images]
    said = [answer.inverse_depth for answer in model.infer(images, seen_at)]
    if model.relative:
        said = _in_metres(said, place)
    depths = (depth_of(inverse, place.size)[0, 0].cpu().numpy() for inverse in said)
    ratios = (model.focal_ratio(place.clip.camera, at) for at in seen_at)
    return [depth * ratio for depth, ratio in zip(depths, ratios, strict=True)]


def _in_metres(said: Sequence[Tensor], place: Place) -> list[Tensor]:
    """Inverse depth [1/m] of what a relative model says (1, 1, H, W): of a frame as `acdepth predict` finds
    it, of an image made of the first by the first's metres, as a dark one may tell none itself."""
    metres = []
    for image, relative, later in zip(place.originals, said, LATER, strict=False):
        view = view_of(place.clip, place.index + later, None, (image.shape[0], image.shape[1]))
        metres.append(find_metres(relative, image, view))
    metres += [metres[0]] * (len(said) - len(metres))
    return [one.of(relative) for one, relative in zip(metres, said, strict=True)]


def prior_order(source: str) -> Order:
    """What a Depth Anything says: a folder or a name of the hub. Needs the extra ``train``.

    Raises:
        UserError: if there is no such model.
    """
    import torch

    from acdepth.prior.depth_anything import DepthAnythingPrior

    prior = DepthAnythingPrior.from_pretrained(source)

    @torch.inference_mode()
    def order(image: np.ndarray) -> np.ndarray:
        return prior(torch.from_numpy(image).permute(2, 0, 1)[None].float() / 255)[0, 0].numpy()

    return order


def _change(depth: np.ndarray, other: np.ndarray, counted: np.ndarray | None) -> float:
    with np.errstate(all="ignore"):
        apart = np.abs(np.log(depth / other))
    apart = apart if counted is None else apart[counted]
    return float(np.median(apart)) if np.isfinite(apart).all() else np.nan


def _ordered_alike(depth: np.ndarray, prior: np.ndarray, counted: np.ndarray | None) -> float:
    near = cv2.resize(prior.astype(np.float32), depth.shape[::-1], interpolation=cv2.INTER_AREA)
    if counted is not None:
        near, depth = near[counted], depth[counted]
    near, depth = near.ravel(), depth.ravel()
    first, second = np.random.default_rng(0).integers(len(near), size=(2, POINT_PAIRS))
    low, high = np.quantile(near, (0.02, 0.98))
    sure = np.abs(near[first] - near[second]) > LEAST_APART * (high - low)
    if not sure.any() or not np.isfinite(depth).all():
        return np.nan
    same = np.sign(near[first] - near[second]) == np.sign(depth[second] - depth[first])
    return float(same[sure].mean())
