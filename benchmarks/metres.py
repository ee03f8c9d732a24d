"""Metres by a camera's height beside those by speeds: python benchmarks/metres.py OUT [--steps 800]

Teachers learn on the same twelve drives through the world with the settings of teacher/world.yaml. The first
is told the speeds; the second only that its camera is 1.5 m above the road; the third goes on from the second
with lengths of motion by that height (``lengths_by_height``). On six towns that none saw, the ratios of their
depths to each other and to the truth are printed: of each frame the median over its pixels, of these the
quartiles over the frames; and of all ground at some distances the median. What OUT holds is used again.
"""

import argparse
import json
import shutil
from pathlib import Path

import numpy as np

from acdepth.core.condition import Condition
from acdepth.core.presets import CONFIGS
from acdepth.core.provenance import provenance
from acdepth.data.folder import open_data
from acdepth.inference.model import DepthModel, open_model
from acdepth.inference.output import depth_of
from acdepth.teacher.settings import TeacherConfig
from acdepth.teacher.training import train_teacher
from acdepth.world.car import Rig
from acdepth.world.export import DriveSettings, write_towns
from acdepth.world.surface import CLASS_NAMES

HEIGHT, FARTHEST = 1.5, 80.0  # metres
DISTANCES = ((4, 9), (11, 13), (18, 20))  # metres
TRAINING, EVALUATION = range(12), range(9000, 9006)


def without_speeds(drives: Path, out: Path) -> None:
    """Copy the images and cameras of drives, and write down how high the camera is."""
    for drive in sorted(drives.glob("town_*/clear")):
        copy = out / drive.relative_to(drives)
        if not copy.exists():
            shutil.copytree(drive / "images", copy / "images")
            text = (drive / "camera.yaml").read_text(encoding="utf-8")
            (copy / "camera.yaml").write_text(f"{text}camera_height: {HEIGHT}\n", encoding="utf-8")


def depths(model: DepthModel, data: Path) -> np.ndarray:
    """(N, H, W) of all frames [m]."""
    found = []
    for clip in open_data(data):
        images = [clip.image(index) for index in range(len(clip))]
        answers = model.infer(images, [model.fit(image.shape) for image in images])
        found += [
            depth_of(one.inverse_depth, image.shape)[0, 0].numpy()
            for one, image in zip(answers, images, strict=True)
        ]
    return np.stack(found)


def quartiles(depth: np.ndarray, other: np.ndarray, known: np.ndarray) -> list[float]:
    """Over frames, of the median ratio of the pixels of each."""
    ratios = [np.median(a[k] / b[k]) for a, b, k in zip(depth, other, known, strict=True)]
    return [round(float(one), 4) for one in np.quantile(ratios, (0.25, 0.5, 0.75))]


def by_distance(depth: np.ndarray, truth: np.ndarray, ground: np.ndarray) -> dict[str, float]:
    """Median ratio over all pixels of the ground so far ahead."""
    parts = {f"{low} to {high} m": ground & (truth > low) & (truth < high) for low, high in DISTANCES}
    return {name: round(float(np.median(depth[part] / truth[part])), 4) for name, part in parts.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--steps", type=int, default=800)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    drives = DriveSettings(24, (96, 160), Rig(height=HEIGHT))
    for name, towns in {"training": TRAINING, "evaluation": EVALUATION}.items():
        write_towns(given.out / name, list(towns), [Condition.CLEAR], drives, "cpu", 2)
    without_speeds(given.out / "training", given.out / "without_speeds")
    config = TeacherConfig.read(CONFIGS / "teacher" / "world.yaml")
    config = config.with_changes({"loop": {"steps": given.steps, "seed": given.seed, "device": "cpu"}}, "")
    runs = {name: given.out / f"{name}_{given.seed}" for name in ("speeds", "height", "again")}
    again = {"encoder": None, "start": str(runs["height"]), "lengths_by_height": True, "loop": {"steps": 300}}
    models = {}
    for name, run in runs.items():
        data = given.out / ("training" if name == "speeds" else "without_speeds")
        settings = config.with_changes(again, "") if name == "again" else config
        models[name] = open_model(train_teacher(settings, data, run), name, "cpu")
    evaluation = given.out / "evaluation"
    clips = open_data(evaluation)
    frames = [(clip, index) for clip in clips for index in range(len(clip))]
    truth = np.stack([depth for clip, index in frames if (depth := clip.depth(index)) is not None])
    classes = np.stack([one for clip, index in frames if (one := clip.classes(index)) is not None])
    ground = classes == CLASS_NAMES.index("ground")
    known = (truth > 0) & (truth < FARTHEST)
    said = {name: depths(model, evaluation) for name, model in models.items()}
    result = {
        **{
            f"{name} over speeds": quartiles(said[name], said["speeds"], known)
            for name in ("height", "again")
        },
        **{f"{name} over truth": quartiles(depth, truth, known) for name, depth in said.items()},
        **{f"ground of {name}": by_distance(depth, truth, ground) for name, depth in said.items()},
        "metres": {name: model.metres and model.metres.to_dict() for name, model in models.items()},
        "made_by": provenance(),
    }
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
