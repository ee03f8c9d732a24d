"""Stages run once, notice what was tampered with, and never delete what was made."""

from pathlib import Path
from types import SimpleNamespace
from typing import ClassVar

import pytest

from acdepth.core.config import Config
from acdepth.core.errors import UserError
from acdepth.core.identity import Identity
from acdepth.core.progress import Whole
from acdepth.pipeline.folder import claim
from acdepth.pipeline.outputs import file_output, folder_output
from acdepth.pipeline.stages import Pipeline, Stage


class Work:
    """Two stages in a folder: the second reads what the first wrote. ``ran`` tells which did."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.ran = folder, []
        self.first, self.second = folder / "first", folder / "results.json"
        self.text = "made"

    def run(self, first: Identity | None = None, second: Identity | None = None) -> list[str]:
        self.ran.clear()
        self.pipeline(first, second).run()
        (self.folder / "report.html").write_text("report")
        return self.ran

    def pipeline(
        self,
        first: Identity | None = None,
        second: Identity | None = None,
        first_number: int = 1,
        last: int | None = None,
    ) -> Pipeline:
        stages = self._stages(first or Identity(), second or Identity())
        return Pipeline(stages, self.folder, [self.folder / "report.html"], first_number, last)

    def _stages(self, first: Identity, second: Identity) -> list[Stage]:
        outputs = (file_output(self.first / "weights"), folder_output(self.first / "more"))
        return [
            Stage("first", first, self._run_first, outputs, (self.first,)),
            Stage("second", second, self._run_second, (file_output(self.second),), (self.second,)),
        ]

    def _run_first(self) -> None:
        self.ran.append("first")
        (self.first / "more").mkdir(parents=True, exist_ok=True)
        (self.first / "weights").write_text(self.text)

    def _run_second(self) -> None:
        self.ran.append("second")
        self.second.write_text((self.first / "weights").read_text())


@pytest.fixture
def work(tmp_path: Path) -> Work:
    work = Work(tmp_path)
    assert work.run() == ["first", "second"] and work.run() == []
    return work


def test_an_overwritten_result_is_moved_aside_and_made_again(work: Work, capsys) -> None:
    work.second.write_text("somebody else's")
    assert work.run() == ["second"]
    assert work.second.read_text() == "made"
    assert (work.folder / "old" / "second-1" / "results.json").read_text() == "somebody else's"
    place = work.folder / "old" / "second-1"
    what = f"2/2 second: results.json is not what this stage made and is now in {place}; it is made again"
    assert what in capsys.readouterr().err.splitlines()  # however long


def test_an_output_that_is_gone_is_made_again_alone(work: Work) -> None:
    (work.first / "weights").unlink()
    assert work.run() == ["first"]  # it came out as before, so the second still holds
    (work.first / "more" / "strange").write_text("")
    assert work.run() == ["first"]


def test_a_stage_that_leaves_an_output_out_is_not_done(tmp_path: Path, monkeypatch) -> None:
    work = Work(tmp_path)
    made = Work._run_first

    def without_more(self: Work) -> None:
        made(self)
        (self.first / "more").rmdir()  # as if somebody removed it meanwhile

    monkeypatch.setattr(Work, "_run_first", without_more)
    with pytest.raises(UserError, match="more: is not there after first; the same command makes it again"):
        work.run()
    assert work.ran == ["first"] and not work.second.exists()
    monkeypatch.undo()
    assert work.run() == ["first", "second"] and work.run() == []


def test_an_output_that_comes_out_otherwise_makes_the_later_stages_stale(work: Work) -> None:
    (work.first / "weights").unlink()
    work.text = "made otherwise"
    assert work.run() == ["first", "second"]
    assert work.second.read_text() == "made otherwise"
    assert (work.folder / "old" / "second-1" / "results.json").read_text() == "made"
    assert work.run() == []
    (work.first / "weights").unlink()
    work.text = "made a third time"
    assert work.run() == ["first", "second"] and work.second.read_text() == "made a third time"


def test_a_run_folder_that_moves_is_as_it_was(work: Work) -> None:
    moved = Work(work.folder.rename(work.folder.with_name("moved")))
    assert moved.run() == [] and moved.pipeline().is_done()


def test_changed_settings_move_everything_from_there_on_aside(work: Work, capsys) -> None:
    work.run(first=Identity({"rate": 1}))
    capsys.readouterr()
    work.text = "made at 2"
    assert work.run(first=Identity({"rate": 2})) == ["first", "second"]
    assert "first: rate: 1 → 2; what was made before is in" in capsys.readouterr().err
    old = work.folder / "old" / "first-2"
    found = sorted(path.relative_to(old).as_posix() for path in old.rglob("*") if path.is_file())
    assert found == [
        "first/weights", "report.html", "results.json", "stages/first.json", "stages/second.json"
    ]  # fmt: skip
    assert (old / "results.json").read_text() == "made"


def test_no_result_is_left_when_a_redone_stage_fails(work: Work, monkeypatch) -> None:
    monkeypatch.setattr(work, "text", None)
    with pytest.raises(TypeError):
        work.run(first=Identity({"rate": 2}))
    assert not work.second.exists() and not (work.folder / "report.html").exists()
    work.text = "made"
    assert work.run(first=Identity({"rate": 2})) == ["first", "second"]


def test_what_lies_elsewhere_stays_beside_its_place(tmp_path: Path) -> None:
    work = Work(tmp_path / "run")
    work.first = tmp_path / "elsewhere" / "towns"
    work.run()
    work.run(first=Identity({"rate": 2}))
    (work.first / "more" / "strange").write_text("")
    work.run(first=Identity({"rate": 2}))
    old = tmp_path / "elsewhere" / "old"
    assert (old / "first-1" / "towns" / "weights").exists()
    assert (old / "first-2" / "towns" / "more" / "strange").exists()


def test_what_is_done_and_how_long_it_took_is_told_without_writing(tmp_path: Path, monkeypatch) -> None:
    work, clock = Work(tmp_path), iter((10.0, 12.34, 20.0, 21.0))
    pipeline = work.pipeline()
    assert not pipeline.is_done() and pipeline.took() == {} and pipeline.seconds() == 0
    assert pipeline.changes() == {} and not list(tmp_path.iterdir())
    monkeypatch.setattr("acdepth.pipeline.stages.time", SimpleNamespace(monotonic=lambda: next(clock)))
    assert pipeline.run() == {"first": 2.3, "second": 1.0}
    assert pipeline.is_done() and pipeline.took() == {"first": 2.3, "second": 1.0}
    assert pipeline.seconds() == pytest.approx(3.3)
    changed = work.pipeline(second=Identity({"rate": 2}))
    assert not changed.is_done() and changed.changes() == {"rate": "nothing → 2"}
    assert changed.took() == {"first": 2.3, "second": 1.0}
    work.second.write_text("somebody else's")
    assert not pipeline.is_done() and pipeline.changes() == {}
    work.second.write_text("made")
    assert pipeline.is_done() and pipeline.run() == {"first": 2.3, "second": 1.0}
    assert work.ran == ["first", "second"]


def test_stages_are_counted_and_what_was_done_before_says_how_long_it_took(tmp_path: Path, capsys) -> None:
    work = Work(tmp_path)
    work.pipeline().run()
    assert [line.strip() for line in capsys.readouterr().err.splitlines()] == ["1/2 first", "2/2 second"]
    work.pipeline(first_number=3, last=6).run()
    told = [line.strip() for line in capsys.readouterr().err.splitlines()]
    assert told == ["3/6 first: done before, in 0 s", "4/6 second: done before, in 0 s"]
    work.pipeline(first_number=3).run()
    assert "4/4 second" in capsys.readouterr().err


def test_a_stage_that_was_killed_is_not_done_and_goes_on(tmp_path: Path, monkeypatch) -> None:
    work = Work(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(work, "text", None)
        with pytest.raises(TypeError):
            work.pipeline().run()
    assert not work.pipeline().is_done() and work.pipeline().took() == {}
    assert work.run() == ["first", "second"] and not (tmp_path / "old").exists()


def test_a_record_of_an_earlier_version_is_as_none(work: Work) -> None:
    (work.folder / "stages" / "first.json").write_text('{"key": "a"}')
    assert not work.pipeline().is_done()
    assert work.run() == ["first"]  # which comes out as the second knows it


class Before(Config):
    rate: float = 1.0
    steps: int = 5


class After(Before):
    added: bool = False


def test_a_new_option_at_its_default_changes_nothing() -> None:
    former = Identity.of(Before(rate=2.0)).values
    assert Identity.of(After(rate=2.0)).changes(former) == {}
    assert Identity.of(After(rate=2.0, added=True)).changes(former) == {"added": "nothing → true"}


def test_a_default_that_changed_is_a_change() -> None:
    class Later(Before):
        steps: int = 6

    assert Identity.of(Later()).changes(Identity.of(Before()).values) == {"steps": "5 → 6"}


def test_a_new_option_whose_default_is_new_behaviour_is_a_change() -> None:
    class Since(Before):
        formerly: ClassVar = {"way": "old"}
        way: str = "new"

    class Holds(Config):
        first: Before = Since()

    former = Identity.of(Before()).values
    assert Identity.of(Since(way="old")).changes(former) == {}
    assert Identity.of(Since()).and_facts({"data": 1}).changes({**former, "data": 1}) == {"way": "old → new"}
    held = {f"first.{name}": value for name, value in former.items()}
    assert Identity.of(Holds(first=Since(way="old"))).changes(held) == {}
    assert Identity.of(Holds()).changes(held) == {"first.way": "old → new"}
    assert Identity.of(Since(), only=("rate",)).changes({"rate": 1.0}) == {}


def test_a_run_folder_belongs_to_one_data_set_and_root(tmp_path: Path) -> None:
    out, root, other = tmp_path / "run", tmp_path / "root", tmp_path / "other"
    claim(out, "nuscenes", root, "footage")
    claim(out, "nuscenes", root, "other settings")
    for data_set, place, footage in (("robotcar", root, "footage"), ("nuscenes", other, "footage")):
        with pytest.raises(UserError, match=r"holds a run on nuscenes in .*root, not on .*; give another"):
            claim(out, data_set, place, footage)
    claim(out, "nuscenes", other, "other settings")  # the same footage, moved


def test_a_run_folder_with_its_towns_may_move(tmp_path: Path) -> None:
    claim(tmp_path / "run", "world", tmp_path / "run" / "world")
    (tmp_path / "run").rename(tmp_path / "moved")
    claim(tmp_path / "moved", "world", tmp_path / "moved" / "world")


def test_only_stages_that_ran_from_their_beginning_tell_how_fast_this_machine_is(
    tmp_path: Path, monkeypatch
) -> None:
    ran: list[str] = []
    monkeypatch.setattr(Whole, "ran", lambda whole: ran.append(whole.stage))
    work, expected = Work(tmp_path), {"first": 1.0, "second": 1.0}

    def stopped() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(work, "_run_second", stopped)
    with pytest.raises(KeyboardInterrupt):
        work.pipeline().run(expected)
    assert ran == ["first"]
    monkeypatch.undo()
    monkeypatch.setattr(Whole, "ran", lambda whole: ran.append(whole.stage))
    work.pipeline().run(expected)  # the first was done before, and the second goes on
    assert ran == ["first"]
