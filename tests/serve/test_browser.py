"""The page in a browser, at the width of a desk and of a phone."""

import io
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from acdepth.core.images import read_depth_png16
from acdepth.serve.app import make_app
from acdepth.serve.batching import Batcher
from acdepth.serve.desk import Desk
from acdepth.serve.limits import Limits
from acdepth.serve.shelf import Shelf
from tests.inference.tiny import picture
from tests.serve.servers import encoded, listening, tiny_models

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="needs a browser: apt install chromium"),
]
playwright = pytest.importorskip("playwright.sync_api", reason="needs Playwright: pip install playwright")
WIDTHS = {"desk": (1280, 900), "phone": (390, 844)}
PATIENT = 60_000
"""[ms]; the page's own start takes seconds on a slow machine."""


def colours_drawn(canvas: Any) -> int:
    shot = np.asarray(Image.open(io.BytesIO(canvas.screenshot())).convert("RGB"))
    return len(np.unique(shot.reshape(-1, 3), axis=0))


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    limits, folder = Limits(), tmp_path_factory.mktemp("desk")
    with Batcher(limits) as batcher:
        desk = Desk(tiny_models(), batcher, limits, Shelf(limits.sessions), [], folder)
        with listening(make_app(desk, "127.0.0.1", ""), limits) as port:
            yield f"http://127.0.0.1:{port}/"


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as plays:
        started = plays.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield started
        started.close()


def metres_under(page: Any, across: float, down: float) -> tuple[int, int, float]:
    """Column, row and metres that the page tells there."""
    frame = page.locator("#seen .ac-frame")
    frame.scroll_into_view_if_needed()
    box = frame.bounding_box()
    page.mouse.move(box["x"] + across * box["width"], box["y"] + down * box["height"])
    told = page.locator("#seen .ac-read")
    told.wait_for(state="visible")
    data = told.evaluate("one => ({...one.dataset})")
    return int(data["x"]), int(data["y"]), float(data["metres"])


def measure(page: Any, across: float, down: float, factor: float) -> None:
    """Click a point and say that it is so many times as far as the model says."""
    image = page.locator("#measured img")
    page.wait_for_function(
        "(one => one?.complete && one.naturalWidth)(document.querySelector('#measured img'))"
    )
    box = image.bounding_box()
    image.click(position={"x": across * box["width"], "y": down * box["height"]})
    said = page.locator("#calibration", has_text="How far is it?")
    said.wait_for()
    metres = float(said.inner_text().split("says")[1].split()[0])
    page.locator("#metres input").fill(f"{factor * metres:.4f}")
    page.locator("#add-point").click()


@pytest.mark.parametrize("width", WIDTHS)
def test_a_visit(browser: Any, address: str, width: str, tmp_path: Path) -> None:
    wide, high = WIDTHS[width]
    page = browser.new_page(viewport={"width": wide, "height": high}, accept_downloads=True)
    page.set_default_timeout(PATIENT)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(address)
    # What the page does when it is loaded shows that it listens.
    page.wait_for_function("document.querySelector('#fov input')?.value === ''")
    street = tmp_path / "street.png"
    street.write_bytes(encoded(picture(128, 192)))
    page.locator("#picture input[type=file]").set_input_files(street)
    page.locator("#seen .ac-view").wait_for()
    x, y, before = metres_under(page, 0.3, 0.8)
    depth = tiny_models().find("first")(picture(128, 192), confidence=False).depth
    assert before == pytest.approx(depth[y, x], abs=0.01)
    assert page.evaluate("document.documentElement.scrollWidth") <= wide

    page.get_by_role("button", name="Points in space").click()
    page.locator("#fov input").fill("70")
    page.locator("#fov input").press("Enter")
    page.get_by_role("link", name="GLB").wait_for()
    page.locator("#show-points").click()
    page.locator(".ac-cloud[data-drawn]").wait_for()
    assert colours_drawn(page.locator(".ac-cloud canvas")) > 100
    x, y, before = metres_under(page, 0.3, 0.8)

    page.get_by_role("tab", name="Calibrate").click()
    page.locator("#add-point").click()
    page.locator("#calibration", has_text="No point yet; click one").wait_for()
    measure(page, 0.3, 0.8, factor=2.0)
    page.locator("#calibration", has_text=re.compile(r"times (2|1\.99)")).wait_for()
    page.locator("#seen", has_text="calibrated on this page").wait_for(state="attached")
    measure(page, 0.6, 0.7, factor=1.0)  # the model says what was calibrated
    page.locator("#calibration", has_text="2 measured points").wait_for()
    page.get_by_role("tab", name="Depth").click()
    page.locator("#points .ac-cloud").wait_for(state="detached")  # its metres are of before
    page.locator("#seen", has_text=re.compile(r"depth times (2|1\.99)")).wait_for()
    x, y, after = metres_under(page, 0.3, 0.8)
    assert after == pytest.approx(2 * before, rel=0.01)

    with page.expect_download() as waiting:
        page.get_by_role("link", name="PNG 16 bit").click()
    waiting.value.save_as(tmp_path / "depth.png")
    stored = read_depth_png16(tmp_path / "depth.png")
    assert stored.shape == (128, 192) and stored[y, x] == np.float32(after)

    page.get_by_role("tab", name="Weather").click()
    page.locator("#make-weather").click()
    page.locator("#weathered .ac-view").first.wait_for()
    assert "median change" in page.locator("#weathered").inner_text()
    assert {url.split("/")[2] for url in asked if url.startswith("http")} == {address.split("/")[2]}
    page.close()
