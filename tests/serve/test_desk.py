"""What the tabs work with, and the addresses of the page beside the endpoint's."""

import io
import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from starlette.testclient import TestClient

from acdepth.core.errors import UserError
from acdepth.serve.app import make_app, read_report
from acdepth.serve.batching import Batcher
from acdepth.serve.desk import Desk
from acdepth.serve.examples import draw_examples
from acdepth.serve.limits import Limits
from acdepth.serve.measured import Asked
from acdepth.serve.shelf import Shelf
from tests.inference.tiny import picture
from tests.serve.servers import encoded, tiny_models


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    limits = Limits(megapixels=0.05, sessions=3)
    with Batcher(limits) as batcher:
        yield Desk(tiny_models(), batcher, limits, Shelf(limits.sessions), [], tmp_path)


def test_examples_are_of_every_condition_and_tell_their_lens(desk: Desk):
    examples = draw_examples(desk.folder, (32, 64))
    assert [one.path.stem for one in examples] == ["clear", "night", "rain", "night-rain", "fog", "snow"]
    path = str(examples[0].path)
    camera = desk.camera(path, None, desk.read(path))
    assert camera is not None and camera.fx == pytest.approx(0.8 * 64, rel=0.02)
    said = desk.camera(path, 90, desk.read(path))
    assert said is not None and said.fx == pytest.approx(32 / math.tan(math.pi / 4))


def test_what_is_sent_to_the_page_has_the_endpoints_limits(desk: Desk):
    path = desk.folder / "large.png"
    path.write_bytes(encoded(np.zeros((300, 300), np.uint8)))
    with pytest.raises(UserError, match="300x300 pixels"):
        desk.read(str(path))
    with pytest.raises(UserError, match="no picture yet"):
        desk.read(None)


def test_a_video_waits_in_the_same_line_and_gets_the_same_depth(desk: Desk):
    asked = desk.waiting("first")
    expected = desk.models.find("first")(picture(64, 96), confidence=False).depth
    np.testing.assert_array_equal(asked(picture(64, 96), confidence=False).depth, expected)
    assert desk.batcher.images == 1


def test_files_that_the_page_makes_do_not_pile_up(desk: Desk):
    for number in range(6):
        desk.new_file(".mp4").write_text(str(number))
    left = sorted(desk.folder.glob("made-*"))
    assert [path.read_text() for path in left] == ["2", "3", "4", "5"]


def test_downloads_and_the_report_are_served_from_memory(desk: Desk, tmp_path: Path):
    (tmp_path / "report.html").write_text("<h1>report</h1>")
    app = make_app(desk, "127.0.0.1", "", read_report(tmp_path))
    name = desk.shelf.put(desk.predict(Asked("street.png", "first", None), picture(64, 96), None))
    client = TestClient(app, "http://127.0.0.1:7860")
    got = client.get(f"/results/{name}/first.npy")
    np.testing.assert_allclose(
        np.load(io.BytesIO(got.content)), desk.models.find("first")(picture(64, 96)).depth, rtol=1e-5
    )
    assert got.headers["content-disposition"] == 'attachment; filename="depth.npy"'
    assert client.get(f"/results/{name}/first.exe").status_code == 404
    assert client.get("/results/other/first.npy").status_code == 404
    assert "needs the camera" not in client.get(f"/results/{name}/first.png16").text
    assert client.get(f"/results/{name}/first.glb").status_code == 422  # no camera, no points
    report = client.get("/report")
    assert report.text == "<h1>report</h1>" and "sandbox" in report.headers["content-security-policy"]
    page = client.get("/")
    assert page.status_code == 200 and "ac-view" in page.text and "fonts.googleapis" not in page.text
    for place in ("/etc/passwd", str(tmp_path / "report.html"), "/gradio_api/../../etc/passwd"):
        assert client.get(f"/gradio_api/file={place}").status_code in (403, 404), place


def test_what_a_visitor_sends_lies_in_the_servers_own_folder(desk: Desk):
    client = TestClient(make_app(desk, "127.0.0.1", ""), "http://127.0.0.1:7860")
    sent = client.post("/gradio_api/upload", files={"files": ("street.png", encoded(picture(64, 96)))})
    (path,) = sent.json()
    assert Path(path).is_file() and Path(path).is_relative_to(desk.folder)
    assert client.get(f"/gradio_api/file={path}").status_code == 200


def test_a_run_without_a_report_is_told(tmp_path: Path):
    with pytest.raises(UserError, match=r"has no report\.html; make it with: acdepth report RUN"):
        read_report(tmp_path)
