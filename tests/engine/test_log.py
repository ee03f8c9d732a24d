"""The log of a training: what happens where it cannot be written or read."""

from pathlib import Path

import pytest

from acdepth.core.errors import UserError
from acdepth.engine.log import RunLog, read_log


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_is_one_line_that_names_the_log(tmp_path):
    log = RunLog(tmp_path / "log.jsonl", 0)
    log.path = Path("/dev/full")
    with pytest.raises(
        UserError, match=r"/dev/full: cannot write \(No space left on device\); free some space"
    ):
        log.add(step=1)


def test_a_torn_last_line_is_passed_over_and_a_broken_one_named(tmp_path):
    path = tmp_path / "log.jsonl"
    path.write_text('{"step": 1}\n{"step": 2, "lo')
    assert read_log(path) == [{"step": 1}]
    path.write_text('{"step": 1}\nnonsense\n{"step": 3}\n')
    with pytest.raises(UserError, match=r"log.jsonl: holds a line that is no JSON"):
        read_log(path)
