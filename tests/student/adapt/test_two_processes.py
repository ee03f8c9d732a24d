"""An adaptation in two processes: one scores for both, and a stopped one goes on."""

import sys
from pathlib import Path

import pytest

from acdepth.engine.log import read_log
from acdepth.student.adapt.validation import HISTORY_FILE
from tests.engine.together import launched
from tests.student.adapt.test_training import CONFIG, adapt, contents, made  # noqa: F401 - a fixture


def both(made: Path, out: Path) -> None:  # noqa: F811
    with launched(2, ["-m", __name__, str(made), str(out)]) as processes:
        assert [process.wait(240) for process in processes] == [0, 0]


@pytest.mark.slow
def test_the_first_scores_and_saves_and_the_same_command_changes_nothing(made, tmp_path):  # noqa: F811
    both(made, tmp_path)
    scores = read_log(tmp_path / HISTORY_FILE)
    assert [score["step"] for score in scores] == list(range(CONFIG.loop.steps + 1))
    assert [line["step"] for line in read_log(tmp_path / "log.jsonl")] == [1, 2, 3, 4]
    before = contents(tmp_path / "model.safetensors")
    both(made, tmp_path)
    after = contents(tmp_path / "model.safetensors")
    assert read_log(tmp_path / HISTORY_FILE) == scores
    assert all(value.equal(after[name]) for name, value in before.items())


if __name__ == "__main__":
    adapt(*map(Path, sys.argv[1:3]))
