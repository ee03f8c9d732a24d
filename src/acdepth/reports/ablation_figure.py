"""An ablation as a figure: what each variant changes, a panel per condition, zero is the base."""

from io import BytesIO

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from acdepth.core.condition import Condition
from acdepth.evaluation.ablation import TEACHER, AblationResults
from acdepth.reports.ablation import Compared, compare, with_spread
from acdepth.reports.verdicts import Verdict

INK, FAINT = "#222222", "#8a8a8a"
COLOURS = {Verdict.LOWER: "#2b5c9e", Verdict.HIGHER: "#b3152a"}
"""Of an order that is shown; all else is faint."""
WIDTH, ROW, MARGIN = 2.1, 0.27, 1.5
"""Of a panel, of a variant, and around all [inches]."""
DOTS_PER_INCH = 150
LEAST_SPAN, MOST_SPAN = 0.05, 0.4
"""Of the left half of an axis; what is farther is an arrow at its end, so that one failure hides nothing."""
WIDEST = 2.5
"""How many times as far as the seeds the intervals may make an axis reach."""
ROOM = 2.3
"""The right half over the left one: there stand the numbers."""


def ablation_figure(results: AblationResults) -> bytes:
    """PNG: dots are seeds, bars 95 % intervals of the paired difference of absRel; teacher left out.

    The teacher differs from all students by so much that nothing else could be seen beside it.
    """
    names = [name for name in results.order if name != TEACHER]
    conditions = list(results.conditions)
    size = (MARGIN + 1 + WIDTH * len(conditions), MARGIN + ROW * len(names))
    figure = Figure(figsize=size, dpi=DOTS_PER_INCH, layout="constrained")
    panels = figure.subplots(1, len(conditions), sharey=True, squeeze=False)[0]
    for axes, condition in zip(panels, conditions, strict=True):
        _prepare(axes, condition)
        compared = [compare(results, name, results.base, condition) for name in names]
        span = _span([found for found in compared if found])
        axes.set_xlim(-span, ROOM * span)
        for place, (name, found) in enumerate(zip(names, compared, strict=True)):
            _write(axes, place, with_spread(results, name, condition))
            if found:
                _draw(axes, place, found, span)
    panels[0].set_yticks(range(len(names)), names)
    panels[0].set_ylim(len(names) - 0.5, -0.5)
    title = (
        f"absRel against {results.base}, per cent; left of zero is better. Bars: 95 % intervals, paired over "
        "drives and seeds; dots: seeds. At the right: mean ± spread over seeds"
    )
    figure.suptitle(title, fontsize=9, color=INK)
    stream = BytesIO()
    FigureCanvasAgg(figure).print_png(stream, metadata={"Software": None})
    return stream.getvalue()


def _prepare(axes: Axes, condition: Condition) -> None:
    axes.set_title(condition.value, fontsize=10, color=INK)
    axes.axvline(0, color=INK, linewidth=0.8, zorder=1)
    axes.grid(axis="y", color="#e8e8e8", linewidth=0.6)
    axes.tick_params(labelsize=8, length=0, colors=INK)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)


def _write(axes: Axes, place: int, text: str) -> None:
    plate = {"facecolor": "white", "edgecolor": "none", "pad": 1.0}
    words = {"fontsize": 7, "va": "center", "ha": "right", "color": INK, "bbox": plate, "zorder": 5}
    axes.annotate(text, (1, place), xycoords=("axes fraction", "data"), **words)


def _draw(axes: Axes, place: int, found: Compared, span: float) -> None:
    colour = COLOURS.get(found.verdict, FAINT)
    if found.change.low is not None and found.change.high is not None:
        ends = [100 * found.change.low, 100 * found.change.high]
        axes.plot(ends, [place, place], color=colour, linewidth=1.6, solid_capstyle="butt", zorder=2)
    seeds = [100 * value for value in found.of_seeds]
    axes.scatter(seeds, [place] * len(seeds), s=7, color="white", edgecolors=colour, linewidths=0.7, zorder=3)
    mean = 100 * found.change.mean
    if -span <= mean <= span:
        axes.scatter([mean], [place], s=22, color=colour, zorder=4)
    else:
        end, marker = (span, ">") if mean > 0 else (-span, "<")
        axes.scatter([end], [place], s=30, color=colour, zorder=4, marker=marker)


def _span(compared: list[Compared]) -> float:
    """Around what was measured [%]; the widest intervals, of few seeds, may leave the panel."""
    seeds = max([LEAST_SPAN, *(1.3 * abs(value) for one in compared for value in one.of_seeds)])
    ends = [abs(end) for one in compared for end in (one.change.low, one.change.high) if end is not None]
    return 100 * min(MOST_SPAN, max([seeds, *(min(end, WIDEST * seeds) for end in ends)]))
