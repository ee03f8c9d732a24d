"""Whatever the other end of the output can take: no verb fails for a character."""

import io
import os
import subprocess
import sys

import pytest

from acdepth.core.terminal import READABLE, print_anywhere

ASKED = """
import sys
from acdepth.cli import main as command
for name in command.VERBS:
    sys.argv = ["acdepth", *name.split(), "--help"]
    try:
        command.main()
    except SystemExit as ended:
        assert not ended.code, name
sys.argv = ["acdepth", "predict", "caf\\u00e9\\udcff\\u2193.png"]
command.main()
"""


@pytest.mark.parametrize(
    ("encoding", "told"),
    [
        ("utf-8", "absRel ↓ ±0.1 \\xff ≤ é 3 × 2"),
        ("cp1252", "absRel v ±0.1 \\xff <= é 3 × 2"),
        ("ascii", "absRel v +-0.1 \\xff <= e 3 x 2"),
    ],
)
def test_what_an_encoding_lacks_is_written_plainly(monkeypatch, encoding, told):
    bytes_ = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(bytes_, encoding=encoding))
    print_anywhere()
    print("absRel ↓ ±0.1 \udcff ≤ é 3 × 2", end="", flush=True)
    assert sys.stdout.errors == READABLE and bytes_.getvalue().decode(encoding) == told


def test_a_letter_without_relatives_is_written_as_its_number(monkeypatch):
    bytes_ = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(bytes_, encoding="ascii"))
    print_anywhere()
    print("深", end="", flush=True)
    assert bytes_.getvalue() == b"\\u6df1"


@pytest.mark.parametrize(
    ("place", "width"),
    [
        ({"PYTHONIOENCODING": "cp1252"}, "40"),
        ({"LC_ALL": "POSIX", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}, "200"),
    ],
    ids=["cp1252, narrow", "POSIX, wide"],
)
def test_help_and_errors_fit_every_terminal(place, width):
    environment = {**os.environ, **place, "COLUMNS": width, "NO_COLOR": "1"}
    done = subprocess.run([sys.executable, "-c", ASKED], capture_output=True, env=environment)
    assert done.returncode == 2 and b"Traceback" not in done.stderr
    assert done.stderr.count(b"\n") == 1 and b"\\xff" in done.stderr
    assert b"usage: acdepth fit" in done.stdout
