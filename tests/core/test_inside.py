"""A name that a stranger chose leads nowhere but into its root."""

import ntpath
import os.path
from pathlib import Path, PurePosixPath, PureWindowsPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acdepth.core.errors import UserError
from acdepth.core.files import inside

ROOT = Path("/data/set")
NAMES = st.one_of(
    st.text(),
    st.lists(st.sampled_from(["..", ".", "", "a", "C:", " ", ".. ", "b.jpg", "...", "/", "\\"])).map(
        "/".join
    ),
    st.lists(st.sampled_from(["..", ".", "a", "C:", " ", "/", "\\"])).map("".join),
)


@given(NAMES)
def test_what_it_returns_is_inside_on_every_system(name: str) -> None:
    try:
        path = inside(ROOT, name, "table.json")
    except UserError:
        return
    assert Path(os.path.normpath(path)).is_relative_to(ROOT) and Path(os.path.normpath(path)) != ROOT
    assert ntpath.normpath(ntpath.join("C:\\data", name)).startswith("C:\\data\\")
    assert not PurePosixPath(name).is_absolute() and not PureWindowsPath(name).anchor


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "./",
        "/etc/a",
        "../a",
        "a/../../b",
        "..\\a",
        "C:a",
        "C:/a",
        "\\\\host\\a",
        "a/..",
        "a\0b",
        "a/.. /b",
    ],
)
def test_names_that_leave_are_refused_with_who_told_them(name: str) -> None:
    with pytest.raises(UserError, match="which is not within") as refused:
        inside(ROOT, name, "table.json")
    assert refused.value.where == "table.json" and "\n" not in str(refused.value)


@pytest.mark.parametrize("name", ["a.jpg", "samples/CAM_FRONT/a..b.jpg", "./a/...", "a//b", "..a/b.."])
def test_all_others_are_joined(name: str) -> None:
    assert inside(ROOT, name, "table.json") == ROOT / name


def test_only_spaces_are_dropped_at_the_end_as_windows_does(tmp_path):
    for name in ("..\t/a", "\t", "a /b"):
        assert inside(tmp_path, name, "list.txt") == tmp_path / name
    for name in (".. /a", " ", "a/.. "):
        with pytest.raises(UserError, match="not within"):
            inside(tmp_path, name, "list.txt")
