"""What all cells of an ablation share: footage, translations, teacher, prior; given, or of a finished run."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from acdepth.core.errors import UserError
from acdepth.core.files import read_object
from acdepth.data.settings import EVERYTHING, FootageChoice
from acdepth.evaluation.protocols import Protocol, find_protocol
from acdepth.networks.checkpoint import checkpoint_file
from acdepth.pipeline.folder import BELONGING_FILE
from acdepth.recipes.ablation.config import AblationConfig
from acdepth.recipes.demo import DemoConfig
from acdepth.recipes.method_config import MethodConfig
from acdepth.recipes.reproduce import ReproduceConfig
from acdepth.student.settings import StudentConfig

NEEDED_STAGES = ("teacher", "translate")
"""Of a run, before its students can be varied."""


@dataclass(frozen=True)
class Sources:
    """What every student of an ablation is made from and measured on."""

    data: Path
    """The clear training footage."""
    translations: Path
    """Of that footage."""
    teacher: Path
    """Its checkpoint."""
    prior: Path
    """Depth Anything: a folder, a hub name or ``shipped``."""
    evaluation: Path
    """Footage with measured depth."""
    student: StudentConfig
    """What the variants change."""
    protocol: Protocol
    evaluation_footage: FootageChoice
    seconds_per_step: float | None = None
    """Of the run's own student; None where there is no run."""


def gather_sources(config: AblationConfig, run: Path | None, given: Mapping[str, Path | None]) -> Sources:
    """What an ablation works on.

    Args:
        config: settings; what they leave open is the run's.
        run: folder of a demo or a reproduction whose teacher and translations are done; or None.
        given: paths by the names of `Sources`, each in place of the run's.

    Raises:
        UserError: naming what is missing.
    """
    paths = {name: path for name, path in given.items() if path is not None}
    found = _of_run(run, config) if run else _given(config, paths)
    found = replace(found, **paths)
    changes = {"evaluation_footage": config.evaluation_footage, "student": config.student}
    found = replace(found, **{name: value for name, value in changes.items() if value is not None})
    if config.protocol is not None:
        found = replace(found, protocol=find_protocol(config.protocol))
    return replace(found, teacher=checkpoint_file(found.teacher))


def _given(config: AblationConfig, paths: Mapping[str, Path]) -> Sources:
    flags = {"data": "DATA", **{name: f"--{name}" for name in ("translations", "teacher", "evaluation")}}
    lacking = [flag for name, flag in flags.items() if name not in paths]
    if lacking:
        remedy = "give them, or --run a folder of acdepth demo or reproduce that has them"
        raise UserError(", ".join(lacking), "not given", remedy)
    no_run = "and there is no --run to take it from"
    if config.student is None:
        raise UserError(None, f"the settings have no student {no_run}", "give --student")
    if config.protocol is None:
        raise UserError(None, f"the settings have no protocol {no_run}", "add one")
    named: dict[str, Any] = {"prior": Path("shipped"), **paths}
    protocol = find_protocol(config.protocol)
    return Sources(**named, student=config.student, protocol=protocol, evaluation_footage=EVERYTHING)


def _of_run(run: Path, config: AblationConfig) -> Sources:
    belonging, stages = run / BELONGING_FILE, run / "stages"
    if not belonging.exists() or not (run / "config.yaml").exists():
        raise UserError(f"--run {run}", "is no folder of acdepth demo or acdepth reproduce")
    records = {path.stem: read_object(path) for path in stages.glob("*.json")}
    for stage in NEEDED_STAGES:
        if not records.get(stage, {}).get("done"):
            raise UserError(f"--run {run}", f"its stage {stage} is not done", "let that run end first")
    about = read_object(belonging)
    root = run / about["root"]  # an absolute one stays as it is
    on_world = about["data_set"] == "world"
    kind: type[MethodConfig] = DemoConfig if on_world else ReproduceConfig
    method = kind.read(run / "config.yaml")
    trained = records.get("student", {})
    seconds = trained["seconds"] / method.student.loop.steps if trained.get("done") else None
    return Sources(
        data=root / "training" if on_world else root,
        translations=run / "translations",
        teacher=run / "teacher",
        prior=method.prior,
        evaluation=root / "evaluation" if on_world else root,
        student=method.student,
        protocol=method.measured_by(),
        evaluation_footage=method.evaluation_footage,
        seconds_per_step=seconds,
    )
