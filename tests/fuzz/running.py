"""Inputs in processes of their own, which memory, time and the terminal are watched of."""

import contextlib
import gc
import importlib
import io
import logging
import multiprocessing
import os
import random
import resource
import shutil
import signal
import sys
import tempfile
import threading
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NamedTuple

from tests.fuzz.mutate import mutations_of

MOST_SECONDS, MOST_BYTES, LONGEST_LINE = 5.0, 1 << 30, 2000
GIVEN_UP = 40.0
"""Seconds of wall time after which a process is taken for hung."""
FAULTS = ("exception", "insane", "noise", "slow", "memory", "line", "crash", "harmless")


class Outcome(NamedTuple):
    """What became of one input."""

    number: int
    kind: str
    """``accepted``, ``refused``, or one of `FAULTS`."""
    change: str
    """Mutation and file."""
    told: str = ""


@dataclass
class Count:
    """Of one reader."""

    inputs: int = 0
    accepted: int = 0
    refused: int = 0
    silent: int = 0
    """Accepted with other pixels after a run of zeros."""
    faults: list[dict[str, Any]] = field(default_factory=list)
    slowest: float = 0.0
    largest: int = 0


class _Late(BaseException):
    pass


def serve(pipe: Connection, name: str, seed: int) -> None:
    """A process: makes the valid files, then answers numbers with outcomes."""
    from tests.fuzz.readers import READERS

    reader = READERS[name]
    quiet = os.memfd_create("said")
    with tempfile.TemporaryDirectory(prefix="fuzz-") as place:
        root = Path(place) / "in" / "put"
        root.mkdir(parents=True)
        with contextlib.redirect_stderr(io.StringIO()):
            reader.make(root)
        os.dup2(quiet, 1)
        os.dup2(quiet, 2)
        logging.disable(logging.CRITICAL)
        watch = _Watch(quiet)
        with contextlib.suppress(Exception):
            reader.read(root)  # what is slow and large once: imports
        first = watch.run(lambda: reader.read(root), -1, "as it is")
        expected = watch.value
        gc.collect()
        pipe.send((first, sorted(str(path.relative_to(root)) for path in _files(reader, root))))
        while (number := pipe.recv()) is not None:
            draw = random.Random(f"{seed} {name} {number}")
            with _changed(reader, root, draw) as (path, told, harmless):
                found = watch.run(lambda path=path: reader.read(path), number, told)
            if found.kind == "refused" and harmless and reader.any_text and first.kind == "accepted":
                found = found._replace(kind="harmless")
            silent = reader.exact and "zeros" in told and found.kind == "accepted" and watch.value != expected
            pipe.send((found, silent, watch.seconds, watch.bytes))


class _Watch:
    def __init__(self, said: int) -> None:
        self.said, self.seconds, self.bytes = said, 0.0, 0
        self.value: Any = None
        signal.signal(signal.SIGPROF, _late)

    def bound(self) -> None:
        """From now on, of address space so much more than there is."""
        now = _status("VmSize")
        resource.setrlimit(resource.RLIMIT_AS, (now + 3 * MOST_BYTES // 2, resource.RLIM_INFINITY))

    def run(self, work: Any, number: int, change: str) -> Outcome:
        if number >= 0:
            self.bound()
        Path("/proc/self/clear_refs").write_text("5")
        before, length, begun = _status("VmRSS"), os.lseek(self.said, 0, os.SEEK_END), time.process_time()
        signal.setitimer(signal.ITIMER_PROF, MOST_SECONDS)
        printed = io.StringIO()
        self.value = None
        with (
            warnings.catch_warnings(record=True) as warned,
            contextlib.redirect_stderr(printed),
            contextlib.redirect_stdout(printed),
        ):
            warnings.simplefilter("always")
            kind, told = self._try(work)
        signal.setitimer(signal.ITIMER_PROF, 0)
        self.seconds, self.bytes = time.process_time() - begun, _status("VmHWM") - before
        if kind in ("accepted", "refused"):
            if raw := os.pread(self.said, 2000, length).decode(errors="replace"):
                kind, told = "noise", raw
            elif lines := [
                str(one.message) for one in warned if issubclass(one.category, (RuntimeWarning, UserWarning))
            ]:
                kind, told = "noise", f"warning: {lines[0]}"
            elif self.seconds > MOST_SECONDS:
                kind = "slow"
            elif self.bytes > MOST_BYTES:
                kind, told = "memory", f"{self.bytes / 1e6:.0f} MB; {told}"
        os.ftruncate(self.said, 0)
        return Outcome(number, kind, change, told[:1500])

    def _try(self, work: Any) -> tuple[str, str]:
        from acdepth.core.errors import UserError
        from tests.fuzz.sane import Insane

        try:
            self.value = work()
            return "accepted", ""
        except UserError as error:
            return _judged(str(error))
        except Insane as error:
            return "insane", str(error)
        except MemoryError:
            return "memory", traceback.format_exc(limit=-4)
        except _Late:
            return "slow", traceback.format_exc(limit=-6)
        except BaseException as error:
            kind = "memory" if _is_memory(str(error)) else "exception"
            return kind, traceback.format_exc(limit=-5)


def _late(*_: object) -> None:
    raise _Late


def _is_memory(text: str) -> bool:
    told = text.lower()
    return any(
        words in told for words in ("allocate", "insufficient memory", "bad_alloc", "not enough memory")
    )


def _judged(line: str) -> tuple[str, str]:
    """Whether a refusal is one line that a terminal can show."""
    if _is_memory(line):
        return "memory", line
    if not line or "\n" in line or len(line) > LONGEST_LINE:
        return "line", f"{len(line)} characters: {line}"
    if any(ord(letter) < 32 or ord(letter) == 127 or 0x80 <= ord(letter) < 0xA0 for letter in line):
        return "line", f"control characters: {line!r}"
    if "<built-in" in line or "object at 0x" in line or "Traceback" in line:
        return "line", line
    return "refused", line


def _files(reader: Any, root: Path) -> list[Path]:
    return [path for pattern in reader.files for path in sorted(root.glob(pattern)) if path.is_file()]


@contextlib.contextmanager
def _changed(reader: Any, root: Path, draw: random.Random) -> Iterator[tuple[Path, str, bool]]:
    """What is read, which change it saw, and whether that must do no harm; undone in the end."""
    pattern = draw.choice(reader.files)
    files = [path for path in sorted(root.glob(pattern)) if path.is_file()] or _files(reader, root)
    path = draw.choice(files)
    name = path.relative_to(root).as_posix()
    content = path.read_bytes()
    if draw.random() < 0.04:
        with _misplaced(path, draw) as told:
            yield root, f"{told} {name}", False
        return
    mutation = draw.choice(mutations_of(path.suffix))
    changed = mutation.change(content, draw)
    status = path.stat()
    try:
        path.write_bytes(changed)
        yield root, f"{mutation.name} {name}", mutation.harmless
    finally:
        path.write_bytes(content)
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


@contextlib.contextmanager
def _misplaced(path: Path, draw: random.Random) -> Iterator[str]:
    """The file is gone, a folder, empty, or links in a circle."""
    kept = path.with_name(f".{path.name}.kept")
    path.rename(kept)
    told = draw.choice(("missing", "folder instead of", "circular link instead of"))
    try:
        if told.startswith("folder"):
            path.mkdir()
        elif told.startswith("circular"):
            path.symlink_to(path.name)
        yield told
    finally:
        if path.is_symlink():
            path.unlink()
        elif path.is_dir():
            shutil.rmtree(path)
        kept.rename(path)


def _status(name: str) -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(name):
            return int(line.split()[1]) * 1024
    return 0


class Fuzzer:
    """One reader's process, made anew when it dies."""

    def __init__(self, name: str, seed: int) -> None:
        self.name, self.seed, self.count = name, seed, Count()
        self.files: list[str] = []
        self._begin()

    def _begin(self) -> None:
        context = multiprocessing.get_context("fork")
        self._pipe, other = context.Pipe()
        self._process = context.Process(target=serve, args=(other, self.name, self.seed), daemon=True)
        self._process.start()
        other.close()
        try:
            self.first, self.files = self._pipe.recv()
        except EOFError as error:
            raise RuntimeError(f"{self.name}: its valid files cannot be made") from error

    def feed(self, number: int) -> Outcome:
        """One input."""
        self.count.inputs += 1
        silent = False
        try:
            self._pipe.send(number)
            if not self._pipe.poll(GIVEN_UP):
                raise TimeoutError
            found, silent, seconds, size = self._pipe.recv()
            self.count.slowest = max(self.count.slowest, seconds)
            self.count.largest = max(self.count.largest, size)
        except TimeoutError:
            found = Outcome(number, "slow", "?", f"no answer for {GIVEN_UP} s")
            self._again()
        except (EOFError, OSError):
            self._process.join(5)
            found = Outcome(number, "crash", "?", f"the process ended with {self._process.exitcode}")
            self._again()
        self.count.accepted += found.kind == "accepted"
        self.count.refused += found.kind == "refused"
        self.count.silent += silent
        if found.kind in FAULTS:
            self.count.faults.append(found._asdict())
        return found

    def _again(self) -> None:
        self._process.kill()
        self._process.join()
        self._begin()

    def close(self) -> None:
        """End the process."""
        with contextlib.suppress(OSError):
            self._pipe.send(None)
        self._process.join(5)
        if self._process.is_alive():
            self._process.kill()


def shared(names: list[str], inputs: int) -> dict[str, int]:
    """How many of all inputs each reader gets, at least one."""
    from tests.fuzz.readers import READERS

    whole = sum(READERS[name].share for name in names)
    return {name: max(1, round(inputs * READERS[name].share / whole)) for name in names}


def fuzz(names: list[str], inputs: int, seed: int, workers: int = 2, start: int = 0) -> dict[str, Count]:
    """Feed inputs to some readers; the same seed gives the same ones."""
    _import_all()
    counts: dict[str, Count] = {}
    waiting = sorted(shared(names, inputs).items(), key=lambda item: -item[1])
    lock = threading.Lock()

    def work() -> None:
        while True:
            with lock:
                if not waiting:
                    return
                name, many = waiting.pop(0)
                fuzzer = Fuzzer(name, seed)
            if fuzzer.first.kind != "accepted" and _readers()[name].valid:
                fuzzer.count.faults.append(fuzzer.first._asdict())
            for number in range(start, start + many):
                fuzzer.feed(number)
            fuzzer.close()
            counts[name] = fuzzer.count
            if sys.stderr.isatty() or os.environ.get("FUZZ_TELL"):
                told = Counter(fault["kind"] for fault in fuzzer.count.faults)
                print(f"{name}: {many}, {dict(told)}", file=sys.stderr, flush=True)

    with ThreadPoolExecutor(workers) as pool:
        for worked in [pool.submit(work) for _ in range(workers)]:
            worked.result()
    return dict(sorted(counts.items()))


def _readers() -> dict[str, Any]:
    from tests.fuzz.readers import READERS

    return READERS


def _import_all() -> None:
    """In the parent, so that each process has what is slow to import."""
    for module in (
        *("acdepth.data", "acdepth.inference", "acdepth.serve.reading", "acdepth.recipes.ablation.config"),
        *("acdepth.recipes.fit.settings", "acdepth.recipes.reproduce", "acdepth.reports.training"),
        *(
            "tests.translator.test_adapters",
            "tests.data.bags",
            "tests.data.test_kitti",
            "tests.data.test_acdc",
        ),
    ):
        importlib.import_module(module)
