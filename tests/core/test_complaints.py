"""Decoders that work beside each other, and who of them complained."""

import ctypes
import sys
from threading import Barrier

import pytest

from acdepth.core.complaints import with_complaints
from acdepth.core.stream import in_order


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only glibc's complaints are collected")
def test_who_complained_is_known_though_threads_decode_beside_each_other() -> None:
    libc, meeting, begun = ctypes.CDLL(None), Barrier(3, timeout=20), set()
    libc.perror.argtypes = [ctypes.c_char_p]

    def decode(number: int) -> int:
        first_time = number not in begun
        begun.add(number)
        if first_time:
            meeting.wait()
        if number == 1:
            libc.perror(b"bad picture")
        if first_time:  # so that all three are at it when it is printed
            meeting.wait()
        return number

    found = list(in_order(lambda number: with_complaints(lambda: decode(number)), range(3), 3))
    assert [number for number, _ in found] == [0, 1, 2]
    assert [len(said) for _, said in found] == [0, 1, 0] and found[1][1][0].startswith("bad picture")


def test_pieces_come_in_order_and_an_error_at_its_turn() -> None:
    def work(number: int) -> int:
        if number == 3:
            raise ValueError("three")
        return 10 * number

    found = []
    with pytest.raises(ValueError, match="three"):
        found.extend(in_order(work, range(100), 2))
    assert found == [0, 10, 20]
