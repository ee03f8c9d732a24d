"""The scripts by which a shell completes verbs and flags."""

import shutil
import subprocess
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

import pytest

from acdepth.cli.completion import completion
from acdepth.cli.main import VERBS

ASK = """
source {script}
COMP_WORDS=({words}) COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
_acdepth
echo "${{COMPREPLY[@]}}"
"""


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("shell") / "acdepth.bash"
    shown = StringIO()
    with redirect_stdout(shown):
        completion("bash")
    path.write_text(shown.getvalue())
    return path


def complete(script: Path, words: str) -> list[str]:
    """What bash offers for the last word of a line."""
    ask = ASK.format(script=script, words=words)
    done = subprocess.run(["bash", "-c", ask], capture_output=True, text=True, check=True)
    return done.stdout.split()


def test_ends_of_sentences_are_no_flags(script: Path) -> None:
    assert not [
        word
        for word in script.read_text().replace('"', " ").split()
        if word.startswith("--") and word[-1] == "."
    ]


def test_bash_reads_the_script(script: Path) -> None:
    assert subprocess.run(["bash", "-n", script], check=False).returncode == 0


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("acdepth trans", ["translate"]),
        ("acdepth train te", ["teacher"]),
        ("acdepth translate c", ["check"]),
        ("acdepth predict --fl", ["--flip"]),
        ("acdepth translate DATA OUT --sev", ["--severity"]),
        ("acdepth train teacher DATA --network.wi", ["--network.width"]),
        ("acdepth train student DATA --config", ["--config"]),
        ("acdepth predict im", []),
    ],
)
def test_verbs_and_flags_are_completed_and_the_rest_is_left_to_files(
    script: Path, words: str, offered: list[str]
) -> None:
    assert complete(script, words) == offered


def test_all_verbs_are_offered(script: Path) -> None:
    assert set(complete(script, "acdepth ''")) == {name.split()[0] for name in VERBS}


@pytest.mark.skipif(not shutil.which("zsh"), reason="no zsh here")
def test_zsh_reads_its_script(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    completion("zsh")
    (tmp_path / "acdepth.zsh").write_text(capsys.readouterr().out)
    ask = f"""
compdef() {{ :; }}
compadd() {{ shift; print -- $words: "$@"; }}
source {tmp_path / "acdepth.zsh"}
for line in "acdepth trai" "acdepth train te" "acdepth predict --fl"; do
  words=(${{=line}}); CURRENT=$#words
  _acdepth
done
"""
    done = subprocess.run(["zsh", "-f", "-c", ask], capture_output=True, text=True, check=True)
    train, train_teacher, flags = (line.partition(":")[2].split() for line in done.stdout.splitlines())
    assert "train" in train and "teacher" in train_teacher and "--flip" in flags and done.stderr == ""


@pytest.mark.skipif(not shutil.which("fish"), reason="no fish here")
def test_fish_reads_its_script(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    completion("fish")
    (tmp_path / "acdepth.fish").write_text(capsys.readouterr().out)
    ask = f"source {tmp_path / 'acdepth.fish'}; complete -C 'acdepth train te'"
    assert "teacher" in subprocess.run(["fish", "-c", ask], capture_output=True, text=True, check=True).stdout
