"""Several processes predict together what one predicts, byte for byte."""

from pathlib import Path

import pytest
import torch

from acdepth.core.distortion import Distortion
from acdepth.core.errors import UserError
from acdepth.core.lens import Lens
from acdepth.core.share import ALL, Share
from acdepth.inference.model import model_of
from acdepth.inference.predictor import Predictor
from acdepth.prediction.options import Options
from acdepth.prediction.run import run_all
from tests.cli.test_predict import write_image
from tests.inference.tiny import CAMERA, picture, tiny_card, tiny_network
from tests.shares import together

OPTIONS = Options(to=("colour", "png16", "npy"))


def predict(folder: Path, out: Path, share: Share = ALL) -> None:
    network = model_of(tiny_network(), tiny_card(), torch.device("cpu"))
    run_all((folder,), out, lambda: Predictor(network), OPTIONS, share)


def files(folder: Path) -> dict[str, bytes]:
    found = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Straight ones, and of a lens that bends pictures of two sizes in one folder."""
    folder = tmp_path / "in"
    for number in range(3):
        write_image(folder / "straight" / f"{number}.png", picture(seed=number))
        write_image(folder / "bent" / f"small_{number}.png", picture(seed=number))
        write_image(folder / "bent" / f"wide_{number}.png", picture(128, 192, seed=number))
    Lens(CAMERA, Distortion("brown", (-0.2, 0.02))).write(folder / "bent" / "camera.yaml")
    return folder


@pytest.mark.parametrize("count", [2, 4])
def test_each_picture_is_predicted_once_and_as_one_process_does(
    pictures, tmp_path, monkeypatch, capsys, count
):
    predict(pictures, tmp_path / "one")
    capsys.readouterr()
    read: list[Path] = []
    whole = Predictor.read
    monkeypatch.setattr(
        Predictor, "read", lambda self, path, margin: (read.append(path), whole(self, path, margin))[1]
    )
    together(count, lambda share: predict(pictures, tmp_path / "many", share))
    assert files(tmp_path / "many") == files(tmp_path / "one")
    assert "bent/straight_camera.yaml" in files(tmp_path / "one")
    assert len(read) == len(set(read)) == 9
    assert capsys.readouterr().err.count("predicted 9 of 9, results in") == 1


def test_what_failed_anywhere_is_told_once_by_the_first(pictures, tmp_path):
    (pictures / "straight" / "1.png").write_bytes(b"torn")
    with pytest.raises(UserError, match=r"1 of 9 could not be predicted, first .*1\.png"):
        together(2, lambda share: predict(pictures, tmp_path / "out", share))
