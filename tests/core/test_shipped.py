"""The weights in the package are the ones that were put there."""

from pathlib import Path

import pytest

from acdepth.core import shipped


def test_every_file_is_what_the_list_says_and_none_is_left_out() -> None:
    assert shipped.altered() == []
    named = {line.split(maxsplit=1)[1] for line in shipped.SUMS.read_text().splitlines()}
    there = {path for path in shipped.WEIGHTS.rglob("*") if path.is_file()} - {shipped.SUMS}
    assert {path.relative_to(shipped.WEIGHTS).as_posix() for path in there} == named


def test_a_changed_and_a_missing_file_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a").write_text("other")
    (tmp_path / "SHA256SUMS").write_text(f"{'0' * 64}  a\n{'1' * 64}  b/c\n")
    monkeypatch.setattr(shipped, "WEIGHTS", tmp_path)
    monkeypatch.setattr(shipped, "SUMS", tmp_path / "SHA256SUMS")
    assert shipped.altered() == ["a", "b/c"]
