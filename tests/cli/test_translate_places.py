"""Where the processes of one translation compute."""

import pytest
import torch

from acdepth.cli import translate
from acdepth.core.errors import UserError
from acdepth.engine import processes


@pytest.fixture
def second_of_two(monkeypatch):
    """As torchrun starts the second of two processes, on a machine with one GPU."""
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setenv("LOCAL_RANK", "1")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)


def test_more_processes_than_gpus_are_refused(second_of_two):
    with pytest.raises(UserError, match=r"process 2 of this machine, which has 1 GPU\(s\).*--device cpu"):
        translate._place("auto")


def test_each_process_takes_a_gpu_of_its_own(second_of_two, monkeypatch):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert translate._place("auto") == torch.device("cuda", 1)


def test_processes_on_the_cpu_need_no_gpu_to_talk(second_of_two, monkeypatch):
    asked = {}

    class State:
        process_index, num_processes, wait_for_everyone = 1, 2, None

        def __init__(self, **how):
            asked.update(how)

    monkeypatch.setattr(processes, "PartialState", State)
    translate._share(translate._place("cpu"))
    assert asked["cpu"]
