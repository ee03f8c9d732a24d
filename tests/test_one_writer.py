"""Each verb that fills a folder has it to itself; nothing is done where another process writes."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from acdepth.cli import world
from acdepth.cli.data import prepare
from acdepth.cli.evaluate import evaluate
from acdepth.core.condition import Condition
from acdepth.core.errors import UserError
from acdepth.core.lock import sole_writer
from acdepth.data.folder import open_data
from acdepth.recipes.demo import DemoConfig
from acdepth.recipes.method import Method
from acdepth.translator import SimulatedWeather
from acdepth.translator.depth_source import MeasuredDepth
from acdepth.translator.translate import TranslateSettings, translate
from tests.data.folders import write_drive

CONFIG = DemoConfig.read(Path(world.__file__).parent.parent / "configs" / "demo" / "world.yaml")


def translate_into(data: Path, out: Path) -> None:
    settings = TranslateSettings((Condition.NIGHT,))
    translate(open_data(data), out, SimulatedWeather((0.5, 0.5)), MeasuredDepth(), settings)


VERBS: dict[str, Callable[[Path, Path], Any]] = {
    "translate": translate_into,
    "evaluate": lambda data, out: evaluate(data, out=out),
    "demo": lambda data, out: Method(CONFIG, data, data, out).run([], "demo", []),
    "world make": lambda data, out: world.make(out, towns="0", frames=1, device="cpu"),
    "data prepare": lambda data, out: prepare(
        "robotcar", data, out, models=data, extrinsics=data, scenes=("a",)
    ),
}


@pytest.mark.parametrize("verb", VERBS)
def test_a_second_one_is_refused_before_it_does_anything(verb, tmp_path, monkeypatch):
    monkeypatch.setattr("acdepth.data.robotcar.calibration.read_raw_calibration", lambda *given: None)
    data, out = write_drive(tmp_path / "data", count=1, depth=True), tmp_path / "out"
    with sole_writer(out), pytest.raises(UserError, match="out: another acdepth process is writing there"):
        VERBS[verb](data, out)
    assert [path.name for path in out.iterdir()] == [".lock"]
