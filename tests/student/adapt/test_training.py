"""A whole adaptation on a few pictures: resumed exactly, ended without labels, what it reads and refuses."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from acdepth.cli import main as command
from acdepth.core.condition import Condition
from acdepth.core.errors import UserError
from acdepth.data.folder import open_data
from acdepth.engine import LoopSettings
from acdepth.engine.log import read_log
from acdepth.networks.checkpoint import (
    CheckpointCard,
    load_checkpoint,
    load_confidence_head,
    save_checkpoint,
)
from acdepth.networks.confidence import ConfidenceHead, ConfidenceHeadConfig
from acdepth.networks.depth_net import DepthNet, DepthNetConfig
from acdepth.student.adapt.settings import AdaptConfig, ValidationSettings
from acdepth.student.adapt.training import train_adapted
from acdepth.student.adapt.validation import HISTORY_FILE, Score, Validation
from acdepth.translator import SimulatedWeather, TranslateSettings
from acdepth.translator.depth_source import TeacherDepth
from acdepth.translator.translate import translate
from tests.data.folders import write_drive

TINY = DepthNetConfig(width=8)
LOOP = LoopSettings(
    steps=4, batch_size=2, learning_rate=1e-3, log_every=1, checkpoint_every=1, precision="fp32",
    device="cpu", trackers=(),
)  # fmt: skip
CONFIG = AdaptConfig(
    mix={Condition.CLEAR: 1.0, Condition.NIGHT: 1.0},
    adverse_batch_size=2,
    momentum=0.5,
    validation=ValidationSettings(frames=2, patience=9, most_forgotten=9.0),
    loop=LOOP,
)
SHIPPED = Path("shipped")


def changed(**values: object) -> AdaptConfig:
    return CONFIG.model_copy(update=values)


def save_network(folder: Path, seed: int, size: tuple[int, int] = (64, 64)) -> Path:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        network = DepthNet(TINY, 15.0)
    save_checkpoint(folder / "model.safetensors", network, CheckpointCard(network=TINY, input_size=size))
    return folder


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``clear`` footage and its ``translations`` into night, ``rain``, ``student`` and ``teacher``.

    The rain's depth, classes and speeds are garbage: nothing may read them.
    """
    folder = tmp_path_factory.mktemp("adapt")
    write_drive(folder / "clear", count=3)
    drive = write_drive(folder / "rain", count=4, condition="rain", depth=True)
    shutil.copytree(drive / "depth", drive / "classes")
    for garbage in (*drive.glob("depth/*"), *drive.glob("classes/*")):
        garbage.write_bytes(b"no picture")
    (drive / "motion.csv").unlink()
    save_network(folder / "student", 0)
    save_network(folder / "teacher", 1)
    settings = TranslateSettings(conditions=(Condition.NIGHT,))
    depth = TeacherDepth(folder / "teacher")
    translate(open_data(folder / "clear"), folder / "translations", SimulatedWeather(), depth, settings)
    return folder


def adapt(made: Path, out: Path, config: AdaptConfig = CONFIG, adverse: tuple[str, ...] = ("rain",)) -> Path:
    folders = [made / name for name in adverse]
    return train_adapted(
        config,
        made / "clear",
        folders,
        made / "translations",
        made / "student",
        made / "teacher",
        SHIPPED,
        out,
    )


def contents(path: Path) -> dict[str, torch.Tensor]:
    return load_checkpoint(path)[0].state_dict()


class Killed(Exception):
    pass


def die_around_scoring(
    monkeypatch: pytest.MonkeyPatch, run: Callable[[], object], before: bool = False
) -> None:
    """A run that is killed after, or before, its second state is scored."""
    score = Validation.__call__

    def deadly(self: Validation, step: int) -> bool:
        if step == 2 and before:
            raise Killed
        ended = score(self, step)
        if step == 2:
            raise Killed
        return ended

    with monkeypatch.context() as patched, pytest.raises(Killed):
        patched.setattr(Validation, "__call__", deadly)
        run()


@pytest.fixture(scope="module")
def unbroken(made, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("unbroken")
    adapt(made, out)
    return out


def test_what_comes_out_is_a_checkpoint_like_the_students(made, unbroken):
    network, card = load_checkpoint(unbroken / "model.safetensors")
    before, old_card = load_checkpoint(made / "student" / "model.safetensors")
    assert set(network.state_dict()) == set(before.state_dict())
    assert card.input_size == old_card.input_size and card.network == old_card.network
    assert card.conditions == (Condition.CLEAR, Condition.RAIN)
    assert card.made_by["validation"] == max(
        read_log(unbroken / HISTORY_FILE), key=lambda line: line["agreement"]
    )
    assert [line["step"] for line in read_log(unbroken / HISTORY_FILE)] == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("moment", ["before it is scored", "after it is scored"])
def test_a_killed_run_ends_like_an_unbroken_one(made, unbroken, tmp_path, monkeypatch, moment):
    """Killed around the scoring of the second state; weights, history and the kept state are the same."""
    die_around_scoring(monkeypatch, lambda: adapt(made, tmp_path), before=moment.startswith("before"))
    assert len(list(tmp_path.glob("checkpoints/*"))) == 2 and not (tmp_path / "model.safetensors").exists()
    adapt(made, tmp_path)
    for name in (HISTORY_FILE, "model.safetensors"):
        assert (tmp_path / name).read_bytes() == (unbroken / name).read_bytes(), name
    ours, theirs = (load_file(run / "checkpoints/step_0000004.safetensors") for run in (tmp_path, unbroken))
    assert set(ours) == set(theirs) and all(torch.equal(ours[name], theirs[name]) for name in ours)
    assert {name.split(".")[1] for name in ours if name.startswith("task.")} == {"anchor", "slow"}


def test_a_finished_run_is_not_trained_further(made, unbroken):
    before = {path: path.read_bytes() for path in unbroken.rglob("*") if path.is_file()}
    adapt(made, unbroken)
    assert before == {path: path.read_bytes() for path in unbroken.rglob("*") if path.is_file()}


def test_the_run_ends_when_agreement_no_longer_grows_and_keeps_the_best(made, tmp_path, monkeypatch):
    """Agreements are handed in; the second scored is the best, and two no better ones end the run."""
    agreements = iter([0.5, 0.7, 0.6, 0.7, 0.9])
    kept = {}

    def score(self: Validation, step: int) -> Score:
        kept[step] = {name: value.clone() for name, value in self.task.slow.values().items()}
        return Score(step, next(agreements), 0.0, 1.0)

    monkeypatch.setattr(Validation, "_score", score)
    patient = CONFIG.validation.model_copy(update={"patience": 2})
    path = adapt(made, tmp_path, changed(validation=patient))
    assert list(kept) == [0, 1, 2, 3]
    assert [line["step"] for line in read_log(tmp_path / "log.jsonl")] == [1, 2, 3]
    assert load_checkpoint(path)[1].made_by["validation"]["step"] == 1
    found = contents(path)
    assert all(torch.equal(found[name], value) for name, value in kept[1].items())
    assert any(not torch.equal(found[name], kept[3][name]) for name in found)
    adapt(
        made, tmp_path, changed(validation=patient)
    )  # says that it has ended, and asks for no further score
    assert next(agreements) == 0.9


def test_a_state_that_forgot_is_not_kept(made, tmp_path, monkeypatch):
    scores = iter([(0.5, 1.0), (0.9, 1.2), (0.6, 1.04), (0.55, 1.0), (0.52, 1.0)])
    monkeypatch.setattr(Validation, "_score", lambda self, step: Score(step, *_with(next(scores))))
    limited = CONFIG.validation.model_copy(update={"most_forgotten": 0.05})
    _, card = load_checkpoint(adapt(made, tmp_path, changed(validation=limited)))
    assert card.made_by["validation"]["step"] == 2


def _with(values: tuple[float, float]) -> tuple[float, float, float]:
    agreement, forgotten = values
    return agreement, 0.0, forgotten


def test_held_out_frames_score_the_network_as_it_is(made, tmp_path):
    """A slow average that turned to noise is farther from the teacher and from itself when mirrored."""
    adapt(made, tmp_path, changed(loop=LOOP.model_copy(update={"steps": 2, "learning_rate": 0.3})))
    first, _, last = read_log(tmp_path / HISTORY_FILE)
    assert last["forgotten"] > 1.5 * first["forgotten"]


def test_bare_pictures_need_to_be_told_their_condition(made, tmp_path):
    shutil.copytree(made / "rain" / "images", tmp_path / "bare")
    with pytest.raises(UserError, match=r"bare: all its footage is clear; .* give --condition night"):
        adapt(made, tmp_path / "out", adverse=(str(tmp_path / "bare"),))
    loop = LOOP.model_copy(update={"steps": 1})
    path = adapt(
        made, tmp_path / "out", changed(condition=Condition.FOG, loop=loop), (str(tmp_path / "bare"), "rain")
    )
    assert load_checkpoint(path)[1].conditions == (Condition.CLEAR, Condition.FOG)


def test_a_confidence_head_of_before_is_left_out_and_said_so(made, tmp_path, caplog):
    network, card = load_checkpoint(made / "student" / "model.safetensors")
    sure = tmp_path / "sure" / "model.safetensors"
    save_checkpoint(sure, network, card, head=ConfidenceHead(ConfidenceHeadConfig(), TINY))
    config = changed(loop=LOOP.model_copy(update={"steps": 1}))
    out = train_adapted(
        config, made / "clear", [made / "rain"], made / "translations", sure, made / "teacher", SHIPPED,
        tmp_path / "out",
    )  # fmt: skip
    assert "confidence head" in caplog.text
    assert load_confidence_head(out) is None


def test_no_adverse_footage_is_one_line(made, tmp_path):
    with pytest.raises(UserError, match=r"no adverse footage: give --adverse folders"):
        adapt(made, tmp_path, adverse=())
    with pytest.raises(UserError, match=r"clear: all its footage is clear"):
        adapt(made, tmp_path, adverse=("clear",))


def test_a_teacher_of_another_size_is_refused(made, tmp_path):
    save_network(tmp_path / "teacher", 1, (64, 96))
    with pytest.raises(UserError, match=r"its input size is 64x96, but that of .* is 64x64"):
        train_adapted(
            CONFIG, made / "clear", [made / "rain"], made / "translations", made / "student",
            tmp_path / "teacher", SHIPPED, tmp_path / "out",
        )  # fmt: skip


def test_another_interval_of_scoring_is_another_run(made, unbroken):
    with pytest.raises(UserError, match="other settings or data"):
        adapt(made, unbroken, changed(loop=LOOP.model_copy(update={"checkpoint_every": 2})))


def test_the_command(made, tmp_path):
    CONFIG.model_copy(update={"loop": LOOP.model_copy(update={"steps": 1})}).write(tmp_path / "config.yaml")
    flags = [
        "--adverse",
        str(made / "rain"),
        "--student",
        str(made / "student"),
        "--teacher",
        str(made / "teacher"),
    ]
    flags += ["--translations", str(made / "translations"), "--config", str(tmp_path / "config.yaml")]
    command.run(["train", "adapt", str(made / "clear"), *flags, "--out", str(tmp_path / "out")])
    assert (tmp_path / "out" / "model.safetensors").exists()
