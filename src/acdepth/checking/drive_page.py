"""The page of a drive on the sheet: facts in words, pictures as they will be used, and three charts."""

import textwrap
from collections.abc import Sequence

import cv2
import numpy as np

from acdepth.checking.canvas import (
    BACKGROUND,
    COLUMNS,
    GAP,
    TEXT,
    TILE,
    WARNING,
    Tile,
    blank,
    heading,
    picture_row,
    text_width,
    write,
)
from acdepth.checking.drives import Drive
from acdepth.core.errors import UserError
from acdepth.data.own.clip import OwnClip
from acdepth.data.own.step import RANGE, STEPS, ordinal

LINE, LABEL = 22, 92
"""Height of a line of words, and width of what it is about [px]."""
WORDS = 240
"""Letters of a line."""
CHART = 170
"""Height of a chart [px]."""
MARGIN = (34, 12, 30, 34)
"""Of the area that a chart draws in: left, right, top, bottom [px]."""
FAINT, LINES = (150, 150, 150), (80, 80, 80)
PLAIN, CHOSEN, WANTED = (120, 160, 200), (110, 210, 130), (44, 66, 50)
MASKED = (255, 70, 60)
HATCH = 12
"""Distance of the stripes of a mask [px]."""
GRID_LINES = 8
"""Across a picture before and after it is straightened."""


def drive_page(drive: Drive) -> np.ndarray:
    """Everything about a drive, uint8 RGB (H, W, 3)."""
    strips = [heading(drive.name)]
    for about, sentence in drive.facts().items():
        strips += _words(about, sentence, TEXT)
    doubts = [text for _, text in drive.doubts()]
    for number, doubt in enumerate(doubts):
        strips += _words("" if number else "doubts", doubt, WARNING)
    if not doubts:
        strips += _words("doubts", "none", CHOSEN)
    strips.append(blank(GAP))
    if lens_row := _lens_row(drive):
        strips.append(picture_row(lens_row))
    strips += [picture_row(_used(drive)), _charts([_motion(drive), _brightness(drive), _intervals(drive)])]
    return np.concatenate(strips)


def _words(about: str, sentence: str, colour: tuple[int, int, int]) -> list[np.ndarray]:
    strips = []
    for number, line in enumerate(textwrap.wrap(sentence, WORDS) or [""]):
        strip = blank(LINE)
        write(strip, "" if number else about, GAP, LINE - 6, FAINT if colour == TEXT else colour, size=0.48)
        write(strip, line, GAP + LABEL, LINE - 6, colour, size=0.48)
        strips.append(strip)
    return strips


def _lens_row(drive: Drive) -> list[Tile]:
    """Before and after straightening, with lines that ought to be straight."""
    clip = drive.clips[0]
    if clip.lens is None or clip.lens.is_straight:
        return []
    middle = len(clip) // 2
    tiles = []
    for said, straight in (("as it was taken", False), ("straightened", True)):
        image = _image(clip, middle, straight)
        if image is not None:
            tiles.append(Tile(_with_grid(_fit(image)), clip.key(middle), said))
    return tiles


def _used(drive: Drive) -> list[Tile]:
    """First, middle and last frame as training gets them, with the mask hatched."""
    used = [(clip, index) for clip in drive.used for index in range(len(clip))]
    tiles = []
    for place, (clip, index) in (
        ("first", used[0]),
        ("middle", used[len(used) // 2]),
        ("last", used[-1]),
    ):
        image = _image(clip, index, straight=True)
        name = clip.key(index)
        if image is None:
            tiles.append(Tile(np.full((*TILE, 3), 48, np.uint8), name, "cannot be read"))
            continue
        mask, said = _mask(drive, clip)
        pixels = _fit(image)
        if mask is not None and mask.shape == image.shape[:2]:
            hatch(pixels, mask, is_used=drive.clips[0].description.ego_mask is not None)
        tiles.append(Tile(pixels, name, f"{place}{said}"))
    return tiles


def _image(clip: OwnClip, index: int, straight: bool) -> np.ndarray | None:
    """None where it cannot be read, which was told when it was looked for."""
    try:
        return clip.image(index) if straight else clip.source.image(clip.numbers[index])
    except UserError:
        return None


def _mask(drive: Drive, clip: OwnClip) -> tuple[np.ndarray | None, str]:
    """The mask of the straightened image, and what the caption says of it."""
    if clip.ego_mask is not None:
        return clip.ego_mask, ", red is left out"
    if drive.found is None or drive.found.mask is None:
        return None, ""
    found = drive.found.mask.astype(np.uint8) * 255
    return (
        found if clip.lens is None else clip.lens.straighten(found)
    ) > 0, ", red moves along, not left out"


def _fit(image: np.ndarray) -> np.ndarray:
    scale = min(TILE[0] / image.shape[0], TILE[1] / image.shape[1])
    size = (max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale)))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return np.ascontiguousarray(cv2.resize(image, size, interpolation=how))


def hatch(pixels: np.ndarray, mask: np.ndarray, is_used: bool) -> None:
    """Draw a mask, bool (H, W), into a picture (h, w, 3): its edge and stripes, thick where it is used."""
    height, width = pixels.shape[:2]
    shown = cv2.resize(mask.astype(np.uint8), (width, height), interpolation=cv2.INTER_NEAREST)
    row, column = np.mgrid[0:height, 0:width]
    stripes = (row + column) % HATCH < (HATCH // 3 if is_used else 2)
    pixels[(shown > 0) & stripes] = MASKED
    edge = cv2.morphologyEx(shown, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8))
    pixels[edge > 0] = MASKED


def _with_grid(pixels: np.ndarray) -> np.ndarray:
    height, width = pixels.shape[:2]
    for number in range(1, GRID_LINES):
        x, y = round(number * width / GRID_LINES), round(number * height / GRID_LINES)
        cv2.line(pixels, (x, 0), (x, height - 1), (255, 220, 80), 1)
        cv2.line(pixels, (0, y), (width - 1, y), (255, 220, 80), 1)
    return pixels


class _Chart:
    """An area with axes in the width of a picture."""

    def __init__(self, title: str) -> None:
        self.pixels = np.full((CHART, TILE[1], 3), BACKGROUND, np.uint8)
        self.left, right, self.top, bottom = MARGIN
        self.right, self.bottom = TILE[1] - right, CHART - bottom
        write(self.pixels, title, 0, 16, TEXT)

    def y(self, part: float) -> int:
        """The row of a height, 0 at the bottom and 1 at the top."""
        return round(self.bottom - min(max(part, 0.0), 1.0) * (self.bottom - self.top))

    def x(self, part: float) -> int:
        """The column of a place, 0 at the left and 1 at the right."""
        return round(self.left + part * (self.right - self.left))

    def box(self, x: tuple[int, int], y: tuple[int, int], colour: tuple[int, int, int]) -> None:
        """Fill columns and rows."""
        self.pixels[max(0, min(y)) : max(y), max(0, min(x)) : max(x)] = colour

    def axis(self, ticks: Sequence[tuple[float, str]]) -> None:
        """Lines and values of the height."""
        for part, text in ticks:
            self.pixels[self.y(part), self.left : self.right] = LINES
            write(self.pixels, text, self.left - 4, self.y(part) + 4, FAINT, right=True, size=0.36)

    def below(self, part: float, text: str, colour: tuple[int, int, int] = FAINT) -> None:
        """A word below the area, in the middle of its place."""
        place = self.x(part) - text_width(text, 0.36) // 2
        limit = TILE[1] - text_width(text, 0.36)
        write(self.pixels, text, max(0, min(place, limit)), self.bottom + 14, colour, size=0.36)

    def note(self, text: str) -> None:
        """What is told instead of a drawing."""
        write(self.pixels, text, self.left, (self.top + self.bottom) // 2, FAINT)


def _charts(charts: Sequence[_Chart]) -> np.ndarray:
    strip = blank(CHART + GAP)
    for number, chart in enumerate(charts[:COLUMNS]):
        left = GAP + number * (TILE[1] + GAP)
        strip[:CHART, left : left + TILE[1]] = chart.pixels
    return strip


def _motion(drive: Drive) -> _Chart:
    choice = drive.step
    low, high = RANGE
    chart = _Chart(f"motion from a frame to the next [% of the width]; wanted, in green: {low:g} to {high:g}")
    if not choice.motion:
        chart.note("no image could tell")
        return chart
    most = max(4 * low, 1.3 * max(choice.motion.values()))
    chart.box((chart.left, chart.right), (chart.y(high / most), chart.y(low / most)), WANTED)
    ends = [(end / most, f"{end:g}") for end in RANGE if end <= most]
    chart.axis([(0, "0"), *(ends if high <= most else [*ends, (1, f"{most:.1f}")])])
    for number, step in enumerate(STEPS):
        middle, half = chart.x((number + 0.5) / len(STEPS)), 22
        is_chosen = step == choice.step
        text = f"every {ordinal(step)}" if step > 1 else "every one"
        chart.below((number + 0.5) / len(STEPS), text, CHOSEN if is_chosen else FAINT)
        if step in choice.motion:
            value = choice.motion[step]
            top = chart.y(value / most)
            chart.box((middle - half, middle + half), (top, chart.bottom), CHOSEN if is_chosen else PLAIN)
            said = f"{value:.2f}"
            left = middle - text_width(said, 0.36) // 2
            write(chart.pixels, said, left, top - 4, CHOSEN if is_chosen else TEXT, size=0.36)
    return chart


def _brightness(drive: Drive) -> _Chart:
    chart = _Chart("brightness over the drive [0 to 255]")
    chart.axis([(0, "0"), (0.5, "128"), (1, "255")])
    if drive.light is None:
        chart.note("no image can be read")
        return chart
    places = _places(drive, drive.light.numbers)
    values = drive.light.brightness
    points = np.array([(chart.x(x), chart.y(y / 255)) for x, y in zip(places, values, strict=True)], np.int32)
    cv2.polylines(chart.pixels, [points[:, None]], False, PLAIN, 1, cv2.LINE_AA)
    for x, y in points.tolist():
        chart.box((x - 1, x + 2), (y - 1, y + 2), PLAIN)
    _label_time(chart, drive)
    return chart


def _intervals(drive: Drive) -> _Chart:
    """Time between neighbours, whose gaps stand out."""
    times = drive.times
    if times is None or len(times) < 2:
        chart = _Chart("time between images")
        chart.note("nobody says when the images were taken: put frame_rate into camera.yaml")
        return chart
    every = np.diff(times)
    usual = float(np.median(every))
    chart = _Chart(
        f"time between images [ms], usually {1000 * usual:.4g}; red: a gap, across which nothing is learnt"
    )
    chart.axis([(0, "0"), (0.25, f"{1000 * usual:.3g}"), (1, f"{4000 * usual:.3g}")])
    ends = set((np.cumsum([len(clip) for clip in drive.clips])[:-1] - 1).tolist())
    span = max(float(times[-1] - times[0]), 1e-9)
    for number, interval in enumerate(every.tolist()):
        first = chart.x((times[number] - times[0]) / span)
        last = max(first + 1, chart.x((times[number + 1] - times[0]) / span))
        row = chart.y(interval / usual / 4)
        if number in ends:
            last = max(last, first + 3)
            chart.box((first, last), (chart.top, chart.bottom), WARNING)
        else:
            chart.box((first, last), (row - 1, row + 1), PLAIN)
    _label_time(chart, drive)
    return chart


def _places(drive: Drive, numbers: Sequence[int]) -> list[float]:
    """Where images stand on a time line, 0 to 1; in their order where no times are known."""
    first, last = drive.clips[0], drive.clips[-1]
    times = first.source.times()
    where = np.array(numbers, np.float64) if times is None else times[list(numbers)]
    ends = np.array([first.numbers[0], last.numbers[-1]], np.float64)
    begin, end = ends if times is None else times[[first.numbers[0], last.numbers[-1]]]
    return ((where - begin) / max(end - begin, 1e-9)).tolist()


def _label_time(chart: _Chart, drive: Drive) -> None:
    times = drive.times
    if times is None:
        chart.below(0, "first image")
        chart.below(1, "last image")
        return
    seconds = float(times[-1] - times[0])
    for part in (0, 0.25, 0.5, 0.75, 1):
        chart.below(part, f"{part * seconds:.3g} s")
