"""Drives through a bent lens: exact depth of the bent pixels, and straight again."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
import torch
import yaml
from tests.commands import call
from tests.world.culling import assert_culling_loses_nothing

from acdepth.core.camera import Camera
from acdepth.core.condition import Condition
from acdepth.core.distortion import Distortion
from acdepth.core.lens import Lens
from acdepth.world import Rig, prepare
from acdepth.world.view import SAMPLES, make_view, untile

SIZE = (50, 83)
CAMERA = Camera(60.0, 58.0, 43.0, 23.5, SIZE[1], SIZE[0])
BENT = pytest.mark.parametrize(
    "distortion",
    [
        Distortion("brown", (-0.25, 0.06, 0.002, -0.001, -0.01)),
        Distortion("brown", (0.3,)),
        Distortion("fisheye", (0.05, -0.01)),
    ],
    ids=str,
)


@BENT
def test_rays_go_through_the_bent_pixels(drive, distortion: Distortion) -> None:
    view = make_view(CAMERA, torch.eye(4, dtype=torch.float64), distortion)
    rays = untile(view.directions[:, SAMPLES:], view).double().numpy() * [1, -1, 1]
    K, zero, k = CAMERA.matrix().numpy().astype(np.float64), np.zeros(3), np.array(distortion.coefficients)
    how = cv2.fisheye.projectPoints if distortion.model == "fisheye" else cv2.projectPoints
    pixels = how(rays.reshape(-1, 1, 3), zero, zero, K, k)[0].reshape(*SIZE, 2)
    rows, columns = np.mgrid[0 : SIZE[0], 0 : SIZE[1]]
    np.testing.assert_allclose(pixels, np.stack([columns, rows], -1), atol=1e-3)


@BENT
@pytest.mark.parametrize("mirrored", [False, True])
def test_culling_loses_nothing(drive, distortion: Distortion, mirrored: bool) -> None:
    view = make_view(CAMERA.resized(18, 30), drive.town.drive.poses[1], distortion)
    assert_culling_loses_nothing(drive, view, mirrored)


@BENT
def test_straightened_it_is_the_drive_of_the_straight_camera(drive, distortion: Distortion) -> None:
    lens = Lens(Camera.central(64.0, 48, 80), distortion)
    bent = replace(drive, camera=lens.camera, distortion=distortion).frame(1, [Condition.CLEAR])
    straight = replace(drive, camera=lens.straight).frame(1, [Condition.CLEAR])
    image = lens.straighten(bent.images[Condition.CLEAR].numpy())
    off = np.abs(image.astype(float) - straight.images[Condition.CLEAR].numpy()).mean()
    shifted = np.abs(np.diff(straight.images[Condition.CLEAR].numpy().astype(float), axis=1)).mean()
    assert off < 0.6 * shifted, "less than a pixel's worth"
    depth = lens.straighten(bent.depth.numpy(), nearest=True)
    both = (depth > 0) & (straight.depth.numpy() > 0)
    ratio = np.log(depth[both] / straight.depth.numpy()[both])
    assert both.mean() > 0.5 and np.median(np.abs(ratio)) < 0.02 and abs(np.median(ratio)) < 2e-3
    same = lens.straighten(bent.classes.numpy(), nearest=True) == straight.classes.numpy()
    assert same.mean() > 0.95


def test_every_weather_sees_through_it(drive) -> None:
    bent = replace(drive, camera=CAMERA, distortion=Distortion("fisheye"))
    frame = bent.frame(0, list(Condition))
    assert all(picture.shape == (*SIZE, 3) for picture in frame.images.values())
    assert len({picture.numpy().tobytes() for picture in frame.images.values()}) == len(Condition)


def make(monkeypatch, capsys, out, *flags: str) -> tuple[int, str]:
    common = ["--towns", "2", "--frames", "1", "--image-size", "24x40"]
    return call(monkeypatch, "world", "make", out, *common, *flags), capsys.readouterr().err


@pytest.mark.parametrize(
    ("flag", "distortion"),
    [
        ("k1=-0.25,k2=0.06,k3=-0.01", Distortion("brown", (-0.25, 0.06, 0, 0, -0.01))),
        ("model=fisheye, k1=0.05", Distortion("fisheye", (0.05,))),
        ("model=fisheye", Distortion("fisheye")),
    ],
)
def test_files_say_how_it_bends(tmp_path, monkeypatch, capsys, flag: str, distortion: Distortion) -> None:
    assert make(monkeypatch, capsys, tmp_path, "--lens", flag)[0] == 0
    folder = tmp_path / "town_0002" / "clear"
    lens = Lens.read(folder / "camera.yaml")
    assert lens.distortion == distortion and lens.camera == Camera.central(32.0, 24, 40)
    assert yaml.safe_load((folder / "sequence.yaml").read_text())["lens"] == distortion.to_dict()
    frame = prepare(2, 1, (24, 40), rig=Rig(), distortion=distortion).frame(0, [Condition.CLEAR])
    image = cv2.imread(str(folder / "images" / "000000.png"))
    assert image is not None
    assert np.array_equal(image[..., ::-1], frame.images[Condition.CLEAR].numpy())
    code, said = make(monkeypatch, capsys, tmp_path)
    assert code == 2 and "made with other settings" in said


@pytest.mark.parametrize(
    ("flag", "says"),
    [
        ("k1", "--lens k1: '' is no number; write such as k1=-0.25,k2=0.06"),
        ("k9=1", "--lens k9=1: 'k9=1' is no part of a lens; write any of model, k1"),
        ("k1=1,k1=2", "'k1=2' is no part of a lens; write any of model, k1"),
        ("model=pinhole", "--lens model=pinhole: model = 'pinhole'; choose from brown, fisheye"),
        ("k1=-2.5", "lens: k1 -2.5 bends a corner of the picture beyond 75 degrees"),
    ],
)
def test_a_bad_lens_is_one_line(tmp_path, monkeypatch, capsys, flag: str, says: str) -> None:
    code, said = make(monkeypatch, capsys, tmp_path / "out", "--lens", flag)
    assert code == 2 and says in said and "Traceback" not in said
