"""``acdepth demo``: the whole method on the built-in world."""

from pathlib import Path
from typing import Literal

from acdepth.core.presets import find_config


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
    from acdepth.reports.page import write_report
    from acdepth.reports.tables import print_results

    settings = DemoConfig.read(find_config("demo", config)).translated_by(method)
    Demo(settings, out).run()
    print_results(out / "results.json")
    page = write_report(out)
    student = out / "student" / "model.safetensors"
    print(f"report: {page}\ntry it: acdepth predict IMAGE --weights {student} --out depth")
