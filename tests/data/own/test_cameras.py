"""Camera files of other tools say what ours says."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import yaml
from PIL import Image

from acdepth.core.camera import Camera
from acdepth.core.distortion import Distortion
from acdepth.core.errors import UserError
from acdepth.core.lens import Lens
from acdepth.data.own.cameras import find_lens, lens_from_message, read_frame_rate, read_lens
from acdepth.data.own.guessed import lens_from_exif, lens_from_fov

CAMERA = Camera(578.25, 575.5, 335.5, 194.25, 640, 360)
K = [[578.25, 0.0, 335.5], [0.0, 575.5, 194.25], [0.0, 0.0, 1.0]]
FIVE, EIGHT = (-0.25, 0.06, 0.001, -0.002, -0.01), (0.4, 0.1, 0.0005, 0.001, 0.01, 0.7, 0.2, 0.02)
FOUR = (0.03, -0.008, 0.002, -0.0004)
FLAT_K = [number for row in K for number in row]


def ros(D: object, model: str) -> str:
    return (
        "image_width: 640\nimage_height: 360\ncamera_name: front\n"
        f"camera_matrix:\n  rows: 3\n  cols: 3\n  data: {FLAT_K}\n"
        f"distortion_model: {model}\ndistortion_coefficients:\n  rows: 1\n  cols: 5\n  data: {list(D)}\n"  # pyright: ignore
        "rectification_matrix:\n  rows: 3\n  cols: 3\n  data: [1, 0, 0, 0, 1, 0, 0, 0, 1]\n"
        "projection_matrix:\n  rows: 3\n  cols: 4\n  data: [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0]\n"
    )


def kalibr(D: object, model: str, camera: str = "pinhole") -> str:
    return (
        f"cam0:\n  cam_overlaps: []\n  camera_model: {camera}\n  distortion_coeffs: {list(D)}\n"  # pyright: ignore
        f"  distortion_model: {model}\n  intrinsics: [578.25, 575.5, 335.5, 194.25]\n"
        "  resolution: [640, 360]\n  rostopic: /cam0/image_raw\n"
    )


def colmap(model: str, *parameters: float) -> str:
    head = "# Camera list with one line of data per camera:\n#   CAMERA_ID, MODEL, WIDTH, HEIGHT, PARAMS[]\n"
    return f"{head}1 {model} 640 360 {' '.join(map(str, parameters))}\n"


TEXTS = {
    "ROS plumb_bob": (ros(FIVE, "plumb_bob"), "brown", FIVE),
    "ROS rational": (ros(EIGHT, "rational_polynomial"), "brown", EIGHT),
    "ROS equidistant": (ros(FOUR, "equidistant"), "fisheye", FOUR),
    "ROS straight": (ros((), "plumb_bob"), "brown", ()),
    "Kalibr radtan": (kalibr(FIVE[:4], "radtan"), "brown", FIVE[:4]),
    "Kalibr equidistant": (kalibr(FOUR, "equidistant"), "fisheye", FOUR),
    "COLMAP OPENCV": (colmap("OPENCV", 578.25, 575.5, 336.0, 194.75, *FIVE[:4]), "brown", FIVE[:4]),
    "COLMAP FULL": (colmap("FULL_OPENCV", 578.25, 575.5, 336.0, 194.75, *EIGHT), "brown", EIGHT),
    "COLMAP FISHEYE": (colmap("OPENCV_FISHEYE", 578.25, 575.5, 336.0, 194.75, *FOUR), "fisheye", FOUR),
    "COLMAP PINHOLE": (colmap("PINHOLE", 578.25, 575.5, 336.0, 194.75), "brown", ()),
    "JSON": (
        json.dumps({"camera_matrix": K, "dist_coeffs": [FIVE], "image_width": 640, "image_height": 360}),
        "brown",
        FIVE,
    ),
    "calib.json": (json.dumps({"K": K, "D": FIVE, "size": [640, 360]}), "brown", FIVE),
    "JSON with tabs": (
        json.dumps({"K": K, "D": FOUR, "size": [640, 360], "model": "fisheye"}, indent="\t"),
        "fisheye",
        FOUR,
    ),
    "ours as JSON": (json.dumps({**CAMERA.to_dict(), "k1": -0.25, "k2": 0.06}), "brown", FIVE[:2]),
}


@pytest.mark.parametrize("kind", TEXTS)
def test_every_kind_tells_the_same_lens(tmp_path: Path, kind: str) -> None:
    text, model, coefficients = TEXTS[kind]
    path = tmp_path / "any.name"
    path.write_text("\ufeff" + text if kind == "ROS rational" else text)
    lens = read_lens(path)
    assert (lens.camera, lens.distortion) == (CAMERA, Distortion(model, coefficients))  # pyright: ignore
    assert not lens.guessed and lens.source


@pytest.mark.parametrize("suffix", [".yml", ".xml", ".json"])
@pytest.mark.parametrize("fisheye", [False, True])
def test_what_opencv_writes_is_read(tmp_path: Path, suffix: str, fisheye: bool) -> None:
    path = tmp_path / f"calibration{suffix}"
    storage = cv2.FileStorage(str(path), cv2.FILE_STORAGE_WRITE)
    storage.write("calibration_time", "Mon Nov 30 01:23:45 2020")
    storage.write("image_width", 640)
    storage.write("image_height", 360)
    if fisheye:
        storage.write("fisheye_model", 1)
    storage.write("camera_matrix", np.array(K))
    storage.write("distortion_coefficients", np.array([FOUR if fisheye else FIVE]).T)
    storage.release()
    lens = read_lens(path)
    assert lens.camera == CAMERA
    assert lens.distortion == (Distortion("fisheye", FOUR) if fisheye else Distortion("brown", FIVE))
    assert lens.source == "an OpenCV calibration"
    # Corners of 400 boards, a type of somebody's own, and older ones' first line, no YAML to anybody else.
    if suffix == ".yml":
        text = path.read_text().replace("%YAML 1.2", "%YAML:1.0", 1)
        corners = "image_points: !!opencv-matrix\n   data: [ " + "1.2345678e+02,\n       " * 40_000 + "0. ]\n"
        path.write_text(text + corners + "board: !!Board\n   size: !!opencv-size [ 9, 6 ]\n")
        assert read_lens(path) == lens


@pytest.mark.parametrize(
    ("model", "parameters", "expected"),
    [
        ("SIMPLE_PINHOLE", (500.0, 320.0, 180.0), Distortion()),
        ("SIMPLE_RADIAL", (500.0, 320.0, 180.0, -0.1), Distortion("brown", (-0.1,))),
        ("RADIAL", (500.0, 320.0, 180.0, -0.1, 0.02), Distortion("brown", (-0.1, 0.02))),
        ("SIMPLE_RADIAL_FISHEYE", (500.0, 320.0, 180.0, 0.01), Distortion("fisheye", (0.01,))),
        ("RADIAL_FISHEYE", (500.0, 320.0, 180.0, 0.01, 0.02), Distortion("fisheye", (0.01, 0.02))),
    ],
)
def test_colmap_counts_from_the_corner(
    tmp_path: Path, model: str, parameters: tuple, expected: object
) -> None:
    (tmp_path / "cameras.txt").write_text(colmap(model, *parameters))
    lens = find_lens(tmp_path)
    assert lens and lens.camera == Camera.central(500.0, 360, 640) and lens.distortion == expected


def test_a_message_is_worth_a_file(tmp_path: Path) -> None:
    path = tmp_path / "camera_info.yaml"
    path.write_text(ros(FIVE, "plumb_bob"))
    assert lens_from_message(640, 360, FLAT_K, FIVE, "plumb_bob", "a.bag") == read_lens(path)
    with pytest.raises(UserError, match=r"^a.bag: its camera matrix is all zero: nobody"):
        lens_from_message(640, 360, [0.0] * 9, (), "", "a.bag")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("hello: you", "not a camera file that can be read; readable are camera.yaml"),
        ("just words", "not a camera file that can be read"),
        ("", "not a camera file that can be read"),
        ("{ broken", "not readable as YAML, JSON or XML"),
        ("<opencv_storage><a>", "not readable as YAML, JSON or XML"),
        ("%YAML:1.0\n---\na: [1", "not readable as YAML, JSON or XML"),
        (  # OpenCV's own reader never comes back from this.
            "image_width: 640\nimage_height: 360\n"
            "camera_matrix: !!opencv-matrix\n  data: [ !!binary AAAA, 0. ]",
            "camera_matrix holds something else than numbers",
        ),
        ("fx: 30\nfy: 30\nc_x: 1", "unknown key c_x; did you mean cx?"),
        (ros(FIVE, "thin_prism"), "distortion model 'thin_prism' is not known; known are plumb_bob"),
        (ros((*EIGHT, 0.1, 0.0, 0.0, 0.0), "rational_polynomial"), "12 coefficients, of which 8 are known"),
        (ros((-2.5,), "plumb_bob"), "folds the picture over"),
        (
            ros(FIVE, "plumb_bob").replace("image_width: 640\n", ""),
            "does not say of which images; write image",
        ),
        (ros(FIVE, "plumb_bob").replace("578.25, 0.0", "578.25, 3.0"), "pixels are skewed by 3 px"),
        (ros(FIVE, "plumb_bob").replace("578.25", "much"), "camera_matrix holds something else than numbers"),
        (ros(FIVE, "plumb_bob").replace("-0.25", "much"), "the distortion holds something else than numbers"),
        (
            ros(FIVE, "plumb_bob").replace("distortion_coef", "distorsion_coef"),
            "(distorsion_coefficients); call it distortion_coefficients",
        ),
        (kalibr(FOUR, "equidistant", "omni"), "camera_model 'omni'; calibrate as pinhole-radtan"),
        (kalibr(FOUR[:1], "fov"), "distortion model 'fov' is not known"),
        (
            kalibr(FOUR, "radtan") + "cam1:\n  camera_model: pinhole\n",
            "holds 2 cameras (cam0, cam1); keep one",
        ),
        (colmap("OPENCV", 1, 2, 3), "OPENCV with 3 parameters, expected 8"),
        (
            colmap("THIN_PRISM_FISHEYE", 1, 2, 3),
            "camera model THIN_PRISM_FISHEYE; readable are SIMPLE_PINHOLE",
        ),
        (
            colmap("PINHOLE", 1, 1, 3, 3).replace("640", "6" * 5000),
            "PINHOLE of images of 66666666666666666666 by 360 pixels",
        ),
        (
            colmap("PINHOLE", 1, 1, 3, 3) + "7 PINHOLE 64 48 9 9 3 3\n",
            "holds 2 cameras (1, 7); keep the line",
        ),
    ],
)
def test_what_is_no_lens_is_one_line(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "camera.yaml"
    path.write_text(text)
    with pytest.raises(UserError) as caught:
        read_lens(path)
    assert str(caught.value).startswith(f"{path}: ") and says in str(caught.value)


def test_no_file_and_no_text(tmp_path: Path) -> None:
    (tmp_path / "image.png").write_bytes(b"\x89PNG\r\n\xff\xfe")
    for name, says in (
        ("nowhere", "no such file; readable are camera.yaml"),
        ("image.png", "not readable as text"),
        (".", "[Dd]irectory"),
    ):
        with pytest.raises(UserError, match=f"^{tmp_path / name}: .*{says}"):
            read_lens(tmp_path / name)


@pytest.mark.parametrize(
    "name",
    ["camera.yaml", "camera.yml", "camera.json", "camera_info.yaml", "cameras.txt", "camchain-front.yaml"],
)
def test_a_folder_tells_its_lens(tmp_path: Path, name: str) -> None:
    assert find_lens(tmp_path) is None
    Lens(CAMERA).write(tmp_path / name)
    found = find_lens(tmp_path, "drive")
    assert found and found.camera == CAMERA
    Lens(CAMERA.resized(180, 320)).write(tmp_path / "drive.camera.yaml")
    found = find_lens(tmp_path, "drive")
    assert found and found.camera.size == (180, 320)


def test_two_camera_files_are_refused(tmp_path: Path) -> None:
    for name in ("camera.yml", "camera.yaml"):
        Lens(CAMERA).write(tmp_path / name)
    with pytest.raises(UserError, match=r"holds several camera files \(camera.yaml, camera.yml\); keep one"):
        find_lens(tmp_path)


def write_photograph(path: Path, focal: int | None, orientation: int = 1) -> Path:
    exif = Image.Exif()
    exif[0x0112] = orientation
    if focal is not None:
        exif.get_ifd(0x8769)[0xA405] = focal
    Image.new("RGB", (400, 300)).save(path, exif=exif)
    return path


def test_a_photograph_tells_its_focal_length(tmp_path: Path) -> None:
    """26 mm of a phone: 43.27 mm of diagonal are 500 px."""
    lens = lens_from_exif(write_photograph(tmp_path / "a.jpg", 26))
    assert lens and lens.guessed and "guess" in lens.source
    assert lens.camera.fx == lens.camera.fy == pytest.approx(26 * 500 / 43.2666, rel=1e-4)
    assert (lens.camera.cx, lens.camera.cy) == (199.5, 149.5)
    turned = lens_from_exif(write_photograph(tmp_path / "e.jpg", 26, orientation=6))
    assert turned and turned.camera.size == (400, 300) and turned.camera.fx == lens.camera.fx
    for none in (write_photograph(tmp_path / "b.jpg", 0), write_photograph(tmp_path / "c.jpg", None)):
        assert lens_from_exif(none) is None
    (tmp_path / "d.jpg").write_bytes(b"no image")
    assert lens_from_exif(tmp_path / "d.jpg") is None


def test_a_field_of_view_is_a_focal_length() -> None:
    lens = lens_from_fov(90.0, (300, 400))
    assert lens.guessed and lens.camera.fx == pytest.approx(200.0)
    for degrees in (0.0, 180.0, float("nan"), -60.0):
        with pytest.raises(UserError, match=r"--fov .*: give degrees across the picture, 5 to 150"):
            lens_from_fov(degrees, (300, 400))


ROSTOPIC = f"""header:
  seq: 12
  stamp:
    secs: 1700000000
    nsecs: 5
  frame_id: "cam"
height: 360
width: 640
distortion_model: "plumb_bob"
D: {list(FIVE)}
K: {FLAT_K}
R: [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0]
P: {[*FLAT_K[:3], 0.0, *FLAT_K[3:6], 0.0, *FLAT_K[6:], 0.0]}
binning_x: 0
binning_y: 0
---
"""


@pytest.mark.parametrize("more", ["", "height: 1\nK: [\n", "height: 360\n---\n"])
@pytest.mark.parametrize("lower", [False, True])
def test_what_rostopic_prints_is_read(tmp_path: Path, lower: bool, more: str) -> None:
    """ROS 2 has the same names in lower case; of several messages the first counts."""
    text = ROSTOPIC
    for name in "DKRP" if lower else "":
        text = text.replace(f"\n{name}: ", f"\n{name.lower()}: ")
    path = tmp_path / "camera_info.yaml"
    path.write_text(text + more)
    assert read_lens(path) == Lens(CAMERA, Distortion("brown", FIVE), source="camera_info")


@pytest.mark.parametrize(
    "text",
    [
        ros(FIVE, "plumb_bob") + "\ncamera_height: 1.4\n",
        "camera_height: 1.4\n" + ROSTOPIC,
        kalibr(FOUR, "equidistant") + "\n  camera_height: 1.4\n",
        kalibr(FOUR, "equidistant") + "\ncamera_height: 1.4\n",
        json.dumps({"camera_matrix": K, "image_width": 640, "image_height": 360, "camera_height": 1.4}),
        "%YAML:1.0\n---\nimage_width: 640\nimage_height: 360\ncamera_height: 1.4\n"
        "camera_matrix: !!opencv-matrix\n   rows: 3\n   cols: 3\n   dt: d\n"
        f"   data: {FLAT_K}\n",
    ],
)
def test_every_file_may_tell_how_high_the_camera_is(tmp_path: Path, text: str) -> None:
    path = tmp_path / "camera.yaml"
    path.write_text(text)
    assert read_lens(path).camera_height == 1.4
    path.write_text(text.replace("1.4", "140"))
    with pytest.raises(UserError, match=r"camera\.yaml: camera_height = 140"):
        read_lens(path)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"cx": 3350.0}, r"its principal point \(3350, .*\) lies far outside of its 640x360 pixels; give cx"),
        ({"k1": 5.0}, r"its distortion \(k1 5\) leaves 1/\d\.\d of the view that fx alone would have; check"),
        ({"width": 640.5}, "width is 640.5, expected a whole number"),
        ({"width": 640.0}, None),
        ({"cx": 1270.0}, None),
        ({"cx": 1290.0}, "lies far outside"),
        ({"cx": -630.0}, None),
        ({"cx": -650.0}, "lies far outside"),
        ({"cy": -350.0}, None),
        ({"cy": -370.0}, "lies far outside"),
    ],
)
def test_numbers_that_cannot_be(tmp_path: Path, change: dict, says: str | None) -> None:
    path = tmp_path / "camera.yaml"
    path.write_text(json.dumps({**CAMERA.to_dict(), **change}))
    if says is None:
        assert read_lens(path).camera.width == 640
    else:
        with pytest.raises(UserError, match=says):
            read_lens(path)


def test_a_file_of_ours_may_tell_the_frame_rate(tmp_path: Path) -> None:
    path = tmp_path / "camera.yaml"
    for more, rate in (("", None), ("frame_rate: 12\n", 12.0), ("frame_rate: 29.97\n", 29.97)):
        path.write_text(yaml.safe_dump(CAMERA.to_dict()) + more)
        assert read_frame_rate(path) == rate
    path.write_text(colmap("PINHOLE", 1, 1, 3, 3))
    assert read_frame_rate(path) is None
    path.write_text("frame_rate: yes\n")
    with pytest.raises(UserError, match=r"camera\.yaml: frame_rate = True, expected images per second"):
        read_frame_rate(path)


def test_what_stands_before_opencv_s_first_line_does_not_matter(tmp_path: Path) -> None:
    """OpenCV ends that line unlike YAML: %YAML:1.0."""
    path = tmp_path / "camera.yaml"
    path.write_text("\n\n%YAML:1.0\n---\n" + yaml.safe_dump(CAMERA.to_dict()))
    assert read_lens(path).camera == CAMERA
