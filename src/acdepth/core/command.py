"""The command of this process, kept in the folder that it fills, so that it can be given again."""

import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import asdict, dataclass, field
from pathlib import Path

from acdepth.core.errors import UserError
from acdepth.core.files import read_object, write_json

COMMAND_FILE = "command.json"


@dataclass(frozen=True)
class Command:
    """A verb of the command line with what it was given."""

    verb: str
    """Such as ``train student``."""
    arguments: list[str]
    """Behind the verb, as they were typed."""
    started_in: str
    """Folder from which relative paths count."""
    made_by: dict[str, str] = field(default_factory=dict)
    """`core.provenance.provenance`, and the number of threads, which sums hang on."""

    def __str__(self) -> str:
        return as_typed([*self.verb.split(), *self.arguments])


def as_typed(words: list[str]) -> str:
    """The command of some words, as a shell takes it."""
    return shlex.join(["acdepth", *words])


_current: ContextVar[tuple[Command, Path] | None] = ContextVar("command", default=None)


@contextmanager
def command(verb: str, arguments: list[str], out: Path) -> Iterator[None]:
    """While it lasts, the process does this command, whose outcome goes to the folder ``out``."""
    token = _current.set((Command(verb, arguments, str(Path.cwd())), out.absolute()))
    try:
        yield
    finally:
        _current.reset(token)


def keep_command(folder: Path) -> None:
    """Write ``command.json``, if ``folder`` is what this process's command fills."""
    found = _current.get()
    if found is None or not found[1].exists() or not folder.samefile(found[1]):
        return
    import torch

    from acdepth.core.provenance import provenance

    made_by = {**provenance(), "threads": str(torch.get_num_threads())}
    write_json(folder / COMMAND_FILE, {**asdict(found[0]), "made_by": made_by})


def read_command(folder: Path) -> Command:
    """The command that filled a folder.

    Raises:
        UserError: if the folder does not tell.
    """
    path = folder / COMMAND_FILE
    if not path.exists():
        what = "is not there, so nobody knows how this folder was made"
        raise UserError(path, what, "verbs of the command line keep it that hold a folder to themselves")
    try:
        told = Command(**read_object(path))
        if not all(isinstance(one, str) for one in (told.verb, told.started_in, *told.arguments)):
            raise TypeError("words")
        dict(told.made_by)
    except (TypeError, ValueError) as error:
        raise UserError(path, "is not as acdepth writes it", "start the run by its own command") from error
    return told
