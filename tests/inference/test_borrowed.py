"""Images that tell no metres get those of the nearest that does, and it is said."""

from pathlib import Path

import numpy as np
import pytest
import torch

from acdepth.core.clip import Frame
from acdepth.core.condition import Condition
from acdepth.core.errors import UserError
from acdepth.evaluation.frames import read_frame
from acdepth.evaluation.predict import NetworkModel, predict_depth, predict_unscored
from acdepth.evaluation.protocols import find_protocol
from acdepth.inference.borrowed import BorrowedMetres
from acdepth.translator import SimulatedWeather, TranslateSettings
from acdepth.translator.depth_source import TeacherDepth
from acdepth.translator.translate import translate
from tests.inference.relative import GrayDrive, relative_model, road_inverse_depth

DRIVE = GrayDrive([10, 20, 250, 251, 30, 40])


def scale_of(metres: BorrowedMetres, index: int) -> float:
    image = DRIVE.image(index)
    [said] = metres.model.infer([image], [(image.shape[0], image.shape[1])])
    found = metres.find(said.inverse_depth, image, Frame(DRIVE, index), None)
    assert found.shift == 0
    return found.scale


@pytest.mark.parametrize("order", [range(6), (3, 2, 5, 4, 0, 1)])
def test_the_nearest_image_that_tells_metres_lends_them(order):
    metres = BorrowedMetres(relative_model())
    scales = {index: scale_of(metres, index) for index in order}
    lenders = [10, 20, 20, 30, 30, 40]
    assert [scales[index] for index in range(6)] == pytest.approx([1 / one for one in lenders], rel=1e-3)
    assert {error.where for error in metres.borrowers} == {DRIVE.key(2), DRIVE.key(3)}


def test_a_damaged_image_lends_nothing(monkeypatch):
    def image(index: int) -> np.ndarray:
        if index == 1:
            raise UserError(DRIVE.key(index), "not readable as an image")
        return GrayDrive.image(DRIVE, index)

    monkeypatch.setattr(DRIVE, "image", image)
    assert scale_of(BorrowedMetres(relative_model()), 2) == pytest.approx(1 / 10, rel=1e-3)


def test_a_drive_of_walls_alone_is_refused():
    metres, walls = BorrowedMetres(relative_model()), GrayDrive([250, 251])
    with pytest.raises(
        UserError, match=r"drive: none of its 2 images tells metres, such as .*no road"
    ) as told:
        metres.find(torch.ones(1, 1, 48, 80), walls.image(0), Frame(walls, 0), None)
    assert "\n" not in str(told.value)


def test_translate_goes_on_and_says_so_once(tmp_path, monkeypatch):
    monkeypatch.setattr("acdepth.translator.depth_source.open_model", lambda *given: relative_model())
    said: list[str] = []
    settings = TranslateSettings((Condition.NIGHT,))
    source = TeacherDepth(Path("hf:made"))
    made = translate([DRIVE], tmp_path, SimulatedWeather(), source, settings, on_warning=said.append)
    assert len(made.entries) == len(DRIVE)
    [told] = [one for one in said if "metres" in one]
    assert told.startswith("2 images tell no metres and got those of the nearest that does, first drive/")


def test_evaluate_stops_with_what_to_do_and_orders_points_all_the_same():
    protocol, model = find_protocol("own"), NetworkModel(relative_model())
    road, wall = (read_frame(DRIVE, index, protocol) for index in (0, 2))
    assert road is not None and wall is not None
    [depth] = predict_depth(model, [road], protocol)
    np.testing.assert_allclose(depth[30:], (1 / road_inverse_depth())[30:], rtol=1e-3)
    with pytest.raises(UserError, match=r"000002.png: made says no metres .* --alignment scale_and_shift"):
        predict_depth(model, [road, wall], protocol)
    without = protocol.model_copy(update={"alignment": "scale_and_shift"})
    assert len(predict_depth(model, [road, wall], without)) == 2
    assert len(predict_unscored(model, [road, wall], protocol)) == 2
