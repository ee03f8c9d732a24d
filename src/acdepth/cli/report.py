"""``acdepth report``: the page of a finished run."""

from pathlib import Path
from typing import Annotated

import tyro

from acdepth.reports.page import write_report


def report(run: Annotated[Path, tyro.conf.Positional]) -> None:
    """Write RUN/report.html: tables, curves and pictures in one file that needs nothing else.

    Args:
        run: folder that acdepth demo or acdepth evaluate wrote, with results.json.
    """
    print(write_report(run))
