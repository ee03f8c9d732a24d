"""Stages that overlap hand on their results in order, hold few pieces, and stop where something fails."""

import threading
import time

import pytest

from acdepth.core.stream import in_order


def test_results_come_in_order_however_long_each_takes() -> None:
    def work(piece: int) -> int:
        time.sleep(0.01 * (piece % 3 == 0))
        return piece * piece

    doubled = in_order(lambda square: 2 * square, in_order(work, range(20), 4), 2)
    assert list(doubled) == [2 * piece * piece for piece in range(20)]


def test_work_goes_on_while_the_caller_is_busy_but_not_far_ahead() -> None:
    begun: list[int] = []
    results = in_order(begun.append, range(100), 2)
    next(results)
    time.sleep(0.05)
    assert len(begun) == 3  # one more than there are threads
    assert list(results) == [None] * 99


def test_pieces_are_worked_on_at_the_same_time() -> None:
    together = threading.Barrier(3, timeout=5)
    assert len(list(in_order(lambda _: together.wait(), range(6), 3))) == 6


def test_what_fails_is_raised_at_its_turn_and_nothing_more_is_begun() -> None:
    begun: list[int] = []

    def work(piece: int) -> int:
        begun.append(piece)
        if piece == 3:
            raise ValueError("the third")
        return piece

    got = []
    with pytest.raises(ValueError, match="the third"):
        for one in in_order(work, range(100), 1):
            got.append(one)
    assert got == [0, 1, 2] and len(begun) <= 5


def test_what_came_before_a_failing_input_is_still_done() -> None:
    def pieces():
        yield from range(3)
        raise ValueError("no more")

    got = []
    with pytest.raises(ValueError, match="no more"):
        for one in in_order(lambda piece: piece, pieces(), 2):
            got.append(one)
    assert got == [0, 1, 2]
