"""``acdepth predict`` before and now, in turns: python benchmarks/predict.py --before OTHER_CHECKOUT/src

200 photographs and a video of 20 seconds, by the weights that ship and the settings that nobody gives. Each
run is a process, its start included; what one photograph takes is shown beside it.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import av
import cv2
import numpy as np
from turns import Work, keep, show, take_turns

import acdepth
from inference import photograph

SECONDS, FRAME_RATE, FRAME = 20, 25, (360, 640)


def write_photographs(folder: Path, count: int) -> None:
    """Pictures of nuScenes' size, each another part of one."""
    folder.mkdir()
    picture = cv2.imdecode(np.frombuffer(photograph(), np.uint8), cv2.IMREAD_COLOR)
    for number in range(count):
        moved = np.ascontiguousarray(np.roll(picture, 7 * number, 1))
        cv2.imwrite(str(folder / f"{number:03d}.jpg"), moved, [cv2.IMWRITE_JPEG_QUALITY, 90])


def write_video(path: Path, frames: int) -> None:
    """A camera that turns."""
    picture = cv2.imdecode(np.frombuffer(photograph(FRAME), np.uint8), cv2.IMREAD_COLOR)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=FRAME_RATE)
        stream.height, stream.width = FRAME
        stream.pix_fmt = "yuv420p"
        for number in range(frames):
            moved = np.ascontiguousarray(np.roll(picture, number, 1))
            container.mux(stream.encode(av.VideoFrame.from_ndarray(moved, format="bgr24")))
        container.mux(stream.encode())


def run(source: Path, given: Path, out: Path, *flags: str) -> None:
    """``acdepth predict`` of a checkout."""
    command = [
        sys.executable,
        "-m",
        "acdepth",
        "predict",
        str(given),
        "--out",
        str(out),
        "--device",
        "cpu",
        *flags,
    ]
    environment = {**os.environ, "PYTHONPATH": str(source)}
    subprocess.run(command, env=environment, check=True, capture_output=True)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--before", type=Path, required=True, help="src of the other checkout")
    parser.add_argument("--photographs", type=int, default=200)
    parser.add_argument("--frames", type=int, default=SECONDS * FRAME_RATE)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--flags", nargs="*", default=[], help="of ours, without their dashes: backend=torch")
    parser.add_argument("--out", type=Path, help="JSON file to write")
    given = parser.parse_args()
    ours = Path(acdepth.__file__).parents[1]
    flags = [f"--{flag}" for flag in given.flags]
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        write_photographs(folder / "photographs", given.photographs)
        write_photographs(folder / "one", 1)
        write_video(folder / "drive.mp4", given.frames)
        works: dict[str, Work] = {}
        for what in ("one", "photographs", "drive.mp4"):
            for name, source, its in (("before", given.before, []), ("now", ours, flags)):
                works[f"{what}, {name}"] = lambda what=what, source=source, its=its, name=name: run(
                    source, folder / what, folder / f"out {what} {name}", *its
                )
        timed = take_turns(works, given.rounds)
    ratios = {
        f"{what}: before / now": timed[f"{what}, before"].median / timed[f"{what}, now"].median
        for what in ("photographs", "drive.mp4")
    }
    for what, count in (("photographs", given.photographs), ("drive.mp4", given.frames)):
        for name in ("before", "now"):
            start = timed[f"one, {name}"].median
            ratios[f"{what} a second without the start, {name}"] = (count - 1) / (
                timed[f"{what}, {name}"].median - start
            )
    show(f"acdepth predict, {given.photographs} photographs and {given.frames} frames", timed, ratios)
    if given.out:
        keep(
            given.out,
            {"photographs": given.photographs, "frames": given.frames, "flags": flags},
            {"seconds": timed, "ratios": ratios},
        )


if __name__ == "__main__":
    main()
