"""Footage through a lens that bends, or that was calibrated at another size."""

import pickle
from pathlib import Path

import cv2
import numpy as np
import pytest
import yaml

from acdepth.core.camera import Camera
from acdepth.core.distortion import Distortion
from acdepth.core.errors import UserError
from acdepth.core.files import write_text
from acdepth.core.lens import Lens
from acdepth.data.folder import open_data
from acdepth.data.own.clip import OwnClip
from acdepth.data.stored import frame_stamps
from tests.data.folders import CAMERA, HEIGHT, WIDTH, picture, write_drive
from tests.prediction.test_video import write_video

BARREL = Distortion("brown", (-0.25, 0.06, 0.0, 0.0, -0.01))


@pytest.fixture
def drive(tmp_path: Path) -> Path:
    folder = write_drive(tmp_path / "drive", depth=True)
    (folder / "classes").mkdir()
    for number in range(6):
        cv2.imwrite(str(folder / "classes" / f"{number:06d}.png"), picture(number)[..., 0])
    return folder


def only(folder: Path) -> OwnClip:
    [clip] = open_data(folder)
    assert isinstance(clip, OwnClip)
    return clip


def test_a_clip_is_straight(drive: Path) -> None:
    plain, stamps = only(drive), frame_stamps(only(drive), [0, 1])
    lens = Lens(CAMERA, BARREL, camera_height=1.4)
    lens.write(drive / "camera.yaml", frame_rate=12)
    clip = pickle.loads(pickle.dumps(only(drive)))
    assert clip.camera == lens.straight and clip.camera_height == 1.4
    assert clip.frame_rate == 12 and clip.distance(0, 1) == plain.distance(0, 1)
    np.testing.assert_array_equal(clip.image(2), lens.straighten(plain.image(2)))
    assert not np.array_equal(clip.image(2), plain.image(2))
    for bent, straight in ((plain.depth(2), clip.depth(2)), (plain.classes(2), clip.classes(2))):
        assert bent is not None and straight is not None
        np.testing.assert_array_equal(straight, lens.straighten(bent, nearest=True))
    assert not set(frame_stamps(clip, [0, 1])) & set(stamps), "no cache takes one for the other"


def test_a_straightened_mask_has_every_pixel_that_the_vehicle_touches(drive: Path) -> None:
    mask = np.full((HEIGHT, WIDTH), 255, np.uint8)
    mask[-6:] = 0
    cv2.imwrite(str(drive / "mask.png"), mask)
    lens = Lens(CAMERA, BARREL)
    lens.write(drive / "camera.yaml", frame_rate=12)
    own = only(drive).ego_mask
    assert own is not None and own.dtype == bool
    nearest = lens.straighten(mask, nearest=True) == 0
    assert own[nearest].all()
    assert not own[cv2.dilate(nearest.astype(np.uint8), np.ones((5, 5), np.uint8)) == 0].any()


def test_images_scaled_since_calibration_take_their_camera_along(drive: Path) -> None:
    Lens(CAMERA.resized(2 * HEIGHT, 2 * WIDTH), BARREL).write(drive / "camera.yaml", frame_rate=12)
    clip, usual = only(drive), Lens(CAMERA, BARREL).straight
    assert clip.camera is not None and clip.camera.size == (HEIGHT, WIDTH)
    assert clip.camera.fx == pytest.approx(usual.fx) and clip.camera.cy == pytest.approx(usual.cy)
    assert clip.image(0).shape == (HEIGHT, WIDTH, 3) and clip.depth(0) is not None


def test_cropped_images_are_refused(drive: Path) -> None:
    Camera(30.0, 30.0, 18.0, 11.0, WIDTH, 2 * HEIGHT).write(drive / "camera.yaml", frame_rate=12)
    with pytest.raises(
        UserError,
        match=r"000000.png: the camera is for 40x48 pixels, but the image has 40x24 \(by "
        r"camera.yaml\); it is cropped or of another camera, give",
    ):
        open_data(drive)


def test_a_camera_height_beside_a_camera_of_another_tool(drive: Path) -> None:
    (drive / "camera.yaml").rename(drive / "ours.txt")
    k = [30.0, 0, 18, 0, 30, 11, 0, 0, 1]
    ros = f"image_width: {WIDTH}\nimage_height: {HEIGHT}\ncamera_matrix: {{data: {k}}}\n"
    (drive / "motion.csv").unlink()
    write_text(drive / "camera_info.yaml", ros)
    assert only(drive).camera_height is None
    write_text(drive / "sequence.yaml", "camera_height: 1.4\n")
    assert only(drive).camera_height == 1.4
    write_text(drive / "camera_info.yaml", f"{ros}camera_height: 1.4\n")
    assert only(drive).camera_height == 1.4
    write_text(drive / "camera_info.yaml", f"{ros}camera_height: 1.5\n")
    with pytest.raises(UserError, match=r"sequence.yaml: camera_height = 1.4, but the camera file says 1.5"):
        only(drive)
    write_text(drive / "sequence.yaml", "camera_height: 14\n")
    with pytest.raises(UserError, match=r"sequence.yaml: camera_height = 14; give metres above the road"):
        only(drive)


@pytest.mark.parametrize("name", ["camera.yml", "camera.json", "camera_info.yaml"])
def test_other_names_are_not_passed_over(drive: Path, name: str) -> None:
    (drive / "camera.yaml").unlink()
    values = {"camera_matrix": [[30, 0, 18], [0, 30, 11], [0, 0, 1]], "image_width": WIDTH}
    about = CAMERA.to_dict() if name == "camera.yml" else {**values, "image_height": HEIGHT}
    (drive / name).write_text(yaml.safe_dump({**about, "frame_rate": 12}))
    assert only(drive).camera == CAMERA


def test_frames_of_a_video_are_straight(tmp_path: Path) -> None:
    images = [picture(number, 48, 64) for number in range(3)]
    path = write_video(tmp_path / "drive.mp4", images)
    plain = only(path).image(1)
    lens = Lens(Camera.central(50.0, 48, 64), BARREL)
    lens.write(tmp_path / "drive.camera.yaml")
    clip = only(path)
    assert clip.camera == lens.straight
    np.testing.assert_array_equal(clip.image(1), lens.straighten(plain))


def test_another_lens_may_be_said(drive: Path) -> None:
    lens = Lens(CAMERA.resized(2 * HEIGHT, 2 * WIDTH), BARREL)
    clip = only(drive).through(lens)
    assert clip.camera == lens.at_size(HEIGHT, WIDTH).straight and len(clip) == 6
