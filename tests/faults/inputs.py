"""What the verbs are tried on: everything as small as they take it, made once."""

import shutil
from pathlib import Path

import av
import torch
import yaml

from acdepth.core.condition import Condition
from acdepth.data.folder import open_data
from acdepth.networks.checkpoint import MODEL_FILE, CheckpointCard, save_checkpoint
from acdepth.networks.depth_net import DepthNet, DepthNetConfig
from acdepth.recipes.layouts import export_world, read_drives
from acdepth.translator import SimulatedWeather, TranslateSettings
from acdepth.translator.adapters import TranslatorCard, base_hash, save_translator
from acdepth.translator.depth_source import MeasuredDepth
from acdepth.translator.translate import translate
from acdepth.world.export import DriveSettings, sequence_folder, write_towns
from tests.data.folders import picture
from tests.data.robotcar_layout import write_raw
from tests.diffusion.tiny import tiny_model
from tests.translator.tiny import LORA, tiny_generator

SIZE = (64, 96)
TINY = DepthNetConfig(width=8)
TRAINED, MEASURED = 1, 8001
RECIPES = Path(__file__).parent.parent / "recipes"
LOOP = {
    "steps": 4, "batch_size": 2, "learning_rate": 1e-4, "log_every": 1, "checkpoint_every": 1,
    "precision": "fp32", "device": "cpu", "trackers": [],
}  # fmt: skip
SETTINGS = {
    "teacher": {
        "network": {"width": 8},
        "image_size": list(SIZE),
        "initial_depth": 15.0,
        "initial_forward": 0.8,
        "motion_length": "measured",
        "loop": LOOP,
    },
    "student": {
        "mix": {"clear": 1.0, "night": 1.0},
        "start_from": "teacher",
        "consistency_start": 0.5,
        "cache": "all",
        "loop": LOOP,
    },
    "adapt": {
        "mix": {"clear": 1.0, "night": 1.0},
        "adverse_batch_size": 2,
        "validation": {"frames": 2},
        "loop": LOOP,
    },
    "confidence": {"mix": {"clear": 1.0, "night": 1.0}, "loop": LOOP},
    "translator": {
        "conditions": ["night"],
        "image_size": list(SIZE),
        "patch": [32, 48],
        "pool_size": 3,
        "lora": {"unet_rank": 2, "vae_rank": 2},
        "discriminator": "patch",
        "depth_weight": 1.0,
        "frugal": False,
        "loop": {**LOOP, "steps": 3, "batch_size": 1},
    },
}
"""Of each training, for its ``--config``."""


def make_inputs(folder: Path) -> Path:
    """Footage, checkpoints, adapters, settings and a video in a folder, which from then on is only read."""
    folder.mkdir(parents=True)
    _write_footage(folder)
    _write_networks(folder)
    depth, settings = MeasuredDepth(), TranslateSettings((Condition.NIGHT,), format="png")
    translate(open_data(folder / "clear"), folder / "translations", SimulatedWeather(), depth, settings)
    for name, values in SETTINGS.items():
        if name == "translator":
            values = {**values, "base": str(folder / "base")}
        (folder / f"{name}.yaml").write_text(yaml.safe_dump(values))
    text = (RECIPES / "tiny-nuscenes.yaml").read_text()
    (folder / "reproduce.yaml").write_text(text.replace("BASE", str(folder / "base")))
    return folder


def _write_footage(folder: Path) -> None:
    both, world = (Condition.CLEAR, Condition.NIGHT), folder / "world"
    write_towns(world, (TRAINED, MEASURED), both, DriveSettings(8, SIZE), "cpu")
    clear, night = (sequence_folder(world, TRAINED, condition) for condition in both)
    shutil.copytree(clear, folder / "clear" / "drive")
    shutil.copytree(night, folder / "night" / "drive")
    shutil.copytree(world / f"town_{MEASURED}", folder / "measured" / f"town_{MEASURED}")
    export_world(read_drives(world), folder / "nuscenes", "nuscenes", (MEASURED,))
    write_raw(folder / "robotcar", "2014-12-09-13-21-02")
    # As people have it: with its camera and its speeds, and nothing measured.
    write_towns(folder / "own", (3,), both[:1], DriveSettings(14, SIZE), "cpu")
    own = sequence_folder(folder / "own", 3, Condition.CLEAR)
    shutil.rmtree(own / "depth")
    (own / "sequence.yaml").unlink()
    write_film(folder / "film.mp4", 12)


def write_film(path: Path, frames: int) -> None:
    """A video of as many pictures, at ten a second."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width, stream.height = SIZE[1], SIZE[0]
        for number in range(frames):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture(number, *SIZE), format="rgb24")))
        container.mux(stream.encode())


def _write_networks(folder: Path) -> None:
    for seed, name in enumerate(("teacher", "network")):
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            network = DepthNet(TINY, 15.0)
        save_checkpoint(folder / name / MODEL_FILE, network, CheckpointCard(network=TINY, input_size=SIZE))
    tiny_model().save(folder / "base")
    card = TranslatorCard(
        base=str(folder / "base"),
        base_hash=base_hash(folder / "base"),
        conditions=(Condition.NIGHT, Condition.FOG),
        image_size=(32, 48),
        lora=LORA,
    )
    save_translator(folder / "adapters", tiny_generator(), card)
