"""The command ``acdepth``: finds the verb, makes its flags from the function's arguments, and runs it.

The list of verbs is answered before pydantic, tyro and rich are there, which take most of half a second.
"""

import errno
import inspect
import logging
import os
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from difflib import get_close_matches
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from acdepth.core.errors import UserError, shown
from acdepth.core.share import Lost
from acdepth.core.stopping import sigterm_stops
from acdepth.core.terminal import print_anywhere

if TYPE_CHECKING:
    from pydantic import ValidationError

EXIT_CLOSED_PIPE = 141
EXIT_INTERRUPTED = 130
EXIT_USER_ERROR = 2


@dataclass(frozen=True)
class Verb:
    """One thing the command can do. Its module is imported only when it is asked for.

    The function imports what it works with when it is called, so that help and a misspelt flag are answered
    before torch is there.
    """

    function: str
    """With its module in ``acdepth.cli``."""
    summary: str
    resumes: bool = False
    """Whether the same command, given again after it was stopped, goes on."""

    def load(self) -> Callable[..., None]:
        """The function behind the verb."""
        module, _, function = self.function.rpartition(".")
        return getattr(import_module(f"acdepth.cli.{module}"), function)

    def load_work(self) -> None:
        """Import what the function will import; raises `UserError` if a package of an extra lacks."""
        import ast

        with _missing_packages_named():
            for node in ast.walk(ast.parse(inspect.getsource(self.load()))):
                if isinstance(node, ast.ImportFrom) and node.module:
                    import_module(node.module)


VERBS = {
    "fit": Verb("fit.fit", "your own footage to depth that holds in bad weather", resumes=True),
    "demo": Verb("reproduce.demo", "the whole method on the built-in world, up to a report", resumes=True),
    "predict": Verb("predict.predict", "depth of images, videos, bags, cameras and streams"),
    "serve": Verb("serve.serve", "depth on a page and at an HTTP endpoint"),
    "calibrate": Verb("calibrate.calibrate", "metres from one distance that somebody measured"),
    "export": Verb("export.export", "a file that needs neither torch nor acdepth: ONNX, OpenVINO"),
    "world make": Verb("world.make", "render drives of the built-in world as sequence folders", resumes=True),
    "world export": Verb("world.export", "rendered drives in the layout of another data set"),
    "world sheet": Verb("world.sheet", "a contact sheet of rendered drives"),
    "data check": Verb("data.check", "what a data set holds, and what is wrong with it"),
    "data mask": Verb("data.mask", "what moves with the camera, found in your footage"),
    "data pairs": Verb("data.pairs", "pairs of points whose order measured depth tells"),
    "data pack": Verb("data_pack.pack", "footage decoded once, in shards that lie anywhere", resumes=True),
    "data prepare": Verb("data.prepare", "a raw RobotCar download made readable", resumes=True),
    "translate": Verb("translate.translate", "turn clear images into night, rain, fog, snow", resumes=True),
    "translate check": Verb("translate.check", "verify translations against their manifest"),
    "translate score": Verb("translate_score.score", "how good translations are, all methods in a table"),
    "rate": Verb("rate.rate", "a page on which people tell real images from generated ones", resumes=True),
    "rate summary": Verb("rate.summary", "what people took for real, as a table"),
    "train teacher": Verb("train.teacher", "self-supervised depth from clear video", resumes=True),
    "train student": Verb("train.student", "depth for bad weather, from teacher and prior", resumes=True),
    "train adapt": Verb("train.adapt", "a student fitted to adverse footage without labels", resumes=True),
    "train confidence": Verb("train.confidence", "how far a student's depth may be off", resumes=True),
    "train translator": Verb(
        "train.translator", "clear images to bad weather, learnt unpaired", resumes=True
    ),
    "pretrain depth": Verb("pretrain.depth", "the depth network that ships", resumes=True),
    "pretrain encoder": Verb("pretrain.encoder", "the encoder that ships as a starting point", resumes=True),
    "pretrain generator": Verb("pretrain.generator", "the small diffusion model that ships", resumes=True),
    "pretrain prior": Verb("pretrain.prior", "the tiny Depth Anything that ships", resumes=True),
    "reproduce": Verb("reproduce.reproduce", "the paper's experiment on a data set", resumes=True),
    "evaluate": Verb("evaluate.evaluate", "errors of depth against what was measured"),
    "check": Verb("check.check", "whether depth is any good where nobody measured it"),
    "ablate": Verb("ablate.ablate", "what each part of the student is worth", resumes=True),
    "rerun": Verb("rerun.rerun", "a run done again from what it recorded, and what differs"),
    "replay": Verb("rerun.replay", "the step at which a training stopped being finite, looked into"),
    "report": Verb("report.report", "the report page of a finished run"),
    "view": Verb("view.view", "open the page of a run or a prediction"),
    "import": Verb("import_weights.import_weights", "published ACDepth, md4all, monodepth2 checkpoints"),
    "doctor": Verb("doctor.doctor", "what is installed, which devices and weights are here"),
    "completion": Verb("completion.completion", "a script by which a shell completes verbs and flags"),
}
RENAMED = {"translate rate": "translate score"}
"""Names that go with the next release."""


def main() -> None:
    """Run the command line; errors that a person can mend are one line, with exit code 2."""
    print_anywhere()
    logging.getLogger("acdepth").addFilter(_fit_for_a_terminal)
    arguments = sys.argv[1:]
    debug = "--debug" in arguments
    arguments = [argument for argument in arguments if argument != "--debug"]
    sigterm_stops()
    try:
        try:
            run(arguments)
        finally:
            sys.stdout.flush()
    except UserError as error:
        if debug:
            traceback.print_exc()
        print(f"acdepth: error: {error}", file=sys.stderr, flush=True)
        if isinstance(error, Lost):
            # Torch's threads, which wait for the lost one, make any other end abort.
            os._exit(EXIT_USER_ERROR)
        sys.exit(EXIT_USER_ERROR)
    except KeyboardInterrupt:
        from acdepth.core.command import as_typed

        verb = _find(arguments)
        goes_on = f"; this goes on from here: {as_typed(arguments)}" if verb and VERBS[verb].resumes else ""
        print(f"acdepth: stopped{goes_on}", file=sys.stderr)
        sys.exit(EXIT_INTERRUPTED)
    except BrokenPipeError:
        closed = next((stream for stream in (sys.stdout, sys.stderr) if _nobody_reads(stream)), None)
        if closed is None:
            raise
        # What is left must not be written at the exit either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), closed.fileno())
        sys.exit(EXIT_CLOSED_PIPE)


def _fit_for_a_terminal(record: logging.LogRecord) -> bool:
    """Warnings name files, and whoever named them may mean more than letters."""
    record.msg, record.args = shown(record.getMessage()), None
    return True


def _nobody_reads(stream: TextIO) -> bool:
    """Whether what read the output, as ``head``, has ended."""
    try:
        stream.write("\n")
        stream.flush()
    except BrokenPipeError:
        return True
    return False


def run(arguments: list[str]) -> None:
    """Find the verb at the start of ``arguments`` and call its function with the rest."""
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        print(_overview())
        return
    if arguments[0] == "--version":
        from acdepth.core.version import __version__

        print(__version__)
        return
    name = _find(arguments)
    if name is None:
        _tell_group(arguments)
        return
    from acdepth.cli.flags import parse
    from acdepth.core.progress import say

    if (typed := " ".join(arguments[:2])) in RENAMED:
        say(f"acdepth {typed} is now acdepth {name}; the old name goes with the next release")
    with _missing_packages_named(), _flags_named(), _names_refused():
        rest = arguments[len(name.split()) :]
        call = parse(VERBS[name].load(), name, rest)
        with _kept(name, rest, call):
            call()


def _kept(name: str, arguments: list[str], call: "partial[None]") -> AbstractContextManager[None]:
    """Let the folder that a verb fills keep how it was filled."""
    out = inspect.signature(call.func).bind(*call.args, **call.keywords).arguments.get("out")
    if out is None:
        return nullcontext()
    from acdepth.core.command import command

    return command(name, arguments, Path(out))


@contextmanager
def _missing_packages_named() -> Iterator[None]:
    """Turn the failed import of a package into what to do about it."""
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name is None or error.name.startswith("acdepth"):
            raise
        what = f"this verb needs {error.name}, which is not installed"
        raise UserError(None, what, "pip install 'acdepth[train]'") from error


@contextmanager
def _names_refused() -> Iterator[None]:
    """Turn what a system says of a name that it cannot have, wherever it is looked at first, to one line."""
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.ELOOP, errno.ENAMETOOLONG):
            raise
        raise UserError(error.filename, error.strerror, "give another name") from error


@contextmanager
def _flags_named() -> Iterator[None]:
    """Turn what pydantic says of flags, which alone come this far unchecked, into one line."""
    from pydantic import ValidationError

    try:
        yield
    except ValidationError as error:
        raise UserError(None, _one_line(error)) from error


def _find(arguments: list[str]) -> str | None:
    """The verb that the arguments begin with, of two words or one."""
    names = [" ".join(arguments[:words]) for words in (2, 1)]
    return next((RENAMED.get(name, name) for name in names if name in {*VERBS, *RENAMED}), None)


def _tell_group(arguments: list[str]) -> None:
    """Print the verbs that begin with a word that is none by itself, such as ``train``."""
    group = [name for name in VERBS if name.startswith(f"{arguments[0]} ")]
    if not group:
        near = get_close_matches(arguments[0], {name.split()[0] for name in VERBS}, n=1)
        meant = f"; perhaps you meant {near[0]}" if near else ""
        raise UserError(None, f"unknown verb {arguments[0]!r}{meant}", "acdepth --help lists them")
    if arguments[1:] not in (["-h"], ["--help"]):
        raise UserError(f"acdepth {arguments[0]}", "say which", f"there are {', '.join(group)}")
    print(_listed(group))


def _listed(names: Iterable[str]) -> str:
    width = max(map(len, VERBS))
    return "\n".join(f"  {name:<{width}}  {VERBS[name].summary}" for name in names)


def _overview() -> str:
    return (
        "acdepth: depth from one camera that stays right at night, in rain, in fog\n\n"
        f"{_listed(VERBS)}\n\n"
        "acdepth VERB --help tells the flags of one; --debug shows the traceback of an error"
    )


def _one_line(error: "ValidationError") -> str:
    first = error.errors()[0]
    flag = ".".join(part.replace("_", "-") for part in first["loc"] if isinstance(part, str))
    if not flag:  # said of settings together, and the input is all of them
        return f"--{first['msg'].removeprefix('Value error, ')}"
    return f"--{flag} {first['input']}: {first['msg']}"


if __name__ == "__main__":
    main()
