"""Protocol ``own`` measures what ``acdepth predict`` gives."""

import numpy as np
import pytest
import torch

from acdepth.core.camera import Camera
from acdepth.evaluation.frames import read_frame
from acdepth.evaluation.predict import NetworkModel, predict_depth
from acdepth.evaluation.protocols import find_protocol
from acdepth.inference.model import model_of
from acdepth.inference.predictor import Predictor
from tests.evaluation.footage import Drive
from tests.inference.tiny import CAMERA, picture, tiny_card, tiny_network

OTHER = Camera(100.0, 100.0, 70.0, 45.0, 141, 90)


class Photograph(Drive):
    def __init__(self) -> None:
        super().__init__("a", [10.0])
        self.camera = OTHER

    def image(self, index: int) -> np.ndarray:
        return picture(90, 141)

    def depth(self, index: int) -> np.ndarray:
        return np.full((90, 141), 10.0, np.float32)

    def classes(self, index: int) -> None:
        return None


@pytest.mark.parametrize("flip", [False, True])
def test_it_is_the_same_depth_with_and_without_the_mirror_image(flip: bool) -> None:
    model = model_of(tiny_network(), tiny_card(camera=CAMERA.to_dict()), torch.device("cpu"))
    own = find_protocol("own").model_copy(update={"flip": flip, "max_depth": 1000.0, "min_depth": 1e-3})
    frame = read_frame(Photograph(), 0, own)
    assert frame is not None
    (measured,) = predict_depth(NetworkModel(model), [frame], own)
    predicted = Predictor(model)(frame.image, OTHER, flip).depth
    assert predicted.std() > 0.01 * predicted.mean()  # a constant would be equal whatever was done to it
    np.testing.assert_allclose(measured, predicted, rtol=1e-6)
