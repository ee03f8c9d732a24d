"""``acdepth report``: the tables and the page of a finished run."""

from pathlib import Path
from typing import Annotated

import tyro


def report(run: Annotated[Path, tyro.conf.Positional]) -> None:
    """Print the results as tables and write RUN/report.html: charts and pictures in one file by itself.

    Of a training, or of several in one folder, write RUN/training.html: losses, and how their gradients lie
    to each other where loop.gradient_statistics_every was set.

    Args:
        run: folder that acdepth demo or acdepth evaluate wrote, with results.json; or acdepth ablate; or
            acdepth train, with log.jsonl.
    """
    from acdepth.evaluation.schema import Results
    from acdepth.reports.ablation import print_ablation, write_ablation
    from acdepth.reports.ordinal import print_ordinal
    from acdepth.reports.page import write_report, write_training_page
    from acdepth.reports.tables import print_results

    if (run / "ablation.json").exists():
        print_ablation(write_ablation(run))
        print(f"report: {run / 'report.html'}")
        return
    if not (run / "results.json").exists() and (trainings := _trainings(run)):
        write_training_page(trainings, run / "training.html")
        print(f"report: {run / 'training.html'}")
        return
    results = Results.read(run / "results.json")
    pairs_alone = results.ordinal is not None and not results.models
    page = None if pairs_alone else write_report(run)
    if page:
        print_results(run / "results.json")
    if results.ordinal:
        print_ordinal(results.ordinal)
    print(f"report: {page}" if page else "no page: these results are on pairs of points alone")


def _trainings(run: Path) -> dict[str, Path]:
    """The folders of trainings at ``run``, by name: itself, or those right below it."""
    if (run / "log.jsonl").exists():
        return {run.resolve().name: run}
    return {log.parent.name: log.parent for log in sorted(run.glob("*/log.jsonl"))}
