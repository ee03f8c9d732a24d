"""``acdepth report``: the tables and the page of a finished run."""

from pathlib import Path
from typing import Annotated

import tyro

from acdepth.reports.page import write_report
from acdepth.reports.tables import print_results


def report(run: Annotated[Path, tyro.conf.Positional]) -> None:
    """Print the results as tables and write RUN/report.html: charts and pictures in one file by itself.

    Args:
        run: folder that acdepth demo or acdepth evaluate wrote, with results.json.
    """
    page = write_report(run)
    print_results(run / "results.json")
    print(f"report: {page}")
