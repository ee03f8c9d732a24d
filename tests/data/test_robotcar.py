"""RobotCar: md4all's prepared layout as it is read, on small scenes drawn at random."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from acdepth.core.camera import Camera
from acdepth.core.condition import Condition
from acdepth.core.errors import UserError
from acdepth.core.files import write_bytes, write_text
from acdepth.data.folder import open_data
from acdepth.data.parts import open_part
from acdepth.data.robotcar.calibration import lens_of
from acdepth.data.robotcar.clouds import project
from acdepth.data.robotcar.scenes import _continued, is_robotcar, open_robotcar
from acdepth.data.settings import FootageChoice
from tests.data.folders import picture
from tests.data.robotcar_layout import (
    CLOUDS,
    CX,
    CY,
    FX,
    FY,
    HEIGHT,
    MODEL,
    STEREO,
    T_OPTICAL_TO_HEAD,
    WIDTH,
    image_time,
    place,
    rigid,
    write_prepared,
)

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


def line(*numbers: int) -> str:
    return " ".join(str(image_time(number)) for number in numbers) + "\n"


def write_list(root: Path, name: str, *lines: str) -> Path:
    path = root / "splits" / f"{name}.txt"
    write_text(path, "".join(lines))
    return path


class TestOpening:
    def test_without_a_list_every_image_is_a_target_and_gaps_cut(self, made):
        warnings = []
        clips = open_robotcar(made, None, warnings.append)
        assert {s.name: len(s.targets()) for s in clips} == {
            DAY: 5,
            f"{DAY}/from_{image_time(9)}": 3,
            NIGHT: 2,
        }
        warning, of_night = warnings
        assert f"{NIGHT}/poses_synchronized.json: has no poses for 2 of 2 images" in of_night
        assert DAY in warning and f"between {image_time(4)}.png and {image_time(9)}.png;" in warning

    def test_a_quarter_of_a_second_is_no_gap(self, tmp_path):
        """Of four steps of 62.5 ms; one more is a gap."""
        (clip,) = open_robotcar(write_prepared(tmp_path / "a", {DAY: [0, 1, 5]}), None, lambda _: None)
        assert len(clip) == 3
        cut = open_robotcar(write_prepared(tmp_path / "b", {DAY: [0, 1, 6]}), None, lambda _: None)
        assert [len(one) for one in cut] == [2, 1]

    def test_a_sequence_is_its_images(self, made):
        day, _, night = open_robotcar(made, None, lambda _: None)
        assert (day.condition, night.condition) == (Condition.CLEAR, Condition.NIGHT)
        assert day.frame_rate == 16
        assert day.key(3) == f"{DAY}/stereo/left/{image_time(3)}.png"
        np.testing.assert_array_equal(day.image(3), picture(3, HEIGHT, WIDTH))
        camera = day.camera
        assert camera is not None and (camera.width, camera.height) == (WIDTH, HEIGHT)
        assert (camera.fx, camera.fy, camera.cx, camera.cy) == (FX, FY, CX, CY)

    def test_other_scenes_say_their_condition(self, tmp_path):
        root = write_prepared(tmp_path, {"2015-01-01-00-00-00": [0, 1, 2]}, "snow")
        (clip,) = open_robotcar(root, None, fail)
        assert clip.condition is Condition.SNOW
        write_text(root / "2015-01-01-00-00-00" / "sequence.yaml", "condition: dusk\n")
        with pytest.raises(UserError, match=r"sequence\.yaml: condition = 'dusk'"):
            open_robotcar(root, None, fail)
        (root / "2015-01-01-00-00-00" / "sequence.yaml").unlink()
        with pytest.raises(UserError, match=r"sequence\.yaml: no such file; write condition"):
            open_robotcar(root, None, fail)

    def test_recognised(self, made, tmp_path):
        assert is_robotcar(made)
        assert not is_robotcar(tmp_path) and not is_robotcar(made / DAY)
        write_text(tmp_path / "models" / "stereo_wide_left.txt", MODEL)
        assert not is_robotcar(tmp_path)


class TestLists:
    def test_of_test_name_one_image_a_line_and_what_follows_is_not_read(self, root):
        stamp = line(10).strip()
        write_list(root, f"{DAY}_test", "# measured\n", line(1), "\n", f"{stamp} 17 x\n")
        day, later = open_robotcar(root, "test", lambda _: None)
        assert (day.targets(), len(day)) == ([1], 5)
        assert (later.name, later.targets()) == (f"{DAY}/from_{image_time(9)}", [1])

    def test_a_split_is_the_lists_of_all_scenes_or_one_by_its_path(self, root):
        day = write_list(root, f"{DAY}_test", line(1))
        write_list(root, f"{NIGHT}_test", line(2))
        assert [clip.condition for clip in open_robotcar(root, "test", lambda _: None)] == ["clear", "night"]
        (clip,) = open_robotcar(root, str(day), lambda _: None)
        assert clip.condition is Condition.CLEAR

    def test_of_training_put_each_target_between_its_own_neighbours(self, tmp_path):
        """The list decides, and not which images lie beside each other in the folder."""
        root = write_prepared(tmp_path, {DAY: range(12)})
        triples = [(0, 1, 2), (1, 2, 4), (4, 5, 6), (7, 8, 10), (8, 10, 11)]
        write_list(root, f"{DAY}_train_stride_1", *(line(*numbers) for numbers in reversed(triples)))
        warnings = []
        clips = open_robotcar(root, "train", warnings.append)
        numbers = [[(time - image_time(0)) // 62_500 for time in clip.times] for clip in clips]
        assert numbers == [[0, 1, 2, 4, 5, 6], [7, 8, 10, 11]]
        beside = {
            tuple(of_clip[index - 1 : index + 2])
            for clip, of_clip in zip(clips, numbers, strict=True)
            for index in clip.targets()
        }
        assert beside == set(triples) and warnings == []
        assert [clip.name for clip in clips] == [DAY, f"{DAY}/from_{image_time(8)}"]

    def test_targets_come_in_the_order_of_time_whatever_their_neighbours(self, tmp_path):
        root = write_prepared(tmp_path, {DAY: range(9)})
        write_list(root, f"{DAY}_train", line(1, 7, 8), line(2, 3, 4))
        clips = open_robotcar(root, "train", fail)
        assert [clip.times[clip.targets()[0]] for clip in clips] == [image_time(3), image_time(7)]

    @pytest.mark.parametrize(
        ("line", "added"),
        [
            ((2, 3, 4), (4,)),  # its previous image and its own are the last two
            ((3, 5, 6), (5, 6)),  # its previous one is the last, and no target yet
            ((4, 5, 6), None),
            ((2, 4, 5), None),
            ((3,), None),
        ],
    )
    def test_a_line_goes_on_where_its_images_are_the_last(self, line, added):
        assert _continued([1, 2, 3], {2}, line) == added
        assert _continued([1, 2, 3], {2, 3}, (3, 5, 6)) is None

    def test_neighbours_that_contradict_each_other_cut(self, tmp_path):
        root = write_prepared(tmp_path, {DAY: range(6)})
        write_list(root, f"{DAY}_val_stride_1", line(0, 1, 2), line(0, 2, 3), line(2, 4, 5))
        clips = open_robotcar(root, "val", fail)
        assert [[clip.paths[index].stem for index in clip.targets()] for clip in clips] == [
            [str(image_time(1))],
            [str(image_time(2))],
            [str(image_time(4))],
        ]
        assert [len(clip) for clip in clips] == [3, 3, 3] and len({clip.name for clip in clips}) == 3

    def test_a_missing_neighbour_leaves_its_target(self, tmp_path):
        root = write_prepared(tmp_path, {DAY: [0, 1, 2, 4, 5]})
        write_list(root, f"{DAY}_val_stride_1", line(0, 1, 2), line(3, 4, 5))
        one, two = open_robotcar(root, "val", lambda _: None)
        assert (one.targets(), two.targets(), len(two)) == ([1], [0], 2)

    def test_the_filter_takes_training_images_away_and_no_others(self, root):
        for name in ("train", "val"):
            write_list(root, f"{DAY}_{name}_stride_1", line(0, 1, 2), line(1, 2, 3), line(2, 3, 4))
        write_text(root / "filter" / "filter_train_samples.txt", line(2) + line(11))
        (train,), (val,) = (open_robotcar(root, name, fail) for name in ("train", "val"))
        assert (train.targets(), len(train)) == ([1, 3], 5)
        assert val.targets() == [1, 2, 3]

    def test_training_images_without_poses_are_told(self, root):
        write_list(root, f"{DAY}_train_stride_1", line(0, 1, 2), line(3, 4, 9))
        warnings = []
        open_robotcar(root, "train", warnings.append)
        (warning,) = warnings
        assert f"no poses for 1 of 2 images, such as {image_time(4)};" in warning

    @pytest.mark.parametrize("lost", [None, "[]"])
    @pytest.mark.parametrize("split", [None, "mine"])
    def test_a_scene_without_poses_is_told(self, tmp_path, split, lost):
        """Where neighbours are those in time as well; one of test, which needs none, is not."""
        root = write_prepared(tmp_path, {DAY: range(5)})
        for name in ("mine", "test"):
            write_list(root, f"{DAY}_{name}", *(line(number) for number in range(5)))
        open_robotcar(root, split, fail)  # the first and the last image are reached from their neighbours
        (root / DAY / "poses_synchronized.json").unlink()
        if lost:
            write_text(root / DAY / "poses_synchronized.json", lost)
        warnings = []
        open_robotcar(root, split, warnings.append)
        (warning,) = warnings
        assert f"no poses for 5 of 5 images, such as {image_time(0)};" in warning
        open_robotcar(root, "test", fail)

    def test_images_of_the_list_that_are_not_there(self, tmp_path):
        root = write_prepared(tmp_path / "root", {DAY: range(100)})
        write_list(root, f"{DAY}_test", *(line(number) for number in range(100)))
        (root / DAY / "stereo/left" / f"{image_time(99)}.png").unlink()
        warnings = []
        (clip,) = open_robotcar(root, "test", warnings.append)
        assert len(clip.targets()) == 99
        assert len(warnings) == 1 and "1 of 100 images are not there, such as" in warnings[0]
        (root / DAY / "stereo/left" / f"{image_time(98)}.png").unlink()
        told = rf"_test\.txt: 2 of 100 images .*{image_time(98)}\.png; prepare"
        with pytest.raises(UserError, match=told):
            open_robotcar(root, "test", fail)

    def test_what_there_is_to_measure_is_told_by_split(self, root):
        write_list(root, f"{DAY}_train_stride_1", line(0, 1, 2))
        write_list(root, f"{NIGHT}_test", line(1))
        with pytest.raises(UserError, match="--split: test, train, the path of a list, or all"):
            open_part(root, None, ("CAM_FRONT",))


class TestLenses:
    def test_the_left_one_is_read_unless_the_centre_is_chosen(self, tmp_path):
        root = write_prepared(tmp_path, {DAY: range(3)})
        shutil.copytree(root / DAY / "stereo/left", root / DAY / "stereo/centre")
        write_text(root / "models" / "stereo_narrow_left.txt", MODEL.replace("60.0", "50.0"))
        keys, focal = {}, {}
        for lens in ("CAM_FRONT", "stereo/left", "stereo/centre"):
            (clip,) = open_data(root, choice=FootageChoice(cameras=(lens,)))
            assert clip.camera is not None
            keys[lens], focal[lens] = clip.key(0), clip.camera.fx
        name = f"{image_time(0)}.png"
        left, centre = f"{DAY}/stereo/left/{name}", f"{DAY}/stereo/centre/{name}"
        assert keys == {"CAM_FRONT": left, "stereo/left": left, "stereo/centre": centre}
        assert focal == {"CAM_FRONT": 60, "stereo/left": 60, "stereo/centre": 50}

    def test_one_that_is_not_there_is_told_with_the_other(self, tmp_path):
        root = write_prepared(tmp_path, {DAY: range(3)}, lens="stereo/centre")
        assert is_robotcar(root) and len(open_robotcar(root, None, fail, lens="stereo/centre")) == 1
        told = "has images of stereo/centre, not of stereo/left; say --cameras stereo/centre, or prepare"
        with pytest.raises(UserError, match=told):
            open_robotcar(root, None, fail)

    @pytest.mark.parametrize("cameras", [("CAM_BACK",), ("stereo/left", "stereo/centre"), ()])
    def test_others_are_refused(self, cameras):
        with pytest.raises(UserError, match="is no lens of RobotCar; choose stereo/left or stereo/centre"):
            lens_of(cameras)


class TestDepthAndMotion:
    def test_depth_against_a_slow_twin(self, made):
        """One point at a time, by the definition."""
        clip = open_robotcar(made, None, lambda _: None)[0]
        points = np.fromfile(made / DAY / CLOUDS / f"{image_time(2)}.pcd.bin", "<f4").reshape(3, -1)
        expected = np.zeros((HEIGHT, WIDTH))
        for point in points.T.astype(float):
            x, y, z, _ = np.linalg.inv(T_OPTICAL_TO_HEAD) @ [*point, 1]
            column, row = FX * x / z + CX, FY * y / z + CY
            if z > 0 and 0.5 <= column <= WIDTH - 1 and 0.5 <= row <= HEIGHT - 1:
                pixel = round(row), round(column)
                expected[pixel] = min(z, expected[pixel] or np.inf)
        depth = clip.depth(2)
        assert depth is not None and depth.dtype == np.float32 and (depth > 0).sum() > 500
        np.testing.assert_allclose(depth, expected, rtol=1e-6)

    def test_rounded_pixels_the_nearest_stays_and_only_what_is_ahead_counts(self):
        camera = Camera(60, 60, 33, 22, WIDTH, HEIGHT)
        places = [(33, 22, 9), (33, 22, 4), (33, 22, 8), (33.7, 22.4, 1)]  # the last is cut off to (33, 22)
        places += [(0, 22, 1), (0.4, 22, 1), (0.6, 22, 2), (63, 22, 3), (63.1, 27, 3)]
        points = [[z, (column - 33) / 60 * z, (row - 22) / 60 * z] for column, row, z in places]
        points += [[0, 0, 0], [-4, 1, 0]]
        depth = project(np.array(points), np.eye(4)[[2, 0, 1, 3]], camera).image()
        assert {(int(r), int(c)): float(depth[r, c]) for r, c in zip(*depth.nonzero(), strict=True)} == {
            (22, 33): 4.0,
            (22, 34): 1.0,
            (22, 1): 2.0,
            (22, 63): 3.0,
        }

    def test_no_cloud_no_depth(self, root):
        (root / DAY / CLOUDS / f"{image_time(2)}.pcd.bin").unlink()
        day = open_robotcar(root, None, lambda _: None)[0]
        assert day.depth(2) is None and day.depth(3) is not None

    def test_motion_is_the_cars_and_of_the_lens_by_where_it_sits(self, made):
        clip = open_robotcar(made, None, lambda _: None)[0]
        assert clip.distance(1, 2) == pytest.approx(0.5) == clip.distance(2, 1)
        assert clip.lengths_from == "poses"
        T_lens_to_car = np.linalg.inv(rigid(STEREO)) @ T_OPTICAL_TO_HEAD
        for target, source in ((2, 1), (1, 2), (0, 1), (4, 3), (0, 4), (3, 1)):
            there, here = place(source) @ T_lens_to_car, place(target) @ T_lens_to_car
            moved = clip.T_target_to_source(target, source)
            np.testing.assert_allclose(moved, np.linalg.inv(there) @ here, atol=1e-9)

    def test_an_image_without_a_pose_is_reached_from_its_neighbours(self, root):
        file = root / DAY / "poses_synchronized.json"
        poses = [one for one in json.loads(file.read_text()) if one["timestamp"] != image_time(2)]
        write_text(file, json.dumps(poses))
        clip = open_robotcar(root, None, lambda _: None)[0]
        assert clip.distance(1, 2) == pytest.approx(0.5) == clip.distance(2, 3)
        write_text(file, json.dumps([one for one in poses if one["timestamp"] != image_time(1)]))
        clip = open_robotcar(root, None, lambda _: None)[0]
        assert clip.distance(1, 2) is None and clip.distance(3, 4) == pytest.approx(0.5)
        assert np.isnan(clip.T_target_to_source(1, 2)).all() and np.isnan(clip.T_target_to_source(3, 0)).all()

    def test_measuring_needs_no_poses(self, root):
        (root / DAY / "poses_synchronized.json").unlink()
        clip = open_robotcar(root, None, lambda _: None)[0]
        assert clip.depth(2) is not None and clip.distance(1, 2) is None


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
        write_bytes(root / DAY / CLOUDS / f"{image_time(2)}.pcd.bin", content)
        with pytest.raises(UserError, match=rf"{image_time(2)}\.pcd\.bin: .*{words}"):
            open_robotcar(root, None, lambda _: None)[0].depth(2)

    def test_the_former_layout_is_told_in_one_line(self, root):
        """One pose per image, as an object: what acdepth wrote before it knew md4all's files."""
        write_text(root / NIGHT / "poses_synchronized.json", json.dumps({"1": np.eye(4).tolist()}))
        told = r"poses_synchronized\.json: is of acdepth's own former layout.*; make the scene again with"
        with pytest.raises(UserError, match=told):
            open_data(root)

    @pytest.mark.parametrize(
        ("content", "words"),
        [
            ("[", "not readable as JSON"),
            ("[1, 2]", "not a list of timestamp, pose_to_prev and pose_to_next"),
            ('[{"timestamp": 5, "pose_to_prev": [[1]]}]', "not a list of timestamp"),
            ('[{"timestamp": "noon", "pose_to_prev": EYE, "pose_to_next": EYE}]', "not a list of timestamp"),
            ('[{"timestamp": Infinity, "pose_to_prev": EYE, "pose_to_next": EYE}]', "not a list of"),
            ('[{"timestamp": 5, "pose_to_prev": EYE, "pose_to_next": [[1, 0]]}]', "not a list of timestamp"),
            ('[{"timestamp": 5, "pose_to_prev": EYE, "pose_to_next": TWO}]', "no rigid"),
            ('[{"timestamp": 5, "pose_to_prev": NAN, "pose_to_next": EYE}]', "no rigid"),
        ],
    )
    def test_damaged_poses(self, root, content, words):
        for name, values in {"EYE": np.eye(4), "TWO": 2 * np.eye(4), "NAN": np.eye(4) * np.nan}.items():
            content = content.replace(name, json.dumps(values.tolist()))
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
        write_text(root / "models" / "stereo_wide_left.txt", content)
        with pytest.raises(UserError, match=rf"stereo_wide_left\.txt: .*{words}"):
            open_robotcar(root, None, lambda _: None)

    @pytest.mark.parametrize(
        "text", ["frame 7", f"{DAY}/stereo/centre/{image_time(1)}.png", f"{image_time(1)} {image_time(2)}"]
    )
    def test_a_line_that_names_no_images(self, root, text):
        write_list(root, f"{DAY}_train_stride_1", line(0, 1, 2), text)
        with pytest.raises(UserError, match=r"_train_stride_1\.txt: line 2, .* expected time stamps of the"):
            open_robotcar(root, "train", fail)

    @pytest.mark.parametrize("numbers", [(1, 1, 1), (2, 1, 0), (0, 2, 1), (0, 1, 1)])
    def test_a_line_that_does_not_go_forward_in_time(self, root, numbers):
        write_list(root, f"{DAY}_train_stride_1", line(0, 1, 2), line(*numbers))
        told = rf"_1\.txt: '{line(*numbers).strip()}': its time stamps do not increase; give the previous"
        with pytest.raises(UserError, match=told):
            open_robotcar(root, "train", fail)

    def test_a_list_whose_name_says_no_scene(self, root):
        write_text(root / "mine.txt", line(1))
        with pytest.raises(UserError, match=r"mine\.txt: its name says no scene and split; name it as in"):
            open_robotcar(root, str(root / "mine.txt"), fail)

    def test_nothing_left_of_a_list(self, root):
        write_list(root, f"{DAY}_train_stride_1", line(0, 1, 2))
        write_text(root / "filter" / "filter_train_samples.txt", line(1))
        with pytest.raises(
            UserError, match=r"_1\.txt: names no images that filter/filter_train_samples\.txt"
        ):
            open_robotcar(root, "train", fail)

    @pytest.mark.parametrize("filtered", [False, True])
    @pytest.mark.parametrize("name", ["train_stride_1", "test"])
    def test_an_empty_list_is_not_put_on_the_filter(self, root, name, filtered):
        write_list(root, f"{DAY}_{name}", "# nothing\n")
        if filtered:
            write_text(root / "filter" / "filter_train_samples.txt", line(1))
        with pytest.raises(UserError, match=r"\.txt: names no images; give another list"):
            open_robotcar(root, name.removesuffix("_stride_1"), fail)

    def test_lists_of_other_names_are_told_how_to_be_named(self, root):
        write_list(root, "train", line(0, 1, 2))
        told = "has no list of a scene and split; give .* or name it as in 2014-12-09-13-21-02_train_stride_1"
        with pytest.raises(UserError, match=told):
            open_robotcar(root, "train", fail)

    def test_no_such_split(self, root):
        write_list(root, f"{DAY}_train_stride_1", line(0, 1, 2))
        with pytest.raises(UserError, match=r"trian: no such split in .*splits, which has train; give"):
            open_robotcar(root, "trian", fail)

    def test_an_image_that_has_no_time(self, root):
        write_bytes(root / DAY / "stereo" / "left" / "first.png", b"")
        with pytest.raises(UserError, match=r"first\.png: its name is no time stamp"):
            open_robotcar(root, None, fail)

    def test_no_images(self, tmp_path):
        write_text(tmp_path / "models" / "stereo_wide_left.txt", MODEL)
        with pytest.raises(UserError, match="has no images in SCENE/stereo/left"):
            open_robotcar(tmp_path, None, fail)
