"""Mutation testing names files and functions that are there."""

from pathlib import Path
from pkgutil import resolve_name

import pytest
import yaml

from tests.mutation.rooms import ROOMS

TESTS = Path(__file__).parents[1]


@pytest.mark.parametrize("name", ROOMS)
def test_every_pattern_of_a_room_finds_files(name: str) -> None:
    room = ROOMS[name]
    for root, patterns in ((TESTS.parent / "src" / "acdepth", room.files), (TESTS, room.tests)):
        assert not [pattern for pattern in patterns if not list(root.glob(pattern))]


def test_what_nobody_could_notice_is_of_functions_that_are_there() -> None:
    for place in yaml.safe_load((TESTS / "mutation" / "equivalent.yaml").read_text("utf-8")):
        resolve_name(place)
