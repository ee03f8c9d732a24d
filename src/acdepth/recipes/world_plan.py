"""What the world's reproduction will cost: counted from the settings, timed on a town that does not stay."""

import time
from pathlib import Path
from tempfile import TemporaryDirectory

from acdepth.core.condition import Condition
from acdepth.core.errors import UserError
from acdepth.data.folder import open_data
from acdepth.inference.devices import choose_device
from acdepth.recipes.demo import DemoConfig, TownsConfig
from acdepth.recipes.plan import Counts, PlannedStage, plan_method, refuse_no_steps
from acdepth.recipes.timing import Timed, batch_size, size_of
from acdepth.world.export import DriveSettings, write_towns


def plan_world(config: DemoConfig, steps: int) -> list[PlannedStage]:
    """Render a few frames, run a little of each stage on them, and multiply.

    Args:
        config: settings.
        steps: of each training.
    """
    refuse_no_steps(steps)
    if Condition.CLEAR not in config.training.conditions:
        raise UserError("settings", "training.conditions lacks clear, so there is nothing to learn on")
    height, width = config.teacher.image_size
    with TemporaryDirectory() as temporary:
        folder = Path(temporary)
        training = _render(config, config.training, folder / "training", batch_size(config) + 2)
        shown = [(towns, _render(config, towns, folder / "adverse", 2)) for towns in config.shown_weather()]
        evaluation = _render(config, config.evaluation, folder / "evaluation", 2)
        footage = [one for one in open_data(folder / "training") if one.condition is Condition.CLEAR]
        stages = plan_method(config, footage, height * width, _counts(config), steps)
    return [
        _rendered("world-training", config, config.training, training),
        *(_rendered("world-adverse", config, towns, frame) for towns, frame in shown),
        _rendered("world-evaluation", config, config.evaluation, evaluation),
        *stages,
    ]


def _counts(config: DemoConfig) -> Counts:
    clear = config.training.count * config.training.frames
    conditions = len(config.evaluation.conditions)
    measured = config.evaluation.count * config.evaluation.frames * conditions
    return Counts(triplets=clear, clear=clear, measured=measured, conditions=conditions)


def _render(config: DemoConfig, towns: TownsConfig, folder: Path, frames: int) -> Timed:
    """One frame in all of the towns' conditions."""
    frames = min(frames, towns.frames)
    started = time.perf_counter()
    settings = DriveSettings(frames, config.teacher.image_size)
    write_towns(folder, towns.seeds[:1], towns.conditions, settings, str(choose_device()))
    return Timed((time.perf_counter() - started) / frames, size_of(folder) / frames)


def _rendered(name: str, config: DemoConfig, towns: TownsConfig, frame: Timed) -> PlannedStage:
    frames = towns.count * towns.frames
    work = f"{frames} x {len(towns.conditions)} images"
    return PlannedStage(name, work, frames * frame.gigabytes, frames * frame.seconds / config.workers / 3600)
