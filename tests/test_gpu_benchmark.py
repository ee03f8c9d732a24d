"""The command that asks a GPU everything, tried without one: the first GPU is no place to find a slip."""

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[1] / "benchmarks" / "gpu.py"


@pytest.mark.slow
def test_every_question_is_answered_by_ratios(tmp_path):
    command = [sys.executable, str(SCRIPT), "--device", "cpu", "--tiny", "--out", str(tmp_path)]
    told = subprocess.run(command, capture_output=True, text=True)
    assert told.returncode == 0, told.stderr[-2000:]
    for ratio in (
        "student before L_c: published / ours",
        "published / torch bf16",
        "ours / float32, one by one",
    ):
        assert ratio in told.stdout
    assert {file.name for file in tmp_path.iterdir()} == {
        "training.json",
        "inference.json",
        "translator.json",
    }
