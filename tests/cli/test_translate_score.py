"""``acdepth translate score`` from folders to table, numbers and sheet."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from acdepth.cli.main import run
from acdepth.core.errors import UserError
from acdepth.core.files import read_json
from tests.data.folders import HEIGHT, WIDTH, write_drive


def write_real(folder: Path) -> Path:
    """Two drives each of clear and night, of streets that nothing else shows."""
    draws = np.random.default_rng(0)
    for condition, brightness in (("clear", 255), ("night", 60)):
        for number in range(2):
            drive = write_drive(folder / f"{number}" / condition, count=3, condition=condition)
            for path in sorted((drive / "images").iterdir()):
                cv2.imwrite(str(path), draws.integers(0, brightness, (HEIGHT, WIDTH, 3)).astype(np.uint8))
    return folder


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("rate")
    for name in ("a", "b"):
        write_drive(root / "data" / name, count=3, depth=True)
    options = ["--conditions", "night", "--depth", "measured"]
    run(["translate", str(root / "data"), str(root / "weak"), *options, "--severity", "0,0.1"])
    run(["translate", str(root / "data"), str(root / "strong"), *options, "--severity", "0.9,1"])
    write_real(root / "real")
    return root


def command(root: Path, *more: str) -> list[str]:
    names = [f"weak={root / 'weak'}", f"strong={root / 'strong'}"]
    few = ["--steps", "2", "--telling-steps", "2", "--images", "4", "--device", "cpu"]
    where = ["--data", str(root / "data"), "--real", str(root / "real")]
    return ["translate", "score", *names, *where, *few, *more]


def test_all_methods_stand_in_one_table(
    folders: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(command(folders, "--out", str(tmp_path / "scores.json"), "--sheet", str(tmp_path / "sheet.png")))
    results = read_json(tmp_path / "scores.json")
    controls = ["colours-only", "colours-shuffled", "truth-recoloured"]
    assert results["methods"] == ["untranslated", *controls, "weak", "strong", "truth"]
    night = results["conditions"]["night"]
    assert night["images"] == 4 and night["real_drives"] == 2
    kept = {name: row["edge_agreement"]["mean"] for name, row in night["methods"].items()}
    assert kept["untranslated"] == pytest.approx(1, abs=1e-6) and kept["weak"] > kept["strong"]
    assert night["methods"]["weak"]["truth_distance"]["mean"] is None
    strong = night["methods"]["strong"]
    for kind in ("net", "prior"):
        given = strong["called"][kind]
        assert list(given) == ["clear", "night", "none"]
        assert sum(of["mean"] for of in given.values()) == pytest.approx(1, abs=1e-5)
        told = strong["told_from_real"][kind]
        assert told["low"] <= told["mean"] <= told["high"]
        assert np.mean(told["of_trainings"]) == pytest.approx(told["mean"], abs=1e-5)
    assert "truth-recoloured" not in night["methods"]  # nobody knows the truth
    assert set(results["judges"]["held_out"]) == {"clear", "night", "none"}
    said = capsys.readouterr().out
    for words in (
        "strong",
        "Do they pass",
        "What they are called",
        "What is kept",
        "right on real drives held out",
    ):
        assert words in said
    sheet = cv2.imread(str(tmp_path / "sheet.png"))
    assert sheet is not None and sheet.shape[1] == 3 * (WIDTH + 4)


def test_real_images_must_be_of_other_streets(folders: Path, tmp_path: Path) -> None:
    arguments = command(folders)
    arguments[arguments.index("--real") + 1] = str(folders / "data")
    with pytest.raises(UserError, match="--real: holds 0 drives of night"):
        run(arguments)
