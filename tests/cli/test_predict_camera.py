"""``acdepth predict`` with a camera, with a focal length alone, and with neither."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from acdepth.core.camera import Camera
from acdepth.core.distortion import Distortion
from acdepth.core.images import read_image
from acdepth.core.lens import Lens
from tests.cli.test_predict import run, write_image  # noqa: F401 - a fixture
from tests.inference.tiny import CAMERA, picture
from tests.prediction.test_video import write_video


def depth() -> np.ndarray:
    return np.load("out/a_depth.npy")


def test_a_focal_length_is_worth_a_camera(run) -> None:  # noqa: F811
    write_image(Path("a.png"), picture())
    code, said = run("a.png", "--to", "npy")
    assert code == 0 and "field of view is the training one" in said
    plain = depth()
    code, said = run("a.png", "--to", "npy,ply", "--fx", "84")
    assert code == 0 and "rescaled by 1.40 from the training camera" in said and "measured" not in said
    np.testing.assert_allclose(depth(), 1.4 * plain, rtol=1e-6)
    Camera.central(84.0, 64, 96).write(Path("camera84.yaml"))
    code, said = run("a.png", "--to", "npy", "--camera", "camera84.yaml")
    assert code == 0 and "depth is metric, rescaled by 1.40 from the training camera" in said
    np.testing.assert_allclose(depth(), 1.4 * plain, rtol=1e-6)
    # It goes before what lies beside the image, as --camera does.
    CAMERA.write(Path("camera.yaml"))
    run("a.png", "--to", "npy", "--fx", "84")
    np.testing.assert_allclose(depth(), 1.4 * plain, rtol=1e-6)
    code, said = run("a.png", "--to", "npy")
    assert "rescaled by 1.00" in said
    np.testing.assert_allclose(depth(), plain, rtol=1e-6)


def test_the_focal_length_of_a_video_is_that_of_its_frames(run) -> None:  # noqa: F811
    write_video(Path("a.mp4"), [picture(64, 96, seed) for seed in range(2)])
    run("a.mp4", "--to", "npy")
    plain = np.load("out/a_frames/000001_depth.npy")
    assert run("a.mp4", "--to", "npy", "--fx", "42")[0] == 0
    np.testing.assert_allclose(np.load("out/a_frames/000001_depth.npy"), 0.7 * plain, rtol=1e-6)


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (("--fx", "-3"), "--fx -3: must be a positive number of pixels"),
        (("--fx", "nan"), "--fx nan: must be a positive number of pixels"),
        (("--fx", "60", "--camera", "c.yaml"), "--camera and --fx say the same; give one of them"),
        (("--fx", "60", "--fov", "60"), "--fx and --fov say the same; give one of them"),
        (("--fov", "200"), "--fov 200: give degrees across the picture, 5 to 150"),
    ],
)
def test_what_is_no_focal_length_is_one_line(run, flags, message) -> None:  # noqa: F811
    write_image(Path("a.png"), picture())
    CAMERA.write(Path("c.yaml"))
    assert run("a.png", *flags) == (2, f"acdepth: error: {message}\n")


def test_lenses_that_were_not_measured_are_said_to_be_so(run) -> None:  # noqa: F811
    write_image(Path("a.png"), picture())
    Camera.central(180.0, 64, 96).write(Path("c.yaml"))
    code, said = run("a.png", "--camera", "c.yaml")
    assert code == 0 and "rescaled by 3.00" in said and "what was measured is 0.7 to 1.5" in said
    write_image(Path("b.png"), picture())
    write_video(Path("c.mp4"), [picture(64, 96, 0)])
    for inputs, of_which in ((("a.png", "b.png"), "a.png: "), (("c.mp4",), "")):
        code, said = run(*inputs, "--fx", "180")
        told = [line for line in said.splitlines() if "rescaled" in line]
        assert (
            code == 0
            and len(told) == 1
            and told[0].startswith(f"{of_which}depth is metric, rescaled by 3.00")
        )
        assert "what was measured is 0.7 to 1.5" in told[0]


BARREL = Lens(Camera(70.0, 70.0, 47.0, 32.0, 96, 64), Distortion("brown", (-0.2, 0.03)), camera_height=1.4)


@pytest.mark.parametrize("beside", [True, False])
def test_a_bent_picture_is_straightened_and_so_are_its_results(run, beside: bool) -> None:  # noqa: F811
    image = picture()
    write_image(Path("drive/a.png"), image)
    # Calibrated at twice the size: the camera is taken along.
    Lens(BARREL.camera.resized(128, 192), BARREL.distortion, 1.4).write(Path("drive/camera.yaml"))
    if not beside:
        Path("drive/camera.yaml").rename("my.yaml")
    code, said = run("drive/a.png", "--to", "npy,ply", *(() if beside else ("--camera", "my.yaml")))
    assert (
        code == 0
        and said.count("the lens bends (k1 -0.2, k2 0.03): results are of the pictures straight") == 1
    )
    straight = BARREL.straighten(image)
    np.testing.assert_array_equal(read_image(Path("out/a_straight.png")), straight)
    camera = Lens.read(Path("out/straight_camera.yaml"))
    assert camera.is_straight and camera.camera_height == 1.4
    assert camera.camera.fx == pytest.approx(BARREL.straight.fx)
    assert f"element vertex {64 * 96}".encode() in Path("out/a_points.ply").read_bytes()
    bent = depth()
    # The straight picture with its own camera says the same.
    write_image(Path("plain/a.png"), straight)
    assert run("plain/a.png", "--to", "npy", "--camera", "out/straight_camera.yaml")[0] == 0
    np.testing.assert_allclose(depth(), bent, rtol=1e-6)


def test_other_cameras_in_one_folder_of_results_have_files_of_their_own(run) -> None:  # noqa: F811
    for name, k1 in (("a", -0.2), ("b", -0.1)):
        write_image(Path(name) / f"{name}.png", picture())
        Lens(BARREL.camera, Distortion("brown", (k1,))).write(Path(name) / "camera.yaml")
    code, said = run("a/a.png", "b/b.png")
    assert code == 0 and said.count("the lens bends") == 2
    first, second = (Lens.read(Path("out") / f"{name}straight_camera.yaml") for name in ("", "b_"))
    assert first.camera == Lens(BARREL.camera, Distortion("brown", (-0.2,))).straight
    assert second.camera == Lens(BARREL.camera, Distortion("brown", (-0.1,))).straight


def test_frames_of_a_bent_video_are_straightened(run) -> None:  # noqa: F811
    write_video(Path("a.mp4"), [picture(64, 96, seed) for seed in range(2)])
    BARREL.write(Path("a.camera.yaml"))
    code, said = run("a.mp4", "--to", "npy")
    assert code == 0 and said.count("the lens bends") == 1
    by_file = np.load("out/a_frames/000001_depth.npy")
    assert Lens.read(Path("out/a_frames/straight_camera.yaml")).camera == BARREL.straight
    Path("a.camera.yaml").rename("my.yaml")
    assert run("a.mp4", "--to", "npy", "--camera", "my.yaml")[0] == 0
    np.testing.assert_array_equal(np.load("out/a_frames/000001_depth.npy"), by_file)


def test_a_field_of_view_is_worth_a_focal_length_and_said_to_be_a_guess(run) -> None:  # noqa: F811
    write_image(Path("a.png"), picture())
    run("a.png", "--to", "npy", "--fx", "84")
    known = depth()
    degrees = 2 * np.degrees(np.arctan(48 / 84))
    code, said = run("a.png", "--to", "npy,ply", "--fov", f"{degrees:.6f}")
    assert code == 0 and "comes from --fov, a guess, and so do these metres" in said
    np.testing.assert_allclose(depth(), known, rtol=1e-5)


def test_exif_is_a_guess_where_nothing_better_is_known(run) -> None:  # noqa: F811
    exif = Image.Exif()
    exif[0x0112] = 1
    exif.get_ifd(0x8769)[0xA405] = 26
    Image.fromarray(picture()).save("a.png", exif=exif)
    code, said = run("a.png", "--to", "npy,ply")
    assert code == 0 and "comes from EXIF, a guess, and so do these metres" in said
    guessed = depth()
    focal = 26 / np.hypot(36, 24) * np.hypot(64, 96)
    run("a.png", "--to", "npy", "--fx", f"{focal:.6f}")
    np.testing.assert_allclose(depth(), guessed, rtol=1e-5)
    CAMERA.write(Path("camera.yaml"))
    code, said = run("a.png", "--to", "npy")
    assert code == 0 and "guess" not in said and not np.allclose(depth(), guessed, rtol=1e-2)


@pytest.mark.parametrize(
    ("image", "calibration", "name"),
    [
        ("kitti/training/image_2/000007.png", "kitti/training/calib/000007.txt", "P2"),
        ("kitti/sequences/00/image_0/000007.png", "kitti/sequences/00/calib.txt", "P0"),
        ("kitti/2011/drive/image_03/data/0000000007.png", "kitti/2011/calib_cam_to_cam.txt", "P_rect_03"),
    ],
)
def test_kitti_knows_its_cameras(run, image: str, calibration: str, name: str) -> None:  # noqa: F811
    write_image(Path(image), picture())
    Path(calibration).parent.mkdir(parents=True, exist_ok=True)
    Path(calibration).write_text(f"{name}: 84 0 47.5 0 0 84 31.5 0 0 0 1 0\n")
    code, said = run("kitti", "--to", "ply")
    assert code == 0 and "rescaled by 1.40" in said
    assert len(list(Path("out").rglob("*_points.ply"))) == 1


def test_what_train_refuses_predict_refuses_in_the_same_words(run) -> None:  # noqa: F811
    from acdepth.core.errors import UserError
    from acdepth.data import open_data

    write_image(Path("drive/images/a.png"), picture())
    Camera.central(84.0, 96, 96).write(Path("drive/camera.yaml"))
    code, said = run("drive")
    with pytest.raises(UserError) as caught:
        open_data(Path("drive"))
    assert code == 2 and str(caught.value) in said
    Camera.central(168.0, 128, 192).write(Path("drive/camera.yaml"))
    assert run("drive")[0] == 0 and open_data(Path("drive"))[0].camera == Camera.central(84.0, 64, 96)
