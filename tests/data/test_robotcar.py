"""RobotCar: the prepared layout as it is read, on small scenes drawn at random."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from acdepth.core.condition import Condition
from acdepth.core.errors import UserError
from acdepth.core.files import write_bytes, write_text
from acdepth.data.robotcar.clouds import project
from acdepth.data.robotcar.scenes import is_robotcar, open_robotcar
from tests.data.folders import picture
from tests.data.robotcar_layout import CX, CY, FX, FY, HEIGHT, MODEL, WIDTH, image_time, write_prepared

DAY, NIGHT = "2014-12-09-13-21-02", "2014-12-16-18-44-24"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_prepared(
        tmp_path_factory.mktemp("robotcar"), {DAY: [*range(5), *range(9, 12)], NIGHT: [1, 2]}
    )


@pytest.fixture
def root(made: Path, tmp_path: Path) -> Path:
    return shutil.copytree(made, tmp_path / "robotcar")


def fail(message: str) -> None:
    raise AssertionError(message)


def line(scene: str, number: int) -> str:
    return f"{scene}/stereo/centre/{image_time(number)}.png\n"


class TestOpening:
    def test_without_a_list_every_image_is_a_target_and_gaps_cut(self, made):
        warnings = []
        clips = open_robotcar(made, None, warnings.append)
        assert {s.name: len(s.targets()) for s in clips} == {
            DAY: 5,
            f"{DAY}/from_{image_time(9)}": 3,
            NIGHT: 2,
        }
        (warning,) = warnings
        assert DAY in warning and f"between {image_time(4)}.png and {image_time(9)}.png;" in warning

    def test_a_quarter_of_a_second_is_no_gap(self, tmp_path):
        """Of four steps of 62.5 ms; one more is a gap."""
        (clip,) = open_robotcar(write_prepared(tmp_path / "a", {DAY: [0, 1, 5]}), None, fail)
        assert len(clip) == 3
        cut = open_robotcar(write_prepared(tmp_path / "b", {DAY: [0, 1, 6]}), None, lambda _: None)
        assert [len(one) for one in cut] == [2, 1]

    def test_a_sequence_is_its_images(self, made):
        day, _, night = open_robotcar(made, None, lambda _: None)
        assert (day.condition, night.condition) == (Condition.CLEAR, Condition.NIGHT)
        assert day.frame_rate == 16
        assert day.key(3) == f"{DAY}/stereo/centre/{image_time(3)}.png"
        np.testing.assert_array_equal(day.image(3), picture(3, HEIGHT, WIDTH))
        camera = day.camera
        assert camera is not None and (camera.width, camera.height) == (WIDTH, HEIGHT)
        assert (camera.fx, camera.fy, camera.cx, camera.cy) == (FX, FY, CX, CY)

    def test_lists_decide_targets_and_filters_take_some_away(self, root):
        text = "# evaluation\n" + line(DAY, 1) + "\n" + line(DAY, 3) + line(DAY, 10)
        write_text(root / "splits" / "test.txt", text)
        write_text(root / "splits" / "test_filter.txt", line(DAY, 3) + line(NIGHT, 1))
        day, later = open_robotcar(root, "test", lambda _: None)
        assert (day.targets(), len(day)) == ([1], 5)
        assert (later.name, later.targets()) == (f"{DAY}/from_{image_time(9)}", [1])
        other = shutil.copy(root / "splits" / "test.txt", root.parent / "mine.txt")
        assert open_robotcar(root, str(other), lambda _: None)[0].targets() == [1, 3]

    def test_pieces_without_a_target_are_left_out(self, root):
        write_text(root / "splits" / "one.txt", line(DAY, 10))
        (piece,) = open_robotcar(root, "one", lambda _: None)
        assert piece.name == f"{DAY}/from_{image_time(9)}"

    def test_other_scenes_say_their_condition(self, tmp_path):
        root = write_prepared(tmp_path, {"2015-01-01-00-00-00": [0, 1]}, "snow")
        (clip,) = open_robotcar(root, None, fail)
        assert clip.condition is Condition.SNOW
        write_text(root / "2015-01-01-00-00-00" / "sequence.yaml", "condition: dusk\n")
        with pytest.raises(UserError, match=r"sequence\.yaml: condition = 'dusk'"):
            open_robotcar(root, None, fail)
        (root / "2015-01-01-00-00-00" / "sequence.yaml").unlink()
        with pytest.raises(UserError, match=r"sequence\.yaml: no such file; write condition"):
            open_robotcar(root, None, fail)

    def test_images_of_the_list_that_are_not_there(self, tmp_path):
        root = write_prepared(tmp_path / "root", {DAY: range(100)})
        write_text(root / "splits" / "train.txt", "".join(line(DAY, number) for number in range(100)))
        (root / line(DAY, 99).strip()).unlink()
        warnings = []
        (clip,) = open_robotcar(root, "train", warnings.append)
        assert len(clip.targets()) == 99
        assert len(warnings) == 1 and "1 of 100 images are not there, such as" in warnings[0]
        (root / line(DAY, 98).strip()).unlink()
        with pytest.raises(UserError, match=rf"train\.txt: 2 of 100 images .*{image_time(98)}\.png; prepare"):
            open_robotcar(root, "train", fail)

    def test_recognised(self, made, tmp_path):
        assert is_robotcar(made)
        assert not is_robotcar(tmp_path) and not is_robotcar(made / DAY)
        write_text(tmp_path / "models" / "stereo_narrow_left.txt", MODEL)
        assert not is_robotcar(tmp_path)


class TestDepthAndMotion:
    def test_depth_against_a_slow_twin(self, made):
        """One point at a time, by the definition."""
        clip = open_robotcar(made, None, lambda _: None)[0]
        points = np.fromfile(made / DAY / "lms_front_synchronized" / f"{image_time(2)}.bin", "<f4")
        expected = np.zeros((HEIGHT, WIDTH))
        for x, y, z in points.reshape(-1, 3).astype(float):
            if z > 0 and FX * x / z + CX >= 0 and FY * y / z + CY >= 0:
                column, row = int(FX * x / z + CX), int(FY * y / z + CY)
                if column < WIDTH and row < HEIGHT:
                    expected[row, column] = min(z, expected[row, column] or np.inf)
        depth = clip.depth(2)
        assert depth is not None and depth.dtype == np.float32 and (depth > 0).sum() > 500
        np.testing.assert_allclose(depth, expected, rtol=1e-6)

    def test_the_nearest_of_a_pixel_stays_and_only_what_is_ahead_counts(self, made):
        camera = open_robotcar(made, None, lambda _: None)[0].camera
        assert camera is not None
        points = np.array(
            [[0, 0, 9], [0, 0, 4], [0.01, 0, 0.5], [0, 0, 8], [1, 0, -4], [0, 0, 0], [-40, 0, 4]]
        )
        depth = project(points, camera)
        # x = 0.01 at half a metre is 1.2 pixels to the right of cx = 33.
        assert {(int(r), int(c)): float(depth[r, c]) for r, c in zip(*depth.nonzero(), strict=True)} == {
            (22, 33): 4.0,
            (22, 34): 0.5,
        }

    def test_no_cloud_no_depth(self, root):
        (root / DAY / "lms_front_synchronized" / f"{image_time(2)}.bin").unlink()
        day = open_robotcar(root, None, lambda _: None)[0]
        assert day.depth(2) is None and day.depth(3) is not None

    def test_motion_by_the_poses(self, made):
        clip = open_robotcar(made, None, lambda _: None)[0]
        assert clip.distance(1, 2) == pytest.approx(0.5) == clip.distance(2, 1)
        T = clip.T_camera_to_world(1) @ clip.T_target_to_source(2, 1)
        np.testing.assert_allclose(T, clip.T_camera_to_world(2), atol=1e-12)

    def test_an_image_without_a_pose(self, root):
        file = root / DAY / "poses_synchronized.json"
        poses = json.loads(file.read_text())
        del poses[str(image_time(2))]
        write_text(file, json.dumps(poses))
        warnings = []
        clip = open_robotcar(root, None, warnings.append)[0]
        assert any(f"no pose for 1 of 8 images, such as {image_time(2)}.png" in text for text in warnings)
        assert clip.distance(1, 2) is None and clip.distance(3, 4) == pytest.approx(0.5)
        assert np.isnan(clip.T_target_to_source(1, 2)).all()
        assert np.isnan(clip.T_target_to_source(2, 1)).all()


class TestRefusals:
    @pytest.mark.parametrize(
        ("content", "words"),
        [
            (b"", "not a cloud"),
            (b"\0" * 30, "not a cloud"),
            (np.array([1, 2, np.nan], "<f4").tobytes(), "not finite"),
            (np.array([1, 2, np.inf], "<f4").tobytes(), "not finite"),
        ],
    )
    def test_damaged_clouds(self, root, content, words):
        write_bytes(root / DAY / "lms_front_synchronized" / f"{image_time(2)}.bin", content)
        with pytest.raises(UserError, match=rf"{image_time(2)}\.bin: .*{words}"):
            open_robotcar(root, None, lambda _: None)[0].depth(2)

    @pytest.mark.parametrize(
        ("content", "words"),
        [
            ("{", "not readable as JSON"),
            ("[1, 2]", "not a 4x4 matrix for each"),
            ('{"noon": [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]}', "not a 4x4 matrix"),
            ('{"5": [[1, 0, 0], [0, 1, 0], [0, 0, 1]]}', "not a 4x4 matrix"),
            ('{"5": [[2, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]}', "no rigid"),
            ('{"5": [[1, 0, 0, NaN], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]}', "no rigid"),
            ('{"5": [[-1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]}', "no rigid"),
        ],
    )
    def test_damaged_poses(self, root, content, words):
        write_text(root / DAY / "poses_synchronized.json", content)
        with pytest.raises(UserError, match=rf"poses_synchronized\.json: .*{words}"):
            open_robotcar(root, None, lambda _: None)

    @pytest.mark.parametrize(
        ("content", "words"),
        [
            (MODEL.replace("60.0", "sixty"), "not readable as numbers"),
            ("983 983 643 493\n", "4 numbers, expected fx"),
            (MODEL.replace("60.0", "-60.0"), "focal lengths"),
            (MODEL.replace("60.0", "nan"), "expected a finite number"),
            (MODEL.replace("0.1", "inf"), "no rigid motion"),
        ],
    )
    def test_damaged_camera_models(self, root, content, words):
        write_text(root / "models" / "stereo_narrow_left.txt", content)
        with pytest.raises(UserError, match=rf"stereo_narrow_left\.txt: .*{words}"):
            open_robotcar(root, None, lambda _: None)

    @pytest.mark.parametrize(
        "text", ["frame 7", f"{DAY}/mono/{image_time(1)}.png", "../a/b/stereo/centre/1.png"]
    )
    def test_a_line_that_names_no_image(self, root, text):
        write_text(root / "splits" / "train.txt", line(DAY, 1) + text)
        with pytest.raises(UserError, match=r"train\.txt: line 2, .* expected SCENE/stereo/centre/TIME\.png"):
            open_robotcar(root, "train", fail)

    def test_nothing_left_of_a_list(self, root):
        write_text(root / "splits" / "train.txt", line(DAY, 1))
        write_text(root / "splits" / "train_filter.txt", line(DAY, 1))
        with pytest.raises(UserError, match=r"train\.txt: names no images that train_filter\.txt leaves"):
            open_robotcar(root, "train", fail)

    def test_no_such_list(self, root):
        write_text(root / "splits" / "train.txt", line(DAY, 1))
        with pytest.raises(UserError, match=r"trian: no such list.*train\.txt"):
            open_robotcar(root, "trian", fail)

    def test_an_image_that_has_no_time(self, root):
        write_bytes(root / DAY / "stereo" / "centre" / "first.png", b"")
        with pytest.raises(UserError, match=r"first\.png: its name is no time stamp"):
            open_robotcar(root, None, fail)

    def test_no_images(self, tmp_path):
        write_text(tmp_path / "models" / "stereo_narrow_left.txt", MODEL)
        with pytest.raises(UserError, match="has no images in SCENE/stereo/centre"):
            open_robotcar(tmp_path, None, fail)
