"""What networks say is asked once, survives kills, and is never taken for that of other weights or images."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from acdepth.core.errors import UserError
from acdepth.data import Prepared, answers, open_data, prepare
from acdepth.data.answers import Answers, answers_of, ask
from acdepth.data.order import as_floats
from tests.data.folders import write_drive
from tests.shares import together

SIZE, COUNT = (24, 40), 7
SHAPES = ((24, 40), (12, 20))
CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def clear(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    folder = tmp_path_factory.mktemp("clear")
    return prepare(open_data(write_drive(folder / "data", COUNT)), folder / "out", SIZE)


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "FRAMES_PER_BLOCK", 3)
    monkeypatch.setattr(answers, "FRAMES_AT_ONCE", 2)


def say(image: Tensor) -> list[Tensor]:
    """Two maps that do not mirror as the image does."""
    ramp = torch.linspace(0, 1, image.shape[-1])
    full = (image.mean(1, keepdim=True) + ramp) / 3
    return [full, full[..., ::2, ::2]]


def place(clear: Prepared, folder: Path, weights: str = "a") -> Answers:
    return answers_of(folder, "teacher", clear, {"weights": weights}, SHAPES)


def counted(asked: list[int], stop_after: int | None = None) -> Callable[[Tensor], list[Tensor]]:
    def network(image: Tensor) -> list[Tensor]:
        if stop_after is not None and len(asked) >= stop_after:
            raise KeyboardInterrupt
        asked.append(len(image))
        return say(image)

    return network


def test_they_are_what_the_network_says_of_each_image_and_of_the_mirrored_one(
    clear: Prepared, tmp_path: Path
):
    found = place(clear, tmp_path)
    ask(found, clear, "teacher", say, CPU)
    for index in range(COUNT):
        for mirror in (False, True):
            expected = say(as_floats([clear.image(index, mirror)]))
            for map_, wanted in zip(found.maps(index, mirror), expected, strict=True):
                np.testing.assert_array_equal(map_, wanted[0, 0].half().numpy())
    full, half = found.batch([5, 0], [True, False])
    assert full.shape == (2, 1, *SHAPES[0]) and half.shape == (2, 1, *SHAPES[1])
    assert sum(path.stat().st_size for path in found.folder.glob("*.bin")) == COUNT * found.bytes_per_frame


def test_a_killed_asking_goes_on_where_it_was_and_half_a_block_does_not_count(
    clear: Prepared, tmp_path: Path
):
    whole, killed, asked = place(clear, tmp_path / "a"), place(clear, tmp_path / "b"), list[int]()
    ask(whole, clear, "teacher", say, CPU)
    with pytest.raises(KeyboardInterrupt):
        ask(killed, clear, "teacher", counted(asked, stop_after=4), CPU)
    assert killed.missing() == [1, 2]  # one look for how long it takes, two for the first block
    left = list[int]()
    ask(killed, clear, "teacher", counted(left), CPU)
    assert sum(left) == 2 * 2 + 2 * (COUNT - 3)
    names = sorted(path.name for path in whole.folder.glob("*.bin"))
    assert names == sorted(path.name for path in killed.folder.glob("*.bin"))
    assert all((whole.folder / name).read_bytes() == (killed.folder / name).read_bytes() for name in names)
    ask(killed, clear, "teacher", lambda _: pytest.fail("asked again"), CPU)


def test_a_block_of_another_length_is_made_again(clear: Prepared, tmp_path: Path):
    found = place(clear, tmp_path)
    ask(found, clear, "teacher", say, CPU)
    content = found.file(1).read_bytes()
    found.file(1).write_bytes(content[:-2])
    assert found.missing() == [1]
    ask(found, clear, "teacher", say, CPU)
    assert found.file(1).read_bytes() == content


def test_other_weights_and_other_images_have_other_answers(clear: Prepared, tmp_path: Path):
    kept = place(clear, tmp_path).folder
    assert place(clear, tmp_path).folder == kept != place(clear, tmp_path, weights="b").folder
    drive = write_drive(tmp_path / "data", COUNT)
    of = [prepare(open_data(drive), tmp_path / "out", SIZE)]
    picture = drive / "images" / "000002.png"
    picture.write_bytes(picture.read_bytes())  # the same size, but changed since
    of.append(prepare(open_data(drive), tmp_path / "out", SIZE))
    assert len({place(one, tmp_path).folder for one in (clear, *of)}) == 3


def test_processes_divide_the_blocks(clear: Prepared, tmp_path: Path):
    whole, shared = place(clear, tmp_path / "a"), place(clear, tmp_path / "b")
    ask(whole, clear, "teacher", say, CPU)
    asked: list[int] = []

    def said(images: torch.Tensor) -> list[torch.Tensor]:
        asked.append(len(images))
        return say(images)

    together(2, lambda share: ask(shared, clear, "teacher", said, CPU, share))
    assert not shared.missing() and sum(asked) == 2 * (len(clear) + 2 * 2)  # both try two first
    assert all(whole.file(one).read_bytes() == shared.file(one).read_bytes() for one in range(3))


def test_a_full_disk_is_said_before_anything_is_asked(
    clear: Prepared, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(answers.shutil, "disk_usage", lambda _: type("Usage", (), {"free": 100}))
    with pytest.raises(UserError, match=r"GB are free; .*--cache none"):
        ask(place(clear, tmp_path), clear, "teacher", lambda _: pytest.fail("asked"), CPU)
