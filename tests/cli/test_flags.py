"""Errors of flags are one line that names the flag and the value."""

import pytest

from acdepth.cli.main import main

TRAIN = ["acdepth", "train", "teacher", "DATA", "--out", "OUT"]


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        (["--loop.steps", "-1"], "--loop.steps: Input should be greater than 0 (-1)"),
        (["--loop.stepss", "5"], "Unrecognized options: --loop.stepss, 5; perhaps you meant --loop.steps"),
        (
            ["--loop.stps", "5", "--sed", "1"],
            "Unrecognized options: --loop.stps, 5, --sed, 1; perhaps you meant",
        ),
        (["--loop.batch-size", "abc"], "--loop.batch-size: invalid literal for int() with base 10: 'abc'"),
        (["--network.min-depth", "90"], "--network: min_depth 90 m must be below max_depth 80 m"),
        (["--loop.log-every", "7"], "--loop: checkpoint_every (100) must be a multiple of log_every (7)"),
    ],
)
def test_one_line_names_flag_and_value(flags, expected, capsys, monkeypatch):
    monkeypatch.setattr("sys.argv", [*TRAIN, *flags])
    with pytest.raises(SystemExit) as stopped:
        main()
    said = capsys.readouterr()
    assert stopped.value.code == 2 and said.out == ""
    assert said.err.startswith(f"acdepth: error: {expected}") and said.err.count("\n") == 1


def test_what_is_wrong_with_settings_together_does_not_print_them_all(capsys, monkeypatch):
    flags = ["--conditions", "night", "night", "--out", "OUT"]
    monkeypatch.setattr("sys.argv", ["acdepth", "train", "translator", "DATA", *flags])
    with pytest.raises(SystemExit) as stopped:
        main()
    said = capsys.readouterr().err
    assert stopped.value.code == 2 and said == "acdepth: error: --conditions names one twice\n"


def test_a_flag_of_other_programs_is_told_ours(capsys, monkeypatch):
    monkeypatch.setattr("sys.argv", ["acdepth", "predict", "street.jpg", "--model", "hf:OWNER/MODEL"])
    with pytest.raises(SystemExit):
        main()
    told = "Unrecognized options: --model, hf:OWNER/MODEL; perhaps you meant --weights; "
    assert capsys.readouterr().err.startswith(f"acdepth: error: {told}")


def test_what_is_missing_is_named(capsys, monkeypatch):
    monkeypatch.setattr("sys.argv", ["acdepth", "train", "student", "DATA", "--out", "OUT", "--stepz", "3"])
    with pytest.raises(SystemExit) as stopped:
        main()
    said = "Missing from acdepth train student: --teacher PATH; unrecognized options: --stepz 3; acdepth"
    assert stopped.value.code == 2 and said in capsys.readouterr().err


def test_help_is_no_error(capsys, monkeypatch):
    monkeypatch.setattr("sys.argv", ["acdepth", "predict", "--help"])
    with pytest.raises(SystemExit) as stopped:
        main()
    assert stopped.value.code == 0 and "usage: acdepth predict" in capsys.readouterr().out


def test_help_names_the_settings_that_ship(capsys, monkeypatch):
    monkeypatch.setattr("sys.argv", ["acdepth", "train", "adapt", "--help"])
    with pytest.raises(SystemExit):
        main()
    said = capsys.readouterr().out
    assert "--config NAME|PATH" in said and "world, or a YAML" in said and "Args:" not in said
