"""How far the image moves from a frame to the next, and how much of its texture is lost: what the step of own
footage is chosen by, here of drives whose rate is known to teach.

    python benchmarks/image_motion.py ../shared/real/kitti_odometry WORLD ...
"""

import sys
from pathlib import Path

from acdepth.data import open_data
from acdepth.data.own.clip import OwnClip
from acdepth.data.own.step import choose_step


def main() -> None:
    """Print a line per drive: each step and its median motion, in percent of the image's width."""
    for place in sys.argv[1:]:
        for clip in open_data(Path(place)):
            if isinstance(clip, OwnClip):
                choice = choose_step([clip])
                motion = ", ".join(f"{step}: {value:.2f}" for step, value in choice.motion.items())
                rate = f"{clip.frame_rate:g}" if clip.frame_rate else "?"
                lost = f"{choice.lost:.2f} lost at step {choice.step}"
                print(f"{place} {clip.name}: {rate} images a second; {motion} % of the width; {lost}")


if __name__ == "__main__":
    main()
