"""The command as a shell calls it."""

import sys

import pytest

from acdepth.cli.main import main


def call(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> int:
    """Run ``acdepth`` in this process; returns the exit code."""
    monkeypatch.setattr(sys, "argv", ["acdepth", *map(str, arguments)])
    try:
        main()
    except SystemExit as stop:
        return int(stop.code or 0)
    return 0
