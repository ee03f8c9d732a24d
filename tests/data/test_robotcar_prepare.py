"""RobotCar's raw download made into the prepared layout, on a drive past a wall whose depth is known."""

import json
import shutil
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from acdepth.core.errors import UserError
from acdepth.core.files import write_bytes, write_text
from acdepth.core.share import Share
from acdepth.core.tally import ReadTally
from acdepth.data.rigid import from_angles, part_of
from acdepth.data.robotcar.calibration import LENSES, read_raw_calibration
from acdepth.data.robotcar.clouds import Accumulator
from acdepth.data.robotcar.odometry import Poses, read_odometry
from acdepth.data.robotcar.prepare import ScenePlan, _motions, plan_scene, prepare_scene
from acdepth.data.robotcar.raw import (
    Recording,
    Undistortion,
    raw_scenes,
    read_bayer,
    read_scan,
    read_undistortion,
)
from acdepth.data.robotcar.scenes import open_robotcar
from tests.data.folders import picture
from tests.data.robotcar_layout import (
    CLOUDS,
    HEIGHT,
    IMAGE_STEP,
    SPEED,
    START,
    WALL,
    WIDTH,
    T_camera_to_world,
    T_head_to_world,
    T_vehicle_to_world,
    distortion,
    image_time,
    mosaic,
    odometry,
    rigid,
    wall_depth,
    write_raw,
)
from tests.shares import together

DAY = "2014-12-09-13-21-02"
IMAGES = 12


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A download and, in ``out``, what is made of it."""
    base = write_raw(tmp_path_factory.mktemp("robotcar_raw"), DAY, IMAGES)
    prepare_scene(plan(base), idle, fail)
    return base


@pytest.fixture
def raw(made: Path, tmp_path: Path) -> Path:
    """The download alone, to be changed."""
    return shutil.copytree(made, tmp_path / "base", ignore=shutil.ignore_patterns("out"))


def plan(base: Path, lists: tuple[Path, ...] = ()) -> ScenePlan:
    calibration = read_raw_calibration(base / "models", base / "extrinsics")
    return plan_scene(base / "raw", base / "out", DAY, calibration, lists)


def fail(message: str) -> None:
    raise AssertionError(message)


def idle() -> None:
    """Nobody looks at the progress."""


def contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


class TestMotions:
    VALUES = np.random.default_rng(1).uniform(-1.5, 1.5, (20, 6))

    def test_six_numbers(self):
        expected = [rigid(values) for values in self.VALUES.tolist()]
        np.testing.assert_allclose(from_angles(self.VALUES), expected, atol=1e-12)

    @pytest.mark.parametrize("part", [0.0, 0.3, 1.0])
    def test_parts_against_rotation_vectors(self, part):
        T = from_angles(self.VALUES)
        for whole, made in zip(T, part_of(T, np.full(20, part)), strict=True):
            R = cv2.Rodrigues(part * cv2.Rodrigues(whole[:3, :3])[0])[0]
            np.testing.assert_allclose(made[:3, :3], R, atol=1e-9)
            np.testing.assert_allclose(made[:3, 3], part * whole[:3, 3], atol=1e-12)

    def test_part_of_no_motion(self):
        np.testing.assert_array_equal(part_of(np.eye(4)[None], np.array([0.5]))[0], np.eye(4))


class TestOdometry:
    def test_poses_on_the_arc(self, made):
        found = read_odometry(made / "raw" / DAY / "vo" / "vo.csv")
        times = START + np.array([-1, 0, 1, 62_500, 100_000, 687_500, 687_501])
        poses = found.at(times)
        assert poses.stretch.tolist() == [-1, 0, 0, 0, 0, 0, -1] and found.breaks == 0
        assert np.isnan(poses.T_vehicle_to_world[[0, -1]]).all()
        # Between two images a car on an arc is half a millimetre beside the straight line.
        for time, T in list(zip(times.tolist(), poses.T_vehicle_to_world, strict=True))[1:-1]:
            np.testing.assert_allclose(T, T_vehicle_to_world(time), atol=1.5e-3)
        np.testing.assert_allclose(
            poses.T_vehicle_to_world[3], T_vehicle_to_world(START + IMAGE_STEP), atol=1e-12
        )

    def test_forwards_is_forwards_whichever_column_is_earlier(self, made, tmp_path):
        header, *lines = (made / "raw" / DAY / "vo" / "vo.csv").read_text().splitlines()
        rows = [line.split(",") for line in lines]
        assert int(rows[0][0]) > int(rows[0][1]) and float(rows[0][2]) > 0
        swapped = [",".join([row[1], row[0], *row[2:]]) for row in rows]
        write_text(tmp_path / "vo.csv", "\n".join([header, *swapped]))
        times = START + np.arange(0, 600_000, 7_000)
        poses = [
            read_odometry(path).at(times)
            for path in (made / "raw" / DAY / "vo" / "vo.csv", tmp_path / "vo.csv")
        ]
        np.testing.assert_array_equal(poses[0].T_vehicle_to_world, poses[1].T_vehicle_to_world)

    def test_a_break_is_not_bridged(self, made, tmp_path):
        lines = (made / "raw" / DAY / "vo" / "vo.csv").read_text().splitlines()
        write_text(tmp_path / "vo.csv", "\n".join(lines[:4] + lines[5:]))
        found = read_odometry(tmp_path / "vo.csv")
        # Rows end at images 1, 2, 3 and begin again at image 4, which nobody shall measure to.
        times = START + IMAGE_STEP * np.array([2, 3, 3.5, 4, 5, 6])
        assert found.breaks == 1
        assert found.at(times.astype(np.int64)).stretch.tolist() == [0, 0, -1, -1, 1, 1]

    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ("head\n", "not readable|0 rows"),
            ("head\n1,2,3\n", "1 rows of 3"),
            ("head\n2,1,0,0,0,0,0,x\n", "not readable as visual odometry"),
            ("head\n2,1,0,0,0,0,0,nan\n", "1 rows of 8, expected 8 finite"),
            ("head\n2,1,0,0,0,0,0,0\n1,0,0,0,0,0,0,0\n", "line 3 is not in the order of time"),
            ("head\n2,2,0,0,0,0,0,0\n", "line 2 is not in the order of time"),
        ],
    )
    @pytest.mark.filterwarnings("ignore:.*input contained no data")
    def test_refused(self, tmp_path, text, words):
        write_text(tmp_path / "vo.csv", text)
        with pytest.raises(UserError, match=rf"vo\.csv: ({words})"):
            read_odometry(tmp_path / "vo.csv")


class TestPictures:
    def test_against_a_slow_twin(self):
        """Each colour from its nearest pixels in the mosaic, then four neighbours of each place in it."""
        bayer = mosaic(picture(2, HEIGHT, WIDTH))
        coloured = slow_demosaic(bayer)
        columns, rows = distortion()
        expected, inside = np.zeros((HEIGHT, WIDTH, 3)), np.zeros((HEIGHT, WIDTH), bool)
        for row in range(HEIGHT):
            for column in range(WIDTH):
                x, y = columns[row, column], rows[row, column]
                left, top = int(np.floor(x)), int(np.floor(y))
                # OpenCV repeats the outermost pixels of the mosaic's border.
                if 1 <= left < WIDTH - 2 and 1 <= top < HEIGHT - 2:
                    a, b = x - left, y - top
                    upper = (1 - a) * coloured[top, left] + a * coloured[top, left + 1]
                    lower = (1 - a) * coloured[top + 1, left] + a * coloured[top + 1, left + 1]
                    expected[row, column] = (1 - b) * upper + b * lower
                    inside[row, column] = True
        made = Undistortion(*(part.astype(np.float32) for part in distortion())).picture(bayer, Path("a.png"))
        assert inside.mean() > 0.7 and np.ptp(expected[inside]) > 200
        assert np.abs(made[inside] - expected[inside]).max() <= 1.5

    def test_black_outside(self):
        columns, rows = distortion()
        outside = (columns < -1) | (columns > WIDTH) | (rows < -1) | (rows > HEIGHT)
        undistortion = Undistortion(columns.astype(np.float32), rows.astype(np.float32))
        white = undistortion.picture(np.full((HEIGHT, WIDTH), 255, np.uint8), Path("a.png"))
        assert outside.any() and not white[outside].any() and white.mean() > 200

    def test_gray_stays_gray(self):
        columns, rows = np.meshgrid(np.arange(8, dtype=np.float32), np.arange(6, dtype=np.float32))
        made = Undistortion(columns, rows).picture(np.full((6, 8), 77, np.uint8), Path("a.png"))
        assert (made == 77).all()


def slow_demosaic(bayer: np.ndarray) -> np.ndarray:
    """Bilinear, one pixel at a time; (H, W, 3) RGB, right but for the border."""
    image = np.zeros((*bayer.shape, 3))
    colour = np.ones(bayer.shape, int)
    colour[0::2, 1::2], colour[1::2, 0::2] = 2, 0
    for row in range(1, bayer.shape[0] - 1):
        for column in range(1, bayer.shape[1] - 1):
            around = bayer[row - 1 : row + 2, column - 1 : column + 2].astype(float)
            kinds = colour[row - 1 : row + 2, column - 1 : column + 2]
            for channel in range(3):
                same = kinds == channel
                image[row, column, channel] = around[1, 1] if same[1, 1] else around[same].mean()
    return image


class TestPreparing:
    def test_the_wall_is_where_it_is(self, made):
        (clip,) = open_robotcar(made / "out", None, fail)
        assert len(clip) == IMAGES and raw_scenes(made / "raw") == [DAY]
        for index in (0, 5, IMAGES - 1):
            depth = clip.depth(index)
            assert depth is not None and (depth > 0).sum() > 200
            row, column = np.nonzero(depth)
            expected = wall_depth(image_time(index), column.astype(float), row.astype(float))
            # A point may lie half a pixel beside the middle, which is 0.3 % of the depth.
            np.testing.assert_allclose(depth[row, column], expected, rtol=0.004)

    def test_every_point_lies_on_the_wall(self, made):
        for number in (0, 7):
            file = made / "out" / DAY / CLOUDS / f"{image_time(number)}.pcd.bin"
            T = T_head_to_world(image_time(number))
            points = np.fromfile(file, "<f4").reshape(3, -1).T @ T[:3, :3].T + T[:3, 3]
            assert len(points) > 500 and np.abs(points @ WALL[:3] - WALL[3]).max() < 2e-3

    def test_poses_and_distances(self, made):
        (clip,) = open_robotcar(made / "out", None, fail)
        moved = np.linalg.inv(T_camera_to_world(image_time(0))) @ T_camera_to_world(image_time(4))
        np.testing.assert_allclose(clip.T_target_to_source(4, 0), moved, atol=1e-9)
        assert moved[2, 3] > 1
        assert clip.distance(3, 4) == pytest.approx(SPEED / 16, rel=0.02)

    def test_pictures_are_those_of_the_camera_model(self, made):
        (clip,) = open_robotcar(made / "out", None, fail)
        bayer = read_bayer(made / "raw" / DAY / "stereo" / "left" / f"{image_time(3)}.png")
        undistortion = Undistortion(*(part.astype(np.float32) for part in distortion()))
        np.testing.assert_array_equal(clip.image(3), undistortion.picture(bayer, Path("a.png")))

    def test_the_table_holds_columns_then_rows(self, made):
        found = read_undistortion(made / "models" / "stereo_wide_left_distortion_lut.bin", WIDTH, HEIGHT)
        np.testing.assert_allclose([found.column, found.row], distortion(), atol=1e-5)

    def test_the_poses_are_the_sdks(self, made):
        """Of the car at the other image, in its frame at this one; none where a neighbour is missing."""
        poses = json.loads((made / "out" / DAY / "poses_synchronized.json").read_text())
        assert [one["timestamp"] for one in poses] == [image_time(number) for number in range(1, IMAGES - 1)]
        for number, one in enumerate(poses, start=1):
            T_world_to_here = np.linalg.inv(T_vehicle_to_world(image_time(number)))
            for key, other in (("pose_to_prev", number - 1), ("pose_to_next", number + 1)):
                expected = T_world_to_here @ T_vehicle_to_world(image_time(other))
                np.testing.assert_allclose(one[key], expected, atol=1e-9)
            assert one["pose_to_next"][0][3] > 0.4 > 0 > one["pose_to_prev"][0][3]

    def test_lists_say_what_is_measured_and_what_lies_beside(self, raw):
        def stamps(*numbers: int) -> str:
            return " ".join(str(image_time(number)) for number in numbers) + "\n"

        contents_of = {
            f"{DAY}_train_stride_1": stamps(0, 2, 4) + stamps(6, 7, 8),
            f"{DAY}_val_stride_1": stamps(1, 5, 6),
            f"{DAY}_test": stamps(9) + "1 1\n",
            "filter_train_samples": stamps(7),
        }
        for name, text in contents_of.items():
            write_text(raw / f"{name}.txt", text)
        lists = tuple(raw / f"{name}.txt" for name in contents_of)
        prepare_scene(plan(raw, lists), idle, fail)
        (clip,) = open_robotcar(raw / "out", None, fail)
        assert [index for index in range(IMAGES) if clip.depth(index) is not None] == [5, 9]
        (train,), (val,) = (open_robotcar(raw / "out", name, fail) for name in ("train", "val"))
        assert [train.times[index] for index in train.targets()] == [image_time(2)]
        assert [val.times[index] for index in val.targets()] == [image_time(5)]
        for read, index, numbers in ((train, 1, (0, 2, 4)), (val, 1, (1, 5, 6))):
            T_here_to_world = T_camera_to_world(image_time(numbers[1]))
            for other, number in ((0, numbers[0]), (2, numbers[2])):
                moved = np.linalg.inv(T_camera_to_world(image_time(number))) @ T_here_to_world
                np.testing.assert_allclose(read.T_target_to_source(index, other), moved, atol=1e-9)

    def test_the_centre_lens_with_its_own_model(self, tmp_path):
        base = write_raw(tmp_path, DAY, 3, "stereo/centre")
        calibration = read_raw_calibration(base / "models", base / "extrinsics", "stereo/centre")
        prepare_scene(plan_scene(base / "raw", base / "out", DAY, calibration), idle, fail)
        (clip,) = open_robotcar(base / "out", None, fail, lens="stereo/centre")
        assert clip.key(0) == f"{DAY}/stereo/centre/{image_time(0)}.png" and clip.depth(1) is not None
        assert (base / "out" / "models" / "stereo_narrow_left.txt").exists()

    def test_both_lenses_in_one_folder(self, raw):
        prepare_scene(plan(raw), idle, fail)
        for ending in (".txt", "_distortion_lut.bin"):
            models = raw / "models"
            shutil.copy(models / f"stereo_wide_left{ending}", models / f"stereo_narrow_left{ending}")
        shutil.copytree(raw / "raw" / DAY / "stereo/left", raw / "raw" / DAY / "stereo/centre")
        calibration = read_raw_calibration(raw / "models", raw / "extrinsics", "stereo/centre")
        rest = plan_scene(raw / "raw", raw / "out", DAY, calibration)
        assert rest.done == IMAGES  # the clouds are the same
        prepare_scene(rest, idle, fail)
        left, centre = (open_robotcar(raw / "out", None, fail, lens=lens)[0] for lens in LENSES)
        np.testing.assert_array_equal(left.image(3), centre.image(3))
        assert plan(raw).done == plan(raw).total

    def test_a_break_in_the_odometry(self, raw):
        file = raw / "raw" / DAY / "vo" / "vo.csv"
        lines = file.read_text().splitlines()
        write_text(file, "\n".join(lines[:4] + lines[5:]))
        warnings = []
        prepare_scene(plan(raw), idle, warnings.append)
        assert any("breaks off in one place" in text for text in warnings)
        assert any("no pose for 1 of 12 images" in text for text in warnings)
        (clip,) = open_robotcar(raw / "out", None, lambda _: None)
        known = [clip.distance(number, number + 1) is not None for number in range(IMAGES - 1)]
        assert known == [True] * 3 + [False] * 2 + [True] * 6
        # The wall is where it is on either side, but no scan of the other side takes part.
        for number in (2, 8):
            depth = clip.depth(number)
            assert depth is not None
            row, column = np.nonzero(depth)
            expected = wall_depth(image_time(number), column.astype(float), row.astype(float))
            np.testing.assert_allclose(depth[row, column], expected, rtol=0.004)


def test_a_motion_is_known_where_both_neighbours_of_the_list_are_there(tmp_path):
    times, stretch = np.array([10, 20, 30, 40, 50, 60]), np.array([0, 0, 0, 0, 1, 1])
    T = np.tile(np.eye(4), (6, 1, 1))
    T[:, 0, 3] = times**2
    listed = tmp_path / f"{DAY}_train.txt"
    write_text(listed, "20 30 99\n5 40 60\n10 20 40\n")
    for lists, expected in (
        ((), {20: (-300, 500), 30: (-500, 700)}),
        ((listed,), {20: (-300, 1200)}),
        ((tmp_path / "other_train.txt",), {20: (-300, 500), 30: (-500, 700)}),
    ):
        plan = SimpleNamespace(
            images=SimpleNamespace(times=times), poses=Poses(T, stretch), folder=tmp_path / DAY, lists=lists
        )
        found = _motions(plan)  # pyright: ignore[reportArgumentType]
        assert {time: tuple(motion[:, 0, 3]) for time, motion in found.items()} == expected


def test_a_raw_image_that_is_none_is_named(tmp_path):
    with pytest.raises(
        UserError, match=r"a\.png: No such file or directory; check its name, or copy it again"
    ):
        read_bayer(tmp_path / "a.png")
    for content in (b"", b"no image", cv2.imencode(".png", np.zeros((4, 4, 3), np.uint8))[1].tobytes()):
        (tmp_path / "a.png").write_bytes(content)
        with pytest.raises(UserError, match=r"a\.png: not .* copy (it|or unpack it) again"):
            read_bayer(tmp_path / "a.png")


class TestWindow:
    def test_scans_of_four_seconds_before_and_after(self, tmp_path):
        times = [image_time(number) for number in range(200)]
        write_text(tmp_path / "vo.csv", odometry(times))
        at = image_time(100)
        scans = [at - 4_000_001, at - 4_000_000, at + 4_000_000, at + 4_000_001]
        for number, time in enumerate(scans):
            np.array([number + 1.0, 0, 9]).tofile(tmp_path / f"{time}.bin")
        recording = Recording(tmp_path, ".bin", np.array(scans), 0)
        accumulator = Accumulator(
            recording, read_odometry(tmp_path / "vo.csv"), np.eye(4), ReadTally(4, fail)
        )
        cloud = accumulator.cloud(at, 0, np.eye(4))
        expected = [
            T_vehicle_to_world(time) @ [number, 0, 0, 1]
            for number, time in zip((2, 3), scans[1:3], strict=True)
        ]
        np.testing.assert_allclose(cloud, np.array(expected)[:, :3], atol=2e-3)
        np.testing.assert_allclose(
            accumulator.cloud(at, 0, T_vehicle_to_world(at)),
            [(np.linalg.inv(T_vehicle_to_world(at)) @ point)[:3] for point in expected],
            atol=2e-3,
        )
        assert len(accumulator.cloud(at, 1, np.eye(4))) == 0


class TestScanPoses:
    def test_held_keeps_the_car_at_the_image_before(self, made):
        found = read_odometry(made / "raw" / DAY / "vo" / "vo.csv")
        times = START + np.array([0, 1, 62_499, 62_500, 100_000])
        held = found.at(times, held=True).T_vehicle_to_world
        for T, number in zip(held, (0, 0, 0, 1, 1), strict=True):
            np.testing.assert_allclose(T, T_vehicle_to_world(image_time(number)), atol=1e-9)

    def test_clouds_as_published_lie_beside_the_wall(self, raw):
        """By up to what the car drives between two images, half a metre."""
        calibration = read_raw_calibration(raw / "models", raw / "extrinsics")
        beside = {}
        for scan_poses in ("interpolated", "published"):
            out = raw / scan_poses
            scene = plan_scene(raw / "raw", out, DAY, calibration, scan_poses=scan_poses)
            prepare_scene(scene, idle, fail)
            file = out / DAY / CLOUDS / f"{image_time(5)}.pcd.bin"
            T = T_head_to_world(image_time(5))
            points = np.fromfile(file, "<f4").reshape(3, -1).T @ T[:3, :3].T + T[:3, 3]
            beside[scan_poses] = np.abs(points @ WALL[:3] - WALL[3])
        assert beside["interpolated"].max() < 2e-3
        assert 0.2 < beside["published"].max() < 0.5 and beside["published"].min() < 1e-3
        with pytest.raises(UserError, match="was made from another scan_poses"):
            plan_scene(raw / "raw", raw / "interpolated", DAY, calibration, scan_poses="published")


class TestResuming:
    @pytest.mark.parametrize("kill_after", [5, IMAGES + 4])
    def test_the_same_command_goes_on_and_gives_the_same_bytes(self, made, raw, kill_after):
        done = 0

        def advance() -> None:
            nonlocal done
            done += 1
            if done == kill_after:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            prepare_scene(plan(raw), advance, fail)
        before = {path: path.stat().st_mtime_ns for path in (raw / "out" / DAY).rglob("[0-9]*.*")}
        rest = plan(raw)
        assert rest.total == 2 * IMAGES and kill_after <= rest.done == len(before) < rest.total
        done = kill_after
        prepare_scene(rest, advance, fail)
        assert done - kill_after == rest.total - rest.done
        assert contents(raw / "out") == contents(made / "out")
        assert before == {path: path.stat().st_mtime_ns for path in before}
        assert plan(raw).done == plan(raw).total

    def test_other_files_are_refused(self, raw):
        prepare_scene(plan(raw), idle, fail)
        odometry_file = raw / "raw" / DAY / "vo" / "vo.csv"
        write_text(odometry_file, odometry_file.read_text().replace("0.0,0.0,0.0", "0.1,0.0,0.0"))
        with pytest.raises(UserError, match=r"made_from\.json: .* made from another vo\.csv; remove"):
            plan(raw)
        shutil.rmtree(raw / "out" / DAY)
        model = raw / "models" / "stereo_wide_left.txt"
        write_text(model, model.read_text().replace("60.0", "61.0"))
        with pytest.raises(
            UserError, match=r"out/models/stereo_wide_left\.txt: is another one than .*; prep"
        ):
            plan(raw)


class TestDamage:
    def test_an_image_is_skipped_and_told(self, tmp_path):
        base = write_raw(tmp_path, DAY, 100)
        file = base / "raw" / DAY / "stereo" / "left" / f"{image_time(7)}.png"
        write_bytes(file, file.read_bytes()[:40])
        warnings, done = [], []
        prepare_scene(plan(base), lambda: done.append(1), warnings.append)
        assert len(done) == 200
        assert len(warnings) == 1 and f"{image_time(7)}.png: not readable as an image" in warnings[0]
        assert not (base / "out" / DAY / "stereo" / "left" / file.name).exists()

    def test_too_many_stop_the_work(self, raw):
        for scan in (raw / "raw" / DAY / "lms_front").glob("*.bin"):
            write_bytes(scan, scan.read_bytes()[:-8])
        with pytest.raises(UserError, match=r"\.bin: not a laser scan.*2 of 36 frames cannot be read"):
            prepare_scene(plan(raw), idle, [].append)

    @pytest.mark.parametrize("value", [np.nan, np.inf])
    def test_points_that_are_nowhere(self, tmp_path, value):
        np.array([1, 2, 3, value, 2, 3]).tofile(tmp_path / "1.bin")
        with pytest.raises(UserError, match=r"1\.bin: holds points that are not finite"):
            read_scan(tmp_path / "1.bin")

    def test_files_that_are_not_there_are_told(self, raw):
        for file in sorted((raw / "raw" / DAY / "lms_front").iterdir())[:9]:
            file.unlink()
        warnings = []
        prepare_scene(plan(raw), idle, warnings.append)
        assert len(warnings) == 1 and "lms_front: 9 of 36 files are not there" in warnings[0]

    @pytest.mark.parametrize(
        ("file", "content", "words"),
        [
            ("models/stereo_wide_left.txt", None, "no such file; copy it"),
            ("models/stereo_wide_left_distortion_lut.bin", None, "no such file; give"),
            (
                "models/stereo_wide_left_distortion_lut.bin",
                b"\0" * 80,
                "10 numbers, expected 6144 for 64x48",
            ),
            (
                "models/stereo_wide_left_distortion_lut.bin",
                np.full(6144, np.nan).tobytes(),
                "no places in an image",
            ),
            ("extrinsics/stereo.txt", b"0 0 0 0 0\n", "expected six finite numbers"),
            ("extrinsics/lms_front.txt", b"0 0 0 0 0 nan\n", "expected six finite numbers"),
            ("extrinsics/lms_front.txt", b"x\n", "not readable as numbers"),
            (f"raw/{DAY}/stereo.timestamps", None, "no such file; download"),
            (f"raw/{DAY}/lms_front.timestamps", b"soon 1\n", "not readable as time stamps"),
            (
                f"raw/{DAY}/lms_front.timestamps",
                b"17 1\n",
                "holds none of the 1 files of lms_front.timestamps",
            ),
            (f"raw/{DAY}/vo/vo.csv", None, "no such file; copy"),
        ],
    )
    def test_refused(self, raw, file, content, words):
        if content is None:
            (raw / file).unlink()
        else:
            write_bytes(raw / file, content)
        with pytest.raises(UserError, match=words) as caught:
            prepare_scene(plan(raw), idle, fail)
        named = Path(file).parent / "lms_front" if "none of" in words else Path(file)
        assert named.as_posix() in str(caught.value) and "\n" not in str(caught.value)

    @pytest.mark.parametrize(
        "name", [f"{DAY}_train_stride_1", f"{DAY}_test", "elsewhere_test", "filter_train_samples"]
    )
    def test_a_list_that_is_not_there_before_anything_is_written(self, raw, name):
        with pytest.raises(UserError, match=rf"{name}\.txt: no such file; give another list"):
            plan(raw, (raw / f"{name}.txt",))
        assert not (raw / "out").exists()

    def test_not_into_the_download(self, raw):
        calibration = read_raw_calibration(raw / "models", raw / "extrinsics")
        with pytest.raises(UserError, match="is the download itself"):
            plan_scene(raw / "raw", raw / "raw", DAY, calibration)

    def test_an_image_of_another_size(self, raw):
        for number in (1, 2):
            file = raw / "raw" / DAY / "stereo" / "left" / f"{image_time(number)}.png"
            cv2.imwrite(str(file), np.zeros((20, 30), np.uint8))
        with pytest.raises(UserError, match=r"\.png: 30x20 pixels, but the camera model has 64x48"):
            prepare_scene(plan(raw), idle, fail)

    def test_a_made_scene_says_what_it_is_of(self, made):
        names = json.loads((made / "out" / DAY / "made_from.json").read_text()).keys()
        lut = "stereo_wide_left_distortion_lut.bin"
        files = {"stereo_wide_left.txt", lut, "stereo.txt", "lms_front.txt", "vo.csv"}
        assert names == files | {"scan_poses"}


def test_two_processes_make_each_file_once_and_as_one_does(made, raw, monkeypatch):
    written: list[str] = []
    monkeypatch.setattr(
        "acdepth.data.robotcar.prepare.write_bytes",
        lambda path, content: (written.append(path.name), write_bytes(path, content)),
    )
    whole = plan(raw)

    def prepare(share: Share) -> int:
        part = whole.part(share)
        prepare_scene(part, idle, fail, share)
        return part.total

    totals = together(2, prepare)
    assert contents(raw / "out") == contents(made / "out")
    images = [name for name in written if name.endswith(".png")]
    assert len(images) == len(set(images)) == IMAGES and sum(totals) == whole.total
