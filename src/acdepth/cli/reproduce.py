"""``acdepth demo`` and ``acdepth reproduce``: the whole method on the built-in world or on a data set."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

import tyro

from acdepth.cli.world import at_least_one
from acdepth.core.files import write_text
from acdepth.core.presets import find_config

if TYPE_CHECKING:
    from acdepth.recipes.method_config import MethodConfig

Settings = TypeVar("Settings", bound="MethodConfig")


def demo(
    out: Path = Path("runs/demo"),
    config: str = "world",
    method: Literal["simulate", "diffusion"] | None = None,
) -> None:
    """Render a world, train teacher, translator and student, evaluate on unseen towns, and write a report.

    Killed and started again, it goes on where it was; a second call does nothing new.

    Args:
        out: folder for everything that is made.
        config: shipped settings of this name, as world, or a YAML of one's own.
        method: instead of the settings' way to translate; simulate draws weather by rules and trains no
            translator.
    """
    from acdepth.recipes.demo import Demo, DemoConfig

    settings = DemoConfig.read(find_config("demo", config)).translated_by(method)
    Demo(settings, out).run()
    _report(out)
    student = out / "student" / "model.safetensors"
    print(f"try it: acdepth predict IMAGE --weights {student} --out depth")


def reproduce(
    data_set: Annotated[Literal["nuscenes", "robotcar", "world"], tyro.conf.Positional],
    *,
    root: Path,
    out: Path | None = None,
    config: str | None = None,
    prior: Path | None = None,
    encoder: Path | None = None,
    method: Literal["simulate", "diffusion"] | None = None,
    base: Path | None = None,
    condition_known: bool = False,
    dry_run: bool = False,
    timed_steps: int = 20,
) -> None:
    """Teacher, translations, student and evaluation on a data set, ending with the paper's table beside ours.

    Killed and started again, it goes on where it was; what is done and still valid is skipped.

    Args:
        data_set: nuscenes, robotcar or world.
        root: of the data set as its owners lay it out; for world the folder that the towns are rendered into.
        out: folder of the run; runs/DATA_SET by default.
        config: shipped settings of this name or a YAML of one's own; the data set's by default, or for
            instance nuscenes-published.
        prior: instead of the settings' Depth Anything: a folder, a hub name or shipped.
        encoder: instead of the settings' ImageNet encoder: a file, a hub name or shipped.
        method: instead of the settings' way to translate; simulate needs no diffusion model.
        base: instead of the settings' diffusion model: a folder or a hub name.
        condition_known: tell networks that take it which images are of the night, as the published code does.
        dry_run: print the stages, image counts, disk and hours, timed on a few steps, and do nothing else.
        timed_steps: steps that a dry run times, of teacher and student each.
    """
    from acdepth.recipes.demo import Demo, DemoConfig
    from acdepth.recipes.plan import plan_world, print_plan
    from acdepth.recipes.reproduce import ReproduceConfig, Reproduction
    from acdepth.reports.paper import beside_ours

    at_least_one("timed-steps", timed_steps)
    out = out or Path("runs") / data_set
    file = find_config("reproduce", config or data_set)
    title = f"plan for {data_set} in {root}, timed on {timed_steps} steps here"
    if data_set == "world":
        world = _changed(DemoConfig.read(file), prior, encoder, method, base, condition_known)
        demo = Demo(world, out, world=root)
        if dry_run:
            print_plan(plan_world(world, timed_steps), title)
        else:
            demo.run()
            _report(out)
        return
    settings = _changed(ReproduceConfig.read(file), prior, encoder, method, base, condition_known)
    reproduction = Reproduction(data_set, settings, root, out)
    if dry_run:
        print_plan(reproduction.plan(timed_steps), title)
        return
    reproduction.run()
    _report(out)
    table = beside_ours(data_set, out / "results.json")
    table.print()
    write_text(out / "table.md", table.markdown())
    print(f"table: {out / 'table.md'}")


def _report(out: Path) -> None:
    from acdepth.reports.page import write_report
    from acdepth.reports.tables import print_results

    print_results(out / "results.json")
    print(f"report: {write_report(out)}")


def _changed(
    config: Settings,
    prior: Path | None,
    encoder: Path | None,
    method: Literal["simulate", "diffusion"] | None,
    base: Path | None,
    condition_known: bool,
) -> Settings:
    """The settings with what the flags say instead."""
    changes: dict[str, Any] = {}
    if condition_known:
        changes["condition_known"] = True
    if base is not None and config.translator is not None:
        changes["translator"] = config.translator.model_copy(update={"base": base})
    if prior is not None:
        changes["prior"] = prior
    if encoder is not None:
        changes["teacher"] = config.teacher.model_copy(update={"encoder": encoder})
        changes["student"] = config.student.model_copy(update={"encoder": encoder})
    return config.translated_by(method).model_copy(update=changes)
