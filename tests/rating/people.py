"""Images to rate, a running server, and a person who asks it as the page does."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import cv2
import numpy as np

from acdepth.core.condition import Condition
from acdepth.rating.panel import Panel, open_panel
from acdepth.rating.pictures import Kind, find_pictures
from acdepth.rating.server import RatingServer
from acdepth.rating.votes import VoteFile
from acdepth.reports.votes import rate_page


def write_pictures(folder: Path, count: int, brightness: int, size: tuple[int, int], suffix: str) -> Path:
    """Noise around a brightness, by which a test tells what an image is."""
    folder.mkdir(parents=True)
    draws = np.random.default_rng(brightness)
    for number in range(count):
        image = draws.integers(brightness - 20, brightness + 20, (*size, 3)).astype(np.uint8)
        cv2.imwrite(str(folder / f"{folder.name}_{number}{suffix}"), image)
    return folder


def write_sides(folder: Path) -> tuple[Path, Path]:
    """Four bright real images and six dark generated ones, of other sizes and formats."""
    real = write_pictures(folder / "photographs", 4, 200, (48, 90), ".png")
    return real, write_pictures(folder / "made", 6, 50, (40, 64), ".jpg")


@contextmanager
def serving(
    folder: Path, images: int = 8, seed: int = 0, host: str = "127.0.0.1", among_friends: bool = True
) -> Iterator[RatingServer]:
    """A server in a thread; the images in ``folder`` as `write_sides` names them, the votes beside them."""
    real = find_pictures(folder / "photographs", Kind.REAL, list(Condition))
    made = find_pictures(folder / "made", Kind.GENERATED, list(Condition))
    votes = VoteFile(folder / "votes.csv")
    key = None if among_friends else votes.key
    panel, shown = open_panel(real, made, votes, images, None, seed, key, among_friends)
    votes.begin()
    with running(panel, shown, host) as server:
        yield server


@contextmanager
def running(panel: Panel, shown: dict[str, bytes], host: str = "127.0.0.1") -> Iterator[RatingServer]:
    """A server of a panel in a thread."""
    with RatingServer(panel, shown, rate_page(), host, 0) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def get(server: RatingServer, path: str, **headers: str) -> tuple[int, bytes, Any]:
    """Status, content and headers of what a browser asks for."""
    return _open(Request(_url(server, path), headers=headers))


def post(server: RatingServer, path: str, body: Any, **headers: str) -> tuple[int, Any]:
    """Status and answer of what the page sends; ``headers`` stand above its own."""
    own = {"Origin": _url(server, ""), "Content-Type": "application/json"}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    status, answer, _ = _open(Request(_url(server, path), data=content, headers={**own, **named}))
    return status, json.loads(answer)


def vote(server: RatingServer, state: Any, answer: str, seconds: float = 1.5) -> Any:
    """Vote on the present image; returns what comes next."""
    body = {**who(state), "image": state["images"][0], "vote": answer, "seconds": seconds}
    status, after = post(server, "/vote", body)
    assert status == 200, after
    return after


def undo(server: RatingServer, state: Any) -> tuple[int, Any]:
    """Take back the last vote."""
    return post(server, "/undo", who(state))


def who(state: Any) -> dict[str, str]:
    """What a browser says with each request."""
    return {"rater": state["rater"], "secret": state["secret"]}


def brightness(server: RatingServer, token: str) -> float:
    """Of an image as it is shown."""
    _, content, _ = get(server, f"/image/{token}")
    return float(cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR).mean())


def _url(server: RatingServer, path: str) -> str:
    return f"http://127.0.0.1:{server.server_address[1]}{path}"


def _open(request: Request) -> tuple[int, bytes, Any]:
    try:
        with urlopen(request, timeout=5) as answer:
            return answer.status, answer.read(), answer.headers
    except HTTPError as error:
        with error:
            return error.code, error.read(), error.headers
