"""``acdepth predict`` with a camera, with a focal length alone, and with neither."""

from pathlib import Path

import numpy as np
import pytest

from acdepth.core.camera import Camera
from tests.cli.test_predict import run, write_image  # noqa: F401 - a fixture
from tests.inference.tiny import CAMERA, picture
from tests.prediction.test_video import write_video


def depth() -> np.ndarray:
    return np.load("out/a_depth.npy")


def test_a_focal_length_is_worth_a_camera(run) -> None:  # noqa: F811
    write_image(Path("a.png"), picture())
    code, said = run("a.png", "--npy")
    assert code == 0 and "field of view is the training one" in said
    plain = depth()
    code, said = run("a.png", "--npy", "--ply", "--fx", "84")
    assert code == 0 and "rescaled by 1.40 from the training camera" in said and "measured" not in said
    np.testing.assert_allclose(depth(), 1.4 * plain, rtol=1e-6)
    Camera.central(84.0, 64, 96).write(Path("camera84.yaml"))
    code, said = run("a.png", "--npy", "--camera", "camera84.yaml")
    assert code == 0 and "depth is metric, rescaled by 1.40 from the training camera" in said
    np.testing.assert_allclose(depth(), 1.4 * plain, rtol=1e-6)
    # It goes before what lies beside the image, as --camera does.
    CAMERA.write(Path("camera.yaml"))
    run("a.png", "--npy", "--fx", "84")
    np.testing.assert_allclose(depth(), 1.4 * plain, rtol=1e-6)
    code, said = run("a.png", "--npy")
    assert "rescaled by 1.00" in said
    np.testing.assert_allclose(depth(), plain, rtol=1e-6)


def test_the_focal_length_of_a_video_is_that_of_its_frames(run) -> None:  # noqa: F811
    write_video(Path("a.mp4"), [picture(64, 96, seed) for seed in range(2)])
    run("a.mp4", "--frames", "--npy")
    plain = np.load("out/a_frames/000001_depth.npy")
    assert run("a.mp4", "--frames", "--npy", "--fx", "42")[0] == 0
    np.testing.assert_allclose(np.load("out/a_frames/000001_depth.npy"), 0.7 * plain, rtol=1e-6)


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (("--fx", "-3"), "--fx -3: must be a positive number of pixels"),
        (("--fx", "nan"), "--fx nan: must be a positive number of pixels"),
        (("--fx", "60", "--camera", "c.yaml"), "--fx 60: --camera says it already; give one of the two"),
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
