"""Stages that are done once: here is decided what is stale.

A stage is stale when its `Identity`, the settings and files that shape its result, is not as it was when the
stage was done, or when a stage before it is stale. What came of it is moved aside, never deleted.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape

from acdepth.core.errors import UserError
from acdepth.core.files import hash_json, read_object, write_json
from acdepth.core.identity import Identity, in_one_line
from acdepth.core.progress import whole_work
from acdepth.pipeline.folder import put_aside
from acdepth.pipeline.outputs import Output


@dataclass(frozen=True)
class Stage:
    """One step of a pipeline."""

    name: str
    """Fit for a file name."""
    made_from: Identity
    """Everything that shapes the result, beyond what earlier stages were made from."""
    run: Callable[[], object]
    """Does the work; called again, it goes on from where it was and makes what lacks."""
    outputs: tuple[Output, ...]
    """What must be as the stage left it for the stage to count as done."""
    belongings: tuple[Path, ...]
    """Files and folders that are the stage's alone: moved aside when its inputs change."""


@dataclass(frozen=True)
class Record:
    """``stages/NAME.json``: what a stage was started with, and what it left."""

    key: str
    """Stands for the settings of this stage and all before it."""
    after: str
    """The key of the stage before."""
    settings: dict[str, Any]
    """`Identity.values`."""
    outputs: dict[str, str] = field(default_factory=dict)
    """Digest of each output when the stage last ended; empty as long as it never did."""
    seconds: float = 0.0
    done: bool = False


class Pipeline:
    """Stages in one run folder, each done after those before it.

    A changed setting makes exactly the stages anew that come to depend on it, and what they had made is moved
    to ``old/``. An output that is gone or is no longer what its stage left is made again.

    Args:
        stages: in order.
        folder: of the run; gets ``stages/NAME.json``.
        pages: files about the whole run, which go out of date with any stage.
        first: number of the first stage where others were done before, in a pipeline of their own.
        last: number of the last one where others follow.
    """

    def __init__(
        self,
        stages: Sequence[Stage],
        folder: Path,
        pages: Sequence[Path] = (),
        first: int = 1,
        last: int | None = None,
    ) -> None:
        self.stages, self.folder, self.pages = tuple(stages), folder, tuple(pages)
        self.first, self.last = first, last or first + len(self.stages) - 1
        self.console = Console(stderr=True, soft_wrap=True)

    def run(self, expected: Mapping[str, float] | None = None) -> dict[str, float]:
        """Do what is not done yet; returns the seconds that each stage took when it ran.

        Args:
            expected: seconds by stage, of which progress then tells what is left of all.
        """
        self.put_stale_aside()
        after, seconds = "", {}
        with whole_work(expected or {}) as whole:
            for number, stage in enumerate(self.stages, start=self.first):
                title = f"[bold]{number}/{self.last} {stage.name}[/bold]"
                settings = dict(stage.made_from.values)
                known = self._record(stage)
                record = known or Record(_key(stage, after), after, settings)
                whole.begin(stage.name)
                if record.done and self._is_whole(stage, record, title):
                    self.console.print(f"{title}: done before, in {record.seconds:.0f} s")
                else:
                    self.console.print(title)
                    record = self._do(stage, record)
                    if known is None:
                        whole.ran()
                after, seconds[stage.name] = record.key, record.seconds
        return seconds

    def is_done(self) -> bool:
        """Whether all stages were done with these inputs and what they left is still that; writes nothing."""
        after = ""
        for stage in self.stages:
            record = self._record(stage)
            if record is None or not record.done or self._has_changed(stage, record, after):
                return False
            if any(output.now() != record.outputs.get(self._told(output.path)) for output in stage.outputs):
                return False
            after = record.key
        return True

    def changes(self) -> dict[str, str]:
        """What is not as it was when the first changed stage was begun; writes nothing."""
        for stage in self.stages:
            record = self._record(stage)
            if record and (changes := stage.made_from.changes(record.settings)):
                return changes
        return {}

    def seconds(self) -> float:
        """What the stages that are done took."""
        return sum(self.took().values())

    def took(self) -> dict[str, float]:
        """Seconds of each stage that is done."""
        records = {stage.name: self._record(stage) for stage in self.stages}
        return {name: record.seconds for name, record in records.items() if record and record.done}

    def put_stale_aside(self) -> None:
        """Move away what was made from other inputs than now, and tell what changed."""
        after = ""
        for number, stage in enumerate(self.stages):
            record = self._record(stage)
            if record is None:
                after = _key(stage, after)
                continue
            if self._has_changed(stage, record, after):
                self._retire(self.stages[number:], stage.made_from.changes(record.settings))
                return
            after = record.key

    def _has_changed(self, stage: Stage, record: Record, after: str) -> bool:
        return bool(stage.made_from.changes(record.settings)) or record.after != after

    def _retire(self, stages: Sequence[Stage], changes: Mapping[str, str]) -> None:
        first = stages[0].name
        why = in_one_line(changes) if changes else "an earlier stage has changed"
        paths = dict.fromkeys(self.pages, self.folder)
        # The first stage's record goes last: as long as it is there, a killed move is taken up again.
        for stage in reversed(stages):
            if self._record(stage):
                paths |= {path: self._base(stage, path) for path in stage.belongings}
                paths[self._file(stage)] = self.folder
        place = put_aside(paths, first)
        self.console.print(f"{first}: {escape(why)}; what was made before is in {place}", highlight=False)

    def _is_whole(self, stage: Stage, record: Record, title: str) -> bool:
        """Whether all outputs are as they were left; what is not is told, and moved aside where needed."""
        whole = True
        for output in stage.outputs:
            name, found = self._told(output.path), output.now()
            if found == record.outputs.get(name):
                continue
            whole = False
            if found is None:
                what = "is gone"
            elif output.mended_in_place:
                what = "is not as this stage left it"
            else:
                place = put_aside({output.path: self._base(stage, output.path)}, stage.name)
                what = f"is not what this stage made and is now in {place}"
            self.console.print(f"{title}: {name} {what}; it is made again", highlight=False)
        return whole

    def _do(self, stage: Stage, record: Record) -> Record:
        write_json(self._file(stage), asdict(replace(record, done=False)))
        started = time.monotonic()
        stage.run()
        seconds = round(time.monotonic() - started, 1)
        for output in stage.outputs:
            if not output.path.exists():
                what = f"is not there after {stage.name}"
                raise UserError(output.path, what, "the same command makes it again")
        outputs = {self._told(output.path): output.digest(output.path) for output in stage.outputs}
        key = record.key
        if record.outputs and outputs != record.outputs:
            key = hash_json([key, outputs])  # made again, and not the same: what depends on it is stale
        done = replace(record, key=key, outputs=outputs, seconds=seconds, done=True)
        write_json(self._file(stage), asdict(done))
        if key != record.key:
            self.put_stale_aside()
        return done

    def _record(self, stage: Stage) -> Record | None:
        path = self._file(stage)
        values = read_object(path) if path.exists() else {}
        # Earlier versions stored a key alone; their stages go on in place, and refuse what is not theirs.
        return Record(**values) if "settings" in values else None

    def _file(self, stage: Stage) -> Path:
        return self.folder / "stages" / f"{stage.name}.json"

    def _base(self, stage: Stage, path: Path) -> Path:
        """Where ``old/`` belongs: in the run folder, or beside the stage's own folder, never within."""
        if path.is_relative_to(self.folder):
            return self.folder
        return next(own.parent for own in stage.belongings if path.is_relative_to(own))

    def _told(self, path: Path) -> str:
        inside = path.is_relative_to(self.folder)
        return path.relative_to(self.folder).as_posix() if inside else str(path.resolve())


def _key(stage: Stage, after: str) -> str:
    return hash_json([after, stage.name, dict(stage.made_from.values)])
