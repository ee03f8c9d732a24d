"""What a folder holds, which camera is whose, and that no result overwrites another."""

import os
from pathlib import Path

import pytest

from acdepth.core.errors import UserError
from acdepth.core.lens import Lens
from acdepth.prediction.collect import collect
from tests.data.bags import START, Bag
from tests.data.folders import CAMERA as BAG_CAMERA
from tests.data.folders import picture
from tests.inference.tiny import CAMERA


def touch(*paths: Path) -> None:
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def test_folders_are_searched_and_results_keep_their_paths(tmp_path: Path) -> None:
    data, out = tmp_path / "data", tmp_path / "out"
    touch(data / "10.jpg", data / "9.JPG", data / "night/1.png", data / "drive.mp4", data / "notes.txt")
    touch(data / ".hidden.png", data / ".git/1.png")
    jobs = collect((data,), out)
    assert [job.target for job in jobs] == [out / "9", out / "10", out / "drive", out / "night/1"]
    assert [job.is_video for job in jobs] == [False, False, True, False]


def test_a_folder_holds_every_kind_of_picture_that_can_be_named(tmp_path: Path) -> None:
    names = ("1.jpeg", "2.png", "3.BMP", "4.tif", "5.tiff", "6.webp")
    touch(*(tmp_path / name for name in names))
    assert [job.source.name for job in collect((tmp_path,), tmp_path / "out")] == list(names)


def test_a_pattern_is_searched_where_the_shell_did_not(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    touch(*(Path("data") / name for name in ("a/10.jpg", "a/9.jpg", "b/9.jpg", "b/notes.txt", "b/c/1.png")))
    out = Path("out")
    jobs = collect(("data/*/*.jpg",), out)
    assert [job.target for job in jobs] == [out / "a/9", out / "a/10", out / "b/9"]
    assert [job.target for job in collect(("data/b/**/*",), out)] == [out / "9", out / "c/1"]
    with pytest.raises(UserError, match="matches no image, video or bag"):
        collect(("data/*.jpg",), out)
    touch(Path("odd[1].jpg"))
    assert [job.source for job in collect(("odd[1].jpg",), out)] == [Path("odd[1].jpg")]


def test_a_pattern_leaves_out_what_a_folder_would(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    drive = Path("drive")
    touch(drive / "images/1.png", drive / "images/.1.png", drive / "depth/1.png", drive / "mask.png")
    touch(Path("out/1_colour.png"), Path(".cache/1.png"))
    assert [job.source for job in collect(("**/*.png",), Path("out"))] == [drive / "images/1.png"]
    with pytest.raises(UserError, match="results would lie among the images"):
        collect(("out/*.png",), Path("out"))


def test_results_and_measured_depth_are_no_inputs(tmp_path: Path) -> None:
    drive = tmp_path / "drive"
    touch(drive / "images/1.png", drive / "depth/1.png", drive / "classes/1.png", drive / "out/1_depth.png")
    assert [job.source for job in collect((drive,), drive / "out")] == [drive / "images/1.png"]


def test_results_may_stand_beside_the_images_but_not_among_them(tmp_path: Path) -> None:
    touch(tmp_path / "a/1.png", tmp_path / "b/1.png")
    assert [job.target for job in collect((tmp_path / "a",), tmp_path)] == [tmp_path / "1"]
    for inputs, out in (((tmp_path / "a",), tmp_path / "a"), ((tmp_path / "a", tmp_path / "b"), tmp_path)):
        with pytest.raises(UserError, match="choose another --out"):
            collect(inputs, out)


def test_several_folders_keep_their_names_and_nothing_is_done_twice(tmp_path: Path) -> None:
    touch(tmp_path / "a/1.png", tmp_path / "b/1.png")
    jobs = collect((tmp_path / "a", tmp_path / "b", tmp_path / "a/1.png"), Path("out"))
    assert [job.target for job in jobs] == [Path("out/a/1"), Path("out/b/1")]


def test_of_two_images_of_one_stem_the_later_goes_by_its_whole_name(tmp_path: Path, capsys) -> None:
    touch(*(tmp_path / "in" / name for name in ("1.jpg", "1.png", "2.png", "B.jpe", "b.jfif")))
    jobs = collect((tmp_path / "in",), Path("out"))
    assert [str(job.target) for job in jobs] == ["out/1", "out/1.png", "out/2", "out/B", "out/b.jfif"]
    said = capsys.readouterr()
    assert f"in/1.png: its results are out/1.png_*, as {tmp_path}/in/1.jpg has out/1_*" in said.out + said.err


@pytest.mark.parametrize("names", [("a/1.png", "b/1.png", "c/1.png"), ("1.png", "a/1.PNG", "b/1.png")])
def test_two_images_with_one_result_are_refused(tmp_path: Path, names: tuple[str, str]) -> None:
    paths = tuple(tmp_path / name for name in names)
    touch(*paths)
    with pytest.raises(UserError, match="would both be written as"):
        collect(paths, tmp_path / "out")


def test_the_nearest_camera_is_used(tmp_path: Path) -> None:
    touch(tmp_path / "1.png", tmp_path / "a/images/1.png", tmp_path / "a/drive.mp4", tmp_path / "b/1.png")
    wide = CAMERA.resized(64, 192)
    CAMERA.write(tmp_path / "a/camera.yaml", frame_rate=12)
    wide.write(tmp_path / "b/camera.yaml")
    cameras = {
        job.source.relative_to(tmp_path).as_posix(): job.lens and job.lens.camera
        for job in collect((tmp_path,), Path("out"))
    }
    assert cameras == {"1.png": None, "a/drive.mp4": CAMERA, "a/images/1.png": CAMERA, "b/1.png": wide}
    for named in ("a/images/1.png", "a/images", "a/drive.mp4"):
        [job] = collect((tmp_path / named,), Path("out"))
        assert job.lens and job.lens.camera == CAMERA


def test_a_bag_is_done_like_a_video(tmp_path: Path) -> None:
    bag = Bag("sqlite3")
    bag.image(START, picture(0))
    bag.camera_info(START, BAG_CAMERA)
    for folder in (tmp_path / "a", tmp_path / "b/c"):
        folder.mkdir(parents=True)
        bag.write(folder / "drive")
    touch(tmp_path / "b/cut.mcap")
    given = tmp_path / "a/drive", tmp_path / "b"
    whole, cut, below = collect(given, tmp_path / "out")
    assert [job.target for job in (whole, cut, below)] == [
        tmp_path / "out" / name for name in ("drive", "b/cut", "b/c/drive")
    ]
    assert whole.is_video and cut.is_video and below.is_video
    assert whole.lens == below.lens == Lens(BAG_CAMERA, source="camera_info") and cut.lens is None


def test_nothing_to_predict_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for inputs, message in (
        ((), "give images, folders or videos"),
        ((tmp_path / "empty",), "holds no images"),
        ((tmp_path / "nowhere",), "no such file or folder"),
    ):
        with pytest.raises(UserError, match=message):
            collect(inputs, Path("out"))


def test_a_pipe_and_a_circular_link_are_left_out_with_a_line(tmp_path: Path, capsys) -> None:
    data = tmp_path / "data"
    touch(data / "a.jpg")
    (data / "loop.png").symlink_to("loop.png")
    os.mkfifo(data / "pipe.png")
    assert [job.source.name for job in collect((data,), tmp_path / "out")] == ["a.jpg"]
    said = capsys.readouterr().err.splitlines()
    assert [line.split(": ")[0] for line in said] == [str(data / "loop.png"), str(data / "pipe.png")]
    for name in ("loop.png", "pipe.png"):
        with pytest.raises(UserError, match=f"{name}: is neither file nor folder"):
            collect((data / name,), tmp_path / "out")
