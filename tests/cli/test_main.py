"""Finding verbs, and errors in one line."""

import os
import signal
import subprocess
import sys

import pytest

from acdepth.cli import main as command
from acdepth.core.errors import UserError
from tests.commands import call


@pytest.mark.parametrize("group", ["train", "world", "pretrain"])
def test_the_first_word_of_a_verb_tells_the_rest(group, capsys):
    with pytest.raises(UserError, match=rf"say which; there are {group} \w+, {group} \w+"):
        command.run([group])
    command.run([group, "--help"])
    assert all(line.split()[0] == group for line in capsys.readouterr().out.splitlines())


def test_an_unknown_verb():
    with pytest.raises(UserError, match="unknown verb 'sing'; acdepth --help"):
        command.run(["sing", "loud"])
    with pytest.raises(UserError, match="unknown verb 'predikt'; perhaps you meant predict; acdepth --help"):
        command.run(["predikt", "street.jpg"])


def test_a_flag_out_of_range_is_one_line_that_names_it(capsys, monkeypatch):
    monkeypatch.setattr(
        sys, "argv", ["acdepth", "train", "teacher", "d", "--out", "o", "--image-size", "60", "100"]
    )
    with pytest.raises(SystemExit) as stopped:
        command.main()
    said = capsys.readouterr().err
    assert stopped.value.code == 2 and said.count("\n") == 1
    assert said.startswith("acdepth: error: --image-size 60:")


@pytest.mark.parametrize(("verb", "goes_on"), [("world make", True), ("evaluate", False)])
def test_a_stopped_verb_says_whether_it_goes_on(verb, goes_on, capsys, monkeypatch):
    def stop(arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "run", stop)
    monkeypatch.setattr(sys, "argv", ["acdepth", *verb.split()])
    with pytest.raises(SystemExit) as stopped:
        command.main()
    assert stopped.value.code == command.EXIT_INTERRUPTED
    said = capsys.readouterr().err
    assert ("goes on from here: acdepth world make\n" in said) is goes_on and said.startswith(
        "acdepth: stopped"
    )


def test_sigterm_is_as_ctrl_c_and_the_line_is_the_command_as_it_is_typed(capsys, monkeypatch):
    monkeypatch.setattr(command, "run", lambda arguments: signal.raise_signal(signal.SIGTERM))
    monkeypatch.setattr(sys, "argv", ["acdepth", "translate", "my drives", "out"])
    before = signal.getsignal(signal.SIGTERM)
    try:
        with pytest.raises(SystemExit) as stopped:
            command.main()
    finally:
        signal.signal(signal.SIGTERM, before)
    assert stopped.value.code == command.EXIT_INTERRUPTED
    told = capsys.readouterr().err
    assert told == "acdepth: stopped; this goes on from here: acdepth translate 'my drives' out\n"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks")
def test_what_a_library_forks_ends_by_sigterm_without_a_word():
    code = (
        "import os, signal, time; from acdepth.core.stopping import asked_to_stop, sigterm_stops\n"
        "sigterm_stops()\n"
        "for _ in range(2):\n"
        "    with asked_to_stop():\n"
        "        child = os.fork()\n"
        "        if not child: time.sleep(60)\n"
        "        time.sleep(0.2); os.kill(child, signal.SIGTERM)\n"
        "        assert os.waitpid(child, 0)[1] == signal.SIGTERM"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=50)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_name_that_no_system_takes_is_one_line(tmp_path, monkeypatch, capsys):
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    for place in (tmp_path / ("z" * 300), tmp_path / "loop"):
        given = ["world", "make", place, "--towns", "0", "--frames", "1", "--image-size", "32x48"]
        assert call(monkeypatch, *given) == 2
        said = capsys.readouterr().err
        assert said.startswith(f"acdepth: error: {place}") and said.count("\n") == 1
