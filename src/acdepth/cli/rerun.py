"""``acdepth rerun`` and ``acdepth replay``: a run done again from what it recorded."""

import inspect
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro

from acdepth.core.command import Command, command, read_command
from acdepth.core.errors import UserError

if TYPE_CHECKING:
    from acdepth.core.config import Config

CONFIG_FILE = "config.yaml"


def rerun(run: Annotated[Path, tyro.conf.Positional], *, out: Path) -> None:
    """Do a run again from what it recorded, and say what differs.

    On the same machine with the same versions nothing does but times; docs/reliability.md says what differs
    elsewhere, and by how much.

    Args:
        run: folder that a verb filled: a training, a demo, translations, an evaluation, ...
        out: folder for the new one.
    """
    from acdepth.core.identity import Identity, in_one_line
    from acdepth.pipeline.differences import differences

    told, run, out = read_command(run), run.absolute(), out.absolute()
    if out.is_dir() and any(out.iterdir()):
        raise UserError(f"--out {out}", "holds something already", "choose a folder that is new or empty")
    if run.resolve() in out.resolve().parents:
        raise UserError(f"--out {out}", "lies in the run itself", "choose another folder")
    _say_again(told)
    _again(told, run, out)
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


def _again(told: Command, run: Path, out: Path) -> None:
    """Run the verb with its flags and the settings that the run kept, into ``out``."""
    from acdepth.cli.flags import parse
    from acdepth.cli.main import VERBS

    if told.verb not in VERBS:
        raise UserError(run, f"was made by acdepth {told.verb}, which this version lacks")
    try:
        os.chdir(told.started_in)
    except OSError as error:
        raise UserError(told.started_in, "the run was started there, and it is gone", "make it") from error
    call = parse(VERBS[told.verb].load(), told.verb, told.arguments)
    given = inspect.signature(call.func).bind(*call.args, **call.keywords).arguments
    given["out"] = out
    if (run / CONFIG_FILE).exists() and "config" in given:
        given["config"] = _as_kept(given["config"], run / CONFIG_FILE)
    with command(told.verb, told.arguments, out):
        call.func(**given)


def _as_kept(config: "Config", path: Path) -> "Config":
    """The settings of the run: the file that its flags named may have changed since."""
    return type(config).read(path)
