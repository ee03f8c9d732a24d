"""A fit at tiny size: what it leaves, what a second call does, what is refused, what it says at the end."""

import math
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest
import torch

from acdepth.core.batches import Tensors
from acdepth.core.clip import target_frames
from acdepth.core.condition import Condition
from acdepth.core.errors import UserError
from acdepth.core.files import read_json
from acdepth.core.shipped import STUDENT
from acdepth.data.folder import open_data
from acdepth.data.own.clip import OwnClip
from acdepth.data.triplets import TripletBatches
from acdepth.evaluation.unlabelled import UnlabelledCheck, verdict
from acdepth.inference.model import DepthModel
from acdepth.networks.checkpoint import CheckpointCard, load_checkpoint, load_tensors, save_checkpoint
from acdepth.networks.depth_net import DepthNet, DepthOutput
from acdepth.networks.settings import DepthNetConfig
from acdepth.recipes import timing
from acdepth.recipes.fit import fit, stages
from acdepth.recipes.fit.fit import Fit
from acdepth.recipes.fit.judge import best
from acdepth.recipes.fit.masks import find_masks
from acdepth.recipes.fit.pictures import show
from acdepth.recipes.fit.plan import OF_A_PLACE, PLAN_FILE, Costs, choose
from acdepth.recipes.fit.settings import FitConfig
from acdepth.recipes.fit.stages import FitStages
from acdepth.recipes.learning import clear_footage
from acdepth.recipes.timing import Speeds, Timed
from acdepth.reports.fit import FitStory, headlines, judged, next_steps, write_fit_report
from acdepth.reports.fit_words import ANOTHER, asked, reasons, remedies
from acdepth.world.export import DriveSettings, sequence_folder, write_towns
from tests.commands import call
from tests.data.folders import write_drive
from tests.inference.hub_models import write_model

CONFIG = Path(__file__).parent / "tiny-own.yaml"
FRAMES, SIZE = 14, (64, 96)


@pytest.fixture(scope="module")
def drive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A drive with its camera and its speeds, as people have it: nothing is measured, and it is read-only."""
    out = tmp_path_factory.mktemp("world")
    write_towns(out, [3], [Condition.CLEAR], DriveSettings(FRAMES, SIZE), "cpu")
    folder = sequence_folder(out, 3, Condition.CLEAR)
    shutil.rmtree(folder / "depth")
    (folder / "sequence.yaml").unlink()
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o555 if path.is_dir() else 0o444)
    return folder


@pytest.fixture(scope="module")
def any_night() -> Iterator[None]:
    """By how much a night changes depth at this size hangs on the last bits of a CPU."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(verdict, "STEADY", verdict.STEADY._replace(degenerate=math.inf))
        yield


@pytest.fixture(scope="module")
def finished(drive: Path, any_night: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("fit") / "run"
    Fit(FitConfig.read(CONFIG), drive, out).run()
    write_fit_report(out)
    return out


def test_it_leaves_a_network_a_report_and_what_it_did(finished: Path, drive: Path) -> None:
    story = FitStory.read(finished / "fit.json")
    assert set(story.seconds) == {"mask", "look", "teacher", "labels", "translate", "student", "verdict"}
    assert set(story.checks) == {"start", "teacher", "student"} and story.kept in story.checks
    _, card = load_checkpoint(finished / "model.safetensors")
    assert card.input_size == SIZE and card.metric
    assert "speeds" in str(story.metres) or "poses" in str(story.metres)
    page = (finished / "report.html").read_text()
    assert headlines(story)[0] in page.replace("&#39;", "'") and page.count("data:image/jpeg") == 2 * 6 + 1
    assert (finished / "sheet.jpg").stat().st_size > 1000


def test_the_page_lists_stages_and_networks_in_the_order_of_the_work(finished: Path) -> None:
    page = (finished / "report.html").read_text()
    stages = ("mask", "look", "teacher", "labels", "translate", "student", "verdict")
    rows = [page.index(f'<th scope="row">{name}</th><td class="time">') for name in stages]
    networks = [page.index(f"<h3>{name}") for name in ("start", "teacher", "student")]
    assert rows == sorted(rows) and networks == sorted(networks)


def test_a_second_call_does_nothing_new_and_ends_with_how_to_go_on(
    finished: Path, drive: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = {path: path.stat().st_mtime_ns for path in finished.rglob("*.safetensors")}
    assert call(monkeypatch, "fit", drive, "--out", finished, "--config", CONFIG) == 0
    assert {path: path.stat().st_mtime_ns for path in finished.rglob("*.safetensors")} == before
    assert capsys.readouterr().out.splitlines()[-3:] == [
        f"report, with pictures: {finished / 'report.html'}",
        f"checkpoint: {finished / 'model.safetensors'}",
        f"depth of a video: acdepth predict VIDEO --weights {finished} --out depth",
    ]


def test_networks_are_checked_on_neighbouring_images_where_there_are_translations(
    drive: Path, tmp_path: Path
) -> None:
    config = FitConfig.read(CONFIG).with_choice(step=3)
    stages = FitStages(config, drive, tmp_path / "run", None)
    [learnt], [checked] = stages.clear, stages.checked
    assert isinstance(learnt, OwnClip) and isinstance(checked, OwnClip)
    assert (learnt.step, checked.step, len(checked)) == (3, 1, FRAMES)
    assert [frame.key for frame in target_frames([checked])] == [
        frame.key for frame in target_frames([learnt])
    ]


def test_stopped_in_the_middle_it_ends_the_same(
    finished: Path, drive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    out = tmp_path / "run"
    with monkeypatch.context() as patch:
        patch.setattr(stages, "keep", stop)
        with pytest.raises(KeyboardInterrupt):
            Fit(FitConfig.read(CONFIG), drive, out).run()
    assert (out / "teacher" / "model.safetensors").exists() and not (out / "model.safetensors").exists()
    plan = (out / PLAN_FILE).read_bytes()
    story = Fit(FitConfig.read(CONFIG), drive, out).run()
    assert (out / PLAN_FILE).read_bytes() == plan  # not timed again
    assert story.kept == FitStory.read(finished / "fit.json").kept
    again, before = (load_tensors(run / "student" / "model.safetensors")[0] for run in (out, finished))
    assert again.keys() == before.keys() and all(torch.equal(again[name], before[name]) for name in before)


def test_a_mask_that_was_painted_makes_a_new_teacher(finished: Path, drive: Path, tmp_path: Path) -> None:
    out = Path(shutil.copytree(finished, tmp_path / "run"))
    [told] = read_json(out / "masks" / "found.json")
    mask = np.full(SIZE, 255, np.uint8)
    mask[-16:] = 0
    (out / "masks" / told["file"]).parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(out / "masks" / told["file"]), mask)
    Fit(FitConfig.read(CONFIG), drive, out).run()
    assert (out / "old" / "look-1" / "teacher" / "model.safetensors").exists()
    assert "leaves out 25.0 %" in read_json(out / "look" / "check.json")["drives"][0]["facts"]["mask"]
    assert (cv2.imread(str(out / "masks" / told["file"]), 0) == mask).all()


def test_masks_are_told_of_where_they_can_be_painted(tmp_path: Path) -> None:
    own, _ = (write_drive(tmp_path / "drives" / name, count=2) for name in ("own", "other"))
    cv2.imwrite(str(own / "mask.png"), np.full((24, 40), 255, np.uint8))
    painted = tmp_path / "masks" / "other" / "mask.png"
    painted.parent.mkdir(parents=True)
    painted.write_bytes((own / "mask.png").read_bytes())
    find_masks(open_data(tmp_path / "drives"), tmp_path / "masks")
    told = {one["drive"]: one for one in read_json(tmp_path / "masks" / "found.json")}
    assert (
        told["own"]["file"] == (own / "mask.png").as_posix() and "beside the footage" in told["own"]["told"]
    )
    assert tmp_path / "masks" / told["other"]["file"] == painted


def test_other_steps_keep_the_teacher(finished: Path, drive: Path, tmp_path: Path) -> None:
    out = Path(shutil.copytree(finished, tmp_path / "run"))
    before = (out / "teacher" / "model.safetensors").stat().st_mtime_ns
    changes = {"student": {"loop": {"steps": 5}}}
    Fit(FitConfig.read(CONFIG).with_changes(changes, "test"), drive, out).run()
    assert (out / "teacher" / "model.safetensors").stat().st_mtime_ns == before
    assert (out / "old" / "student-1" / "student" / "model.safetensors").exists()


def test_a_teacher_that_is_given_is_not_trained(finished: Path, drive: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    story = Fit(FitConfig.read(CONFIG), drive, out, teacher=finished / "labels").run()
    assert set(story.checks) == {"given", "student"} and not (out / "teacher").exists()
    assert story.teacher == str(finished / "labels")


def test_photographs_are_enough_under_a_model_of_transformers(drive: Path, tmp_path: Path) -> None:
    photographs, out = pictures(drive, tmp_path / "pictures", 12), tmp_path / "run"
    model = write_model(tmp_path / "model", "glpn")
    story = Fit(FitConfig.read(CONFIG), photographs, out, teacher=Path(f"hf:{model}")).run()
    assert set(story.checks) == {"given", "student"} and story.kept in (None, "student")
    assert load_checkpoint(out / "student" / "model.safetensors")[1].input_size == SIZE


def test_what_nothing_sees_ends_with_words_and_a_code(
    drive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def degenerate(*given: Any, **more: Any):
        found = checked(*given, **more)
        changes = {"verdict": "degenerate", "in_words": "degenerate: a wall; try: another camera"}
        return {name: one.model_copy(update=changes) for name, one in found.items()}

    checked = stages.judge
    monkeypatch.setattr(stages, "judge", degenerate)
    out = tmp_path / "run"
    assert call(monkeypatch, "fit", drive, "--out", out, "--config", CONFIG) == 3
    assert "It did not work" in capsys.readouterr().out and not (out / "model.safetensors").exists()
    assert (
        FitStory.read(out / "fit.json").kept is None
        and "It did not work" in (out / "report.html").read_text()
    )


def test_a_dry_run_writes_nothing(
    drive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "run"
    assert call(monkeypatch, "fit", drive, "--out", out, "--config", CONFIG, "--dry-run") == 0
    said = capsys.readouterr().out
    assert "chosen: 12 images at 64x96, 6 steps of the teacher, 4 of the student" in said
    assert all(name in said for name in ("mask", "labels", "translate", "verdict")) and not out.exists()


def pictures(drive: Path, folder: Path, count: int, moving: bool = True) -> Path:
    """The first images of the drive alone, without a camera."""
    folder.mkdir()
    for number, path in enumerate(sorted((drive / "images").iterdir())[:count]):
        shutil.copy(path if moving else sorted((drive / "images").iterdir())[0], folder / f"{number:04d}.png")
    return folder


@pytest.mark.parametrize(
    ("count", "moving", "flags", "message"),
    [
        (12, True, (), "its camera is not known; give --fov"),
        (6, True, ("--fov", "60"), "4 clear images with one before and one after them, 8 are needed"),
        (12, False, ("--fov", "60"), "the camera stands"),
        (12, True, ("--fov", "300"), "--fov 300: give degrees across"),
        (12, True, ("--fov", "0"), "--fov 0: give degrees across"),
        (12, True, ("--fov", "60", "--camera-height", "0"), "camera_height = 0.0; give metres above"),
        (12, True, ("--teacher", "hf:any", "--teacher-steps", "5"), "no teacher is trained beside --teacher"),
        (12, True, ("--teacher", "run", "--image-size", "64x96"), "--image-size 64x96: the student's input"),
        (12, True, ("--minutes", "0"), "--minutes 0: must be more than 0"),
        (12, True, ("--teacher", "nowhere"), "nowhere: no such"),
    ],
)
def test_what_cannot_work_is_said_before_anything_is_written(
    count: int,
    moving: bool,
    flags: tuple[str, ...],
    message: str,
    drive: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    footage, out = pictures(drive, tmp_path / "pictures", count, moving), tmp_path / "run"
    assert call(monkeypatch, "fit", footage, "--out", out, "--config", CONFIG, *flags) == 2
    assert message in capsys.readouterr().err and not out.exists()


def test_a_frame_that_cannot_be_read_is_not_shown(tmp_path: Path) -> None:
    clips = open_data(write_drive(tmp_path / "drive", count=4))
    (tmp_path / "drive" / "images" / "000001.png").write_bytes(b"no picture")
    model = DepthModel("made", lambda image, night: DepthOutput((0.1 + image[:, :1],), ()), (24, 40))
    shown = show({"student": model}, "student", clips, None, (), 4, tmp_path)
    assert [one.key[-5:] for one in shown] == ["0.png", "2.png", "3.png"]
    (tmp_path / "drive" / "images" / "000002.png").write_bytes(b"no picture")
    with pytest.raises(UserError, match=r"000002\.png"):
        show({"student": model}, "student", clips[:1], None, (), 1, tmp_path)


def test_where_a_network_says_no_number_its_picture_is_black(tmp_path: Path) -> None:
    def half(image: torch.Tensor, night: torch.Tensor | None) -> DepthOutput:
        said = 0.1 + image[:, :1]
        said[..., :20] = torch.nan
        return DepthOutput((said,), ())

    clips = open_data(write_drive(tmp_path / "drive", count=1))
    [shown] = show({"student": DepthModel("half", half, (24, 40))}, "student", clips, None, (), 1, tmp_path)
    picture = cv2.imread(str(tmp_path / shown.pictures[1].file))
    assert picture is not None and picture.shape == (24, 40, 3)
    assert picture[:, :16].max() < 10 and picture[:, 24:].max() > 200


@pytest.mark.parametrize(
    ("out", "flags", "message"),
    [
        ("run", (), "would lie among the footage"),
        ("../run", ("--teacher", "hf:no/such/folder"), "no/such/folder: no such"),
    ],
)
def test_what_needs_no_footage_is_refused_before_it_is_read(
    out: str, flags: tuple[str, ...], message: str, drive: Path, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    monkeypatch.setattr(fit, "clear_footage", None)
    place = drive.parent / out
    assert call(monkeypatch, "fit", drive.parent, "--out", place, "--config", CONFIG, *flags) == 2
    assert message in capsys.readouterr().err


def test_another_footage_is_refused(finished: Path, drive: Path, tmp_path: Path) -> None:
    footage = Path(shutil.copytree(drive, tmp_path / "other"))
    with pytest.raises(UserError, match="holds a run on own footage in"):
        Fit(FitConfig.read(CONFIG), footage, finished).run()


def test_a_full_disk_is_told_before_the_training(
    drive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda place: shutil._ntuple_diskusage(1, 1, 0))
    with pytest.raises(UserError, match=r"GB are needed, 0\.0 GB are free"):
        Fit(FitConfig.read(CONFIG), drive, tmp_path / "run").run()


SPEEDS = Speeds(Timed(1.0, 0.0), Timed(0.1, 0.0), Timed(0.5, 0.0))


def planned(drive: Path, seconds: float | None, start: Mapping[str, object] | None = None, **changes: object):
    config = FitConfig.read(CONFIG).with_changes(
        {
            "teacher": {"pose_first": 0, "loop": {"steps": 100}, **(start or {})},
            "student": {"loop": {"steps": 200}},
            **changes,
        },
        "",
    )
    clear = Fit(config, drive, drive.parent / "nowhere").clear
    return choose(config, Costs(SPEEDS, SIZE, 0.0), clear, seconds)


def test_as_much_is_planned_as_fits(drive: Path) -> None:
    whole = planned(drive, None)
    assert (whole.work.teacher_steps, whole.work.student_steps, whole.work.part) == (100, 200, 1.0)
    seconds = sum(whole.seconds.values())
    half = planned(drive, seconds / 2)
    assert 0.4 * seconds < sum(half.seconds.values()) <= seconds / 2
    assert half.work.teacher_steps == round(100 * half.work.part) and half.work.image_size == SIZE
    assert half.given_up() == ["12 images", "100 steps of the teacher", "200 steps of the student"]
    assert "instead of 12 images, 100 steps of the teacher" in half.describe(5)
    assert "all that the settings ask for" in whole.describe(None)


def test_where_time_is_shorter_the_size_is_given_up_too(drive: Path) -> None:
    least = {"least_steps": 60, "smaller": (0.5,)}
    with pytest.raises(UserError, match="too little time"):  # the start would say no depth at half the size
        planned(drive, 90.0, **least)
    from_nothing = {"start": None, "pull": 0.0, "held_out": 0.0}
    small = planned(drive, 90.0, **least, start=from_nothing)
    assert small.work.image_size == (64, 64) and small.given_up()[0] == "the size 64x96"
    assert sum(small.seconds.values()) <= 90


def test_the_check_of_a_slow_model_that_teaches_is_planned_and_no_choice_of_labels(drive: Path) -> None:
    config = FitConfig.read(CONFIG)
    clear = clear_footage(config, drive)
    slow, quick = (replace(SPEEDS, teacher=None, label=one) for one in (Timed(5.0, 0.0), None))
    plans = [choose(config, Costs(speeds, SIZE, 0.0), clear, None) for speeds in (slow, quick)]
    assert all([*plan.seconds] == ["mask", "look", "translate", "student", "verdict"] for plan in plans)
    longer, usual = (plan.seconds["verdict"] for plan in plans)
    assert longer - usual / 2 == pytest.approx(config.places * OF_A_PLACE * 5.0)


def test_the_mask_is_planned_until_it_is_found(finished: Path) -> None:
    looking = Costs(SPEEDS, SIZE, look=60.0)
    for costs, mask in ((looking, 30.0), (replace(looking, masked=True), 0.0)):
        seconds = choose(FitConfig.read(CONFIG), costs.at(SIZE), (), None).seconds
        assert (seconds["mask"], seconds["look"]) == (mask, 30.0)
    hours = {stage["name"]: stage["hours"] for stage in read_json(finished / PLAN_FILE)["stages"]}
    assert hours["mask"] == 0 < hours["look"]


def test_less_than_the_least_is_refused_with_what_it_takes(drive: Path) -> None:
    message = r"--minutes: too little time .* the least takes .*; give \d min more, or use a GPU"
    with pytest.raises(UserError, match=message):
        planned(drive, 1.0)


def test_the_first_step_of_a_training_is_not_timed(
    drive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class SlowAtFirst(TripletBatches):
        def batch(self, step: int) -> Tensors:
            clock.now += 100.0 if step == 0 else 3.0
            return super().batch(step)

    clock = SimpleNamespace(now=0.0, perf_counter=lambda: clock.now)
    monkeypatch.setattr(timing, "TripletBatches", SlowAtFirst)
    monkeypatch.setattr(timing, "time", clock)
    config = FitConfig.read(CONFIG)
    footage = clear_footage(config, drive)
    assert timing.Timing(config, footage, tmp_path, steps=2).teacher().seconds == 3.0


def test_the_student_is_timed_with_the_network_of_the_teacher_that_is_given(tmp_path: Path) -> None:
    config, given = FitConfig.read(CONFIG), DepthNetConfig(width=4)
    save_checkpoint(
        tmp_path / "model.safetensors", DepthNet(given), CheckpointCard(network=given, input_size=SIZE)
    )
    footage = open_data(write_drive(tmp_path / "drive"))

    def timed(teacher: str | None) -> DepthNetConfig:
        folder = tmp_path / "timed"
        return timing.Timing(config, footage, folder, 1, Path(teacher) if teacher else None).network

    assert timed(str(tmp_path)) == given
    assert timed("hf:any") == config.student.shape.network
    assert timed(None) == load_checkpoint(STUDENT)[1].network


def an_answer(check: UnlabelledCheck, verdict: Any, **findings: Any) -> UnlabelledCheck:
    """A check of this verdict, by some of its measures."""
    measures = {name: one.model_copy(update={"finding": "works"}) for name, one in check.measures.items()}
    for name, finding in findings.items():
        said = {"finding": finding, "reason": f"{name} is odd", "in_words": f"{name} is odd"}
        measures[name] = measures[name].model_copy(update=said)
    return check.model_copy(update={"verdict": verdict, "measures": measures})


def test_why_and_what_to_try_are_said_for_people(finished: Path) -> None:
    check = FitStory.read(finished / "fit.json").checks["student"]
    assert all("ought" in asked(name) for name in check.measures)
    [why] = reasons(an_answer(check, "doubtful", sky="doubtful"))
    assert why == "The sky ought to be farther than all else, but here: sky is odd."
    assert remedies(an_answer(check, "doubtful", sky="doubtful")) == [ANOTHER]
    [why] = reasons(an_answer(check, "degenerate", sky="doubtful", translated_night="degenerate"))
    assert why.startswith("The same picture by night ought to have the same depth")
    works = an_answer(check, "works", motion="unknown")
    assert "This footage cannot tell of 1 more: depth ought to tell how" in reasons(works)[1]
    assert remedies(works) == []


def test_a_size_below_that_of_the_start_is_told_of_where_it_did_not_work(
    finished: Path, drive: Path, tmp_path: Path
) -> None:
    assert Fit(FitConfig.read(CONFIG), drive, tmp_path / "run").start_size == (192, 320)
    assert Fit(FitConfig.read(CONFIG), drive, tmp_path / "run", finished / "labels").start_size is None
    story = FitStory.read(finished / "fit.json")
    bad = {"student": an_answer(story.checks["student"], "degenerate", road="degenerate")}
    failed = story.model_copy(update={"kept": None, "checks": bad})
    assert next_steps(failed, {})[0].startswith("Give --image-size 192x320")


def test_where_nothing_can_be_held_against_depth_that_is_the_reason(finished: Path) -> None:
    check = FitStory.read(finished / "fit.json").checks["student"]
    said = {"in_words": "doubtful: nothing to hold depth against; try: video"}
    unknown = an_answer(check, "doubtful").model_copy(update=said)
    assert reasons(unknown) == ["Nothing to hold depth against."] and ANOTHER in remedies(unknown)


def test_a_sound_teacher_that_cannot_be_kept_is_no_reason_why_it_did_not_work() -> None:
    about = {"in_words": "", "measures": {}, "model": "", "sha256": None, "frames": 3, "pairs": 2}
    sound = UnlabelledCheck.model_validate({"verdict": "works", "score": 0.1, **about})
    bad = UnlabelledCheck.model_validate({"verdict": "degenerate", "score": 0.9, **about})
    story = FitStory.model_construct(kept=None, checks={"given": sound, "student": bad})
    assert judged(story) is bad
    told = headlines(story)[1]
    assert "the student, trained on" in told and "that was given" not in told


@pytest.mark.parametrize(
    ("verdicts", "scores", "kept"),
    [
        (("works", "works", "works"), (0.2, 0.2, 0.21), "student"),
        (("works", "works", "works"), (0.2, 0.3, 0.3), "start"),
        (("works", "degenerate", "doubtful"), (0.3, 0.9, 0.2), "start"),
        (("doubtful", "doubtful", "works"), (0.2, 0.2, 0.3), "student"),
    ],
)
def test_the_best_sound_network_is_kept(verdicts, scores, kept, finished: Path) -> None:
    any_check = FitStory.read(finished / "fit.json").checks["student"]
    checks = {
        name: any_check.model_copy(update={"verdict": verdict, "score": score})
        for name, verdict, score in zip(("start", "teacher", "student"), verdicts, scores, strict=True)
    }
    assert best(checks) == kept
