"""The page of a picture: complete in itself, in metres."""

import base64
import hashlib
import io
import re
import shutil
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from acdepth.core.camera import Camera
from acdepth.core.cloud import Cloud, PointChoice
from acdepth.core.prediction import DepthPrediction
from acdepth.inference.road import find_ground
from acdepth.viewer.page import frame_page
from acdepth.viewer.parts import Ground, cloud
from tests.inference.tiny import picture

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
PATIENT = 60_000
"""[ms]"""
CAMERA = Camera(60.0, 60.0, 47.5, 31.5, 96, 64)


def data_of(html: str) -> dict[str, str]:
    return dict(re.findall(r'data-(\w+)="([^"]*)"', html))


def test_points_on_the_page_are_in_metres() -> None:
    points = np.float32([[1.234, -2, 50], [0, 0, 60]])
    html = cloud(Cloud(points, np.uint8([[1, 2, 3], [4, 5, 6]]), 0.01), CAMERA, Ground((0, 1, 0), 1.5))
    data = data_of(html)
    places = np.frombuffer(base64.b64decode(data["places"]), "<i2").reshape(2, 3) * float(data["step"])
    np.testing.assert_allclose(places, points, atol=60 / 65534 + 1e-6)
    assert list(base64.b64decode(data["colours"])) == [1, 2, 3, 4, 5, 6]
    assert data["ground"] == "0,1,0,1.5" and data["unit"] == "m" and data["view"] == "0.8,0.53333"


def test_what_browsers_get_is_made_from_what_stands_beside_it() -> None:
    source, bundle = (files("acdepth.viewer") / name for name in ("cloud.js", "cloud.bundle.js"))
    first = bundle.read_text(encoding="utf-8").split("\n", 1)[0]
    assert hashlib.sha256(source.read_bytes()).hexdigest() in first, "make viewer"
    assert "three.js" in first and "MIT" in first


@pytest.fixture
def street() -> DepthPrediction:
    """A road 1.5 m below a camera that looks along it."""
    rows = np.arange(64, dtype=np.float32)[:, None].repeat(96, 1)
    depth = 1.5 * 60 / np.maximum(rows - 31.5, 0.5)
    return DepthPrediction(depth.astype(np.float32), None, CAMERA, True)


def test_a_page_asks_nobody_for_anything(street: DepthPrediction) -> None:
    page = frame_page(picture(), street, PointChoice(30.0), 1000, None, "<b>a.png</b>", "about")
    assert "<b>a.png" not in page and "default-src 'none'" in page
    assert not re.search(r"""(?:src|href)\s*=\s*["']?(?!data:)\w""", page.split("<script>")[0])
    assert page.count("</script>") == 2 and "data-ground" not in page.split("<script>")[0]


def test_the_grid_lies_on_the_road(street: DepthPrediction) -> None:
    ground = find_ground(street)
    assert ground is not None and ground.height == pytest.approx(1.5, rel=1e-3)
    assert ground.normal == pytest.approx((0, 1, 0), abs=1e-3)
    wall = DepthPrediction(np.full((64, 96), 5.0, np.float32), None, CAMERA, True)
    assert find_ground(wall) is None


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="needs a browser: apt install chromium")
def test_a_browser_draws_the_page_and_measures_in_it(street: DepthPrediction, tmp_path: Path) -> None:
    playwright = pytest.importorskip("playwright.sync_api", reason="needs Playwright: pip install playwright")
    ground = find_ground(street)
    page = frame_page(picture(), street, PointChoice(30.0), 10_000, ground, "street", "")
    (tmp_path / "street.html").write_text(page, encoding="utf-8")
    with playwright.sync_playwright() as plays:
        browser = plays.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        tab = browser.new_page(viewport={"width": 800, "height": 900})
        asked: list[str] = []
        tab.on("request", lambda request: asked.append(request.url))
        tab.goto((tmp_path / "street.html").as_uri())
        canvas = tab.locator(".ac-cloud[data-drawn] canvas")
        tab.get_by_role("button", name="camera").click()
        box = canvas.bounding_box(timeout=PATIENT)
        # The camera looks along the road: 4 m ahead lies where its picture has it, as many times as large.
        down = 1.5 / 4 / np.tan(np.radians(55 / 2)) / 2
        tab.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] * (0.5 + down))
        tab.locator(".ac-cloud output").wait_for(timeout=PATIENT)
        said = tab.locator(".ac-cloud output").inner_text()
        shot = np.asarray(Image.open(io.BytesIO(canvas.screenshot())).convert("RGB"))
        browser.close()
    ahead, above = float(said.split(" m ahead")[0]), float(said.split(", ")[-1].split()[0])
    assert ahead == pytest.approx(4, abs=0.3) and above == pytest.approx(0, abs=0.05)
    assert len(np.unique(shot.reshape(-1, 3), axis=0)) > 100
    assert len([url for url in asked if not url.startswith("data:")]) == 1
