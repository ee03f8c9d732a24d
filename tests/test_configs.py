"""Every settings file that ships is understood by the settings it is for."""

from pathlib import Path

import pytest

from acdepth.cli.settings import CONFIGS
from acdepth.pretrain.encoder import EncoderConfig
from acdepth.pretrain.prior import PriorConfig
from acdepth.recipes.demo import DemoConfig
from acdepth.student.task import StudentConfig
from acdepth.teacher.task import TeacherConfig

KINDS = {"teacher": TeacherConfig, "student": StudentConfig, "demo": DemoConfig}
PRETRAIN = {"encoder": EncoderConfig, "prior": PriorConfig}
FILES = sorted(CONFIGS.rglob("*.yaml"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_it_is_read(path: Path) -> None:
    kind = PRETRAIN[path.stem] if path.parent.name == "pretrain" else KINDS[path.parent.name]
    settings = kind.read(path)
    assert kind.from_dict(settings.to_dict(), where="again") == settings


def test_there_are_settings_for_each_stage() -> None:
    assert {path.parent.name for path in FILES} == {*KINDS, "pretrain"}


def test_the_published_students_settings_are_the_published_preset():
    assert StudentConfig.read(CONFIGS / "student" / "published.yaml") == StudentConfig().published()
