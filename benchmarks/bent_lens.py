"""Depth through a bent lens, straightened, against that by the straight camera: drives rendered twice.

python benchmarks/bent_lens.py [WEIGHTS]
"""

import sys
from dataclasses import replace

import numpy as np

from acdepth import Condition, load
from acdepth.core.distortion import Distortion
from acdepth.core.lens import Lens
from acdepth.world import prepare

LENSES = (
    Distortion("brown", (-0.25, 0.06, 0.0, 0.0, -0.01)),
    Distortion("fisheye", (0.03, -0.008, 0.002, -0.0004)),
)
TOWNS, FRAMES, SIZES = (8101, 8102, 8103, 8104), (2, 9), ((192, 320), (384, 640))
"""None of the shipped student's."""


def main() -> None:
    """Print the mean difference of depth over pixels, and of its mean, for each lens and size."""
    predictor = load(sys.argv[1] if len(sys.argv) > 1 else "shipped")
    for size in SIZES:
        drives = [prepare(town, max(FRAMES) + 1, size) for town in TOWNS]
        for distortion in LENSES:
            pairs = []
            for drive in drives:
                lens = Lens(drive.camera, distortion)
                bent, straight = replace(drive, distortion=distortion), replace(drive, camera=lens.straight)
                for frame in FRAMES:
                    taken, wanted = (
                        one.frame(frame, [Condition.CLEAR]).images[Condition.CLEAR].numpy()
                        for one in (bent, straight)
                    )
                    pairs.append(
                        [
                            predictor(image, lens.straight, confidence=False).depth
                            for image in (lens.straighten(taken), wanted)
                        ]
                    )
            found, true = np.array(pairs).swapaxes(0, 1)
            difference, bias = np.mean(np.abs(found - true) / true), found.mean() / true.mean() - 1
            print(
                f"{size[0]}x{size[1]}, {distortion}: {100 * difference:.2f} % apart, mean {100 * bias:+.2f} %"
            )


if __name__ == "__main__":
    main()
