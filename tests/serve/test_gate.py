"""The page reads what visitors sent, and nothing else that lies on the server or elsewhere."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from acdepth.serve.app import make_app
from acdepth.serve.batching import Batcher
from acdepth.serve.desk import Desk
from acdepth.serve.gate import MOST_EVENT
from acdepth.serve.limits import Limits
from acdepth.serve.shelf import Shelf
from tests.inference.tiny import picture
from tests.serve.servers import encoded, tiny_models

PAGE = "http://127.0.0.1:7860"
NOT_SENT = "names only files that were sent"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    limits = Limits()
    with Batcher(limits) as batcher:
        yield Desk(tiny_models(), batcher, limits, Shelf(limits.sessions), [], tmp_path)


@pytest.fixture
def client(desk: Desk) -> Iterator[TestClient]:
    with TestClient(make_app(desk, "127.0.0.1", ""), PAGE) as client:
        yield client


def event(client: TestClient, name: str, data: list[Any]) -> dict[str, Any]:
    numbers = {one["api_name"]: one["id"] for one in client.get("/config").json()["dependencies"]}
    return {"fn_index": numbers[name], "data": data, "session_hash": "visitor"}


def file(path: Any, **more: Any) -> dict[str, Any]:
    return {"path": path, "meta": {"_type": "gradio.FileData"}, **more}


def sent(client: TestClient) -> str:
    answer = client.post("/gradio_api/upload", files={"files": ("street.png", encoded(picture(64, 96)))})
    return answer.json()[0]


def test_what_was_sent_is_shown_and_given_back(client: TestClient):
    path = sent(client)
    body = event(client, "show", [file(path), "first", "none", 70, "depth", None])
    answer = client.post("/gradio_api/run/predict", json=body)
    assert answer.status_code == 200 and "ac-view" in answer.text
    assert client.get(f"/gradio_api/file={path}").content == encoded(picture(64, 96))


@pytest.mark.parametrize("address", ["run/predict", "queue/join"])
@pytest.mark.parametrize("field", [0, 1, 3], ids=["picture", "model", "degrees"])
@pytest.mark.parametrize("where", ["beside", "above", "outside", "url", "stream", "number"])
def test_files_of_the_server_are_not_read(
    desk: Desk, client: TestClient, address: str, field: int, where: str
):
    inside = Path(sent(client)).parent
    secret = desk.folder / "street.png"
    secret.write_bytes(encoded(picture(64, 96)))
    before = set(desk.folder.rglob("*"))
    named: dict[str, Any] = {
        "beside": file(str(desk.folder / "visitors.png")),
        "above": file(f"{inside}/../../street.png"),
        "outside": file(str(secret)),
        "url": file("https://127.0.0.1:9/street.png"),
        "stream": file(str(secret), is_stream=True),
        "number": file(3),
    }
    data: list[Any] = [None, "first", "none", 70, "depth", None]
    data[field] = named[where]
    answer = client.post(f"/gradio_api/{address}", json=event(client, "show", data))
    assert answer.status_code == 403 and NOT_SENT in answer.json()["error"]
    assert set(desk.folder.rglob("*")) == before


def test_a_path_that_stands_twice_counts_twice(desk: Desk, client: TestClient):
    body = json.dumps(event(client, "show", [file("SENT"), "first", "none", 70, "depth", None]))
    first, secret = sent(client), str(desk.folder / "street.png")
    for one, other in ((first, secret), (secret, first)):
        twice = body.replace('"path": "SENT"', f'"path": "{one}", "path": "{other}"')
        headers = {"Content-Type": "application/json"}
        assert client.post("/gradio_api/run/predict", content=twice, headers=headers).status_code == 403


@pytest.mark.parametrize("body", [b"", b"{", b"[" * 100_000, b"\xff\xfe\x00"])
def test_an_event_that_is_none_is_refused(client: TestClient, body: bytes):
    headers = {"Content-Type": "application/json"}
    answer = client.post("/gradio_api/run/predict", content=body, headers=headers)
    assert answer.status_code == 403


def test_an_event_of_many_bytes_is_refused(client: TestClient):
    body = event(client, "show", ["x" * MOST_EVENT])
    answer = client.post("/gradio_api/run/predict", content=json.dumps(body))
    assert answer.status_code == 413 and str(MOST_EVENT) in answer.json()["error"]


@pytest.mark.parametrize(
    "address", ["run/predict/", "run/show", "api/predict", "call/show", "call/v2/show", "queue/join/", "info"]
)
def test_other_addresses_of_gradio_are_closed(desk: Desk, client: TestClient, address: str):
    secret = desk.folder / "street.png"
    secret.write_bytes(encoded(picture(64, 96)))
    body = event(client, "show", [file(str(secret)), "first", "none", 70, "depth", None])
    for answer in (
        client.post(f"/gradio_api/{address}", json=body, follow_redirects=False),
        client.get(f"/gradio_api/{address}", follow_redirects=False),
    ):
        assert answer.status_code == 404 and answer.json() == {"error": "the page has no such address"}


@pytest.mark.parametrize("before", ["/", "/x/..", "/gradio_api/..", "/gradio_api/", "/GRADIO_API/.."])
def test_no_other_spelling_leads_past_the_gate(desk: Desk, client: TestClient, before: str):
    secret = desk.folder / "street.png"
    secret.write_bytes(encoded(picture(64, 96)))
    body = event(client, "show", [file(str(secret)), "first", "none", 70, "depth", None])
    client.base_url = ""  # which would make one slash of two
    for path in (f"{PAGE}{before}/gradio_api/run/predict", f"{PAGE}/gradio_api%2Frun/predict"):
        assert "ac-view" not in client.post(path, json=body).text


def test_files_of_the_server_are_not_given_out(desk: Desk, client: TestClient):
    secret = desk.folder / "street.png"
    secret.write_bytes(encoded(picture(64, 96)))
    for path in (secret, Path("README.md").resolve(), "https://127.0.0.1:9/x.png"):
        assert client.get(f"/gradio_api/file={path}", follow_redirects=False).status_code in (403, 404)
