"""``acdepth predict`` as people call it."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from acdepth.core.images import read_depth_png16
from acdepth.inference.model import model_of
from acdepth.inference.predictor import Predictor
from tests.commands import call
from tests.data.own import videos
from tests.inference.tiny import CAMERA, picture, tiny_card, tiny_checkpoint, tiny_network
from tests.prediction.test_video import read_video, write_video
from tests.real import REAL


def write_image(path: Path, image: np.ndarray) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), image[..., ::-1] if image.ndim == 3 else image)
    return path


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """Run the verb in ``tmp_path`` with a tiny checkpoint; returns the exit code and what it said."""
    weights = tiny_checkpoint(tmp_path / "weights" / "model.safetensors")
    monkeypatch.chdir(tmp_path)

    def run_it(*arguments: str) -> tuple[int, str]:
        common = ("--weights", weights, "--out", "out", "--device", "cpu")
        return call(monkeypatch, "predict", *arguments, *common), capsys.readouterr().err

    return run_it


def results() -> list[str]:
    return sorted(path.relative_to("out").as_posix() for path in Path("out").rglob("*") if path.is_file())


def expected_depth(image: np.ndarray) -> np.ndarray:
    return Predictor(model_of(tiny_network(), tiny_card(), torch.device("cpu")))(image).depth


def test_an_image_becomes_depth_and_colours(run) -> None:
    image = picture(70, 111)
    write_image(Path("a.png"), image)
    code, said = run("a.png", "--to", "colour,png16,npy")
    assert code == 0 and "77 degrees" in said and "predicted 1 of 1, results in out" in said
    assert results() == ["a_colour.png", "a_depth.npy", "a_depth.png"]
    depth = expected_depth(image)
    assert np.abs(read_depth_png16(Path("out/a_depth.png")) - depth).max() <= 0.5001 / 256
    np.testing.assert_array_equal(np.load("out/a_depth.npy"), depth)
    colours = cv2.imread("out/a_colour.png")
    assert colours is not None and colours.shape == (70, 111, 3) and colours.std() > 5


def test_a_point_cloud_reads_back_in_metres(run) -> None:
    image = picture()
    write_image(Path("drive/images/a.png"), image)
    CAMERA.write(Path("drive/camera.yaml"))
    code, said = run("drive", "--to", "ply")
    assert code == 0 and "rescaled" in said
    header, body = Path("out/images/a_points.ply").read_bytes().split(b"end_header\n")
    assert f"element vertex {64 * 96}".encode() in header
    point = np.dtype([("xyz", "<f4", 3), ("rgb", "u1", 3)])
    points = np.frombuffer(body, point).reshape(64, 96)
    depth = expected_depth(image)
    np.testing.assert_allclose(points["xyz"][..., 2], depth, rtol=1e-6)
    np.testing.assert_array_equal(points["rgb"], image)
    u = points["xyz"][..., 0] / points["xyz"][..., 2] * CAMERA.fx + CAMERA.cx
    np.testing.assert_allclose(u, np.tile(np.arange(96), (64, 1)), atol=1e-3)


def test_a_point_cloud_without_camera_is_refused_before_the_work(run) -> None:
    write_image(Path("a.png"), picture())
    code, said = run("a.png", "--to", "ply")
    assert code == 2 and "--to ply needs the intrinsics" in said and said.count("\n") == 1
    assert not Path("out").exists()
    CAMERA.write(Path("my.yaml"))
    assert run("a.png", "--to", "ply", "--camera", "my.yaml")[0] == 0


def test_confidence_is_written_where_it_is_asked_for(run) -> None:
    image = picture(70, 111)
    write_image(Path("a.png"), image)
    assert run("a.png", "--to", "confidence,npy")[0] == 0
    assert results() == ["a_confidence.npy", "a_confidence.png", "a_depth.npy"]
    expected = Predictor(model_of(tiny_network(), tiny_card(), torch.device("cpu")))(image).confidence
    np.testing.assert_array_equal(np.load("out/a_confidence.npy"), expected)
    gray = cv2.imread("out/a_confidence.png", cv2.IMREAD_UNCHANGED)
    assert gray.dtype == np.uint8 and np.abs(gray / 255 - expected).max() <= 0.5001 / 255


def test_flip_changes_the_result(run) -> None:
    write_image(Path("a.png"), picture())
    run("a.png", "--to", "npy")
    straight = np.load("out/a_depth.npy")
    run("a.png", "--to", "npy", "--flip")
    assert not np.allclose(np.load("out/a_depth.npy"), straight, rtol=1e-3)


def bad_inputs() -> dict[str, str]:
    """Files that are no photographs, by name, with what must be said about them."""
    write_image(Path("bad/one.png"), picture()[:1, :1])
    write_image(Path("bad/deep.png"), np.zeros((64, 96), np.uint16))
    write_image(Path("bad/alpha.png"), np.zeros((64, 96, 4), np.uint8))
    whole = write_image(Path("bad/cut.jpg"), picture(200, 300)).read_bytes()
    Path("bad/cut.jpg").write_bytes(whole[: len(whole) // 2])
    Path("bad/empty.jpg").write_bytes(b"")
    Path("bad/text.png").write_text("no image")
    broken = bytearray(
        cv2.imencode(".jpg", np.random.default_rng(0).integers(0, 255, (96, 96, 3)))[1].tobytes()
    )
    broken[4000:4400] = bytes(400)
    Path("bad/broken.jpg").write_bytes(broken)
    Path("bad/phone.jpg").write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic")
    return {
        "one.png": "1x1 pixels",
        "deep.png": "16 bits per channel",
        "alpha.png": "alpha channel",
        "cut.jpg": "ends too early",
        "empty.jpg": "not readable as an image",
        "text.png": "not readable as an image",
        "broken.jpg": "the JPEG is damaged",
        "phone.jpg": "HEIC is not read; save it as JPEG",
    }


def test_a_bad_file_is_one_line_that_says_why(run) -> None:
    for name, reason in bad_inputs().items():
        code, said = run(f"bad/{name}")
        last = said.splitlines()[-1]
        assert code == 2 and last.startswith("acdepth: error: ") and name in last and reason in last
        assert "Traceback" not in said


def test_bad_files_in_a_folder_are_named_and_the_others_are_done(run) -> None:
    bad = bad_inputs()
    write_image(Path("bad/good.png"), picture())
    write_image(Path("bad/gray.jpg"), picture()[..., 0])
    code, said = run("bad")
    assert code == 2 and "8 of 10 could not be predicted" in said and "predicted 2 of 10" in said
    assert all(f"bad/{name}" in said for name in bad)
    assert {"good_depth.png", "gray_depth.png"} <= set(results())


@pytest.mark.parametrize(("bad", "code"), [(1, 0), (2, 2)])
def test_in_footage_one_unreadable_frame_in_a_hundred_is_skipped(run, bad: int, code: int) -> None:
    content = write_image(Path("first.jpg"), picture(32, 32)).read_bytes()
    Path("drive").mkdir()
    for number in range(120):
        Path(f"drive/{number:03d}.jpg").write_bytes(b"" if number < bad else content)
    got, said = run("drive")
    assert got == code and "000.jpg: not readable as an image" in said
    if code:
        assert "2 of 120 frames cannot be read" in said and not Path("out").exists()
    else:
        assert "predicted 119 of 120" in said


def test_a_camera_of_another_aspect_fails_by_name(run) -> None:
    write_image(Path("a.png"), picture(64, 120))
    CAMERA.write(Path("camera.yaml"))
    code, said = run("a.png")
    assert code == 2 and "a.png: the camera is for 96x64 pixels, but the image has 120x64" in said


def test_a_video_becomes_a_video_and_frames_if_asked(run) -> None:
    write_video(Path("drive.mp4"), [picture(64, 96, seed) for seed in range(3)])
    assert run("drive.mp4")[0] == 0
    assert results() == ["drive_colour.mp4"]
    assert len(read_video(Path("out/drive_colour.mp4"))[0]) == 3
    assert run("drive.mp4", "--to", "png16")[0] == 0
    assert "drive_frames/000002_depth.png" in results() and len(results()) == 4


def test_a_video_of_any_name_is_one(run) -> None:
    videos.write_video(Path("base.MTS"), 20, codec="mpeg2video")
    code, said = run("base.MTS", "--to", "colour,png16")
    assert code == 0, said
    assert {"base_colour.mp4", "base_frames/000000_depth.png"} <= set(results())


def test_a_cut_off_video_is_one_line_and_the_others_are_done(run) -> None:
    whole = write_video(Path("whole.mkv"), [picture(64, 96, seed) for seed in range(20)])
    Path("cut.mkv").write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    write_image(Path("a.png"), picture())
    code, said = run("cut.mkv", "a.png")
    line = next(line for line in said.splitlines() if "cut.mkv" in line)
    assert code == 2 and "predicted 1 of 2" in said
    assert "cut.mkv: is cut off: " in line and "of 1.7 seconds are there; copy it again" in line
    assert "if this is all there is: ffmpeg -i cut.mkv -c copy whole.mkv" in line


def test_pictures_that_are_not_read_are_named(run) -> None:
    write_image(Path("phone/a.jpg"), picture())
    for name in ("1.HEIC", "2.heic"):
        Path("phone", name).touch()
    code, said = run("phone")
    assert code == 0 and "1.HEIC: 2 pictures are left out, as .HEIC is not read; save it as JPEG" in said


def test_names_with_digits_of_all_kinds(run) -> None:
    for name in ("a\u2461.png", "a\u00b2.png", "a\u0663.png", "a10.png"):
        write_image(Path("drive") / name, picture())
    code, said = run("drive")
    assert code == 0 and "predicted 4 of 4" in said


def test_depth_without_scale_says_so_in_its_files(run, tmp_path: Path) -> None:
    tiny_checkpoint(tmp_path / "weights" / "model.safetensors", metric=False)
    write_image(Path("a.png"), picture())
    code, said = run("a.png", "--to", "png16,npy")
    assert code == 0 and "each says what it was multiplied by" in said
    found = read_depth_png16(Path("out/a_depth.png"), without_scale=True)
    np.testing.assert_allclose(found, np.load("out/a_depth.npy"), rtol=2e-3)


def test_a_broken_video_does_not_stop_an_image(run) -> None:
    Path("drive.mp4").write_bytes(b"no video")
    write_image(Path("a.png"), picture())
    code, said = run("drive.mp4", "a.png")
    assert code == 2 and "drive.mp4: not readable as a video" in said and "predicted 1 of 2" in said


def test_a_video_that_fails_on_the_way_does_not_stop_an_image(run) -> None:
    write_video(Path("square.mp4"), [picture(64, 64)])
    write_video(Path("other.mp4"), [picture(64, 64)])
    CAMERA.write(Path("other.camera.yaml"))
    write_image(Path("a.png"), picture())
    CAMERA.write(Path("my.yaml"))
    code, said = run("square.mp4", "other.mp4", "a.png", "--camera", "my.yaml")
    assert code == 2 and "predicted 1 of 3" in said and results() == ["a_colour.png", "a_depth.png"]
    assert "square.mp4: the camera is for 96x64 pixels, but the image has 64x64" in said
    assert "other.mp4: the camera is for 96x64 pixels, but the image has 64x64" in said


def test_a_result_of_a_video_that_cannot_be_written_stops_the_run(run) -> None:
    write_video(Path("drive.mp4"), [picture()])
    write_image(Path("z.png"), picture())
    Path("out/drive_colour.mp4").mkdir(parents=True)
    code, said = run("drive.mp4", "z.png")
    assert code == 2 and "drive_colour.mp4: cannot write" in said and results() == []


def test_progress_counts_what_was_predicted(run) -> None:
    Path("a.png").write_text("no image")
    code, said = run("a.png")
    assert code == 2 and "image/s" not in said
    write_image(Path("a.png"), picture())
    assert "predict: 1/1" in run("a.png")[1]


def test_what_the_metres_mean_is_said_for_each_kind_of_input(run) -> None:
    for name in ("a.png", "b.png", "drive/c.png"):
        write_image(Path(name), picture())
    CAMERA.write(Path("drive/camera.yaml"))
    said = run("drive", "a.png", "b.png")[1]
    assert "1 of 3 inputs: depth is metric, rescaled" in said and said.count("depth is metric") == 2
    assert "2 of 3 inputs: depth is metric if the image's field of view is the training one" in said
    said = run("a.png", "b.png")[1]
    assert "inputs:" not in said and said.count("depth is metric") == 1


def test_a_folder_as_camera_is_one_line(run) -> None:
    write_image(Path("a.png"), picture())
    Path("cameras").mkdir()
    code, said = run("a.png", "--camera", "cameras")
    assert code == 2 and said.count("\n") == 1 and "cameras: " in said


def test_options_that_mean_nothing_are_refused(run) -> None:
    write_image(Path("a.png"), picture())
    for flags, told in (
        (("--to", "png"), "--to png: 'png' is unknown; there are png16,colour,npy"),
        (("--max-depth", "30"), "--max-depth: chooses points, and none are written"),
        (("--to", "ply", "--max-depth", "nan"), "--max-depth nan: must be a positive number"),
        (("--to", "ply", "--min-confidence", "2"), "--min-confidence 2: must be in 0..1"),
    ):
        code, said = run("a.png", "--fov", "60", *flags)
        assert code == 2 and told in said and said.count("\n") == 1


def test_results_that_cannot_be_written_stop_the_run(run) -> None:
    for name in ("a.png", "b.png"):
        write_image(Path(name), picture())
    Path("out/a_depth.png").mkdir(parents=True)
    code, said = run("a.png", "b.png")
    assert code == 2 and "a_depth.png: cannot write" in said
    assert not any(name.startswith("a_") for name in results())  # b may be under way


def test_a_file_in_place_of_the_folder_is_refused(run) -> None:
    write_image(Path("a.png"), picture())
    Path("out").write_text("no folder")
    code, said = run("a.png")
    assert code == 2 and "--out out: is a file" in said


@pytest.mark.real
@pytest.mark.slow
@pytest.mark.skipif(not REAL.exists(), reason=f"no real data at {REAL}")
def test_every_real_photograph_has_a_depth(run) -> None:
    code, said = run(str(REAL / "images"))
    photographs = [path for path in (REAL / "images").rglob("*") if path.is_file()]
    assert code == 0 and f"predicted {len(photographs)} of {len(photographs)}" in said
    for path in photographs:
        target = Path("out") / path.relative_to(REAL / "images").with_suffix("")
        depth = read_depth_png16(target.with_name(f"{target.name}_depth.png"))
        assert depth.shape == cv2.imread(str(path)).shape[:2] and depth.min() > 0
