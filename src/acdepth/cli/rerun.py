"""``acdepth rerun`` and ``acdepth replay``: a run done again from what it recorded."""

import inspect
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple, Self

import tyro

from acdepth.core.command import Command, command, read_command
from acdepth.core.errors import UserError

if TYPE_CHECKING:
    from acdepth.core.config import Config

CONFIG_FILE = "config.yaml"


def rerun(
    run: Annotated[Path, tyro.conf.Positional], *, out: Path, moved: tuple[Path, Path] | None = None
) -> None:
    """Do a run again from what it recorded, and say what differs.

    On the same machine with the same versions nothing does but times; docs/reliability.md says what differs
    elsewhere, and by how much.

    Args:
        run: folder that a verb filled: a training, a demo, translations, an evaluation, ...
        out: folder for the new one.
        moved: a folder as it was called then and as it is called now, below which the run's footage, weights
            or the place where it was started lie.
    """
    from acdepth.core.identity import Identity, in_one_line
    from acdepth.pipeline.differences import differences

    told, run, out = read_command(run), run.absolute(), out.absolute()
    if out.is_dir() and any(out.iterdir()):
        raise UserError(f"--out {out}", "holds something already", "choose a folder that is new or empty")
    if run.resolve() in out.resolve().parents:
        raise UserError(f"--out {out}", "lies in the run itself", "choose another folder")
    _say_again(told)
    _again(told, run, out, _Moved.of(*moved) if moved else None)
    changes = Identity(read_command(out).made_by).changes(told.made_by)
    print(f"versions and machine: {in_one_line(changes) or 'as then'}")
    for line in differences(run, out):
        print(line)


def replay(run: Annotated[Path, tyro.conf.Positional]) -> None:
    """Do the step again at which a training stopped being finite, and say what was not finite first.

    Trains from the last saved state up to that step; the folder stays as it is.

    Args:
        run: folder of the training, with fault.json.
    """
    from acdepth.engine.fault import FAULT_FILE, Replayed, replaying

    run = run.absolute()
    if not any(run.rglob(FAULT_FILE)):
        raise UserError(run, f"holds no {FAULT_FILE}", "a training leaves it that stops being finite")
    told = read_command(run)
    _say_again(told)
    try:
        with replaying():
            _again(told, run, run)
    except Replayed as seen:
        print("\n".join(seen.lines))
    else:
        raise UserError(run, "went through its end this time", "its fault is gone with what was changed")


def _say_again(told: Command) -> None:
    from acdepth.core.progress import say

    say(f"in {told.started_in}: {told}")


def _again(told: Command, run: Path, out: Path, moved: "_Moved | None" = None) -> None:
    """Run the verb with its flags and the settings that the run kept, into ``out``."""
    from acdepth.cli.flags import parse
    from acdepth.cli.main import VERBS

    if told.verb not in VERBS:
        raise UserError(run, f"was made by acdepth {told.verb}, which this version lacks")
    then = Path(told.started_in)
    place = moved.now(then, then) if moved else then
    try:
        os.chdir(place)
    except OSError as error:
        what, remedy = "the run was started there, and it is gone", "make it, or say --moved THEN NOW"
        raise UserError(place, what, remedy) from error
    words = [moved.word(word) for word in told.arguments] if moved else told.arguments
    call = parse(VERBS[told.verb].load(), told.verb, words)
    given = inspect.signature(call.func).bind(*call.args, **call.keywords).arguments
    if moved:
        by_name = {str(path): str(moved.now(path, then)) for path in _paths(list(given.values()))}
        words = [by_name.get(word, word) for word in words]
        given = {name: moved.all_now(value, then) for name, value in given.items()}
    given["out"] = out
    if (run / CONFIG_FILE).exists() and "config" in given:
        given["config"] = _as_kept(given["config"], run / CONFIG_FILE)
    with command(told.verb, words, out):
        call.func(**given)


class _Moved(NamedTuple):
    """A folder that has another name since."""

    then: Path
    is_now: Path
    """Both absolute and without ``..``."""

    @classmethod
    def of(cls, then: Path, is_now: Path) -> Self:
        """By names as they are typed."""
        return cls(*(Path(os.path.normpath(one.absolute())) for one in (then, is_now)))

    def word(self, word: str) -> str:
        """What was typed, with an absolute path as it is called now, also behind ``NAME=`` or ``hf:``."""
        begun = re.fullmatch(r"(?s)((?:--[\w.-]+=)?(?:[^/]*[=:])?)(/.*)", word)
        return begun[1] + str(self.now(Path(begun[2]), Path("/"))) if begun else word

    def now(self, path: Path, started_in: Path) -> Path:
        """What a path of a command is called now; a relative one goes with the place where that started."""
        whole = Path(os.path.normpath(started_in / path))
        goes_along = not path.is_absolute() and started_in.is_relative_to(self.then)
        if whole.is_relative_to(self.then):
            return path if goes_along else self.is_now / whole.relative_to(self.then)
        return whole if goes_along else path

    def all_now(self, value: Any, started_in: Path) -> Any:
        """A flag's value with all its paths as they are called now."""
        if isinstance(value, Path):
            return self.now(value, started_in)
        if isinstance(value, list | tuple):
            return type(value)(self.all_now(one, started_in) for one in value)
        return value


def _paths(value: Any) -> list[Path]:
    """All paths in the values of flags."""
    if isinstance(value, list | tuple):
        return [path for one in value for path in _paths(one)]
    return [value] if isinstance(value, Path) else []


def _as_kept(config: "Config", path: Path) -> "Config":
    """The settings of the run: the file that its flags named may have changed since."""
    return type(config).read(path)
