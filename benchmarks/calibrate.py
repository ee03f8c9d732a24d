"""Does one measured distance bring metres, for a camera whose lens and height nobody knows?

Towns of the built-in world, each seen by a camera of its own. In the first frame points are drawn on what is
5 to 20 m away in the lower half, as a person with a tape measure would choose them; the others are scored.

    python benchmarks/calibrate.py OUT.json [--weights shipped] [--towns 12]
"""

import argparse
import json
from pathlib import Path

import numpy as np

from acdepth.core.condition import Condition
from acdepth.core.seeding import derive_seed
from acdepth.inference import load
from acdepth.inference.calibration import MeasuredPoint, by_points
from acdepth.world import draw_rig, render

IMAGE_SIZE = (192, 320)
DRAWS = 21
NEAR, FAR = 5.0, 20.0
RANGE = (0.5, 80.0)


def abs_rel(said: np.ndarray, truth: np.ndarray) -> float:
    counted = (truth > RANGE[0]) & (truth < RANGE[1])
    return float(np.mean(np.abs(said.clip(*RANGE)[counted] - truth[counted]) / truth[counted]))


def aligned(said: np.ndarray, truth: np.ndarray) -> np.ndarray:
    counted = (truth > RANGE[0]) & (truth < RANGE[1])
    return said * np.median(truth[counted]) / np.median(said[counted])


def factors(said: np.ndarray, truth: np.ndarray, points: int, seed: int) -> list[float]:
    """By so many points, for each of the draws."""
    rows, columns = np.nonzero((truth > NEAR) & (truth < FAR))
    kept = rows > truth.shape[0] / 2
    rows, columns = rows[kept], columns[kept]
    draws = np.random.default_rng(derive_seed(seed, "points", points))
    found = []
    for _ in range(DRAWS):
        chosen = draws.integers(len(rows), size=points)
        measured = [MeasuredPoint(columns[i], rows[i], float(truth[rows[i], columns[i]])) for i in chosen]
        found.append(by_points(said, measured)[0].factor)
    return found


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("out", type=Path)
    parser.add_argument("--weights", default="shipped")
    parser.add_argument("--towns", type=int, default=12)
    parser.add_argument("--frames", type=int, default=4)
    asked = parser.parse_args()
    predictor = load(asked.weights, device="cpu")
    rows = []
    for town in range(9300, 9300 + asked.towns):
        rig = draw_rig(town)
        frames = list(render(town, [Condition.CLEAR], asked.frames, IMAGE_SIZE, rig=rig))
        said = [predictor(frame.images[Condition.CLEAR].numpy(), confidence=False).depth for frame in frames]
        truth = [frame.depth.numpy() for frame in frames]
        scored = list(zip(said[1:], truth[1:], strict=True))

        def mean(factor: float, scored: list = scored) -> float:
            return float(np.mean([abs_rel(factor * one, true) for one, true in scored]))

        row = {"town": town, "focal": rig.focal, "height": rig.height, "as it is": mean(1.0)}
        row["median"] = float(np.mean([abs_rel(aligned(*pair), pair[1]) for pair in scored]))
        for points in (1, 2, 5):
            row[f"{points} points"] = [mean(one) for one in factors(said[0], truth[0], points, town)]
        rows.append(row)
        print(json.dumps({key: np.round(np.median(value), 4) for key, value in row.items()}), flush=True)
    kinds = ("as it is", "median", "1 points", "2 points", "5 points")
    summary = {kind: float(np.mean([np.mean(row[kind]) for row in rows])) for kind in kinds}
    summary |= {
        f"{kind}, median draw": float(np.mean([np.median(row[kind]) for row in rows])) for kind in kinds
    }
    asked.out.write_text(json.dumps({"summary": summary, "towns": rows}, indent=1))
    print(json.dumps(summary, indent=1))


if __name__ == "__main__":
    main()
