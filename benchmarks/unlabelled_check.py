"""Whether the check without measured depth tells good depth from bad: benchmarks/unlabelled_check.py OUT

On the built-in world true depth is known. Teachers are trained there well, briefly, with a start that
collapses, at a rate that diverges, on images with a bonnet pasted in, with a wrong focal length, without
speeds; the student that ships is taken as it is and spoilt in its weights and in what it says. On towns that
none saw each is checked by `check_unlabelled`'s parts and measured against the truth. Printed are JSON with
every checkpoint's numbers and Spearman's correlation of the score with absRel, and on stderr a table. What
OUT holds is used again. About 20 minutes of one core.
"""

import argparse
import json
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path

import cv2
import numpy as np
import torch
import yaml
from torch import Tensor
from torch.nn import functional as F

from acdepth.core.condition import Condition
from acdepth.core.errors import UserError
from acdepth.core.presets import CONFIGS
from acdepth.core.provenance import provenance
from acdepth.core.seeding import make_generator
from acdepth.core.shipped import STUDENT
from acdepth.data.folder import open_data
from acdepth.evaluation.metrics import depth_metrics
from acdepth.evaluation.predict import align
from acdepth.evaluation.unlabelled.answers import Answers, ask
from acdepth.evaluation.unlabelled.numbers import gather
from acdepth.evaluation.unlabelled.places import LATER, Place, find_places, read_place
from acdepth.evaluation.unlabelled.verdict import judge
from acdepth.inference.model import DepthModel, model_of, open_model
from acdepth.networks.checkpoint import MODEL_FILE, load_checkpoint
from acdepth.networks.depth_net import DepthOutput
from acdepth.teacher.settings import TeacherConfig
from acdepth.teacher.training import train_teacher
from acdepth.world.export import DriveSettings, write_towns

TRAINING, EVALUATION = range(5000, 5012), range(9500, 9508)
PLACES = 8
FARTHEST, WORST = 80.0, 10.0  # metres; absRel of what is no number
LIKE_OWN = {"pose_scale": [0.1, 0.01], "velocity_weight": 1.0}
TEXTBOOK = {
    "initial_depth": None,
    "initial_forward": 0.0,
    "pose_scale": [0.01, 0.01],
    "motion_length": "predicted",
}
RECIPES = {
    "good": ("training", {}, (10, 40, 100)),
    "textbook": ("training", TEXTBOOK, (10,)),
    "diverged": ("training", {"loop": {"learning_rate": 0.05, "gradient_clip": None}}, (10,)),
    "bonnet": ("bonnet", {"automask": False, **LIKE_OWN}, (40,)),
    "wrong_focal": ("wrong_focal", LIKE_OWN, (40,)),
    "no_speeds": ("no_speeds", LIKE_OWN, (40,)),
}
"""Footage, changes to teacher/world.yaml, and after which steps a checkpoint is taken."""
COLLAPSED = {"constant", "ramp", "inverted", "not a number", "end of range"}
"""That must be called degenerate whatever their numbers, beside all of the scale-aligned absRel below."""
USELESS = 0.6
"""absRel, scale-aligned, of a bare ramp, and worse."""


def flawed(out: Path, drives: Path, bonnet: bool = False, focal: float = 1.0, speeds: bool = False) -> None:
    """Copy drives with flaws of real footage."""
    for drive in sorted(drives.glob("town_*/clear")):
        copy = out / drive.relative_to(drives)
        if (copy / "camera.yaml").exists():
            continue
        (copy / "images").mkdir(parents=True, exist_ok=True)
        for file in sorted((drive / "images").iterdir()):
            image = cv2.imread(str(file))
            assert image is not None
            height, width = image.shape[:2]
            if bonnet:
                place, axes = (width // 2, height), (int(width * 0.55), int(height * 0.2))
                cv2.ellipse(image, place, axes, 0, 180, 360, (60, 30, 30), -1)
                cv2.ellipse(image, place, axes, 0, 180, 360, (150, 140, 140), 1)
            cv2.imwrite(str(copy / "images" / f"{file.stem}.png"), image)
        if speeds:
            shutil.copy(drive / "motion.csv", copy / "motion.csv")
        camera = yaml.safe_load((drive / "camera.yaml").read_text(encoding="utf-8"))
        camera |= {"fx": camera["fx"] * focal, "fy": camera["fy"] * focal}
        (copy / "camera.yaml").write_text(yaml.safe_dump(camera), encoding="utf-8")


def train(out: Path) -> Iterator[tuple[str, Path]]:
    """Name and file of each trained checkpoint."""
    flawed(out / "bonnet", out / "training", bonnet=True, speeds=True)
    flawed(out / "wrong_focal", out / "training", focal=1.8)
    flawed(out / "no_speeds", out / "training")
    base = TeacherConfig.read(CONFIGS / "teacher" / "world.yaml")
    for name, (data, changes, stages) in RECIPES.items():
        for steps in stages:
            file = out / "runs" / f"{name}-{steps}" / MODEL_FILE
            if not file.exists():
                loop = {"steps": steps, "extend": True, "decay": "steps", "decay_at": [], "batch_size": 4}
                loop |= {"device": "cpu", "checkpoint_every": 1000, "trackers": [], **changes.get("loop", {})}
                config = base.with_changes({**changes, "loop": loop}, "")
                try:
                    trained = train_teacher(config, out / data, out / "runs" / name)
                except UserError as error:  # a loss that is not finite ends a training
                    print(f"{name}-{steps}: {error}", file=sys.stderr)
                    break
                file.parent.mkdir(parents=True)
                shutil.copy(trained, file)
            yield f"{name}, {steps} steps", file


def noisy(strength: float) -> DepthModel:
    """The student with noise on its weights, in parts of each tensor's own spread."""
    network, card = load_checkpoint(STUDENT)
    generator = make_generator(0, "noise")
    with torch.no_grad():
        for tensor in network.parameters():
            if tensor.ndim > 1:
                tensor += strength * tensor.std() * torch.randn(tensor.shape, generator=generator)
    return model_of(network, card, torch.device("cpu"))


def spoilt(change: Callable[[Tensor], Tensor]) -> DepthModel:
    """The student, whose inverse depth (B, 1, h, w) is changed before anybody sees it."""
    model = open_model(STUDENT, "shipped", "cpu")

    def backend(image: Tensor, night: Tensor | None) -> DepthOutput:
        output = model.backend(image, night)
        return DepthOutput(tuple(change(one.clone()) for one in output.inverse_depths), output.features)

    return replace(model, backend=backend)


def rows(inverse: Tensor) -> Tensor:
    """0 at the top to 1 at the bottom, like ``inverse``."""
    return torch.linspace(0, 1, inverse.shape[-2])[:, None].expand_as(inverse)


def blurred(inverse: Tensor, cell: int) -> Tensor:
    small = F.avg_pool2d(inverse, cell, ceil_mode=True)
    return F.interpolate(small, inverse.shape[-2:], mode="bilinear")


def blob(inverse: Tensor) -> Tensor:
    across = torch.linspace(-1, 1, inverse.shape[-1]).expand_as(inverse)
    bump = torch.exp(-((across / 0.25) ** 2) - ((rows(inverse) - 0.75) / 0.12) ** 2)
    return inverse + 0.5 * bump


def sky_near(inverse: Tensor) -> Tensor:
    return torch.where((inverse < 0.03) & (rows(inverse) < 0.5), 0.15, inverse)


def speckled(inverse: Tensor) -> Tensor:
    noise = torch.randn(inverse.shape, generator=make_generator(0, "speckle"))
    return inverse * torch.exp(0.3 * F.interpolate(F.avg_pool2d(noise, 8) * 8, inverse.shape[-2:]))


SPOILT: dict[str, Callable[[Tensor], Tensor]] = {
    "constant": lambda inverse: torch.full_like(inverse, 0.1),
    "ramp": lambda inverse: 0.0125 + 0.3 * rows(inverse),
    "inverted": lambda inverse: 0.5 - inverse.clamp(max=0.49),
    "not a number": lambda inverse: inverse * torch.nan,
    "end of range": lambda inverse: 0.0125 + 0.02 * (inverse > 0.3),
    "power 0.5": lambda inverse: inverse**0.5,
    "power 0.75": lambda inverse: inverse**0.75,
    "power 1.3": lambda inverse: inverse**1.3,
    "twice as deep": lambda inverse: inverse / 2,
    "shifted by 0.03": lambda inverse: inverse + 0.03,
    "shifted by 0.1": lambda inverse: inverse + 0.1,
    "rows lower by 12": lambda inverse: torch.roll(inverse, 12, -2),
    "blurred 16": lambda inverse: blurred(inverse, 16),
    "blurred 48": lambda inverse: blurred(inverse, 48),
    "a blob on the road": blob,
    "sky near": sky_near,
    "speckled": speckled,
}


def models(out: Path) -> Iterator[tuple[str, DepthModel]]:
    """All that is checked, by name."""
    student = open_model(STUDENT, "shipped", "cpu")
    yield "shipped", student
    yield "shipped, seen at 96x160", replace(student, input_size=(96, 160))
    for name, change in SPOILT.items():
        yield name, spoilt(change)
    for strength in (0.02, 0.05, 0.1, 0.15, 0.2, 0.4):
        yield f"noise {strength:g}", noisy(strength)
    for name, file in train(out):
        yield name, open_model(file, name, "cpu")


def true_errors(seen: Sequence[Answers]) -> tuple[float, float]:
    """absRel against the truth: scaled by the median, and as it is."""
    found = []
    for answers in seen:
        for depth, index in zip(answers.depths, offsets(answers), strict=True):
            truth = answers.place.clip.depth(index)
            assert truth is not None
            if not answers.is_depth:
                return WORST, WORST
            counted = (truth > 0.1) & (truth < FARTHEST)
            both = (align(depth, truth, counted, how).clip(0.1, FARTHEST) for how in ("median", "none"))
            found.append([depth_metrics(one[counted], truth[counted])["abs_rel"] for one in both])
    aligned, metric = np.mean(found, 0)
    return float(aligned), float(metric)


def offsets(answers: Answers) -> list[int]:
    """Numbers of the frames in their clip."""
    return [answers.place.index + later for later in LATER[: len(answers.depths)]]


def spearman(first: Sequence[float], second: Sequence[float]) -> float:
    """Correlation of ranks; ties share theirs."""

    def ranks(values: Sequence[float]) -> np.ndarray:
        array = np.array(values)
        return np.array([(array < one).sum() + ((array == one).sum() - 1) / 2 for one in array])

    return float(np.corrcoef(ranks(first), ranks(second))[0, 1])


def check(model: DepthModel, places: Sequence[Place]) -> dict[str, object]:
    """Verdict, numbers and true errors of one model."""
    seen = [ask(model, place) for place in places]
    numbers = gather(seen)
    result = judge(model, numbers, 3 * len(seen))
    aligned, metric = true_errors(seen)
    plain = json.loads(json.dumps(asdict(numbers), default=float).replace("NaN", "null"))
    plain["shape"] = dict(zip(numbers.shape._fields, plain["shape"], strict=True))
    said = {"verdict": result.verdict, "in_words": result.in_words, "score": result.score}
    return {"abs_rel_aligned": aligned, "abs_rel": metric, **said, "numbers": plain}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    out = parser.parse_args().out
    small, large = DriveSettings(20, (96, 160)), DriveSettings(14, (192, 320))
    for name, towns, drives in (("training", TRAINING, small), ("evaluation", EVALUATION, large)):
        write_towns(out / name, list(towns), [Condition.CLEAR], drives, "cpu", 1)
    places = [read_place(*one) for one in find_places(open_data(out / "evaluation"), PLACES)]
    found: dict[str, dict] = {}
    for name, model in models(out):
        one = found[name] = check(model, places)
        aligned, metric, score = (one[key] for key in ("abs_rel_aligned", "abs_rel", "score"))
        print(f"| {name} | {aligned:.3f} | {metric:.3f} | {score:.3f} | {one['in_words']} |", file=sys.stderr)
    scores = [one["score"] for one in found.values()]
    bad = [name for name, one in found.items() if name in COLLAPSED or one["abs_rel_aligned"] > USELESS]
    result = {
        "checkpoints": found,
        "spearman_aligned": spearman(scores, [one["abs_rel_aligned"] for one in found.values()]),
        "spearman_metric": spearman(scores, [one["abs_rel"] for one in found.values()]),
        "collapsed": bad,
        "collapsed_not_named": [name for name in bad if found[name]["verdict"] != "degenerate"],
        "made_by": provenance(),
    }
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
