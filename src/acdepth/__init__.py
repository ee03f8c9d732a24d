"""Always clear depth: depth from one camera that stays right at night, in rain, in fog.

``acdepth.load(path)(image)`` is all that most programs need. The names below are imported when they are first
used, so that ``import acdepth`` costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from acdepth.core.camera import Camera
    from acdepth.core.condition import Condition
    from acdepth.core.errors import UserError
    from acdepth.core.prediction import DepthPrediction
    from acdepth.inference.predictor import load

__all__ = ["Camera", "Condition", "DepthPrediction", "UserError", "load"]

_HOMES = {
    "Camera": "acdepth.core.camera",
    "Condition": "acdepth.core.condition",
    "DepthPrediction": "acdepth.core.prediction",
    "UserError": "acdepth.core.errors",
    "load": "acdepth.inference.predictor",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'acdepth' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return __all__
