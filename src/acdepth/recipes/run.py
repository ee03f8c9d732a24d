"""A run of the whole method, and what its folder tells about itself."""

from collections.abc import Sequence
from pathlib import Path

from acdepth.core.files import write_json
from acdepth.core.provenance import provenance
from acdepth.recipes.method_config import MethodConfig
from acdepth.recipes.stages import Pipeline, Stage
from acdepth.reports.story import Story

PAGES = ("report.html", "table.md", "run.json", "config.yaml")
"""Files of a run folder that tell about its results."""


def run_method(
    stages: Sequence[Stage], config: MethodConfig, out: Path, title: str, notes: list[str]
) -> None:
    """Do the stages that are not done yet; then ``run.json`` tells the report about them."""
    pipeline = Pipeline(stages, out, [out / page for page in PAGES])
    pipeline.put_stale_aside()  # before, so that the settings never stand beside results of others
    config.write(out / "config.yaml")
    seconds = pipeline.run()
    story = Story(title=title, made_by=provenance(), config=config.to_dict(), seconds=seconds, notes=notes)
    write_json(out / "run.json", story.to_dict())
