"""The page while several of its events run at once, as a browser asks for them."""

import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from httpx import Response
from starlette.testclient import TestClient

from acdepth.serve.app import make_app
from acdepth.serve.batching import Batcher
from acdepth.serve.desk import Desk
from acdepth.serve.limits import Limits
from acdepth.serve.page import THREADS
from acdepth.serve.shelf import Result, Shelf
from tests.inference.tiny import picture
from tests.serve.servers import encoded, tiny_models

VISITORS = 30


@dataclass(frozen=True)
class SlowDesk(Desk):
    """A desk that predicts only once it is let."""

    let: threading.Event = field(default_factory=threading.Event)
    busy: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(THREADS))
    entered: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))

    def predict(self, *arguments: Any, **named: Any) -> Result:
        assert self.busy.acquire(blocking=False), "more at once than the page has threads"
        self.entered.release()
        try:
            assert self.let.wait(30)
            return super().predict(*arguments, **named)
        finally:
            self.busy.release()


class Visit:
    """One browser's page."""

    def __init__(self, client: TestClient, session: str) -> None:
        self._client, self._session = client, session
        sent = client.post("/gradio_api/upload", files={"files": ("street.png", encoded(picture(64, 96)))})
        self._picture = {"path": sent.json()[0], "meta": {"_type": "gradio.FileData"}}
        self._names = {one["api_name"]: one["id"] for one in client.get("/config").json()["dependencies"]}

    def ask(self, event: str, data: list[Any], index: list[int] | None = None) -> list[Any]:
        answer = self.post(event, data, index)
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]

    def post(self, event: str, data: list[Any], index: list[int] | None = None) -> Response:
        body = {"fn_index": self._names[event], "data": data, "session_hash": self._session}
        event_data = {"index": index, "value": None}
        return self._client.post("/gradio_api/run/predict", json={**body, "event_data": event_data})

    def show(self, degrees: float | None = 70) -> str:
        return self.ask("show", [self._picture, "first", "none", degrees, "depth", None])[0]

    def click(self) -> str:
        return self.ask("click", [None, None], [500, 300])[1]

    def add(self, metres: float) -> str:
        return self.ask("add_point", [None, None, metres])[1]

    def look(self) -> str:
        return self.ask("look", [None, None])[1]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[SlowDesk]:
    limits = Limits()
    with Batcher(limits) as batcher:
        yield SlowDesk(tiny_models(), batcher, limits, Shelf(limits.sessions), [], tmp_path)


@pytest.fixture
def client(desk: SlowDesk) -> Iterator[TestClient]:
    with TestClient(make_app(desk, "127.0.0.1", ""), "http://127.0.0.1:7860") as client:
        yield client
        desk.let.set()


def test_many_visitors_wait_for_few_threads_and_the_endpoint_answers(desk: SlowDesk, client: TestClient):
    visits = [Visit(client, f"visitor{number}") for number in range(VISITORS)]
    with ThreadPoolExecutor(VISITORS) as browsers:
        shown = [browsers.submit(visit.show) for visit in visits]
        for _ in range(THREADS):
            assert desk.entered.acquire(timeout=30)
        assert client.get("/healthz").status_code == 200
        sent = client.post("/v1/depth", files={"image": ("street.png", encoded(picture(64, 96)))})
        assert sent.status_code == 200
        desk.let.set()
        assert all("ac-view" in one.result() for one in shown)


def test_a_point_that_is_measured_during_a_prediction_stays(desk: SlowDesk, client: TestClient):
    desk.let.set()
    visit = Visit(client, "visitor")
    assert "ac-view" in visit.show()
    desk.let.clear()
    while desk.entered.acquire(blocking=False):
        pass
    with ThreadPoolExecutor(1) as browser:
        again: Future[str] = browser.submit(visit.show)
        assert desk.entered.acquire(timeout=30)
        assert "How far is it?" in visit.click()
        assert "1 measured point" in visit.add(7)
        desk.let.set()
        again.result()
    assert "1 measured point" in visit.look()
    assert "calibrated on this page" in visit.show()
    assert "calibrated on this page" not in visit.show(degrees=60)
    assert "Click a point" in visit.look()


def test_what_is_wrong_is_said_where_the_answer_would_be(desk: SlowDesk, client: TestClient):
    desk.let.set()
    visit = Visit(client, "visitor")
    assert "No picture yet; choose one in the tab Depth." in visit.click()
    visit.show(degrees=None)
    assert "No point yet; click one" in visit.add(7)
    visit.click()
    assert "No metres yet; say how far" in visit.add(0)
    assert "-3 is no distance" in visit.add(-3)
    assert "How far is it?" in visit.look()  # the point still waits
    for path in desk.folder.rglob("street.png"):
        path.unlink()
    assert "The picture is no longer kept; choose it again." in visit.show()
    assert "Choose a picture" in visit.look()
