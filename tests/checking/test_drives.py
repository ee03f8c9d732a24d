"""What a check says of one's own footage before anything is trained."""

import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from acdepth.checking import CheckReport, check_data
from acdepth.checking.canvas import TILE
from acdepth.checking.drive_page import MASKED, drive_page, hatch
from acdepth.checking.drives import corners_move, look_at_drives
from acdepth.checking.findings import Findings
from acdepth.core.distortion import Distortion
from acdepth.core.files import write_text
from acdepth.core.lens import Lens
from acdepth.data import open_data
from acdepth.data.own.clip import OwnClip
from tests.commands import call
from tests.data.folders import write_drive
from tests.data.own.moving import HEIGHT, WIDTH, sliding, write_images


def drive(folder: Path, count: int = 16, pixels: float = 0.6) -> Path:
    """Images between which the texture moves by so much; without speeds, 30 a second."""
    return write_images(folder, sliding(np.arange(count) * pixels))


def check(tmp_path: Path) -> CheckReport:
    return check_data("folder", tmp_path / "data", tmp_path / "out")


def facts(report: CheckReport) -> dict[str, str]:
    return report.drives[0].facts()


def doubts(report: CheckReport) -> list[str]:
    return [doubt.text for doubt in report.doubts]


def test_a_drive_is_described(tmp_path: Path):
    drive(tmp_path / "data")
    report = check(tmp_path)
    told = facts(report)
    assert not report.faults
    (doubt,) = doubts(report)
    assert "the vehicle is in view cannot be told from 16 images; if it is, paint mask.png" in doubt
    assert told["images"] == "16 at 30 a second, 0.5 s; no gaps"
    assert told["step"].startswith(
        "every 2nd image (15 a second): the first step at which the image moves by at least 0.5 %"
    )
    assert "up to 4 % is wanted" in told["step"]
    assert told["camera"].startswith("focal length 100 px of 160x90 (camera.yaml); sees 77 degrees")
    assert told["mask"] == "cannot be told from 16 images that differ, 40 are needed"
    assert told["metres"].startswith("from nowhere")
    assert "of 255 in the mean" in told["light"]
    written = json.loads((tmp_path / "out" / "check.json").read_text())["drives"]
    assert [one["name"] for one in written] == ["data"]
    assert (written[0]["step"], written[0]["step_verdict"], written[0]["images"]) == (2, "within", 16)
    assert written[0]["motion_percent"]["1"] == pytest.approx(0.375, abs=0.1)
    assert written[0]["facts"] == told and written[0]["doubts"] == [doubt.removeprefix("data: ")]
    sheet = cv2.imread(str(tmp_path / "out" / "sheet.png"))
    assert sheet is not None and len(sheet) == len(drive_page(report.drives[0]))


def test_speeds_heights_and_depth(tmp_path: Path):
    folder = write_drive(tmp_path / "data", depth=True)
    with (folder / "camera.yaml").open("a") as camera:
        camera.write("camera_height: 1.3\n")
    report = check(tmp_path)
    assert facts(report)["metres"] == "from speeds; camera 1.3 m above the road"
    sheet = cv2.imread(str(tmp_path / "out" / "sheet.png"))
    assert sheet is not None and len(sheet) > len(drive_page(report.drives[0]))
    (folder / "motion.csv").unlink()
    assert facts(check(tmp_path))["metres"] == "from the height of the camera: camera 1.3 m above the road"


def test_gaps_and_times(tmp_path: Path):
    drive(tmp_path / "data", count=30, pixels=0.9)
    (tmp_path / "data" / "images" / "000011.png").unlink()
    report = check(tmp_path)
    assert facts(report)["images"].endswith("1 gap, the first after data/images/000010.png")
    assert report.drives[0].to_dict()["gaps"] == [
        {"after": "data/images/000010.png", "before": "data/images/000012.png"}
    ]
    times = np.arange(29) * 0.1 + np.where(np.arange(29) % 2, 0.04, 0) + np.where(np.arange(29) > 20, 3, 0)
    write_text(tmp_path / "data" / "times.txt", "\n".join(map(str, times)))
    told = facts(check(tmp_path))["images"]
    assert "intervals vary by 133 %" in told and "1 gap" in told and f"{times[-1]:.1f} s" in told


def test_pieces_that_are_too_short_are_doubted(tmp_path: Path):
    drive(tmp_path / "data" / "cut", count=12, pixels=1.5)
    (tmp_path / "data" / "cut" / "images" / "000002.png").unlink()
    drive(tmp_path / "data" / "two", count=2, pixels=1.5)
    told = doubts(check(tmp_path))
    assert any(text.startswith("cut: 1 of its 2 pieces have less than three images") for text in told)
    assert any(text.startswith("two: no three images in a row") for text in told)


def test_a_mask_that_leaves_out_most_of_the_image(tmp_path: Path):
    frames = sliding(np.arange(16) * 1.0)
    write_images(tmp_path / "data", frames)
    shades = np.zeros((HEIGHT, WIDTH), np.uint8)
    shades[70:] = 255
    cv2.imwrite(str(tmp_path / "data" / "mask.png"), shades)
    (doubt,) = doubts(check(tmp_path))
    assert "leaves out 78 % of the image; is it inverted?" in doubt
    cv2.imwrite(str(tmp_path / "data" / "mask.png"), np.full_like(shades, 255))
    assert not doubts(check(tmp_path))


def test_a_mask_in_use_and_one_that_is_found(tmp_path: Path):
    frames = sliding(np.arange(70) * 9.0)
    for frame in frames:
        frame[76:] = 20
    write_images(tmp_path / "data", frames)
    found = check(tmp_path)
    assert "not in use: write it with acdepth data mask" in facts(found)["mask"]
    assert any("moves with the camera and is not left out" in text for text in doubts(found))
    assert call(pytest.MonkeyPatch(), "data", "mask", tmp_path / "data") == 0
    used = check(tmp_path)
    assert facts(used)["mask"].startswith("in use, leaves out 1") and not any(
        "moves with" in t for t in doubts(used)
    )


def test_light_that_hinders_is_doubted(tmp_path: Path):
    dark = [(frame * 0.1).astype(np.uint8) for frame in sliding(np.arange(8) * 2.0)]
    flickering = [np.clip(f * (1 + 0.3 * (n % 2)), 0, 255) for n, f in enumerate(sliding(np.arange(8) * 2.0))]
    bright = [np.where(f > 120, 255, f) for f in sliding(np.arange(8) * 2.0)]
    for name, frames in (("dark", dark), ("flickering", flickering), ("bright", bright)):
        write_images(tmp_path / "data" / name, [frame.astype(np.uint8) for frame in frames])
    told = "\n".join(doubts(check(tmp_path)))
    assert "dark: its images are dark" in told and "flickering: brightness jumps by" in told
    assert "bright: over-exposed" in told
    write_text(tmp_path / "data" / "dark" / "sequence.yaml", "condition: night\n")
    assert "its images are dark" not in "\n".join(doubts(check(tmp_path)))


def test_a_camera_that_stands_is_doubted(tmp_path: Path):
    drive(tmp_path / "data", pixels=0.0)
    assert "a camera that stands teaches no depth" in "\n".join(doubts(check(tmp_path)))


def test_a_guessed_lens_is_doubted(tmp_path: Path):
    (clip,) = open_data(drive(tmp_path / "data"))
    assert isinstance(clip, OwnClip) and clip.lens is not None
    guessed = clip.through(replace(clip.lens, source="EXIF, a guess", guessed=True))
    findings = Findings()
    (found,) = look_at_drives([guessed], findings)
    assert "not calibrated" in found.facts()["camera"]
    assert any("EXIF, a guess" in doubt.text for doubt in findings.doubts)


def test_a_bent_lens_shows_before_and_after(tmp_path: Path):
    (clip,) = open_data(drive(tmp_path / "data"))
    assert isinstance(clip, OwnClip) and clip.lens is not None and corners_move(clip) == 0
    bent = clip.through(Lens(clip.lens.camera, Distortion("brown", (-0.2,))))
    plain, straightened = (look_at_drives([one], Findings())[0] for one in (clip, bent))
    assert "bends (k1 -0.2)" in straightened.facts()["camera"]
    assert len(drive_page(straightened)) > len(drive_page(plain)) + TILE[0]
    # The corner of the straight image is looked up where the bent lens shows its ray.
    lens = bent.lens
    assert lens is not None
    camera, straight = lens.camera, lens.straight
    x, y = (0 - straight.cx) / straight.fx, (0 - straight.cy) / straight.fy
    scale = 1 - 0.2 * (x * x + y * y)
    place = np.array([x * scale * camera.fx + camera.cx, y * scale * camera.fy + camera.cy])
    assert corners_move(bent) == pytest.approx(np.linalg.norm(place), abs=1e-6)


def test_each_broken_drive_is_told_and_the_others_are_seen(tmp_path: Path):
    drive(tmp_path / "data" / "good")
    write_text(drive(tmp_path / "data" / "motion") / "motion.csv", "index,speed\n0,fast\n")
    write_text(drive(tmp_path / "data" / "camera") / "camera.yaml", "fx: wide\n")
    (tmp_path / "data" / "trip.mp4").write_bytes(b"no video")
    picture = drive(tmp_path / "data" / "picture") / "images" / "000007.png"
    picture.write_bytes(picture.read_bytes()[:300])
    report = check(tmp_path)
    assert sorted(one.name for one in report.drives) == ["good", "picture"]
    told = [fault.text for fault in report.faults]
    assert len(told) == 4
    for part in ("motion.csv", "camera.yaml", "trip.mp4", "000007.png"):
        assert sum(part in text for text in told) == 1


def test_the_ends_of_every_drive_are_decoded_however_small_the_sample(tmp_path: Path):
    for name in ("a", "b"):
        drive(tmp_path / "data" / name)
    last = tmp_path / "data" / "b" / "images" / "000015.png"
    last.write_bytes(last.read_bytes()[:200])
    report = check_data("folder", tmp_path / "data", tmp_path / "out", sample=1)
    assert [str(last) in fault.text for fault in report.faults] == [True]


def test_a_mask_is_hatched_in_red(tmp_path: Path):
    pixels = np.full((60, 80, 3), 100, np.uint8)
    mask = np.zeros((HEIGHT, WIDTH), bool)
    mask[45:] = True
    hatch(pixels, mask, is_used=True)
    red = (pixels == MASKED).all(-1)
    assert not red[:28].any() and 0.2 < red[32:].mean() < 0.8 and (pixels[:28] == 100).all()
