"""A saved folder is the checkpoint: for `load`, for transformers, and for people who read its page."""

import sys
from pathlib import Path
from typing import Any

import huggingface_hub
import numpy as np
import pytest
import torch
import transformers
import yaml
from PIL import Image

import acdepth
from acdepth.core.camera import Camera
from acdepth.core.condition import Condition
from acdepth.core.errors import UserError
from acdepth.core.files import read_json, write_json
from acdepth.inference import predictor as predictor_module
from acdepth.inference.hub.model_card import Measured
from acdepth.inference.model import open_model
from acdepth.inference.predictor import Predictor
from acdepth.networks.checkpoint import save_checkpoint
from acdepth.networks.confidence import ConfidenceHead, ConfidenceHeadConfig
from tests.inference.hub_models import write_model
from tests.inference.tiny import picture, tiny_card, tiny_checkpoint, tiny_network

STRETCHED = Camera(fx=60.0, fy=90.0, cx=47.5, cy=31.5, width=96, height=64)
"""Training that brought other aspects to the network's size."""


def opened(path: Path, **changes: object) -> Predictor:
    return acdepth.load(tiny_checkpoint(path / "model.safetensors", **changes), device="cpu")


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    whole = tmp_path_factory.mktemp("saved")
    folder = whole / "folder"
    opened(whole, resize="lanczos", camera=STRETCHED.to_dict()).save_pretrained(folder)
    return folder


@pytest.mark.parametrize("size", [(90, 141), (64, 96), (150, 100)])
def test_the_pipeline_of_transformers_says_the_metres_that_load_says(saved: Path, size) -> None:
    acdepth.register_with_transformers()
    pipeline = transformers.pipeline("depth-estimation", model=str(saved), device="cpu")
    image = picture(*size)
    said: Any = pipeline(Image.fromarray(image))
    wanted = acdepth.load(saved, device="cpu")(image).depth
    assert said["predicted_depth"].shape == size and wanted.std() > 0.01 * wanted.mean()
    np.testing.assert_allclose(said["predicted_depth"].numpy(), wanted, rtol=1e-5)
    assert "torchvision" not in sys.modules


def test_weights_come_back_from_transformers_as_a_checkpoint(tmp_path: Path) -> None:
    acdepth.register_with_transformers()
    network, card = tiny_network(), tiny_card()
    head = ConfidenceHead(ConfidenceHeadConfig(), card.network)
    save_checkpoint(tmp_path / "model.safetensors", network, card, half=True, head=head)
    before = acdepth.load(tmp_path, device="cpu")
    before.save_pretrained(tmp_path / "folder")
    model = transformers.AutoModelForDepthEstimation.from_pretrained(tmp_path / "folder")
    assert model.dtype == torch.float32
    model.save_pretrained(tmp_path / "again")
    after = acdepth.load(tmp_path / "again", device="cpu")
    one, other = before(picture()), after(picture())
    assert after.model.head and np.array_equal(one.depth, other.depth)
    assert one.confidence is not None and np.array_equal(one.confidence, other.confidence)


def test_images_of_several_sizes_make_no_batch(saved: Path) -> None:
    acdepth.register_with_transformers()
    processor = transformers.AutoImageProcessor.from_pretrained(saved)
    pixels = processor([picture(64, 144), picture(64, 144, seed=1)], return_tensors="pt")["pixel_values"]
    assert pixels.shape == (2, 3, 64, 96) and 0 <= pixels.min() < pixels.max() <= 1
    with pytest.raises(UserError, match="seen at different sizes"):
        processor([picture(), picture(96, 64)])


def test_a_folder_after_hf_is_ours_or_of_transformers(saved: Path, tmp_path: Path) -> None:
    ours = open_model(Path(f"hf:{saved}"), device="cpu")
    assert ours.has_scales and ours.sha256 == acdepth.load(saved, device="cpu").model.sha256
    other = acdepth.load(f"hf:{write_model(tmp_path / 'glpn', 'glpn')}", device="cpu")
    assert not other.model.has_scales
    with pytest.raises(UserError, match="not opened from a checkpoint of ours"):
        other.save_pretrained(tmp_path / "folder")


def test_code_in_a_folder_does_not_run(saved: Path, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    acdepth.load(saved, device="cpu").save_pretrained(folder)
    mark = tmp_path / "it_ran"
    (folder / "evil.py").write_text(f"open({str(mark)!r}, 'w')\nclass Model: pass\n")
    (folder / "custom.pkl").write_bytes(b"cos\nsystem\n(S'exit'\ntR.")
    for name, kinds in (
        ("config.json", ("AutoConfig", "AutoModelForDepthEstimation")),
        ("preprocessor_config.json", ("AutoImageProcessor",)),
    ):
        ways = {"auto_map": dict.fromkeys(kinds, "evil.Model")}
        write_json(folder / name, read_json(folder / name) | ways)
    acdepth.register_with_transformers()
    assert open_model(Path(f"hf:{folder}"), device="cpu").has_scales
    transformers.pipeline("depth-estimation", model=str(folder), device="cpu")
    assert not mark.exists()


def measured(**changes: object) -> Measured:
    scores = {"images": 4, "abs_rel": 0.21, "rmse": 5.4, "d1": 0.7}
    values = {"dataset": "someone/night-streets", "protocol": "metric", "conditions": {"night": scores}}
    return Measured.model_validate({**values, **changes})


def test_the_page_tells_results_and_licences(tmp_path: Path) -> None:
    predictor = opened(tmp_path)
    own = measured(dataset="drives around town", conditions={Condition.RAIN: dict.fromkeys(SCORES, 0.25)})
    licences = {"licence": "Our Own 1.0", "data_licence": "drives of ours, not shared"}
    predictor.save_pretrained(tmp_path / "folder", **licences, measured=[measured(), own], name="me/net")
    page = huggingface_hub.ModelCard((tmp_path / "folder" / "README.md").read_text())
    assert (page.data.license, page.data.license_name) == ("other", "Our Own 1.0")
    assert (page.data.pipeline_tag, page.data.datasets) == ("depth-estimation", ["someone/night-streets"])
    assert "| night | 4 | 0.210 | 5.400 | 0.700 |" in page.text
    assert "| rain | 0.25 | 0.250 | 0.250 | 0.250 |" in page.text and "On drives around town" in page.text
    assert "Training data: drives of ours, not shared." in page.text and 'acdepth.load("me/net")' in page.text
    entries = huggingface_hub.parse_eval_result_entries(
        yaml.safe_load((tmp_path / "folder" / ".eval_results" / "acdepth.yaml").read_text())
    )
    found = {(one.dataset_id, one.task_id): one.value for one in entries}
    assert found[("someone/night-streets", "night_abs_rel")] == 0.21 and len(found) == 3
    predictor.save_pretrained(tmp_path / "folder", **licences)
    assert not (tmp_path / "folder" / ".eval_results" / "acdepth.yaml").exists()


SCORES = ("images", "abs_rel", "rmse", "d1")


def test_what_nobody_stated_is_not_made_up(tmp_path: Path) -> None:
    opened(tmp_path).save_pretrained(tmp_path / "folder")
    page = huggingface_hub.ModelCard((tmp_path / "folder" / "README.md").read_text())
    assert page.data.license == "unknown" and page.text.count("not stated") == 2
    assert "None are given." in page.text and not (tmp_path / "folder" / ".eval_results").exists()


def test_results_of_other_weights_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="the results on someone/night-streets are of other weights"):
        opened(tmp_path).save_pretrained(tmp_path / "folder", measured=[measured(sha256="0" * 64)])


def test_weights_that_changed_since_are_not_saved(tmp_path: Path) -> None:
    predictor = opened(tmp_path)
    tiny_checkpoint(tmp_path / "model.safetensors", description="trained on")
    with pytest.raises(UserError, match="has changed since it was opened; load it again"):
        predictor.save_pretrained(tmp_path / "folder")


def test_only_text_that_is_no_path_here_is_a_name_of_the_hub(tmp_path: Path, monkeypatch) -> None:
    asked: list[Path] = []

    def note(path: Path, *_: object) -> None:
        asked.append(path)
        raise UserError(path, "noted")

    monkeypatch.setattr(predictor_module, "open_model", note)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "runs" / "here").mkdir(parents=True)
    for given in ("me/net", "me/net@v1.2", "runs/here", "runs/gone.safetensors", Path("me/net"), "a/b/c"):
        with pytest.raises(UserError, match="noted"):
            acdepth.load(given)
    assert [one.as_posix() for one in asked] == [
        "hf:me/net",
        "hf:me/net@v1.2",
        "runs/here/model.safetensors",
        "runs/gone.safetensors",
        "me/net",
        "a/b/c",
    ]


def test_without_the_packages_it_is_one_line(monkeypatch) -> None:
    monkeypatch.setattr("acdepth.core.hub.find_spec", lambda name: None)
    with pytest.raises(UserError, match=r"no such file or folder, .* pip install 'acdepth\[hub\]'"):
        acdepth.load("me/net")
    monkeypatch.setattr(predictor_module, "find_spec", lambda name: None)
    with pytest.raises(UserError, match=r"pip install 'acdepth\[train\]'"):
        acdepth.register_with_transformers()
