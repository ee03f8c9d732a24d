"""A short film of the page: python benchmarks/film.py [OUT.webp] [--stills FOLDER]

Of `acdepth serve` with the network that ships and pictures of the built-in world, by Chromium, which
Playwright drives, and Pillow, which writes it.
"""

import argparse
import io
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import sync_playwright

SHOWN = (1120, 760)
"""(width, height) of the browser [px]."""
FILMED = (840, 570)
"""(width, height) of the film [px]."""
PATIENT = 120_000
"""[ms] that one step may take on a slow machine."""
POINTER = """() => {
  const dot = document.createElement("div");
  dot.style.cssText = "position:fixed;z-index:9999;width:22px;height:22px;margin:-11px;border-radius:50%;" +
    "background:rgba(220,38,38,.45);border:2px solid #fff;pointer-events:none;left:-50px";
  document.body.append(dot);
  document.addEventListener("pointermove", (event) => {
    dot.style.left = event.clientX + "px"; dot.style.top = event.clientY + "px";
  });
}"""


class Film:
    """Takes pictures of a page, each shown for some time."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.frames: list[Image.Image] = []
        self.shown: list[int] = []

    def take(self, seconds: float) -> None:
        """What the page shows now."""
        shot = Image.open(io.BytesIO(self.page.screenshot())).convert("RGB")
        self.frames.append(shot.resize(FILMED, Image.Resampling.LANCZOS))
        self.shown.append(round(1000 * seconds))

    def write(self, path: Path, stills: Path | None) -> None:
        """The film, and single pictures of it if asked for."""
        first, *others = self.frames
        first.save(
            path, save_all=True, append_images=others, duration=self.shown, loop=0, quality=60, method=6
        )
        seconds, size = sum(self.shown) / 1000, path.stat().st_size / 1e6
        print(f"{path}: {len(self.frames)} pictures, {seconds:.1f} s, {size:.2f} MB")
        for number, frame in enumerate(self.frames if stills else ()):
            assert stills is not None
            stills.mkdir(parents=True, exist_ok=True)
            frame.save(stills / f"{number:02d}.png")


def main() -> None:
    """Serve, visit, write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("out", nargs="?", type=Path, default=Path("docs/pictures/page.webp"))
    parser.add_argument("--stills", type=Path, help="folder for single pictures")
    given = parser.parse_args()
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        raise SystemExit("needs a browser: apt install chromium")
    with served() as address, sync_playwright() as plays:
        browser = plays.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": SHOWN[0], "height": SHOWN[1]})
        page.set_default_timeout(PATIENT)
        page.goto(address)
        film = Film(page)
        visit(page, film)
        browser.close()
    film.write(given.out, given.stills)


@contextmanager
def served() -> Iterator[str]:
    """The address of a server that runs meanwhile."""
    command = [sys.executable, "-m", "acdepth", "serve", "--port", "0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server:
        assert server.stderr is not None
        try:
            for line in server.stderr:
                if found := re.search(r"http://\S+/", line):
                    yield found[0]
                    return
            raise SystemExit("acdepth serve ended")
        finally:
            server.terminate()


def visit(page: Any, film: Film) -> None:
    """A street by day and at night, metres under the pointer, points, a tape measure, made weather."""
    page.locator("#seen .ac-view").wait_for()
    page.evaluate(POINTER)
    film.take(1.0)
    read_metres(page, film, ((0.2, 0.85), (0.35, 0.7), (0.45, 0.6)))
    before = page.locator("#seen .ac-under").get_attribute("src")
    page.locator("#examples button").nth(1).click()
    page.wait_for_function(
        "before => document.querySelector('#seen .ac-under')?.getAttribute('src') !== before", arg=before
    )
    film.take(0.8)
    read_metres(page, film, ((0.3, 0.75), (0.55, 0.65), (0.75, 0.6)))
    for percent in (65, 80, 65, 50, 35, 20, 35, 50):
        page.locator("#seen .ac-split").evaluate(
            "(one, at) => { one.value = at; one.dispatchEvent(new Event('input', {bubbles: true})); }",
            percent,
        )
        film.take(0.12)
    page.get_by_role("button", name="Points in space").click()
    page.locator("#show-points").click()
    page.locator(".ac-cloud[data-drawn]").wait_for()
    cloud = page.locator(".ac-cloud canvas")
    cloud.scroll_into_view_if_needed()
    box = cloud.bounding_box()
    page.mouse.move(box["x"] + 0.4 * box["width"], box["y"] + 0.5 * box["height"])
    film.take(0.6)
    page.mouse.down()
    for across in (0.43, 0.46, 0.49, 0.52, 0.55):
        page.mouse.move(box["x"] + across * box["width"], box["y"] + 0.5 * box["height"])
        page.wait_for_timeout(300)
        film.take(0.2)
    page.mouse.up()
    calibrate(page, film)
    weather(page, film)


def read_metres(page: Any, film: Film, places: tuple[tuple[float, float], ...]) -> None:
    """Move the pointer over the picture."""
    box = page.locator("#seen .ac-frame").bounding_box()
    for across, down in places:
        page.mouse.move(box["x"] + across * box["width"], box["y"] + down * box["height"])
        film.take(0.45)


def calibrate(page: Any, film: Film) -> None:
    """Click a point, say how far it is."""
    page.get_by_role("tab", name="Calibrate").click()
    image = page.locator("#measured img")
    image.wait_for()
    page.wait_for_timeout(500)
    box = image.bounding_box()
    at = {"x": 0.4 * box["width"], "y": 0.75 * box["height"]}
    page.mouse.move(box["x"] + at["x"], box["y"] + at["y"])
    image.click(position=at)
    page.locator("#calibration", has_text="How far is it?").wait_for()
    film.take(1.0)
    page.locator("#metres input").fill("9")
    page.locator("#add-point").click()
    page.locator("#calibration", has_text="times").wait_for()
    page.wait_for_timeout(4000)  # until depth is predicted anew, it is veiled
    film.take(1.4)


def weather(page: Any, film: Film) -> None:
    """The street by day through the night."""
    page.get_by_role("tab", name="Depth").click()
    page.locator("#examples button").nth(0).click()
    page.wait_for_timeout(3000)
    page.get_by_role("tab", name="Weather").click()
    page.locator("#make-weather").click()
    page.locator("#weathered .ac-view").first.wait_for()
    page.wait_for_timeout(1000)
    film.take(1.5)
    page.locator("#weathered .ac-view").nth(1).scroll_into_view_if_needed()
    page.mouse.wheel(0, 600)
    page.wait_for_timeout(500)
    film.take(1.5)


if __name__ == "__main__":
    main()
