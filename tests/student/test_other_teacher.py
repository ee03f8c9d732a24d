"""A student whose teacher is a model of transformers, on photographs and on a drive."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

import acdepth
from acdepth.core.condition import Condition
from acdepth.core.errors import UserError
from acdepth.core.seeding import make_generator
from acdepth.data.folder import open_data
from acdepth.data.labels import Labels
from acdepth.data.mix import MixBatches
from acdepth.data.prepared import prepare
from acdepth.inference.model import open_model
from acdepth.networks.checkpoint import load_checkpoint
from acdepth.networks.depth_net import DepthNetConfig
from acdepth.networks.metres import Metres
from acdepth.student.other_teacher import OtherTeacher
from acdepth.student.settings import ShapeOptions, StudentConfig
from acdepth.student.training import train_student
from tests.data.folders import write_drive
from tests.inference.hub_models import write_model
from tests.inference.tiny import tiny_checkpoint
from tests.student.test_training import STILL

SHAPE = ShapeOptions(network=DepthNetConfig(width=8), image_size=(64, 96))
CONFIG = StudentConfig(
    mix={Condition.CLEAR: 1.0}, start_from="scratch", ordinal_weight=0.0, shape=SHAPE, loop=STILL,
    consistency_start=0.0,
)  # fmt: skip


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    whole = tmp_path_factory.mktemp("teachers")
    return {kind: Path(f"hf:{write_model(whole / kind, kind)}") for kind in ("glpn", "dpt")}


def write_photographs(folder: Path, sizes: list[tuple[int, int]]) -> Path:
    folder.mkdir()
    for number, (height, width) in enumerate(sizes):
        drawn = torch.rand(5, 9, 3, generator=make_generator(number, "photograph")).numpy()
        large = cv2.resize(drawn, (width, height), interpolation=cv2.INTER_CUBIC).clip(0, 1)
        cv2.imwrite(str(folder / f"street_{number}.png"), (255 * large).astype(np.uint8))
    return folder


def test_photographs_are_enough(models, tmp_path, caplog):
    """No camera, no video, two sizes of one aspect."""
    data = write_photographs(tmp_path / "data", [(80, 120), (80, 120), (100, 150)])
    path = train_student(CONFIG, data, None, models["glpn"], None, tmp_path / "run")
    _, card = load_checkpoint(path)
    assert card.metric and card.metres == Metres(source="teacher", taught_by="model")
    assert card.camera is None and "nothing tells the camera of 3 pictures" in caplog.text
    assert card.network == SHAPE.network and card.input_size == SHAPE.image_size
    assert "glpn of transformers, says metres" in card.description
    assert train_student(CONFIG, data, None, models["glpn"], None, tmp_path / "run") == path


def test_labels_are_what_the_model_says_of_whole_pictures(models, tmp_path):
    data = write_photographs(tmp_path / "data", [(80, 120)] * 3)
    clips, other = open_data(data), OtherTeacher(models["glpn"], CONFIG)
    clear = prepare(clips, tmp_path / "clear", SHAPE.image_size, reach=0)
    labels = other.labels(clips, clear, tmp_path / "labels")
    model = open_model(models["glpn"], device="cpu")
    [said] = model.infer([clips[0].image(1)], [(80, 120)])
    wanted = torch.nn.functional.interpolate(said.inverse_depth, SHAPE.image_size, mode="area")
    np.testing.assert_allclose(labels.inverse_depth(1, False), wanted[0, 0].clamp(1 / 80, 10), rtol=2e-3)
    batch = MixBatches(clear, {}, None, 8, 0, labels=labels).batch(0)
    assert batch.taught is not None
    (taught,) = batch.taught
    straight = {labels.inverse_depth(index, False).tobytes() for index in range(3)}
    for image, said in zip(batch.clear, taught, strict=True):
        whole = [clear.image(index, mirror) for index in range(3) for mirror in (False, True)]
        [place] = [number for number, one in enumerate(whole) if np.array_equal(one, image.permute(1, 2, 0))]
        expected = labels.inverse_depth(place // 2, bool(place % 2))
        np.testing.assert_array_equal(said[0].numpy(), expected)
    assert len(straight) == 3


def test_labels_go_on_where_they_were_stopped(models, tmp_path, monkeypatch):
    data = write_photographs(tmp_path / "data", [(80, 120)] * 4)
    clips, other = open_data(data), OtherTeacher(models["glpn"], CONFIG)
    clear = prepare(clips, tmp_path / "clear", SHAPE.image_size, reach=0)
    whole = other.labels(clips, clear, tmp_path / "whole")
    asked: list[str] = []
    ask = OtherTeacher._label

    def stop(self, frame, aspect):
        asked.append(frame.key)
        if len(asked) == 3:
            raise KeyboardInterrupt
        return ask(self, frame, aspect)

    monkeypatch.setattr(OtherTeacher, "_label", stop)
    with pytest.raises(KeyboardInterrupt):
        other.labels(clips, clear, tmp_path / "cut")
    again: Labels = other.labels(clips, clear, tmp_path / "cut")
    assert len(asked) == 5 and asked[2] == asked[3]
    assert again.rows.tobytes() == whole.rows.tobytes()


def test_pictures_of_another_aspect_are_not_learnt_from(models, tmp_path, caplog):
    data = write_photographs(tmp_path / "data", [(80, 120), (120, 80), (80, 120), (80, 120)])
    train_student(CONFIG, data, None, models["glpn"], None, tmp_path / "run")
    assert "1 of 4 frames are not learnt from" in caplog.text and "another aspect" in caplog.text


def test_a_relative_teacher_needs_something_that_tells_metres(models, tmp_path):
    data = write_photographs(tmp_path / "data", [(80, 120)] * 2)
    with pytest.raises(UserError, match="what is nearer, not how far anything is"):
        train_student(CONFIG, data, None, models["dpt"], None, tmp_path / "run")
    drive = write_drive(tmp_path / "drive", count=3)  # which shows nothing that can be followed
    with pytest.raises(UserError, match="none of 3 images tells metres"):
        train_student(CONFIG, drive, None, models["dpt"], None, tmp_path / "other")


def test_a_student_does_not_start_from_another_kind_of_network(models, tmp_path):
    with pytest.raises(UserError, match="start from an encoder"):
        OtherTeacher(models["glpn"], CONFIG.model_copy(update={"start_from": "teacher"}))
    with pytest.raises(UserError, match="needs a network of our own"):
        load_checkpoint(models["glpn"])


def test_a_saved_folder_of_ours_is_no_other_kind_of_network(tmp_path):
    ours = acdepth.load(tiny_checkpoint(tmp_path / "model.safetensors"), device="cpu")
    ours.save_pretrained(tmp_path / "folder")
    with pytest.raises(UserError, match=r"a network of ours, .* give --teacher .*folder/model.safetensors"):
        OtherTeacher(Path(f"hf:{tmp_path / 'folder'}"), CONFIG)
