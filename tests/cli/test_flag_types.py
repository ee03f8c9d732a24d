import pytest

from acdepth.cli.flag_types import format_mix, parse_mix
from acdepth.cli.main import run
from acdepth.core.condition import Condition
from acdepth.core.errors import UserError


def test_reads_what_it_writes():
    mix = {Condition.CLEAR: 1.0, Condition.NIGHT_RAIN: 0.5}
    assert format_mix(mix) == "clear=1,night-rain=0.5"
    assert parse_mix(format_mix(mix)) == mix


@pytest.mark.parametrize("text", ["clear", "sunny=1", "clear=much", ""])
def test_refuses_what_is_no_mix(text):
    with pytest.raises(ValueError):
        parse_mix(text)


def test_is_one_flag_of_the_command_line(capsys):
    with pytest.raises(SystemExit):
        run(["train", "student", "--help"])
    assert "--mix" in capsys.readouterr().out
    with pytest.raises(UserError, match="'sunny=1' is not CONDITION=NUMBER"):
        run(["train", "student", "data", "--out", "out", "--teacher", "t", "--mix", "sunny=1"])


@pytest.mark.parametrize("verb", [["train", "teacher", "data", "--out", "out"], ["translate", "data", "out"]])
@pytest.mark.parametrize("said", ["0", "-2", "1.5", "auto2"])
def test_a_step_is_a_number_or_a_word(verb: list[str], said: str):
    with pytest.raises(UserError) as caught:
        run([*verb, "--step", said])
    assert str(caught.value).startswith(f"--step {said}: give a whole number from 1, or auto; acdepth ")
