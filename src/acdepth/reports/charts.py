"""Charts as inline SVG, drawn by matplotlib; text stays text, colours are those of the page."""

import math
import re
from collections.abc import Mapping, Sequence
from html import escape
from io import StringIO
from typing import Any, NamedTuple

import matplotlib
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import MaxNLocator

from acdepth.evaluation.schema import ConfidenceScores, Estimate, Results

NAMES = ("ink", "quiet", "rule", "card", "under", "base", "subject", "m1", "m2", "m3", "m4")
STAND_INS = {name: f"#0101{number:02x}" for number, name in enumerate(NAMES, start=1)}
"""What matplotlib draws with; `_svg` puts the variables of ``colours.css`` in their places."""
STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "acdepth",
    "text.parse_math": False,
    "font.family": "sans-serif",
    "font.size": 8,
    "lines.linewidth": 1.3,
    "lines.solid_capstyle": "butt",
    "axes.edgecolor": STAND_INS["quiet"],
    "axes.labelcolor": STAND_INS["quiet"],
    "axes.linewidth": 0.7,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": STAND_INS["quiet"],
    "ytick.color": STAND_INS["quiet"],
    "xtick.major.size": 0,
    "ytick.major.size": 0,
    "grid.color": STAND_INS["rule"],
    "grid.linewidth": 0.7,
}
WIDTH, SQUARE = 3.4, 2.0
"""Inches: narrow, so that a phone shows the letters at a size that can be read."""
BAR = 0.17
"""Inches of a bar's row."""
FEWEST_POINTS = 2


class Measure(NamedTuple):
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
    classes = model_classes(results.model_order)
    groups = {of: results.under(of) for of in results.conditions}
    height = BAR * sum(len(cells) + 1 for cells in groups.values()) + 0.35
    with matplotlib.rc_context(STYLE):
        figure, axes = _figure(WIDTH, height)
        axes.grid(axis="x")
        axes.spines["left"].set_visible(False)
        place, middles = 0.0, []
        for cells in groups.values():
            middles.append(place + (len(cells) - 1) / 2)
            for model, cell in cells.items():
                _bar(axes, place, getattr(cell, measure.metric), measure, classes[model])
                place += 1
            place += 0.7
        axes.set_yticks(middles, [of.value for of in groups], color=STAND_INS["ink"], weight="bold")
        axes.set_ylim(place - 1, -0.7)
        axes.set_xlim(left=0, right=None if axes.dataLim.x1 > 0 else 1)
        axes.margins(x=0.16)
        axes.xaxis.set_major_locator(_ticks(5))
        return _svg(figure, measure.title)


def lines(
    title: str, drawn: Sequence[Line], height: float = 1.5, limits: tuple[float, float] | None = None
) -> str:
    """Lines over training steps; gaps where a value is not finite. Without limits the vertical axis takes in
    all values and zero; ``height`` is in inches, ``title`` for who cannot see the chart."""
    finite = [value for line in drawn for value in line.values if math.isfinite(value)]
    with matplotlib.rc_context(STYLE):
        figure, axes = _figure(WIDTH, height)
        if len(finite) < FEWEST_POINTS:
            axes.set_axis_off()
            axes.text(0.5, 0.5, "too few points for a curve", ha="center", color=STAND_INS["quiet"])
            return _svg(figure, title)
        axes.grid(axis="y")
        for line in drawn:
            axes.plot(line.steps, line.values, color=STAND_INS[line.style], clip_on=False)
        axes.set_xlim(0, max(line.steps[-1] for line in drawn if line.steps))
        axes.set_ylim(*(limits or (min(0.0, *finite), max(finite) or 1.0)))
        axes.yaxis.set_major_locator(_ticks(4))
        axes.xaxis.set_major_locator(MaxNLocator(4, integer=True))
        axes.set_xlabel("step")
        return _svg(figure, title)


def scatter(pairs: Sequence[tuple[float, float]], baseline: str, subject: str, title: str) -> str:
    """A dot per frame: absRel of the baseline across, of the subject up; below the diagonal it wins."""
    ordered = sorted(value for pair in pairs for value in pair)
    most = ordered[min(len(ordered) - 1, int(0.99 * len(ordered)))] or 1.0
    across, up = ([min(value, most) for value in values] for values in zip(*pairs, strict=True))
    with matplotlib.rc_context(STYLE):
        figure, axes = _figure(SQUARE, SQUARE)
        axes.fill([0, most, most], [0, 0, most], color=STAND_INS["under"], linewidth=0, zorder=0)
        axes.plot([0, most], [0, most], color=STAND_INS["quiet"], linestyle="--", linewidth=0.8)
        axes.scatter(across, up, s=9, color=STAND_INS["subject"], alpha=0.45, linewidths=0, clip_on=False)
        _square(axes, most)
        axes.xaxis.set_major_locator(_ticks(4))
        axes.set_xlabel(f"{baseline}, absRel")
        axes.set_ylabel(f"{subject}, absRel")
        return _svg(figure, title)


def coverage(drawn: Mapping[str, ConfidenceScores], title: str) -> str:
    """absRel of the surest part of the pixels: a line per style, dashed its oracle and a constant."""
    most = max(max(one.abs_rel_at_coverage) for one in drawn.values()) or 1.0
    with matplotlib.rc_context(STYLE):
        figure, axes = _figure(SQUARE, SQUARE)
        axes.grid(axis="y")
        for style, one in drawn.items():
            parts = [100 * part for part in one.coverage]
            constant = [one.abs_rel_at_coverage[-1]] * len(parts)
            for dashed in (constant, one.oracle_at_coverage):
                axes.plot(parts, dashed, color=STAND_INS["quiet"], linestyle="--", linewidth=0.8)
            axes.plot(parts, one.abs_rel_at_coverage, color=STAND_INS[style], clip_on=False)
        _square(axes, most)
        axes.set_xlim(0, 100)
        axes.xaxis.set_major_locator(_ticks(4))
        axes.set_xlabel("surest part of the pixels [%]")
        axes.set_ylabel("absRel")
        return _svg(figure, title)


def _figure(width: float, height: float) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(width, height), layout=ConstrainedLayoutEngine(w_pad=0.02, h_pad=0.02))
    figure.patch.set_visible(False)
    axes = figure.add_subplot()
    axes.patch.set_visible(False)
    axes.set_axisbelow(True)
    return figure, axes


def _ticks(most: int) -> MaxNLocator:
    return MaxNLocator(most, steps=[1, 2, 5, 10], min_n_ticks=3)


def _square(axes: Axes, most: float) -> None:
    axes.set_xlim(0, most)
    axes.set_ylim(0, most)
    axes.set_box_aspect(1)
    axes.yaxis.set_major_locator(_ticks(4))


def _bar(axes: Axes, place: float, estimate: Estimate, measure: Measure, style: str) -> None:
    mean, end = (measure.scale * value for value in (estimate.mean, estimate.high or estimate.mean))
    axes.barh(place, mean, 0.8, color=STAND_INS[style])
    if estimate.low is not None and estimate.high is not None:
        ends = [[mean - measure.scale * estimate.low], [end - mean]]
        for colour, width in ((STAND_INS["card"], 2.6), (STAND_INS["ink"], 0.9)):
            look = {"ecolor": colour, "elinewidth": width, "capsize": 1.6, "capthick": width}
            axes.errorbar(mean, place, xerr=ends, **look)
    look = {"textcoords": "offset points", "va": "center", "color": STAND_INS["ink"], "size": 7.5}
    axes.annotate(f"{mean:.{measure.digits}f}", (end, place), (4, 0), **look)


def _svg(figure: Figure, title: str) -> str:
    """The figure as an element of HTML; equal figures give equal text."""
    stream = StringIO()
    nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
    FigureCanvasSVG(figure).print_svg(stream, metadata=nothing)
    svg = stream.getvalue()
    box = re.search(r'viewBox="[^"]*"', svg)
    assert box
    for name, colour in STAND_INS.items():
        svg = svg.replace(colour, f"var(--{name})")
    svg = re.sub(r"font-family: [^;\"]*", "font-family: inherit", svg[svg.index(">", box.end()) + 1 :])
    return f'<svg {box[0]} role="img" aria-label="{escape(title, quote=True)}">{svg}'
