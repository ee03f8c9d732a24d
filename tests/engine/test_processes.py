"""Several processes on one training, and two trainings on one folder."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from acdepth.core.errors import UserError
from acdepth.core.identity import Identity
from acdepth.engine import fit, loop, processes, run_folder
from acdepth.engine.log import read_log
from tests.engine.together import MADE_FROM, SETTINGS, Learner, Source, launched, learn, several


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[dict[str, Any]]]:
    out = tmp_path_factory.mktemp("two")
    return out, several(2, out)


def newest(out: Path) -> dict[str, torch.Tensor]:
    return load_file(sorted((out / "checkpoints").iterdir())[-1])


def test_two_see_together_what_one_sees(two, tmp_path):
    of_one = learn(tmp_path, Learner()).seen
    first, second = (told["seen"] for told in two[1])
    assert [a + b for a, b in zip(first, second, strict=True)] == of_one


@pytest.mark.parametrize(
    ("run", "projected"), [("plain", ()), ("accumulated", ()), ("projected", ("up", "down"))]
)
def test_gradients_and_so_weights_and_moments_are_those_of_one(two, tmp_path, run, projected):
    learn(tmp_path, Learner(projected=projected))
    one, both = newest(tmp_path), newest(two[0] / run)
    assert one.keys() == both.keys()
    for name, value in one.items():
        torch.testing.assert_close(both[name], value, atol=1e-6, rtol=1e-5)


def test_one_log_is_written_and_speaks_of_both(two, tmp_path):
    learn(tmp_path, Learner())
    one, both = read_log(tmp_path / "log.jsonl"), read_log(two[0] / "plain" / "log.jsonl")
    assert [line["step"] for line in both] == [2, 4, 6]
    for line, other in zip(one, both, strict=True):
        assert other["loss"] == pytest.approx(line["loss"], rel=1e-5)
        assert other["terms"] == pytest.approx(line["terms"], rel=1e-5)


def test_with_batch_norm_all_end_with_the_same_weights_which_one_process_would_not_have(two, tmp_path):
    first, second = (told["weights"] for told in two[1])
    assert first == second
    alone = learn(tmp_path, Learner(normalised=True))
    assert first != pytest.approx([float(value.detach().sum()) for value in alone.parameters()], rel=1e-3)


def test_shared_statistics_are_refused_where_torch_has_none(two):
    assert all("sync_batch_norm: torch has it on GPUs only" in told["shared statistics"] for told in two[1])


def test_where_there_are_gpus_statistics_are_shared():
    task = Learner(normalised=True)
    names = list(task.state_dict())
    loop._share_statistics(task, torch.device("cuda"))
    assert isinstance(task.net[1], torch.nn.SyncBatchNorm) and list(task.state_dict()) == names


def test_the_first_prepares_and_where_it_fails_all_fail(two):
    first, second = two[1]
    assert not first["was prepared"] and second["was prepared"]
    assert first["failure"] == second["failure"]
    assert first["failure"].endswith("no image can be read; copy them again")
    assert "went on" not in first and "went on" not in second


def test_a_run_of_one_process_is_not_gone_on_with_by_two(two):
    with pytest.raises(UserError, match="processes: 2 → nothing"):
        learn(two[0] / "plain", Learner(), batch_size=2)


@pytest.fixture
def other_training(tmp_path: Path) -> Iterator[subprocess.Popen]:
    code = (
        "import sys, time; from pathlib import Path; from tests.engine.together import *\n"
        "with run_folder(Path(sys.argv[1]), MADE_FROM, SETTINGS): print('held', flush=True); time.sleep(60)"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path / "run")],
        env={**processes.os.environ, "PYTHONPATH": ":".join(sys.path)},
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None and process.stdout.readline() == b"held\n"
    yield process
    process.kill()
    process.wait()


def test_a_second_training_is_refused_and_may_have_the_folder_of_a_killed_one(tmp_path, other_training):
    with pytest.raises(UserError, match=r"run: another acdepth process is writing there; wait for it, or"):
        learn(tmp_path / "run", Learner())
    assert [path.name for path in (tmp_path / "run").iterdir()] == [".lock"]
    other_training.send_signal(signal.SIGKILL)
    other_training.wait()
    learn(tmp_path / "run", Learner())


def test_a_run_folder_of_other_data_is_refused_before_anything_is_done(tmp_path):
    learn(tmp_path, Learner())
    with (
        pytest.raises(UserError, match="data: rows → others"),
        run_folder(tmp_path, Identity({"data": "others"}), SETTINGS),
    ):
        raise AssertionError
    with run_folder(tmp_path, MADE_FROM, SETTINGS) as share:
        assert share.leads and share.count == 1


@pytest.mark.parametrize(
    ("launched", "on_cpu", "group", "place"),
    [(False, False, "cuda", "cuda"), (False, True, "cuda", "cpu"), (True, False, "cuda", "cuda")],
)
def test_each_training_has_its_own_device(monkeypatch, launched, on_cpu, group, place):
    """On a machine with a GPU, which this one need not have."""
    monkeypatch.setattr(processes.torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(processes, "_launched", lambda: launched)
    monkeypatch.setattr(
        processes,
        "PartialState",
        lambda cpu, timeout: SimpleNamespace(device=torch.device("cpu" if cpu else group), num_processes=1),
    )
    assert processes.training_device(on_cpu).type == place


def test_launched_processes_cannot_change_between_cpu_and_gpu(monkeypatch):
    monkeypatch.setattr(processes.torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(processes, "_launched", lambda: True)
    group = SimpleNamespace(device=torch.device("cpu"), num_processes=2)
    monkeypatch.setattr(processes, "PartialState", lambda cpu, timeout: group)
    with pytest.raises(UserError, match="device: these processes began on cpu and cannot change"):
        processes.training_device(on_cpu=False)
    assert processes.training_device(on_cpu=True).type == "cpu"


def test_a_lost_process_is_told_and_not_waited_for():
    code = (
        "import os, signal, sys; from acdepth.cli import launched, main\n"
        "share = launched.own_share(); share.wait()\n"
        "if share.rank: os.kill(os.getpid(), signal.SIGKILL)\n"
        "main.run = lambda arguments: share.wait()\n"
        "main.main()"
    )
    with launched(2, ["-c", code], stderr=subprocess.PIPE, text=True) as (first, second):
        said = first.communicate(timeout=60)[1]
        assert (first.returncode, second.wait()) == (2, -signal.SIGKILL)
    assert "acdepth: error: another of the processes that share this work has ended early" in said
    assert "Traceback" not in said


def learn_long(out: str) -> None:
    """Say when the first state is there, and train on for long."""
    settings = SETTINGS.model_copy(update={"steps": 1_000_000, "checkpoint_every": 10})
    with run_folder(Path(out), MADE_FROM, settings):
        source = partial(Source, settings.batch_size)
        fit("learn", Learner(), source, settings, Path(out), MADE_FROM)


@pytest.mark.slow
@pytest.mark.parametrize("victim", [0, 1])
def test_one_of_two_is_killed_while_they_train_and_the_other_says_so(tmp_path, victim):
    code = (
        "import sys; from acdepth.cli import main; from tests.engine.test_processes import learn_long\n"
        "main.run = lambda arguments: learn_long(sys.argv[1]); main.main()"
    )
    with launched(2, ["-c", code, str(tmp_path)], stderr=subprocess.PIPE, text=True) as both:
        deadline = time.monotonic() + 120
        while not list(tmp_path.glob("checkpoints/*")):
            assert both[victim].poll() is None and time.monotonic() < deadline
            time.sleep(0.05)
        both[victim].kill()
        said = both[1 - victim].communicate(timeout=60)[1]
        assert both[1 - victim].returncode == 2
    assert "acdepth: error: another of the processes that share this work has ended early" in said
    assert "Traceback" not in said
