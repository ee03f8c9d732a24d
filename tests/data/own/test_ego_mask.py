"""What moves with the camera is found, and nothing else is."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from acdepth.core.errors import UserError
from acdepth.core.images import read_image
from acdepth.data import open_data
from acdepth.data.own import ego_mask
from acdepth.data.own.clip import Description, OwnClip
from acdepth.data.own.ego_mask import FEWEST, EgoMask, find_ego_mask, mask_file, write_ego_mask
from acdepth.data.own.folder import open_sequence_folder, read_ego_mask
from acdepth.data.own.step import drives
from acdepth.data.own.video import VideoSource
from tests.commands import call
from tests.data.own.moving import sliding, write_images
from tests.real import REAL

HEIGHT, WIDTH = 90, 160
COUNT = 70
MOTORWAY = REAL.parent / "real_open" / "udacity_motorway" / "frames"
BONNET_EDGE = (
    (0, 337), (44, 336.3), (61.5, 337.8), (88, 340.7), (105.5, 342.4), (149, 343.3), (167, 342.6),
    (198, 340.7), (220, 337.8), (246, 336.3), (286, 334.7), (334, 334), (396, 334.5), (426, 335.6),
    (453, 337.8), (483.5, 338.9), (536, 338.9), (549.5, 337.8), (567, 334.7), (593, 331.4), (615, 329.9),
    (640, 329.2),
)  # fmt: skip
"""Column and row of the bonnet's edge in the motorway frames, painted by hand on three of them."""
HORIZON = 215
"""Row below which the motorway frames show road and barrier."""


def world() -> list[np.ndarray]:
    """A road that slides by below a sky that hardly changes, with a marking that wanders a little."""
    frames = sliding(np.arange(COUNT) * 23.0)
    wander = np.random.default_rng(1).normal(0, 6, COUNT)
    for frame, offset in zip(frames, wander, strict=True):
        frame[:30] = np.linspace(120, 200, 30)[:, None, None]
        cv2.line(frame, (80, 35), (round(50 + offset), 89), (250, 250, 250), 2)
    return frames


def bonnet() -> np.ndarray:
    """bool (H, W): a bow at the bottom."""
    column = np.arange(WIDTH)
    edge = 74 + ((column - 80) / 80.0) ** 2 * 8
    return np.arange(HEIGHT)[:, None] >= edge


def with_bonnet(frames: list[np.ndarray], glossy: bool = False) -> list[np.ndarray]:
    """A dark bonnet, plain or one that mirrors the moving world below its bright edge."""
    shown = []
    for frame in frames:
        paint = np.full_like(frame, 40)
        if glossy:
            paint = (paint + frame[::-1].astype(int) // 3).astype(np.uint8)
        image = np.where(bonnet()[..., None], paint, frame)
        edge = bonnet() & ~np.roll(bonnet(), 2, 0)
        image[edge] = 215
        shown.append(image)
    return shown


def found(folder: Path, frames: list[np.ndarray]) -> EgoMask:
    write_images(folder, frames)
    return find_ego_mask(drives(open_data(folder))[0])


def right(mask: np.ndarray | None, truth: np.ndarray) -> tuple[float, float]:
    """Part of the truth that is masked, and part of the rest that is."""
    assert mask is not None
    return float(mask[truth].mean()), float(mask[~truth].mean())


@pytest.mark.parametrize("glossy", [False, True])
def test_a_bonnet_is_found_by_its_edge(tmp_path: Path, glossy: bool):
    seen = found(tmp_path / "a", with_bonnet(world(), glossy))
    covered, beyond = right(seen.mask, bonnet())
    assert covered > 0.95 and beyond < 0.03
    assert "moves with the camera" in seen.told


def test_burnt_in_text_is_found_though_its_seconds_change(tmp_path: Path):
    frames = [cv2.resize(frame, (2 * WIDTH, 2 * HEIGHT)) for frame in world()]
    for number, frame in enumerate(frames):
        text = f"2019-04-03 {number % 60:02d}"
        cv2.putText(frame, text, (120, 40), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (0, 0, 0), 1, cv2.LINE_AA)
    seen = found(tmp_path / "a", frames)
    assert seen.mask is not None
    rows, columns = np.nonzero(seen.mask)
    assert 16 < rows.min() < rows.max() < 52 and 108 < columns.min() < columns.max() < 260
    (width, _), _ = cv2.getTextSize("2019-04-03 00", cv2.FONT_HERSHEY_SIMPLEX, 0.5, 1)
    assert seen.mask[29:41, 121 : 115 + width].all()


def test_a_world_without_vehicle_is_left_whole(tmp_path: Path):
    seen = found(tmp_path / "a", world())
    assert seen.mask is None and seen.looked_at >= FEWEST
    assert seen.is_told and "nothing was found that moves with the camera" in seen.told


def test_few_images_and_a_camera_that_stands_tell_nothing(tmp_path: Path):
    few = found(tmp_path / "a", with_bonnet(world())[: FEWEST // 2])
    standing = found(tmp_path / "b", with_bonnet(world())[:1] * COUNT)
    assert (few.mask, few.looked_at) == (None, FEWEST // 2) and f"{FEWEST} are needed" in few.told
    assert (standing.mask, standing.looked_at) == (None, 1)
    assert not few.is_told and not standing.is_told


def test_large_images_get_a_mask_of_their_size(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(ego_mask, "LARGEST_WIDTH", WIDTH)
    double = [cv2.resize(frame, (2 * WIDTH, 2 * HEIGHT)) for frame in with_bonnet(world())]
    seen = found(tmp_path / "a", double)
    covered, beyond = right(seen.mask, np.kron(bonnet(), np.ones((2, 2))) > 0)
    assert covered > 0.95 and beyond < 0.03


def test_images_that_cannot_be_read_are_passed_over(tmp_path: Path):
    folder = write_images(tmp_path / "a", with_bonnet(world()))
    clips = drives(open_data(folder))[0]
    (folder / "images" / "000004.png").write_bytes(b"no picture")
    seen = find_ego_mask(clips)
    assert seen.mask is not None and seen.looked_at == COUNT - 1


def test_what_is_written_is_read_again(tmp_path: Path):
    write_ego_mask(tmp_path / "mask.png", bonnet())
    assert np.array_equal(read_ego_mask(tmp_path / "mask.png"), bonnet())


def test_the_command_writes_masks_where_they_are_found_and_spares_painted_ones(
    tmp_path: Path, monkeypatch, capsys
):
    write_images(tmp_path / "drives" / "bonnet", with_bonnet(world()))
    write_images(tmp_path / "drives" / "plain", world()[:8])
    assert call(monkeypatch, "data", "mask", tmp_path / "drives") == 0
    told = capsys.readouterr().out
    mask = tmp_path / "drives" / "bonnet" / "mask.png"
    assert f"{mask}: " in told and "% of the image moves with the camera" in told
    assert "plain: cannot be told from 8 images that differ" in told
    assert not (tmp_path / "drives" / "plain" / "mask.png").exists()
    (clip, _) = open_data(tmp_path / "drives")
    assert clip.ego_mask is not None and right(clip.ego_mask, bonnet())[0] > 0.95
    painted = np.full((HEIGHT, WIDTH), 255, np.uint8)
    painted[80:] = 0
    cv2.imwrite(str(mask), painted)
    assert call(monkeypatch, "data", "mask", mask.parent) == 2
    assert "--overwrite" in capsys.readouterr().err
    assert call(monkeypatch, "data", "mask", tmp_path / "drives") == 0
    assert "stays as it is" in capsys.readouterr().out
    assert np.array_equal(read_ego_mask(mask), painted == 0)
    assert call(monkeypatch, "data", "mask", mask.parent, "--overwrite") == 0
    assert not np.array_equal(read_ego_mask(mask), painted == 0)


def test_masks_elsewhere(tmp_path: Path, monkeypatch):
    write_images(tmp_path / "drives" / "a", with_bonnet(world()))
    assert call(monkeypatch, "data", "mask", tmp_path / "drives", "--out", tmp_path / "masks") == 0
    assert (tmp_path / "masks" / "a" / "mask.png").exists()
    assert not (tmp_path / "drives" / "a" / "mask.png").exists()


class Filmed(VideoSource):
    """A video that is never read."""

    def __init__(self, path: Path) -> None:
        self.path = self.place = path

    def __len__(self) -> int:
        return 3


def test_the_mask_of_a_video_has_its_name(tmp_path: Path):
    drive = OwnClip("trip", "trip", Filmed(tmp_path / "trip.mp4"), Description())
    assert mask_file(drive) == tmp_path / "trip.mask.png"
    assert mask_file(drive, tmp_path / "out") == tmp_path / "out" / "trip.mask.png"


@pytest.mark.parametrize("kind", ["RGB", "RGBA", "P", "L", "1"])
def test_a_mask_is_read_as_paint_programs_save_it(tmp_path: Path, kind: str):
    shades = Image.fromarray(np.where(bonnet(), 0, 255).astype(np.uint8))
    shades.convert(kind).save(tmp_path / "mask.png")
    assert np.array_equal(read_ego_mask(tmp_path / "mask.png"), bonnet())


def test_what_is_transparent_in_a_mask_keeps_its_shade(tmp_path: Path):
    painted = np.full((*bonnet().shape, 4), 255, np.uint8)
    painted[bonnet(), :3] = 0
    painted[:40, :, 3] = 0
    cv2.imwrite(str(tmp_path / "mask.png"), painted)
    assert np.array_equal(read_ego_mask(tmp_path / "mask.png"), bonnet())


def test_a_mask_of_ones_is_told(tmp_path: Path):
    cv2.imwrite(str(tmp_path / "mask.png"), np.where(bonnet(), 0, 1).astype(np.uint8))
    with pytest.raises(UserError, match="brightest value is 1, all but black; white is 255"):
        read_ego_mask(tmp_path / "mask.png")


@pytest.mark.parametrize("name", ["mask.jpg", "mask.PNG"])
def test_a_mask_of_another_name_is_named(tmp_path: Path, name: str):
    folder = write_images(tmp_path / "a", world()[:3])
    cv2.imwrite(str(folder / name), np.full((HEIGHT, WIDTH), 255, np.uint8))
    said: list[str] = []
    open_sequence_folder(folder, "a", said.append)
    assert said == [f"{folder / name}: is not read as a mask; save it as mask.png"]
    cv2.imwrite(str(folder / "mask.png"), np.full((HEIGHT, WIDTH), 255, np.uint8))
    open_sequence_folder(folder, "a", said.append)
    assert len(said) == 1


def test_an_all_black_mask_is_refused(tmp_path: Path):
    cv2.imwrite(str(tmp_path / "mask.png"), np.zeros((4, 4), np.uint8))
    with pytest.raises(UserError, match="leaves nothing"):
        read_ego_mask(tmp_path / "mask.png")


needs_motorway = pytest.mark.skipif(not MOTORWAY.exists(), reason=f"no motorway frames at {MOTORWAY}")


@pytest.mark.real
@pytest.mark.slow
@needs_motorway
@pytest.mark.parametrize("first, count", [(0, 1259), (0, 150), (0, 500), (300, 300), (900, 300)])
def test_the_bonnet_of_the_motorway_frames(tmp_path: Path, first: int, count: int):
    (tmp_path / "images").mkdir()
    for frame in sorted(MOTORWAY.iterdir())[first : first + count]:
        (tmp_path / "images" / frame.name).symlink_to(frame)
    seen = find_ego_mask(drives(open_data(tmp_path))[0])
    column, row = np.arange(640), np.arange(360)[:, None]
    columns, rows = np.transpose(BONNET_EDGE)
    truth = row >= np.interp(column, columns, rows)
    assert seen.mask is not None
    road = ~truth & (row >= HORIZON)
    assert seen.mask[truth].mean() >= 0.95 and seen.mask[road].mean() <= 0.02
    assert not seen.mask[:HORIZON].any()


@pytest.mark.real
@pytest.mark.slow
@needs_motorway
def test_lanes_alone_are_not_masked(tmp_path: Path):
    (tmp_path / "images").mkdir()
    for frame in sorted(MOTORWAY.iterdir())[:150]:
        above_bonnet = read_image(frame)[:322, :, ::-1]
        cv2.imwrite(str(tmp_path / "images" / f"{frame.stem}.bmp"), above_bonnet)
    seen = find_ego_mask(drives(open_data(tmp_path))[0])
    assert seen.mask is None and not seen.is_told
    assert "what keeps its place there may be road" in seen.told
