"""Always clear depth: depth from one camera that stays right at night, in rain, in fog.

``acdepth.load(path)(image)`` is all that most programs need. The names below are imported when they are first
used, so that ``import acdepth`` costs nothing.
"""

from typing import TYPE_CHECKING

from acdepth.core.lazy import lazy_names

if TYPE_CHECKING:
    from acdepth.core.camera import Camera
    from acdepth.core.condition import Condition
    from acdepth.core.errors import UserError
    from acdepth.core.prediction import DepthPrediction
    from acdepth.inference.predictor import load

__all__ = ["Camera", "Condition", "DepthPrediction", "UserError", "load"]

__getattr__ = lazy_names(__name__)


def __dir__() -> list[str]:
    return __all__
