"""A translator trained in two processes: images of both, one run folder, and no network waits for another."""

import sys
from pathlib import Path

import pytest

from acdepth.engine.log import read_log
from tests.engine.together import launched
from tests.translator.test_training import CONFIG, content, train, world  # noqa: F401 - a fixture


def both(world: Path, out: Path) -> None:  # noqa: F811
    with launched(2, ["-m", __name__, str(world), str(out)]) as processes:
        assert [process.wait(300) for process in processes] == [0, 0]


@pytest.mark.slow
def test_two_leave_what_one_leaves_and_the_same_command_changes_nothing(world, tmp_path):  # noqa: F811
    train(world, tmp_path / "one")
    both(world, tmp_path / "two")
    logs = [read_log(tmp_path / name / "log.jsonl") for name in ("one", "two")]
    assert [line["step"] for line in logs[0]] == [line["step"] for line in logs[1]]
    assert (
        logs[1][-1]["step"] == CONFIG.loop.steps
        and logs[0][-1]["terms"].keys() == logs[1][-1]["terms"].keys()
    )
    made = content(tmp_path / "two")
    assert made.keys() == content(tmp_path / "one").keys()
    both(world, tmp_path / "two")
    assert content(tmp_path / "two") == made


if __name__ == "__main__":
    train(*map(Path, sys.argv[1:3]))
