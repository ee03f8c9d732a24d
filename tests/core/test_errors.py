"""One line of what libraries say."""

import pytest

from acdepth.core.errors import first_line


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("no room", "no room"),
        ("\n  \nno room\nat all", "no room"),
        (
            "Exception from src/core.cpp:84:\nCheck 'good' failed at a.cpp:3:\nthe file is empty",
            "the file is empty",
        ),
        ("", "ConnectionError"),
    ],
)
def test_it_is_the_first_that_tells_something(said: str, told: str) -> None:
    assert first_line(ConnectionError(said)) == told
