"""``acdepth ablate``: what each part of the student's method is worth, over seeds."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro
from rich.console import Console
from rich.table import Table
from rich.text import Text

from acdepth.cli.world import at_least_one
from acdepth.core.errors import UserError
from acdepth.core.presets import find_config

if TYPE_CHECKING:
    from acdepth.recipes.ablation import Ablation, AblationConfig


def ablate(
    data: Annotated[Path | None, tyro.conf.Positional] = None,
    *,
    run: Path | None = None,
    out: Path | None = None,
    config: str = "world",
    translations: Path | None = None,
    teacher: Path | None = None,
    prior: Path | None = None,
    evaluation: Path | None = None,
    student: str | None = None,
    variants: tuple[str, ...] = (),
    seeds: tuple[int, ...] = (),
    workers: int = 1,
    dry_run: bool = False,
    so_far: bool = False,
) -> None:
    """Train variants of the student with several seeds on the same data, and compare them with a base.

    Killed and started again, it goes on where it was. Several calls with one OUT share the work.

    Args:
        data: clear training footage, where there is no run or in place of the run's.
        run: folder of a finished acdepth demo or reproduce, whose footage, teacher and translations are used.
        out: folder of the ablation; RUN/ablation by default.
        config: shipped settings of this name, as world, or a YAML of one's own.
        translations: of data, as acdepth translate wrote them.
        teacher: its run folder or checkpoint.
        prior: a Depth Anything; the run's, or the tiny shipped one by default.
        evaluation: footage with measured depth that nothing was trained on.
        student: what the variants change, in place of the run's student: shipped settings or a YAML.
        variants: only these, and the base.
        seeds: in place of those of the settings.
        workers: processes that train at the same time and share the processor's cores.
        dry_run: print the variants and how many cells there are, and do nothing else.
        so_far: do nothing more, but make the tables of the cells that are done.
    """
    from acdepth.recipes.ablation import Ablation, AblationConfig, gather_sources
    from acdepth.recipes.ablation.workers import work_together
    from acdepth.reports.ablation import print_ablation, write_ablation

    at_least_one("workers", workers)
    settings = _changed(AblationConfig.read(find_config("ablate", config)), student, variants, seeds)
    if out is None:
        if run is None:
            raise UserError("--out", "not given", "it is the folder for the ablation")
        out = run / "ablation"
    given = {"data": data, "translations": translations, "teacher": teacher, "prior": prior}
    given["evaluation"] = evaluation
    ablation = Ablation(settings, gather_sources(settings, run, given), out)
    if dry_run:
        _print_plan(ablation)
        return
    if not so_far:
        ablation.begin()
        if workers == 1:
            ablation.work()
        else:
            work_together(ablation, workers)
    ablation.summarise()
    print_ablation(write_ablation(out))
    print(f"table: {out / 'ablation.md'}\nfigure: {out / 'ablation.png'}\nreport: {out / 'report.html'}")
    if failures := ablation.failures():
        first, why = next(iter(failures.items()))
        what = f"{len(failures)} of {len(ablation.cells)} cells failed, and the tables leave them out"
        raise UserError(None, what, f"first {first}: {why}")


def _changed(
    config: "AblationConfig", student: str | None, variants: tuple[str, ...], seeds: tuple[int, ...]
) -> "AblationConfig":
    """The settings with what the flags say instead."""
    from acdepth.student.settings import StudentConfig

    if student is not None:
        base = StudentConfig.read(find_config("student", student, "--student"))
        config = config.model_copy(update={"student": base})
    if variants:
        config = config.only(variants)
    return config.with_changes({"seeds": list(seeds)}, "--seeds") if seeds else config


def _print_plan(ablation: "Ablation") -> None:
    from acdepth.reports.ablation import changes_in_words

    config, cells = ablation.config, ablation.cells
    done = sum(cell.is_done() for cell in cells)
    table = Table("variant", "steps", "changes", title=Text(f"ablation of {ablation.sources.data}"))
    for name, student in ablation.students.items():
        changes = changes_in_words(config.variants[name])
        table.add_row(f"{name} (base)" if name == config.base else name, str(student.loop.steps), changes)
    Console().print(table, markup=False)
    grid = f"{len(cells)} cells: {len(config.variants)} variants x {len(config.seeds)} seeds, and the teacher"
    print(f"{grid}; {done} done, {len(cells) - done} to do{_hours(ablation)}")


def _hours(ablation: "Ablation") -> str:
    step = ablation.sources.seconds_per_step
    if step is None:
        return ""
    left = [cell.student for cell in ablation.cells if cell.student and not cell.is_done()]
    hours = sum(student.loop.steps for student in left) * step / 3600
    return f", about {hours:.1f} h of training at the speed of the run's own student"
