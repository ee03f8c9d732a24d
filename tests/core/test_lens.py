"""Lenses that bend: against OpenCV's own projection, and straight again."""

import pickle
from pathlib import Path

import cv2
import numpy as np
import pytest

from acdepth.core.camera import Camera
from acdepth.core.distortion import STRAIGHT, Distortion
from acdepth.core.errors import UserError
from acdepth.core.lens import WIDEST, Lens

CAMERA = Camera(100.0, 98.0, 81.0, 44.5, 160, 96)
BARREL = Distortion("brown", (-0.25, 0.06, 0.001, -0.002, -0.01))
CUSHION = Distortion("brown", (0.2, 0.05))
RATIONAL = Distortion("brown", (0.4, 0.1, 0.0005, 0.001, 0.01, 0.7, 0.2, 0.02))
FISHEYE = Distortion("fisheye", (0.03, -0.008, 0.002, -0.0004))
BENT = pytest.mark.parametrize("distortion", [BARREL, CUSHION, RATIONAL, FISHEYE], ids=str)


def rays(width: float = 0.75) -> tuple[np.ndarray, np.ndarray]:
    return np.meshgrid(np.linspace(-width, width, 31), np.linspace(-0.4, 0.4, 21))


def project(points: np.ndarray, camera: Camera, distortion: Distortion) -> np.ndarray:
    """OpenCV's pixels (N, 2) of points (N, 3)."""
    K, zero = camera.matrix().numpy().astype(np.float64), np.zeros(3)
    k = np.array(distortion.coefficients)
    how = cv2.fisheye.projectPoints if distortion.model == "fisheye" else cv2.projectPoints
    args = (points[:, None], zero, zero, K, k)
    return np.asarray(how(*args)[0]).reshape(-1, 2)


@BENT
def test_rays_bend_as_opencv_bends_them(distortion: Distortion) -> None:
    x, y = (values.ravel() for values in rays())
    expected = project(np.stack([x, y, np.ones_like(x)], 1), CAMERA, distortion)
    there = np.stack(distortion.distort(x, y), 1) * [CAMERA.fx, CAMERA.fy] + [CAMERA.cx, CAMERA.cy]
    np.testing.assert_allclose(there, expected, atol=1e-6)


@BENT
def test_what_bends_is_bent_back(distortion: Distortion) -> None:
    x, y = rays()
    back = distortion.undistort(*distortion.distort(x, y))
    np.testing.assert_allclose(back, (x, y), atol=1e-8)


@BENT
def test_magnification_is_the_ratio_of_areas(distortion: Distortion) -> None:
    x, y = rays()
    step = 1e-5
    right = np.subtract(distortion.distort(x + step, y), distortion.distort(x - step, y)) / (2 * step)
    down = np.subtract(distortion.distort(x, y + step), distortion.distort(x, y - step)) / (2 * step)
    area = right[0] * down[1] - right[1] * down[0]
    np.testing.assert_allclose(distortion.magnification(x, y), area, rtol=1e-6)


@BENT
def test_a_straightened_picture_shows_only_what_the_original_shows(distortion: Distortion) -> None:
    for camera in (CAMERA, Camera(100.0, 98.0, 65.0, 60.0, 160, 96), CAMERA.resized(960, 1600)):
        lens = Lens(camera, distortion)
        straight = lens.straight
        assert straight.size == camera.size
        assert straight.fx / straight.fy == pytest.approx(camera.fx / camera.fy)
        u, v = np.meshgrid(
            np.linspace(-0.5, camera.width - 0.5, 99), np.linspace(-0.5, camera.height - 0.5, 99)
        )
        x, y = (u - straight.cx) / straight.fx, (v - straight.cy) / straight.fy
        assert np.abs([x, y]).max() < WIDEST + 1e-9
        bent_x, bent_y = distortion.distort(x, y)
        columns, rows = bent_x * camera.fx + camera.cx, bent_y * camera.fy + camera.cy
        slack = 1e-3 * camera.width / 160
        assert columns.min() > -0.5 - slack and columns.max() < camera.width - 0.5 + slack
        assert rows.min() > -0.5 - slack and rows.max() < camera.height - 0.5 + slack
        # Little view is wasted: one pair of opposite edges is met.
        across = max(columns.min() + 0.5, camera.width - 0.5 - columns.max()) / camera.width
        down = max(rows.min() + 0.5, camera.height - 0.5 - rows.max()) / camera.height
        assert min(across, down) < 0.015


@BENT
def test_points_are_where_the_straight_camera_says(distortion: Distortion) -> None:
    """A spot drawn at OpenCV's projection of a point is straightened to the pinhole projection of it."""
    camera = CAMERA.resized(480, 800)
    lens = Lens(camera, distortion)
    for point in ([0.3, -0.2, 1.0], [-1.2, 0.5, 2.5], [0.0, 0.0, 4.0]):
        [[u, v]] = project(np.array([point]), camera, distortion)
        rows, columns = np.mgrid[0:480, 0:800]
        image = np.exp(-((columns - u) ** 2 + (rows - v) ** 2) / 18).astype(np.float32)
        found = lens.straighten(image)
        weight = found / found.sum()
        straight = lens.straight
        expected = (
            point[0] / point[2] * straight.fx + straight.cx,
            point[1] / point[2] * straight.fy + straight.cy,
        )
        np.testing.assert_allclose([(weight * columns).sum(), (weight * rows).sum()], expected, atol=0.25)


def test_a_straight_lens_leaves_everything_as_it_is() -> None:
    lens, image = Lens(CAMERA), np.zeros((96, 160, 3), np.uint8)
    assert lens.is_straight and lens.straight == CAMERA and lens.straighten(image) is image
    assert not Lens(CAMERA, Distortion("fisheye")).is_straight, "equidistant, not pinhole"


def test_depth_and_classes_are_not_blended() -> None:
    lens = Lens(CAMERA, BARREL)
    depth = np.where(np.arange(160) % 2, 10.0, 0.0).astype(np.float32) * np.ones((96, 1), np.float32)
    assert set(np.unique(lens.straighten(depth, nearest=True))) == {0.0, 10.0}
    assert len(np.unique(lens.straighten(depth))) > 2


@BENT
def test_scaled_images_take_their_lens_along(distortion: Distortion) -> None:
    lens = Lens(CAMERA, distortion)
    half = lens.at_size(48, 80)
    assert half.distortion == distortion
    for name in ("fx", "fy", "cx", "cy"):
        assert getattr(half.straight, name) == pytest.approx(getattr(lens.straight.resized(48, 80), name))
    odd = Camera(100.0, 98.0, 0.1 / 7, 44.5, 160, 96)
    assert odd.at_size(96, 160) == odd != odd.resized(96, 160), "to the last bit"


@pytest.mark.parametrize("size", [(360, 640), (361, 640), (360, 641), (1081, 1920), (188, 334), (270, 481)])
def test_rounding_is_another_size(size: tuple[int, int]) -> None:
    assert Camera(900.0, 900.0, 960.0, 540.0, 1920, 1080).at_size(*size).size == size


@pytest.mark.parametrize("size", [(1088, 1920), (480, 640), (375, 1242), (640, 360)])
def test_another_aspect_is_another_camera(size: tuple[int, int]) -> None:
    with pytest.raises(
        UserError, match=rf"for 1920x1080 pixels, but the image has {size[1]}x{size[0]}; it is cropped or of"
    ):
        Camera(900.0, 900.0, 960.0, 540.0, 1920, 1080).at_size(*size)


@pytest.mark.parametrize(
    "distortion",
    [
        Distortion("brown", (-2.5, 0.06)),
        Distortion("brown", (0.05, -4.0)),
        Distortion("brown", (0.0, 0.0, 0.9, 0.9)),
        Distortion("brown", (0.0, 0.0, 0.0, 0.0, 0.0, 3.0)),
        Distortion("fisheye", (-0.5, 0.0, 0.0, 0.0)),
    ],
    ids=str,
)
def test_a_picture_that_folds_over_is_refused(distortion: Distortion) -> None:
    with pytest.raises(UserError, match=r"folds the picture over, \d+ degrees from its axis; check signs"):
        Lens(CAMERA, distortion)


def test_a_fold_outside_the_picture_is_none() -> None:
    """Polynomials fold where nobody calibrated them; a fisheye's black corners are such places."""
    round_picture = Camera(60.0, 60.0, 79.5, 47.5, 160, 96)
    lens = Lens(round_picture, Distortion("fisheye", (0.0, -0.05)))
    assert np.isfinite([lens.straight.fx, lens.straight.cx]).all()
    wide = Lens(Camera(45.0, 45.0, 79.5, 79.5, 160, 160), Distortion("fisheye"))  # beyond 90 degrees
    assert wide.straight.fx == pytest.approx(80 / WIDEST)


@pytest.mark.parametrize("height", [0.0, 135, -1.5, float("nan"), "1.3 m", True])
def test_a_height_is_metres_above_the_road(height: object) -> None:
    with pytest.raises(UserError, match=r"camera_height = .*; give metres above the road, 0.2 to 10"):
        Lens(CAMERA, camera_height=height)  # pyright: ignore[reportArgumentType]


def test_a_lens_is_cheap_to_send() -> None:
    lens = Lens(CAMERA.resized(1080, 1920), BARREL)
    lens.straighten(np.zeros((1080, 1920), np.uint8))
    sent = pickle.dumps(lens)
    assert len(sent) < 1000 and pickle.loads(sent) == lens


@pytest.mark.parametrize(
    "lens",
    [
        Lens(CAMERA),
        Lens(CAMERA, BARREL, 1.35),
        Lens(CAMERA, RATIONAL),
        Lens(CAMERA, FISHEYE),
        Lens(CAMERA, Distortion("fisheye")),
    ],
)
def test_what_is_written_is_read(tmp_path: Path, lens: Lens) -> None:
    path = tmp_path / "camera.yaml"
    lens.write(path, frame_rate=12)
    assert Lens.read(path) == lens
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert Lens.read(path) == lens, "with a byte order mark"


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ("k7: 0.1", "unknown key k7; known keys: fx"),
        ("K1: 0.1", "unknown key K1; did you mean k1?"),
        ("camera_hight: 1.4", "unknown key camera_hight; did you mean camera_height?"),
        ("k1: strong", "k1 = 'strong', expected a number"),
        ("model: fishy", "model = 'fishy'; choose from brown, fisheye"),
        ("model: fisheye\np1: 0.1", "the fisheye model has no p1; it has k1, k2, k3, k4"),
        ("k1: .nan", "expected finite numbers"),
        ("k1: -2.5", "folds the picture over"),
        ("camera_height: 140", "camera_height = 140; give metres"),
    ],
)
def test_a_bad_lens_is_one_line(tmp_path: Path, lines: str, says: str) -> None:
    path = tmp_path / "camera.yaml"
    CAMERA.write(path)
    path.write_text(path.read_text() + lines)
    with pytest.raises(UserError) as caught:
        Lens.read(path)
    assert str(caught.value).startswith(f"{path}: ") and says in str(caught.value)


def test_where_only_a_straight_camera_will_do_a_bent_one_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "camera.yaml"
    Lens(CAMERA, BARREL).write(path)
    with pytest.raises(UserError, match=r"its lens bends \(k1 -0.25, k2 0.06, .*only the camera of straight"):
        Camera.read(path)
    Lens(CAMERA, STRAIGHT, 1.4).write(path)
    assert Camera.read(path) == CAMERA
