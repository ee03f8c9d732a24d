"""Help and errors of every verb: at once, in words, and quietly where nobody reads on."""

import subprocess
import sys

import pytest

from acdepth.cli.main import VERBS

HEAVY = {"torch", "diffusers", "transformers", "accelerate"}
ASKED = """
import io, sys
from contextlib import redirect_stdout
from acdepth.cli.main import VERBS, run
from acdepth.core.errors import UserError
for name in VERBS:
    for flag in ("--help", "--misspelt"):
        shown = io.StringIO()
        try:
            with redirect_stdout(shown):
                run([*name.split(), flag])
        except (SystemExit, UserError) as ended:
            print(repr((name, flag, shown.getvalue() + str(ended))))
print(repr(("modules", "", ",".join(sys.modules))))
"""


@pytest.fixture(scope="module")
def answers() -> dict[tuple[str, str], str]:
    """What one process, asked for the help of all verbs and with a misspelt flag, prints."""
    done = subprocess.run([sys.executable, "-c", ASKED], capture_output=True, text=True, check=True)
    lines = [eval(line) for line in done.stdout.splitlines()]
    return {(name, flag): text for name, flag, text in lines}


def test_no_flag_needs_torch(answers: dict[tuple[str, str], str]) -> None:
    assert not HEAVY & set(answers["modules", ""].split(","))


def test_the_list_of_verbs_waits_for_no_package() -> None:
    code = "import sys; from acdepth.cli.main import run; run(['--help']); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "predict" in done.stdout and not {"pydantic", "rich", "tyro", "yaml"} & set(done.stdout.split())


@pytest.mark.parametrize("name", VERBS)
def test_help_says_in_words_what_happens_without_a_flag(
    name: str, answers: dict[tuple[str, str], str]
) -> None:
    said = answers[name, "--help"]
    assert said.startswith(f"usage: acdepth {name} [-h]")
    assert "{None}" not in said and "(default: )" not in said and "``" not in said
    assert all(len(line) <= 80 for line in said.splitlines())
    assert f"acdepth {name} --help lists the flags" in answers[name, "--misspelt"]


@pytest.mark.parametrize("module", ["acdepth", "acdepth.cli.main"])
def test_a_reader_that_has_enough_ends_the_command_quietly(module: str) -> None:
    command = f"{sys.executable} -m {module} train student --help | head -1"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("usage: acdepth train student") and done.stderr == ""


def test_the_old_name_of_a_verb_still_runs_and_names_the_new_one() -> None:
    command = [sys.executable, "-m", "acdepth", "translate", "rate", "--help"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stderr == (
        "acdepth translate rate is now acdepth translate score; the old name goes with the next release\n"
    )
    assert done.stdout.startswith("usage: acdepth translate score")
