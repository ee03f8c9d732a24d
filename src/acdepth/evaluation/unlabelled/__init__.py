"""Whether depth can be right, told without any measurement of it."""

from collections.abc import Sequence

import numpy as np

from acdepth.core.clip import Clip
from acdepth.core.spread import spread
from acdepth.evaluation.unlabelled.schema import Measure, UnlabelledCheck
from acdepth.inference.model import DepthModel


def check_unlabelled(model: DepthModel, footage: Sequence[Clip]) -> UnlabelledCheck:
    """Look at some frames."""
    frames = spread([(clip, index) for clip in footage for index in clip.targets()], 8)
    images = [clip.image(index) for clip, index in frames]
    found = model.infer(images, [model.fit(image.shape) for image in images])
    top = [float(one.inverse_depth[..., : one.inverse_depth.shape[-2] // 4, :].median()) for one in found]
    low = [float(one.inverse_depth[..., -one.inverse_depth.shape[-2] // 4 :, :].median()) for one in found]
    falls = float(np.mean([a < 0.7 * b for a, b in zip(top, low, strict=True)]))
    verdict = "works" if falls > 0.8 else "degenerate"
    measure = Measure(value=falls, finding=verdict, in_words=f"the top is far in {falls:.0%} of the frames")
    return UnlabelledCheck(
        verdict=verdict,
        in_words=verdict if verdict == "works" else "degenerate: the sky is near; try more frames",
        score=1 - falls,
        measures={"sky": measure},
        model=model.name,
        sha256=model.sha256,
        frames=len(frames),
        pairs=0,
    )
