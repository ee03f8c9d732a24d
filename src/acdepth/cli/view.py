"""``acdepth view``: the pages of a run or of predictions, in the browser."""

import webbrowser
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import tyro

from acdepth.core.errors import UserError

PAGES = ("report.html", "training.html", "index.html")
"""Of a run, the first that there is."""
RESULTS = ("results.json", "ablation.json", "log.jsonl")
"""From which `acdepth report` makes a page."""
OTHERS = {
    ".rrd": "rerun {}",
    ".mcap": "Foxglove (app.foxglove.dev), rerun {} or ros2 bag play {}",
    ".glb": "Blender, or any browser's glTF viewer",
    ".ply": "MeshLab, CloudCompare or Blender",
}
"""What opens files that are no pages, by suffix."""


def view(what: Annotated[Path, tyro.conf.Positional]) -> None:
    """Open the page of a run or of a prediction in the browser, and print where it is.

    Args:
        what: a page (.html); the folder of a run, whose report is made where there is none yet; or a folder
            of predictions by --to html, of which the first is opened.
    """
    page, others = _page_of(what)
    print(page)
    if others:
        print(f"and {others} more beside it")
    with suppress(webbrowser.Error):
        webbrowser.open(page.resolve().as_uri())


def _page_of(what: Path) -> tuple[Path, int]:
    """The page, and how many others there are."""
    if what.is_dir():
        return _page_in(what)
    if not what.exists():
        raise UserError(what, "no such file or folder")
    if what.suffix.lower() in (".html", ".htm"):
        return what, 0
    program = OTHERS.get(what.suffix.lower())
    remedy = f"open it with {program.format(what, what)}" if program else "give a run, or a page (.html)"
    raise UserError(what, "is no page", remedy)


def _page_in(folder: Path) -> tuple[Path, int]:
    for name in PAGES:
        if (folder / name).exists():
            return folder / name, 0
    if any((folder / name).exists() for name in RESULTS):
        from acdepth.cli.report import report

        report(folder)
        return _page_in(folder)
    if found := sorted(folder.rglob("*.html")):
        return found[0], len(found) - 1
    remedy = "give a run, or predict with --to html"
    raise UserError(folder, "holds no page, and no results that one could be made from", remedy)
