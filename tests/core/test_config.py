"""What is wrong in a settings file is said in its words."""

import pytest

from acdepth.core.config import Config
from acdepth.core.errors import UserError
from acdepth.engine.settings import LoopSettings
from acdepth.teacher.settings import TeacherConfig


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("learningrate: 3", r"unknown key learningrate; did you mean loop\.learning_rate\?"),
        ("loop: {stepz: 3}", r"unknown key loop\.stepz; did you mean loop\.steps\?"),
        ("xyz: 1", "unknown key xyz; known keys: split, cameras, step, .*, network"),
        ("loop: {steps: 3, learning_rate: 2e-4}", r"YAML reads 2e-4 as text, write 0\.0002 or 2\.0e-4"),
        ("initial_depth: -1", "initial_depth = -1: Input should be greater than 0"),
        ("step: 0", r"step = 0: Input should be greater than or equal to 1, or 'auto'"),
        ("step: auto2", r"step = 'auto2': Input should be a valid integer, or 'auto'"),
        ("- 1", "expected keys and values, found list"),
        ("a: [", "not readable as YAML"),
    ],
)
def test_a_mistake_is_named(tmp_path, text, message):
    path = tmp_path / "settings.yaml"
    path.write_text(text)
    with pytest.raises(UserError, match=rf"settings\.yaml: .*{message}"):
        TeacherConfig.read(path)


def test_a_setting_that_is_missing_is_named():
    with pytest.raises(UserError, match=r"here: steps is missing"):
        LoopSettings.from_dict({"batch_size": 3}, "here")


class Holder(Config):
    maybe: TeacherConfig | None = None
    by_name: dict[str, LoopSettings]


def test_inner_settings_given_in_part_keep_their_fields_defaults():
    loop = TeacherConfig().loop
    expected = loop.model_copy(update={"steps": 10})
    assert loop.learning_rate != LoopSettings(steps=10).learning_rate
    assert TeacherConfig.from_dict({"loop": {"steps": 10}}, "").loop == expected
    held = Holder.from_dict({"maybe": {"loop": {"steps": 10}}, "by_name": {"one": {"steps": 10}}}, "")
    assert held.maybe is not None and held.maybe.loop == expected
    assert held.by_name["one"] == LoopSettings(steps=10)


def test_what_is_written_is_read_again(tmp_path):
    config = TeacherConfig(initial_depth=12.5, image_size=(64, 96))
    config.write(tmp_path / "settings.yaml")
    assert TeacherConfig.read(tmp_path / "settings.yaml") == config


def test_changes_go_into_inner_settings_and_leave_the_rest():
    config = TeacherConfig(initial_depth=12.5)
    changed = config.with_changes({"loop": {"steps": 3}, "image_size": [64, 96]}, "here")
    assert (changed.loop.steps, changed.image_size, changed.initial_depth) == (3, (64, 96), 12.5)
    assert changed.loop.model_copy(update={"steps": config.loop.steps}) == config.loop
    with pytest.raises(UserError, match=r"here: unknown key loop\.stepz; did you mean loop\.steps\?"):
        config.with_changes({"loop": {"stepz": 3}}, "here")
