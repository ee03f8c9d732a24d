"""All files that show an ablation."""

import base64
from pathlib import Path

from acdepth.core.files import write_bytes, write_text
from acdepth.reports import ablation_tables
from acdepth.reports.ablation_figure import ablation_figure
from acdepth.reports.ablation_reading import AblationResults, read_ablation
from acdepth.reports.page_template import page_template


def write_ablation(folder: Path) -> AblationResults:
    """Write ``ablation.md``, ``ablation.png`` and ``report.html`` from ``ablation.json`` of a folder.

    Raises:
        UserError: if the summary is missing or malformed.
    """
    results = read_ablation(folder / "ablation.json")
    figure = ablation_figure(results)
    write_text(folder / "ablation.md", ablation_tables.markdown(results))
    write_bytes(folder / "ablation.png", figure)
    page = page_template("ablation.html.j2").render(
        results=results,
        notes=ablation_tables.notes(results)[:-1],
        figure=base64.b64encode(figure).decode(),
        tables=ablation_tables,
    )
    write_text(folder / "report.html", page)
    return results
