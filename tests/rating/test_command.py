"""``acdepth rate`` as a shell calls it."""

import socket
from pathlib import Path

import pytest

from acdepth.cli.main import run
from acdepth.rating.server import RatingServer
from tests.commands import call
from tests.data.folders import write_drive
from tests.rating.people import write_pictures, write_sides


@pytest.fixture
def sides(tmp_path: Path) -> tuple[str, str]:
    real, made = write_sides(tmp_path)
    return str(real), str(made)


def ana_votes_real_thrice(server: RatingServer) -> None:
    """Instead of serving; then Ctrl-C."""
    state = server.panel.join("Ana")
    for _ in range(3):
        state = server.panel.vote("Ana", state["secret"], state["images"][0], "real", 1.0)
    raise KeyboardInterrupt


def test_the_table_stands_at_the_end_and_in_the_summary(
    sides: tuple[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr(RatingServer, "serve_forever", ana_votes_real_thrice)
    out = tmp_path / "votes.csv"
    command = ["rate", *sides, "--out", str(out), "--port", "0"]
    run(command)
    said = capsys.readouterr()
    assert "8 images to rate at http://127.0.0.1:" in said.err
    assert "4 real and 6 generated images: 8 are rated" in said.err
    assert "Ana" in said.out and "of 3" in said.out and "all 2" not in said.out
    with out.open("a") as file:
        file.write("2026-01-02T03:04:05+00:00,Bo,made/made_0.jpg,generated,generated,1.0\n")
    run(["rate", "summary", str(out)])
    table = capsys.readouterr().out
    assert "100 [21–100]" in table and "1 of 1" in table and "all 2" in table and "of 4" in table


def test_conditions_that_differ_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_drive(tmp_path / "real" / "a", count=2, condition="night")
    made = write_pictures(tmp_path / "made", 2, 50, (24, 40), ".jpg")
    monkeypatch.setattr(RatingServer, "serve_forever", ana_votes_real_thrice)
    run(["rate", str(tmp_path / "real"), str(made), "--out", str(tmp_path / "v.csv"), "--port", "0"])
    assert "real images are night, generated ones clear" in capsys.readouterr().err


def test_mistakes_end_in_one_line(
    sides: tuple[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "broken.csv").write_text("x\n")
    others = "time,rater,image,truth,vote,seconds\n2026-01-02T03:04:05,Ana,other/1.png,real,real,1.0\n"
    (tmp_path / "others.csv").write_text(others)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        cases = [
            ([sides[0], tmp_path / "empty"], "no footage found"),
            ([sides[0], tmp_path / "nowhere"], "no such file or folder"),
            ([*sides, "--images", "1"], "--images 1: must be at least 2"),
            ([*sides, "--image-size", "64x64"], "would be enlarged"),
            ([*sides, "--port", port], f"--port {port}: cannot listen there"),
            ([*sides, "--port", "99999"], "--port 99999: cannot listen there"),
            ([*sides, "--out", tmp_path / "broken.csv"], "its first line must be"),
            ([*sides, "--out", tmp_path / "empty"], "not readable as text"),
            ([*sides, "--out", tmp_path / "others.csv"], "has votes on other images, as real other/1.png"),
            (["summary", tmp_path / "nowhere.csv"], "no such file; acdepth rate writes one"),
        ]
        for arguments, message in cases:
            out = [] if "--out" in arguments or "summary" in arguments else ["--out", tmp_path / "new.csv"]
            assert call(monkeypatch, "rate", *arguments, *out) == 2
            *_, last = capsys.readouterr().err.strip().splitlines()
            assert message in last and last.startswith("acdepth: error: ")
            assert not (tmp_path / "new.csv").exists()
    assert (tmp_path / "others.csv").read_text() == others


def test_a_second_server_on_the_same_votes_is_refused(
    sides: tuple[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    command = ["rate", *sides, "--out", tmp_path / "votes.csv", "--port", "0"]
    codes = []

    def meets_a_second(server: RatingServer) -> None:
        monkeypatch.setattr(RatingServer, "serve_forever", ana_votes_real_thrice)
        codes.append(call(monkeypatch, *command))
        raise KeyboardInterrupt

    monkeypatch.setattr(RatingServer, "serve_forever", meets_a_second)
    call(monkeypatch, *command)
    assert (
        codes == [2]
        and "votes.csv: another acdepth process is writing there; wait" in capsys.readouterr().err
    )
    call(monkeypatch, *command)  # as the first has ended
    assert "Ana" in capsys.readouterr().out
