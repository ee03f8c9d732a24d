"""The command of this process, kept in the folder that it fills, so that it can be given again."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError

from acdepth.core.config import Config
from acdepth.core.errors import UserError
from acdepth.core.files import read_json, write_json

COMMAND_FILE = "command.json"


class Command(Config):
    """A verb of the command line with what it was given."""

    verb: str
    """Such as ``train student``."""
    arguments: tuple[str, ...]
    """Behind the verb, as they were typed."""
    started_in: str
    """Folder from which relative paths count."""
    made_by: dict[str, Any] = Field(default_factory=dict)
    """`core.provenance.provenance`, and the number of threads, which sums hang on."""


_current: ContextVar[tuple[Command, Path] | None] = ContextVar("command", default=None)


@contextmanager
def command(verb: str, arguments: list[str], out: Path) -> Iterator[None]:
    """While it lasts, the process does this command, whose outcome goes to the folder ``out``."""
    typed = tuple(one.encode(errors="backslashreplace").decode() for one in arguments)
    token = _current.set((Command(verb=verb, arguments=typed, started_in=str(Path.cwd())), out.resolve()))
    try:
        yield
    finally:
        _current.reset(token)


def keep_command(folder: Path) -> None:
    """Write ``command.json``, if ``folder`` is what this process's command fills."""
    found = _current.get()
    if found is None or folder.resolve() != found[1]:
        return
    import torch

    from acdepth.core.provenance import provenance

    made_by = {**provenance(), "threads": str(torch.get_num_threads())}
    write_json(folder / COMMAND_FILE, {**found[0].to_dict(), "made_by": made_by})


def read_command(folder: Path) -> Command:
    """The command that filled a folder.

    Raises:
        UserError: if the folder does not tell.
    """
    path = folder / COMMAND_FILE
    if not path.exists():
        what = "is not there, so nobody knows how this folder was made"
        raise UserError(path, what, "runs keep it that the command line starts")
    try:
        return Command.model_validate(read_json(path))
    except ValidationError as error:
        raise UserError(path, "is not as acdepth writes it", "start the run by its own command") from error
