"""``votes.csv`` on disk, what it adds up to, and what is refused."""

from pathlib import Path

import pytest

from acdepth.core.errors import UserError
from acdepth.rating.pictures import Kind
from acdepth.rating.votes import Vote, VoteFile, read_votes, tally, tally_raters

HEADER = "time,rater,image,truth,vote,seconds\n"


def cast(rater: str, image: str, truth: str, vote: str, seconds: float = 2.0) -> Vote:
    return Vote("2026-01-02T03:04:05+00:00", rater, image, Kind(truth), Kind(vote), seconds)


def test_each_vote_is_on_the_disk_at_once_and_may_be_taken_back(tmp_path: Path) -> None:
    file = VoteFile(tmp_path / "deep" / "votes.csv")
    assert not file.path.exists()
    file.begin()
    assert file.path.read_text() == HEADER
    votes = [cast("Ana", 'a,"b".png', "real", "generated"), cast("Bo", "c.png", "generated", "real")]
    for number, vote in enumerate(votes, start=1):
        file.add(vote)
        assert read_votes(file.path) == votes[:number]
    file.drop(votes[0])
    assert read_votes(file.path) == votes[1:] == VoteFile(file.path).votes


def test_a_line_torn_by_a_kill_is_dropped_and_the_file_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "votes.csv"
    whole = HEADER + "2026-01-02T03:04:05+00:00,Ana,a.png,real,real,1.0\n"
    for torn in ("2026-01-02T03:0", '2026-01-02T03:04:05+00:00,Ana,"a,', "2026-01-02,Ana,a.png,real,re"):
        path.write_text(whole + torn)
        assert len(read_votes(path)) == 1
        file = VoteFile(path)
        file.begin()
        file.add(cast("Ana", "b.png", "real", "real"))
        assert [vote.image for vote in read_votes(path)] == ["a.png", "b.png"]


def test_a_whole_last_line_without_its_end_is_kept_and_blank_lines_are_none(tmp_path: Path) -> None:
    path = tmp_path / "votes.csv"
    line = "2026-01-02T03:04:05+00:00,Ana,{}.png,real,real,1.0"
    path.write_text(HEADER + "\n" + line.format("a") + "\n \n" + line.format("b"))
    file = VoteFile(path)
    assert [vote.image for vote in file.votes] == ["a.png", "b.png"]
    file.begin()
    file.add(cast("Ana", "c.png", "real", "real"))
    assert [vote.image for vote in read_votes(path)] == ["a.png", "b.png", "c.png"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('a,"b"c', "line 1: not readable as CSV"),
        ("a,b\n1,2\n", "its first line must be time,rater,image,truth,vote,seconds, not 'a,b'"),
        (HEADER + "2026-01-02,Ana,a.png,real,maybe,1\n", "line 2: no vote .*'maybe'"),
        (HEADER + "2026-01-02,Ana,a.png,real,real\n", "line 2: no vote"),
        (HEADER + "yesterday,Ana,a.png,real,real,1\n", "line 2: no vote .*yesterday"),
        (HEADER + "2026-01-02,Ana,a.png,real,real,nan\n", "line 2: no vote"),
        (HEADER + '2026-01-02,Ana,"a"b.png,real,real,1\n', "line 2: not readable as CSV"),
        (b"\xff\x00\xff", "not readable as text"),
        (HEADER.encode("utf-16"), "is text in UTF-16; save it as UTF-8"),
    ],
)
def test_a_broken_file_is_named_with_its_line(tmp_path: Path, content: str | bytes, message: str) -> None:
    path = tmp_path / "votes.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(UserError, match=message):
        VoteFile(path)
    assert path.read_bytes() == (content.encode() if isinstance(content, str) else content)


def test_counts_go_by_what_the_images_are() -> None:
    votes = [cast("Ana", f"{n}", "generated", "real" if n < 3 else "generated") for n in range(10)]
    votes += [cast("Ana", f"{n}", "real", "real" if n < 8 else "generated", 4.0) for n in range(10)]
    found = tally(votes)
    assert (found.generated_called_real.count, found.generated_called_real.of) == (3, 10)
    assert (found.real_called_real.count, found.real_called_real.of) == (8, 10)
    assert (found.right.count, found.right.of) == (15, 20)
    assert found.right.part is not None and found.right.part.low == pytest.approx(0.5313, abs=1e-4)
    assert found.seconds == 2.0
    only_real = tally_raters([*votes, cast("Bo", "1", "real", "real")])["Bo"]
    assert only_real.generated_called_real.part is None and only_real.right.count == 1
