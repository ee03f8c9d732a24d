"""Where translations lie, and where the processes that make them compute."""

import numpy as np
import pytest
import torch

from acdepth.cli import launched, translate
from acdepth.core.condition import Condition
from acdepth.core.errors import UserError
from acdepth.core.images import read_image
from acdepth.data import Crop, open_data, prepare
from acdepth.data.translated import prepare_translations
from acdepth.engine import processes
from acdepth.networks.checkpoint import CheckpointCard, save_checkpoint
from acdepth.networks.depth_net import DepthNet, DepthNetConfig
from tests.data.folders import write_drive


@pytest.fixture
def second_of_two(monkeypatch):
    """As torchrun starts the second of two processes, on a machine with one GPU."""
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setenv("LOCAL_RANK", "1")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)


@pytest.mark.parametrize("rank", ["0", "1"])
def test_more_processes_than_gpus_are_refused_by_all_of_them(second_of_two, monkeypatch, rank):
    monkeypatch.setenv("LOCAL_RANK", rank)
    with pytest.raises(UserError, match=r"2 processes on this machine, for 1 GPU\(s\).*--device cpu"):
        launched.own_place("auto")


def test_translations_inside_the_footage_are_refused(tmp_path):
    with pytest.raises(UserError, match="would lie among the footage"):
        translate.translate(tmp_path, tmp_path / "night", depth="measured")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("flag", ["base=x", "precision=fp32", "translate_size=trained"])
def test_flags_of_diffusion_are_refused_for_simulated_weather(tmp_path, flag):
    name, value = flag.split("=")
    told = f"--{name.replace('_', '-')} {value}: is of --method diffusion"
    with pytest.raises(UserError, match=told):
        translate.translate(tmp_path / "in", tmp_path / "out", depth="measured", **{name: value})


def test_translations_of_the_teachers_size_show_what_its_student_takes(tmp_path):
    crop = Crop(top=4, height=16, width=40)
    card = CheckpointCard(network=DepthNetConfig(width=8), input_size=(64, 96), crop=crop)
    weights, made = tmp_path / "model.safetensors", tmp_path / "made"
    save_checkpoint(weights, DepthNet(card.network), card)
    data = write_drive(tmp_path / "data", count=1)
    translate.translate(data, made, weights=weights, image_size="teacher", conditions="night")
    (clip,) = open_data(data)
    clear = prepare([clip], tmp_path / "clear", card.input_size, crop)
    ready = prepare_translations(clear, made, Condition.NIGHT, tmp_path / "ready")
    assert np.array_equal(ready.images[0], read_image(next(made.rglob("*.jpg"))))
    assert ready.images[0].shape == (64, 96, 3)


def test_a_teachers_size_needs_a_teacher(tmp_path):
    write_drive(tmp_path / "data", count=1, depth=True)
    with pytest.raises(UserError, match="--image-size teacher: there is no teacher here; give a size"):
        translate.translate(tmp_path / "data", tmp_path / "out", depth="measured", image_size="teacher")


def test_each_process_takes_a_gpu_of_its_own(second_of_two, monkeypatch):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert launched.own_place("auto") == torch.device("cuda", 1)


def test_processes_that_divide_work_need_no_gpu_to_talk(second_of_two, monkeypatch):
    asked = {}

    class State:
        process_index, num_processes = 1, 2

        def __init__(self, **how):
            asked.update(how)

    monkeypatch.setattr(processes, "PartialState", State)
    share = launched.own_share()
    assert asked["cpu"] and (share.rank, share.count) == (1, 2)
