"""Always clear depth: depth from one camera that stays right at night, in rain, in fog.

``acdepth.load(path)(image)`` is all that most programs need:

>>> import numpy as np
>>> import acdepth
>>> street = np.full((96, 160, 3), 128, np.uint8)  # a path or a PIL image does as well
>>> prediction = acdepth.load("shipped", device="cpu")(street)
>>> prediction.depth.shape, prediction.metric
((96, 160), True)
>>> acdepth.Camera.central(focal=256.0, height=192, width=320).resized(96, 160).fx
128.0

The rooms below have public names of their own (docs/api.md), imported when they are first used, so that
``import acdepth`` costs nothing.
"""

from typing import TYPE_CHECKING

from acdepth.core.lazy import lazy_names

if TYPE_CHECKING:
    from acdepth.core.camera import Camera as Camera
    from acdepth.core.condition import Condition as Condition
    from acdepth.core.errors import UserError as UserError
    from acdepth.core.lens import Lens as Lens
    from acdepth.core.prediction import DepthPrediction as DepthPrediction
    from acdepth.core.version import __version__ as __version__
    from acdepth.inference.predictor import Predictor as Predictor
    from acdepth.inference.predictor import load as load
    from acdepth.inference.predictor import register_with_transformers as register_with_transformers
    from acdepth.inference.steady import Steady as Steady

__all__, __getattr__ = lazy_names(
    __name__,
    {
        "acdepth.core.camera": "Camera",
        "acdepth.core.condition": "Condition",
        "acdepth.core.errors": "UserError",
        "acdepth.core.lens": "Lens",
        "acdepth.core.prediction": "DepthPrediction",
        "acdepth.core.version": "__version__",
        "acdepth.inference.predictor": "Predictor load register_with_transformers",
        "acdepth.inference.steady": "Steady",
    },
)
