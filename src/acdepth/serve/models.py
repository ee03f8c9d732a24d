"""The models that a server offers, and the cameras that requests bring."""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from acdepth.core.camera import Camera
from acdepth.core.errors import UserError
from acdepth.data.own.guessed import lens_from_fov
from acdepth.inference.predictor import Predictor
from acdepth.serve.reading import Refused


class Models:
    """By name, in the order given; the first answers where none is asked for.

    Args:
        predictors: at least one.
    """

    def __init__(self, predictors: Mapping[str, Predictor]) -> None:
        self.predictors = dict(predictors)
        self.names = list(self.predictors)

    def find(self, name: str | None) -> Predictor:
        """The model of a name.

        Raises:
            Refused: if there is none.
        """
        name = name or self.names[0]
        if name not in self.predictors:
            raise Refused(HTTPStatus.NOT_FOUND, "no such model", f"there are {', '.join(self.names)}")
        return self.predictors[name]

    def describe(self) -> list[dict[str, Any]]:
        """What is public of each: nothing of where its file lies."""
        return [_described(name, one) for name, one in self.predictors.items()]


def _described(name: str, predictor: Predictor) -> dict[str, Any]:
    model = predictor.model
    return {
        "name": name,
        "description": model.description,
        "metric": model.metric,
        "metres": model.metres and model.metres.describe(),
        "confidence": confidence_of(predictor),
        "conditions": [str(one) for one in model.conditions],
        "input_size": model.input_size,
        "sha256": model.sha256,
    }


def confidence_of(predictor: Predictor) -> str | None:
    """Whence its confidence comes, in a word; None where it has none."""
    if predictor.model.head is not None:
        return "head"
    return "scales" if predictor.model.has_scales else None


def camera_asked(camera: str | None, fov: float | None, size: tuple[int, int]) -> Camera | None:
    """The camera of an image of (height, width): JSON of its six numbers, or degrees across; None if neither.

    Raises:
        Refused: if it is no camera, not that of the image, or both are given.
    """
    if camera and fov is not None:
        raise Refused(HTTPStatus.UNPROCESSABLE_ENTITY, "camera and fov say the same", "give one of them")
    try:
        if fov is not None:
            return lens_from_fov(fov, size).camera
        return Camera.from_dict(json.loads(camera)).at_size(*size) if camera else None
    except UserError as error:
        raise Refused(HTTPStatus.UNPROCESSABLE_ENTITY, str(error).replace("--", "")) from error
    except (ValueError, TypeError, RecursionError) as error:
        what = "camera is not readable as JSON"
        remedy = '{"fx": 500, "fy": 500, "cx": 320, "cy": 180, "width": 640, "height": 360}'
        raise Refused(HTTPStatus.UNPROCESSABLE_ENTITY, what, f"write {remedy}") from error
