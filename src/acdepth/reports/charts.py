"""Charts as inline SVG: text stays text, colours follow the page's light or dark mode.

Drawn narrow (`WIDTH` units), so that a phone shows the letters at a size that can be read.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import NamedTuple

from acdepth.core.condition import Condition
from acdepth.reports.reading import Estimate, Log, Results

WIDTH = 350
LABELS = 70
"""Units on the left for the names of conditions."""
VALUES = 40
"""Units on the right for numbers."""
BAR, GAP, BETWEEN = 13, 3, 14
FEWEST_POINTS = 2


@dataclass(frozen=True)
class Measure:
    """What a bar chart shows."""

    metric: str
    title: str
    digits: int
    scale: float = 1.0
    """Shown value over stored value."""


class Line(NamedTuple):
    """One training in a chart."""

    steps: Sequence[int]
    values: Sequence[float]
    """One per step."""
    style: str
    """Of `model_classes`."""


MEASURES = (
    Measure("abs_rel", "absRel, lower is better", 3),
    Measure("rmse", "RMSE [m], lower is better", 1),
    Measure("d1", "d1 [%], higher is better", 0, scale=100),
)


def model_classes(models: Sequence[str]) -> dict[str, str]:
    """The style class of each model: ``base`` for the first, ``subject`` for the last, ``m1``.. between."""
    classes = {model: f"m{(number - 1) % 4 + 1}" for number, model in enumerate(models)}
    classes[models[0]] = "base"
    if len(models) > 1:
        classes[models[-1]] = "subject"
    return classes


def bars(results: Results, measure: Measure) -> str:
    """Horizontal bars from zero with 95 % intervals: a group per condition, a bar per model."""
    shown = {
        place: _scaled(cell.metrics[measure.metric], measure.scale) for place, cell in results.cells.items()
    }
    most = max(estimate.high or estimate.mean for estimate in shown.values()) or 1.0
    axis = (WIDTH - LABELS - VALUES) / most
    classes = model_classes(results.models)
    top, parts = 6, []
    for condition in results.conditions:
        present = [model for model in results.models if (model, condition) in shown]
        middle = top + (len(present) * (BAR + GAP) - GAP) / 2
        parts.append(_text(LABELS - 8, middle, condition.value, "end", "name"))
        for model in present:
            parts.append(
                _bar(top, axis, shown[model, condition], measure.digits, classes[model], model, condition)
            )
            top += BAR + GAP
        top += BETWEEN - GAP
    bottom = top - BETWEEN + 6
    grid = [
        f'<path class="grid" d="M{LABELS + tick * axis:.1f} 0V{bottom}"/>'
        + _text(LABELS + tick * axis, bottom + 11, f"{tick:g}", "middle", "tick")
        for tick in nice_ticks(most)
    ]
    return _svg(bottom + 20, measure.title, "".join(grid + parts))


def curve(title: str, steps: Sequence[int], values: Sequence[float], style: str, height: int = 150) -> str:
    """One line over training steps; gaps where a value is not finite."""
    return lines(title, [Line(steps, values, style)], height)


def lines(title: str, drawn: Sequence[Line], height: int = 150, ticks: Sequence[float] | None = None) -> str:
    """Lines over training steps; gaps where a value is not finite.

    Args:
        title: for who cannot see the chart.
        drawn: one or more.
        height: in units.
        ticks: where the grid lies, from the bottom of the chart to its top; None finds them by the values.
    """
    finite = [value for line in drawn for value in line.values if math.isfinite(value)]
    if len(finite) < FEWEST_POINTS:
        return _svg(
            height, title, _text(WIDTH / 2, height / 2, "too few points for a curve", "middle", "tick")
        )
    left, right, top, bottom = 40.0, WIDTH - 14.0, 8.0, height - 20.0
    low, high = (ticks[0], ticks[-1]) if ticks else (min(0.0, *finite), max(finite))
    if ticks is None:
        ticks = nice_ticks(high) if low == 0 and high > 0 else [low, high]
    span = (high - low) or 1.0
    last = max(line.steps[-1] for line in drawn if line.steps)

    def y(value: float) -> float:
        return bottom - (value - low) / span * (bottom - top)

    def x(step: float) -> float:
        return left + step / last * (right - left)

    grid = "".join(
        f'<path class="grid" d="M{left} {y(tick):.1f}H{right}"/>'
        + _text(left - 6, y(tick), f"{tick:.3g}", "end", "tick")
        for tick in ticks
    )
    paths = ""
    for line in drawn:
        path, pen = "", "M"
        for step, value in zip(line.steps, line.values, strict=True):
            if not math.isfinite(value):
                pen = "M"
                continue
            path += f"{pen}{x(step):.1f} {y(value):.1f}"
            pen = "L"
        paths += f'<path class="line {line.style}" d="{path}"/>'
    ends = _text(left, height - 8, "step 0", "start", "tick") + _text(
        right, height - 8, f"{last:,}".replace(",", " "), "end", "tick"
    )
    return _svg(height, title, f"{grid}{paths}{ends}")


def loss_charts(log: Log, style: str) -> tuple[str, list[tuple[str, str]]]:
    """The chart of the loss, and one smaller chart per (unweighted) term with its name."""
    terms = [(name, curve(name, log.steps, values, style, 110)) for name, values in log.terms.items()]
    return curve("loss", log.steps, log.loss, style), terms


def scatter(pairs: Sequence[tuple[float, float]], baseline: str, subject: str, title: str) -> str:
    """A dot per frame: absRel of the baseline across, of the subject up; below the diagonal it wins."""
    side, left, top = 220.0, 44.0, 8.0
    ordered = sorted(value for pair in pairs for value in pair)
    most = ordered[min(len(ordered) - 1, int(0.99 * len(ordered)))] or 1.0
    ticks, scale = nice_ticks(most), side / most
    bottom = top + side

    def place(value: float) -> float:
        return min(value, most) * scale

    dots = "".join(
        f'<circle cx="{left + place(a):.1f}" cy="{bottom - place(b):.1f}" r="2.4"/>' for a, b in pairs
    )
    marks = "".join(
        _text(left + tick * scale, bottom + 12, f"{tick:g}", "middle", "tick")
        + (_text(left - 6, bottom - tick * scale, f"{tick:g}", "end", "tick") if tick else "")
        for tick in ticks
    )
    frame = (
        f'<path class="under" d="M{left} {bottom}H{left + side}V{top}Z"/>'
        f'<path class="diagonal" d="M{left} {bottom}L{left + side} {top}"/>'
        f'<path class="axis" d="M{left} {top}V{bottom}H{left + side}"/>'
    )
    names = (
        _text(left + side / 2, bottom + 28, f"{baseline}, absRel", "middle", "tick")
        + f'<g transform="translate(10 {top + side / 2}) rotate(-90)">'
        + _text(0, 0, f"{subject}, absRel", "middle", "tick")
        + "</g>"
    )
    return _svg(
        bottom + 38, title, f'{frame}{marks}{names}<g class="dots">{dots}</g>', width=left + side + 14
    )


def nice_ticks(most: float) -> list[float]:
    """Round numbers from 0 up to at most ``most``, which is positive: three to six of them."""
    rough = most / 5
    power = 10 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= rough * 0.999)
    count = math.floor(most / step + 1e-9)
    return [round(number * step, 12) for number in range(count + 1)]


def _bar(
    top: float, axis: float, estimate: Estimate, digits: int, style: str, model: str, condition: Condition
) -> str:
    middle, end = top + BAR / 2, LABELS + estimate.mean * axis
    number = f"{estimate.mean:.{digits}f}"
    words, whisker = f"{condition.value}, {model}: {number}", ""
    if estimate.low is not None and estimate.high is not None:
        low, end = LABELS + estimate.low * axis, LABELS + estimate.high * axis
        words += f", 95 % interval {estimate.low:.{digits}f} to {estimate.high:.{digits}f}"
        caps = "".join(f"M{x:.1f} {middle - 3.5}v7" for x in (low, end))
        path = f"M{low:.1f} {middle}H{end:.1f}{caps}"
        whisker = f'<path class="halo" d="{path}"/><path class="whisker" d="{path}"/>'
    return (
        f'<g><title>{escape(words)}</title><rect class="{style}" x="{LABELS}" y="{top}" rx="1.5" '
        f'width="{estimate.mean * axis:.1f}" height="{BAR}"/>{whisker}'
        f"{_text(end + 6, middle, number, 'start', 'value')}</g>"
    )


def _scaled(estimate: Estimate, factor: float) -> Estimate:
    if estimate.low is None or estimate.high is None:
        return Estimate(estimate.mean * factor, None, None)
    return Estimate(estimate.mean * factor, estimate.low * factor, estimate.high * factor)


def _text(x: float, y: float, words: str, anchor: str, style: str) -> str:
    # dy centres on the height of digits; "dominant-baseline" is not drawn alike everywhere.
    return (
        f'<text class="{style}" x="{x:.1f}" y="{y:.1f}" dy=".35em" text-anchor="{anchor}">'
        f"{escape(words)}</text>"
    )


def _svg(height: float, title: str, content: str, width: float = WIDTH) -> str:
    return (
        f'<svg viewBox="0 0 {width:g} {height:g}" role="img" aria-label="{escape(title, quote=True)}">'
        f"{content}</svg>"
    )
