"""Start a verb as a process, let something happen to it, start it again, and compare byte for byte.

What happens, a `Fault`, is drawn from a seed. Changes of the disk are counted in the process itself, by an
audit hook of Python, so that also moments of a microsecond are met.
"""

import fnmatch
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from errno import EIO
from itertools import count
from multiprocessing import get_context, set_start_method
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, Literal

from tests.faults.verbs import VERBS, Verb

Fault = Literal["kill", "moment", "change", "clock", "stop", "error", "gone", "twice", "full", "read-only"]
FAULTS: dict[Fault, str] = {
    "moment": "SIGKILL at a moment, of the process alone or with its workers",
    "change": "SIGKILL right before some change of the disk",
    "clock": "the same, and then the clock goes back: all that is there is of next year",
    "stop": "Ctrl-C or SIGTERM at a moment",
    "error": "an error of the disk at some change",
    "gone": "the folder of the result is removed at some change",
    "twice": "the same command started once more meanwhile",
    "full": "a disk of some part of what is needed, which grows afterwards",
    "read-only": "a disk that cannot be written to, and can afterwards",
}
KILLS: tuple[Fault, ...] = ("moment", "change", "clock")
"""What ``kill`` is one of, each time."""
AT_A_CHANGE: tuple[Fault, ...] = ("change", "clock", "error", "gone")
KILLED, STOPPED, REFUSED = -signal.SIGKILL, 130, 2
"""Exit codes."""
LAST_LINES = {STOPPED: "acdepth: stopped", REFUSED: "acdepth: error: "}
TAKEN = "another acdepth process is writing there"
CHANGES = {"os.rename": 1, "os.remove": 0, "os.mkdir": 0, "os.rmdir": 0, "os.truncate": 0, "os.link": 1}
"""Events that change the disk, and which of their arguments is the path."""
PATIENCE = 300.0
"""Seconds after which a process hangs."""
LINGERING = 90.0
"""Seconds within which workers must be gone after their process; a busy machine takes long to import."""
PAGE = 4096
"""Bytes that a small disk gives at a time."""
YEAR = 366 * 86400
PRELOADED = [
    "acdepth.cli.main",
    "acdepth.cli.fit",
    "acdepth.data.shards.pack",
    "acdepth.prediction.run",
    "acdepth.recipes.ablation",
    "acdepth.recipes.demo",
    "acdepth.recipes.fit",
    "acdepth.recipes.reproduce",
    "acdepth.reports.page",
    "acdepth.student.adapt.training",
    "acdepth.student.confidence.training",
    "acdepth.translator.training",
    "acdepth.translator.translate",
    "acdepth.world.export",
    "matplotlib.font_manager",
]
_server = get_context("forkserver")
"""Starts processes that have imported what takes seconds, and have done nothing yet."""
_server.set_forkserver_preload(PRELOADED)


@dataclass(frozen=True)
class Planned:
    """What is to happen to one process."""

    fault: Fault | None = None
    seconds: float = 0.0
    """After the start, for what happens at a moment."""
    change: int = 0
    """Number of the change, for what happens at one."""
    group: bool = True
    """Whether a kill meets its workers too; a stop is Ctrl-C, of the whole group, or SIGTERM of the one."""


@dataclass
class Told:
    """What became of a process."""

    code: int | None
    """None if it hung, or left processes that did."""
    said: str
    seconds: float
    changes: int
    """Of the disk below the folder of its result."""

    def ended(self, code: int) -> bool:
        """Whether so, and for an error or a stop with its line, and without a traceback."""
        if self.code != code:
            return False
        lines = self.said.strip().splitlines()
        wanted = LAST_LINES.get(code)
        return not wanted or bool(lines and lines[-1].startswith(wanted) and "Traceback" not in self.said)


@dataclass
class Tally:
    """Of one verb under one kind of fault."""

    verb: str
    fault: str
    tries: int = 0
    lost: list[str] = field(default_factory=list)
    """What was found to be wrong, a line each."""
    seconds: float = 0.0
    changes: int = 0
    """Of the undisturbed run."""

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {**vars(self), "seconds": round(self.seconds, 2)}


class Harness:
    """Tries verbs under faults in a folder of its own.

    Args:
        inputs: folder that `make_inputs` filled.
        work: folder for results.
        seed: of all that is drawn.
    """

    def __init__(self, inputs: Path, work: Path, seed: int = 0) -> None:
        self.inputs, self.work, self.seed = inputs, work, seed
        self.disk, self.out = work / "disk", work / "disk" / "out"
        self.disk.mkdir(parents=True, exist_ok=True)
        self._numbers = count()
        warm = _server.Process(target=int)  # until all is imported
        warm.start()
        warm.join()

    def undisturbed(self, name: str) -> tuple[Path, Told]:
        """The result of a verb to which nothing happens, made once, and how long it takes."""
        kept = self.work / "kept" / name.replace(" ", "-")
        facts = kept.with_name(f"{kept.name}.json")
        if not facts.exists():
            self._clear()
            told = self.run(name)
            assert told.ended(0), f"{name} ended with {told.code}: {told.said}"
            kept.parent.mkdir(exist_ok=True)
            self.out.rename(kept)
            facts.write_text(json.dumps(vars(told)))
        return kept, Told(**json.loads(facts.read_text()))

    def try_fault(self, name: str, fault: Fault, tries: int) -> Tally:
        """Let a fault happen so many times; each finished result is compared with the undisturbed one."""
        kept, usual = self.undisturbed(name)
        tally = Tally(name, fault, seconds=usual.seconds, changes=usual.changes)
        draw = random.Random(f"{self.seed} {name} {fault}")
        while tally.tries < tries:
            self._clear()
            if fault in ("full", "read-only"):
                self._without_disk(tally, kept, draw)
            elif fault == "twice":
                self._twice(tally, usual, draw)
            else:
                self._chain(tally, tries, usual, draw)
            told = self.run(name)
            wrong = (
                list(differences(VERBS[name], kept, self.out))
                if told.ended(0)
                else [f"does not go on, ended with {told.code}: {told.said[-1500:]}"]
            )
            if wrong:
                others = f", and {len(wrong) - 3} more" if wrong[3:] else ""
                tally.lost.append(f"try {tally.tries}: {', '.join(wrong[:3])}{others}")
        self._clear()
        return tally

    def run(self, name: str, planned: Planned = Planned()) -> Told:
        """One process of a verb, from its start to its end."""
        return self._begin(name, planned)()

    def _chain(self, tally: Tally, tries: int, usual: Told, draw: random.Random) -> None:
        """Processes that go on where the last one was stopped, until one ends by itself, or all is tried."""
        fault: Fault = tally.fault  # pyright: ignore[reportAssignmentType]
        wanted = KILLED if fault in ("kill", *KILLS) else STOPPED if fault == "stop" else REFUSED
        while tally.tries < tries:
            planned = _plan(draw.choice(KILLS) if fault == "kill" else fault, usual, draw)
            told = self.run(tally.verb, planned)
            if told.ended(0):  # done before anything happened
                return
            tally.tries += 1
            if not told.ended(wanted):
                tally.lost.append(f"{planned} ended with {told.code}: {told.said[-1500:]}")
            if planned.fault == "clock":
                _date(self.out, time.time() + YEAR)
            if draw.random() < 0.3:
                return

    def _twice(self, tally: Tally, usual: Told, draw: random.Random) -> None:
        """Two processes at once: one does the work, and the other is refused, waits, or does the same."""
        tally.tries += 1
        first = self._begin(tally.verb)
        time.sleep(draw.uniform(0.0, usual.seconds))
        both = [self._begin(tally.verb)(), first()]
        if not any(told.ended(0) for told in both):
            tally.lost.append(f"neither of two ended well: {both}")
        for told in both:
            if not told.ended(0) and not (told.ended(REFUSED) and TAKEN in told.said):
                tally.lost.append(f"one of two ended with {told.code}: {told.said[-1500:]}")

    def _without_disk(self, tally: Tally, kept: Path, draw: random.Random) -> None:
        """A small disk or a read-only one, whose content stays when it is made large and writable."""
        pages = sum(-(-path.stat().st_size // PAGE) for path in kept.rglob("*"))
        size = PAGE * max(1, int(draw.uniform(0.02, 0.95) * pages))
        options = f"size={size}" if tally.fault == "full" else "ro"
        with small_disk(self.disk, options):
            told = self.run(tally.verb)
            # What cannot be kept is made anew, where it is not the result itself.
            done_without = told.ended(0) and VERBS[tally.verb].keeps_cache
            fits = told.ended(0) and tally.fault == "full" and not done_without
            tally.tries += not fits
            if not (fits or done_without or told.ended(REFUSED)):
                tally.lost.append(f"disk of {options} ended with {told.code}: {told.said[-1500:]}")
            mend(self.disk)
            shutil.copytree(self.disk, self.work / "saved", symlinks=True)
        shutil.rmtree(self.disk)
        (self.work / "saved").rename(self.disk)

    def _begin(self, name: str, planned: Planned = Planned()) -> Callable[[], Told]:
        """Start a process; what is returned waits for its end."""
        number = next(self._numbers)
        said, counted = (self.work / f"{kind}-{number}.txt" for kind in ("said", "changes"))
        cache = (self.out if VERBS[name].keeps_cache else self.work) / "cache"
        arguments = [str(one) for one in VERBS[name].arguments(self.inputs, self.out)]
        process = _server.Process(target=_run, args=(arguments, planned, self.out, cache, said, counted))
        process.start()
        while not counted.exists() and process.is_alive():
            time.sleep(0.005)
        started = time.monotonic()

        def wait() -> Told:
            if planned.fault in ("moment", "stop"):
                process.join(planned.seconds)
                if process.is_alive():
                    _signal(process, planned)
            process.join(PATIENCE)
            seconds = time.monotonic() - started
            code = process.exitcode if not process.is_alive() and _has_left(process) else None
            if code is None:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid or 0, signal.SIGKILL)
            text, changes = said.read_text(errors="replace"), int(counted.read_text() or 0)
            for file in (said, counted):
                file.unlink()
            return Told(code, text, seconds, changes)

        return wait

    def _clear(self) -> None:
        shutil.rmtree(self.out, ignore_errors=True)
        assert not self.out.exists()


@contextmanager
def small_disk(place: Path, options: str) -> Iterator[None]:
    """A file system in memory at a folder; raises `PermissionError` where it may not be made."""
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(place)], capture_output=True)
    if made.returncode:
        raise PermissionError(made.stderr.decode())
    try:
        yield
    finally:
        subprocess.run(["umount", str(place)], check=True)


def mend(place: Path) -> None:
    """Make a small disk large and writable."""
    subprocess.run(["mount", "-o", "remount,rw,size=256m", str(place)], check=True)


def differences(verb: Verb, kept: Path, made: Path) -> Iterator[str]:
    """What of a result is otherwise than in the undisturbed one, a line each."""
    before, after = _files(kept), _files(made)
    spare = {name for name in before ^ after if _matches(name, verb.spare)}
    yield from (f"{name} is missing" for name in sorted(before - after - spare))
    yield from (f"{name} is left over" for name in sorted(after - before - spare))
    for name in sorted(before & after):
        if _matches(name, (*verb.unseen, *verb.spare)):
            continue
        differing = (keys for pattern, keys in verb.differs.items() if _matches(name, [pattern]))
        forgiven = {key for keys in differing for key in keys}
        if _content(kept / name, forgiven) != _content(made / name, forgiven):
            yield f"{name} differs"


def _files(folder: Path) -> set[str]:
    """Locks say nothing, nor does the command, which names the folder, nor what other libraries keep
    in the user's cache."""
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*")}
    others = re.compile(r".*\.lock|command\.json|cache/(?!acdepth).*")
    return {name for name in found if not others.fullmatch(name)}


def _matches(name: str, patterns: Sequence[str]) -> bool:
    return any(fnmatch.fnmatch(name, one) or fnmatch.fnmatch(name, f"*/{one}") for one in patterns)


def _content(path: Path, forgiven: set[str]) -> Any:
    if path.is_dir():
        return None
    content = path.read_bytes()
    if path.suffix == ".safetensors":  # whose metadata stand in any order
        length = int.from_bytes(content[:8], "little")
        return json.loads(content[8 : 8 + length]), content[8 + length :]
    if not forgiven:
        return content
    texts = content.decode().splitlines() if path.suffix == ".jsonl" else [content.decode()]
    return [_without(json.loads(text), forgiven) for text in texts]


def _without(value: Any, keys: set[str]) -> Any:
    if isinstance(value, dict):
        return {key: _without(one, keys) for key, one in value.items() if key not in keys}
    return [_without(one, keys) for one in value] if isinstance(value, list) else value


def _plan(fault: Fault, usual: Told, draw: random.Random) -> Planned:
    return Planned(
        fault,
        seconds=draw.uniform(0.02, max(0.03, usual.seconds)),
        change=draw.randrange(max(1, usual.changes)),
        group=draw.random() < 0.5,
    )


def _date(folder: Path, seconds: float) -> None:
    """Let everything have been changed at one time."""
    for path in (folder, *folder.rglob("*")):
        with suppress(FileNotFoundError):
            os.utime(path, (seconds, seconds))


def _signal(process: BaseProcess, planned: Planned) -> None:
    stop = signal.SIGINT if planned.group else signal.SIGTERM
    assert process.pid is not None
    with suppress(ProcessLookupError):  # it has ended
        send = os.killpg if planned.group else os.kill
        send(process.pid, stop if planned.fault == "stop" else signal.SIGKILL)


def _has_left(process: BaseProcess) -> bool:
    """Whether none of those that worked for a process is there a little later."""
    deadline = time.monotonic() + LINGERING
    while time.monotonic() < deadline:
        try:
            os.killpg(process.pid or 0, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.01)
    return False


def _run(arguments: list[str], planned: Planned, out: Path, cache: Path, said: Path, counted: Path) -> None:
    """In the new process: become the verb."""
    os.setsid()
    set_start_method("fork", force=True)  # as where it is started by a shell, for libraries that ask for none
    stream = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(stream, 1)
    os.dup2(stream, 2)
    os.environ["XDG_CACHE_HOME"] = str(cache)
    sys.argv = ["acdepth", *arguments]
    changes = _Changes(planned, str(out))
    sys.addaudithook(changes)
    from acdepth.cli.main import main

    counted.write_text("0")
    try:
        main()
    finally:
        changes.planned = Planned()
        counted.write_text(str(changes.count))


class _Changes:
    """Counts what changes the disk below a folder, and lets something happen at one of them."""

    def __init__(self, planned: Planned, folder: str) -> None:
        self.planned, self.folder, self.count = planned, folder, 0

    def __call__(self, event: str, given: tuple[Any, ...]) -> None:
        path = self._changed(event, given)
        if path is None:
            return
        self.count += 1
        fault = self.planned.fault
        if fault not in AT_A_CHANGE or self.count - 1 != self.planned.change:
            return
        if fault in KILLS:
            (os.killpg if self.planned.group else os.kill)(os.getpid(), signal.SIGKILL)
        elif fault == "error":
            raise OSError(EIO, os.strerror(EIO), path)
        else:
            self.planned = Planned()
            shutil.rmtree(self.folder, ignore_errors=True)

    def _changed(self, event: str, given: tuple[Any, ...]) -> str | None:
        if event == "open":
            path, _, flags = given
            if not isinstance(flags, int) or not flags & (os.O_WRONLY | os.O_RDWR):
                return None
        elif event in CHANGES:
            path = given[CHANGES[event]]
        else:
            return None
        try:
            told = os.fsdecode(path)
        except TypeError:  # a number of an open file
            return None
        return told if told.startswith(self.folder) and not told.endswith(".lock") else None
