"""What several processes divide is each done once, and comes together in order."""

import pytest

from acdepth.core.errors import UserError
from acdepth.core.share import ALL, Share
from acdepth.core.tally import ReadTally
from tests.shares import together


@pytest.mark.parametrize(("count", "beside"), [(1, 1), (2, 1), (3, 4), (5, 2)])
def test_each_piece_is_one_processs_and_those_beside_each_other_stay_so(count, beside):
    parts = [Share(rank, count).part(range(21), beside) for rank in range(count)]
    assert sorted(piece for part in parts for piece in part) == list(range(21))
    for start in range(0, 21, beside):
        assert sum(bool(set(part) & set(range(start, start + beside))) for part in parts) == 1


def test_pieces_of_all_come_in_one_order():
    words = [f"word {number}" for number in range(10)]
    found = together(3, lambda share: share.sorted(share.part(words, 2), words.index))
    assert found == [words] * 3 and ALL.sorted(words, words.index) == words


def test_what_the_first_tells_is_what_all_hear():
    assert together(3, lambda share: share.tell(share.rank + 7)) == [7, 7, 7]


def test_unreadable_frames_of_all_processes_count_together():
    def read(share: Share, each: int) -> int:
        tally = ReadTally(400, lambda text: None)
        for number in range(each):
            tally.skip(UserError(f"{share.rank}-{number}.png", "is torn"))
        tally.gather(share)
        return len(tally.skipped)

    assert together(2, lambda share: read(share, 2)) == [4, 4]
    with pytest.raises(UserError, match="is torn \\(6 of 400 frames cannot be read so far, 4 may be"):
        together(2, lambda share: read(share, 3))
