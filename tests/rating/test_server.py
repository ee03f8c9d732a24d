"""The page's server as a browser meets it: votes that stay, and nothing else that it would do."""

import csv
import socket
import threading
import time
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from acdepth.rating.pictures import Kind
from acdepth.rating.server import MOST_CONNECTIONS, RatingServer
from acdepth.rating.votes import Vote, VoteFile, read_votes
from acdepth.reports.votes import ADDRESSES
from tests.rating.people import brightness, get, post, serving, undo, vote, who, write_sides


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_sides(tmp_path)
    return tmp_path


def lines(folder: Path) -> list[dict[str, str]]:
    with (folder / "votes.csv").open(newline="") as stream:
        return list(csv.DictReader(stream))


def test_a_rater_who_sees_everything_right_gets_the_result(folder: Path) -> None:
    with serving(folder) as server:
        _, state = post(server, "/join", {"rater": " Ana  B. "})
        assert (state["rater"], state["done"], state["of"]) == ("Ana B.", 0, 8)
        seen = []
        while "result" not in state:
            bright = brightness(server, state["images"][0]) > 125
            seen.append(bright)
            state = vote(server, state, "real" if bright else "generated", 2.25)
            assert len(lines(folder)) == len(seen)  # before the next image is asked for
    own = state["result"]["own"]
    assert own["right"]["count"] == own["right"]["of"] == 8 and own["right"]["low"] == pytest.approx(
        0.6756, abs=1e-4
    )
    assert own["generated_called_real"]["count"] == 0 and own["real_called_real"]["count"] == 4
    assert state["result"]["together"] is None and state["images"] == []
    assert sum(seen) == 4 and seen not in ([True] * 4 + [False] * 4, [False] * 4 + [True] * 4)
    row = lines(folder)[0]
    assert list(row) == ["time", "rater", "image", "truth", "vote", "seconds"]
    assert (row["rater"], row["seconds"]) == ("Ana B.", "2.25") and row["truth"] == row["vote"]
    assert row["image"].startswith(("photographs/photographs_", "made/made_"))


def test_nothing_gives_an_image_away(folder: Path) -> None:
    with serving(folder) as server:
        _, state = post(server, "/join", {"rater": "Ana"})
        shapes = set()
        for token in list(server.panel.pictures):
            status, content, headers = get(server, f"/image/{token}")
            image = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED)
            shapes.add((status, image.shape, headers["Content-Type"], content[:20]))
            assert b"Exif" not in content and not headers["Last-Modified"] and not headers["ETag"]
        assert len(shapes) == 1 and shapes.pop()[:3] == (200, (40, 64, 3), "image/jpeg")
        said = f"{state}" + "".join(server.files)
        assert "made" not in said and "photographs" not in said and "truth" not in said


def test_undo_brings_the_last_image_back_and_its_line_goes(folder: Path) -> None:
    with serving(folder) as server:
        _, first = post(server, "/join", {"rater": "Ana"})
        _, same = undo(server, first)
        assert same == first
        second = vote(server, first, "real")
        _, state = undo(server, vote(server, second, "real"))
        assert state == second and len(lines(folder)) == 1


def test_a_restart_goes_on_in_the_same_order_with_other_names(folder: Path) -> None:
    with serving(folder) as server:
        _, state = post(server, "/join", {"rater": "Ana"})
        for _ in range(3):
            state = vote(server, state, "generated")
        next_image, token = server.panel.pictures[state["images"][0]].name, state["images"][0]
    with serving(folder) as server:
        _, state = post(server, "/join", {"rater": "Ana"})
        assert state["done"] == 3 and server.panel.pictures[state["images"][0]].name == next_image
        assert state["images"][0] != token
        status, _ = post(server, "/vote", {**who(state), "image": token, "vote": "real", "seconds": 1})
        assert status == 409 and len(lines(folder)) == 3  # by a page that was open before


def test_a_vote_sent_twice_counts_once(folder: Path) -> None:
    with serving(folder) as server:
        _, state = post(server, "/join", {"rater": "Ana"})
        vote(server, state, "real")
        again = {**who(state), "image": state["images"][0], "vote": "real", "seconds": 1}
        assert post(server, "/vote", again)[0] == 409 and len(lines(folder)) == 1


def test_several_raters_at_once_lose_no_vote(folder: Path) -> None:
    states: dict[str, Any] = {}

    def rate_all(server: RatingServer, name: str) -> None:
        _, state = post(server, "/join", {"rater": name})
        while "result" not in state:
            state = vote(server, state, "real")
        states[name] = state

    with serving(folder) as server:
        names = ["Ana", "Bo", "Chen"]
        threads = [threading.Thread(target=rate_all, args=(server, name)) for name in names]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        _, late = post(server, "/join", {"rater": "Ana"})
    rows = lines(folder)
    assert len(rows) == 24 and {row["rater"] for row in rows} == set(states)
    orders = {tuple(row["image"] for row in rows if row["rater"] == name) for name in names}
    assert len(orders) == 3 and len({frozenset(order) for order in orders}) == 1
    assert late["result"]["together"]["raters"] == 3 and late["result"]["together"]["right"]["of"] == 24


def test_who_gives_no_name_gets_a_number_of_their_own(folder: Path) -> None:
    with serving(folder) as server:
        first, second = (post(server, "/join", {"rater": ""})[1]["rater"] for _ in range(2))
        assert (first, second) == ("rater 1", "rater 2")
        assert post(server, "/join", {"rater": "rater 1"})[1]["rater"] == "rater 1"


def test_the_page_is_whole_and_may_load_nothing_from_elsewhere(folder: Path) -> None:
    with serving(folder) as server:
        for address, (_, kind) in ADDRESSES.items():
            status, content, headers = get(server, address)
            assert (status, headers["Content-Type"]) == (200, kind) and content
            assert headers["Content-Security-Policy"].startswith("default-src 'none'")
            assert b"http://" not in content and b"https://" not in content
        page = get(server, "/")[1].decode()
        for address in ADDRESSES:
            assert address == "/" or f'"{address}"' in page
        assert get(server, "/about")[1] == b'{"of": 8}'
        assert get(server, "/?a=1")[:2] == get(server, "/")[:2]


@pytest.mark.parametrize(
    "path",
    [
        "/votes.csv", "/image/", "/image/made_0.jpg", "/image/../votes.csv", "/..%2f..%2fetc/passwd",
        "//etc/passwd", "/photographs/photographs_0.png", "/rate.js/../../rate.py", "/vote", "/votes.csv?/",
    ],
)  # fmt: skip
def test_no_other_address_serves_anything(folder: Path, path: str) -> None:
    with serving(folder) as server:
        status, content, _ = get(server, path)
        assert status == 404 and content == b'{"error": "there is no such thing here"}'


@pytest.mark.parametrize(
    ("status", "headers"),
    [
        (403, {"Origin": "http://evil.example"}),
        (403, {"Origin": "null"}),
        (403, {"Origin": ""}),
        (403, {"Host": "evil.example", "Origin": "http://evil.example"}),
        (403, {"Host": "192.168.0.9", "Origin": "http://192.168.0.9"}),
        (403, {"Host": "127.0.0.1@evil.example", "Origin": "http://127.0.0.1@evil.example"}),
        (415, {"Content_Type": "text/plain"}),
        (200, {"Host": "localhost:9000", "Origin": "http://localhost:9000"}),  # through a tunnel
        (200, {"Host": "[::1]", "Origin": "http://[::1]"}),
    ],
)
def test_other_sites_cannot_vote(folder: Path, status: int, headers: dict[str, str]) -> None:
    with serving(folder) as server:
        assert post(server, "/join", {"rater": "Ana"}, **headers)[0] == status


def test_other_names_of_this_machine_are_refused_for_reading_too(folder: Path) -> None:
    with serving(folder) as server:
        assert get(server, "/", Host="evil.example")[0] == 403
        assert get(server, "/", Host="LOCALHOST")[0] == 200
    with serving(folder, host="0.0.0.0") as server:
        assert not server.is_local and socket.gethostname() in server.address
        assert get(server, "/", Host="192.168.0.9:8765")[0] == 200  # a phone
        assert get(server, "/", Host="evil.example")[0] == 403


@pytest.mark.parametrize(
    ("status", "path", "body"),
    [
        (400, "/join", b"{"),
        (400, "/join", b"[1]"),
        (400, "/join", b"[" * 4000),
        (400, "/join", {}),
        (400, "/join", {"rater": "=1+1"}),
        (400, "/join", {"rater": "a" * 41}),
        (400, "/join", {"rater": "a\u0000b"}),
        (400, "/vote", {"rater": "Ana", "image": "IMAGE", "vote": "maybe", "seconds": 1}),
        (400, "/vote", {"rater": "Ana", "image": "IMAGE", "vote": "real", "seconds": "1"}),
        (400, "/vote", {"rater": "Ana", "image": "IMAGE", "vote": "real", "seconds": float("nan")}),
        (400, "/vote", {"rater": "Ana", "image": "IMAGE", "vote": "real", "seconds": -1}),
        (400, "/vote", {"rater": "Ana", "image": "IMAGE", "vote": "real", "seconds": 10**3000}),
        (409, "/vote", {"rater": "Ana", "image": "made_0.jpg", "vote": "real", "seconds": 1}),
        (413, "/join", {"rater": "a" * 5000}),
        (404, "/image", {"rater": "Ana"}),
    ],
)
def test_what_the_page_never_sends_is_refused_and_changes_nothing(
    folder: Path, status: int, path: str, body: Any
) -> None:
    with serving(folder) as server:
        _, state = post(server, "/join", {"rater": "Ana"})
        if isinstance(body, dict) and body.get("image") == "IMAGE":
            body = {**body, "image": state["images"][0]}
        if isinstance(body, dict) and path == "/vote":
            body = {**body, **who(state)}
        found, answer = post(server, path, body)
        assert found == status and answer["error"]
        assert post(server, "/join", {"rater": "Ana"})[1] == state and not lines(folder)


def test_a_vote_that_cannot_be_written_does_not_count(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with serving(folder) as server:
        _, state = post(server, "/join", {"rater": "Ana"})
        body = {**who(state), "image": state["images"][0], "vote": "real", "seconds": 1}
        with monkeypatch.context() as patch:
            patch.setattr("acdepth.rating.votes.os.fsync", full)
            status, answer = post(server, "/vote", body)
        assert status == 507 and "could not be saved" in answer["error"]
        assert "No space left" in capsys.readouterr().out
        (folder / "votes.csv").rename(folder / "away.csv")
        assert post(server, "/vote", body)[0] == 507 and "has gone" in capsys.readouterr().out
        (folder / "away.csv").rename(folder / "votes.csv")
        assert post(server, "/join", {"rater": "Ana"})[1] == state and not lines(folder)
        after = vote(server, state, "real")
        (folder / "votes.csv").rename(folder / "away.csv")
        assert undo(server, state)[0] == 507 and "has gone" in capsys.readouterr().out
        assert not (folder / "votes.csv").exists()
        (folder / "away.csv").rename(folder / "votes.csv")
        assert post(server, "/join", {"rater": "Ana"})[1] == after and after["done"] == 1
    assert len(VoteFile(folder / "votes.csv").votes) == 1


def test_on_a_network_nobody_votes_or_undoes_for_another(folder: Path) -> None:
    with serving(folder, among_friends=False) as server:
        _, state = post(server, "/join", {"rater": "Ana"})
        state = vote(server, state, "real")
        forged = {"rater": "Ana", "image": state["images"][0], "vote": "real", "seconds": 1}
        for secret in ({}, {"secret": ""}, {"secret": "0" * 64}):
            assert post(server, "/vote", {**forged, **secret})[0] == 403
            assert post(server, "/undo", {"rater": "Ana", **secret})[0] == 403
            assert post(server, "/join", {"rater": "Ana", **secret})[0] == 403
        _, other = post(server, "/join", {"rater": "Bo"})
        assert post(server, "/undo", {"rater": "Ana", "secret": other["secret"]})[0] == 403
        assert len(lines(folder)) == 1
    with serving(folder, among_friends=False) as server:  # the browser goes on after a restart
        assert post(server, "/join", {"rater": "Ana"})[0] == 403
        _, again = post(server, "/join", who(state))
        assert again["done"] == 1 and undo(server, again)[1]["done"] == 0
    assert (folder / ".votes.csv.key").stat().st_mode & 0o077 == 0


def test_connections_that_say_nothing_take_no_more_threads_than_there_are(folder: Path) -> None:
    with serving(folder) as server:
        before = threading.active_count()
        idle = [socket.create_connection(server.server_address[:2]) for _ in range(MOST_CONNECTIONS + 40)]
        time.sleep(0.3)
        assert threading.active_count() - before <= MOST_CONNECTIONS
        for one in idle:
            one.close()
        until = time.monotonic() + 5
        while threading.active_count() > before and time.monotonic() < until:
            time.sleep(0.02)
        assert get(server, "/about")[0] == 200


def test_an_answer_does_not_wait_for_a_receipt(folder: Path) -> None:
    with serving(folder) as server:
        connection = HTTPConnection(*server.server_address[:2])
        times = []
        for _ in range(9):
            begun = time.perf_counter()
            connection.request("GET", "/about")
            connection.getresponse().read()
            times.append(time.perf_counter() - begun)
        connection.close()
    assert min(times[1:]) < 0.02  # the first has nothing to wait for


def test_a_name_that_a_spreadsheet_would_compute_is_a_name(folder: Path) -> None:
    file = VoteFile(folder / "votes.csv")
    file.begin()
    names = ["=1+1.png", "+a.png", "-2.png", "@x.png", "'=y.png", "'z.png"]
    for name in names:
        file.add(Vote("2026-05-01T12:00:00+00:00", "Ana", name, Kind.REAL, Kind.REAL, 1.0))
    assert [vote.image for vote in read_votes(file.path)] == names
    assert {row["image"][0] for row in lines(folder)} == {"'"}
