"""``acdepth doctor`` tells what is there and what is missing, and never fails itself."""

import pytest

from acdepth.cli import doctor as doctor_module
from acdepth.cli.doctor import doctor
from acdepth.cli.main import Verb
from acdepth.core import shipped
from acdepth.core.errors import UserError
from tests.inference.tiny import tiny_checkpoint


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "300")


def test_it_names_versions_devices_and_weights(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path
) -> None:
    monkeypatch.setattr(shipped, "STUDENT", tiny_checkpoint(tmp_path / "model.safetensors"))
    monkeypatch.setattr(shipped, "ENCODER", tmp_path / "gone.safetensors")
    monkeypatch.setattr(doctor_module, "VERBS", {"doctor": Verb("doctor.doctor", "")})
    doctor()
    said = capsys.readouterr().out
    assert "torch" in said and "cores" in said and "bfloat16" in said
    assert "untrained, for tests" in said
    assert "not usable" in said and "gone.safetensors" in said


def test_a_missing_extra_is_named_with_its_remedy(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    declared = ["numpy>=2", 'accelerate>=1; extra == "train"', 'no-such-thing>=1; extra == "train"']
    monkeypatch.setattr(doctor_module, "requires", lambda _: declared)
    monkeypatch.setattr(doctor_module, "VERBS", {})
    doctor()
    said = capsys.readouterr().out
    assert "missing no-such-thing -> pip install 'acdepth[train]'" in said


class Needy(Verb):
    def load(self):
        raise UserError(
            None, "this verb needs kornia, which is not installed", "pip install 'acdepth[train]'"
        )


def test_verbs_are_tried_and_a_broken_one_does_not_stop_the_others(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    verbs = {
        "needy": Needy("x.x", ""),
        "broken": Verb("no_such_module.x", ""),
        "good": Verb("doctor.doctor", ""),
    }
    monkeypatch.setattr(doctor_module, "VERBS", verbs)
    doctor()
    said = capsys.readouterr().out
    assert (
        "pip install 'acdepth[train]'" in said and "broken: ModuleNotFoundError" in said and "ready" in said
    )
