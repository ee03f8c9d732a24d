"""Compare our nuScenes reader with the devkit: python benchmarks/nuscenes_devkit.py ROOT --python PYTHON

The devkit pins an old numpy, so it runs with the interpreter of an environment of its own (``pip install
nuscenes-devkit``). Every key frame's projected depth, the intrinsics, neighbours and relative poses of
CAM_FRONT must be equal to 1e-6. Prints how long either takes to read the tables.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from acdepth.data.nuscenes.scenes import VERSIONS, open_nuscenes

THEIRS = """
import sys, time
import numpy as np
from nuscenes.nuscenes import NuScenes
from nuscenes.utils.data_classes import LidarPointCloud
from pyquaternion import Quaternion
import os.path as osp

root, version, out, names = sys.argv[1], sys.argv[2], sys.argv[3], set(sys.argv[4].split(","))
started = time.time()
nusc = NuScenes(version, root, verbose=False)
found = {"seconds": np.array(time.time() - started)}

def matrix(row):
    T = np.eye(4)
    T[:3, :3] = Quaternion(row["rotation"]).rotation_matrix
    T[:3, 3] = row["translation"]
    return T

def camera_to_world(shot):
    return matrix(nusc.get("ego_pose", shot["ego_pose_token"])) @ matrix(
        nusc.get("calibrated_sensor", shot["calibrated_sensor_token"]))

for scene in nusc.scene:
    if scene["name"] not in names:
        continue
    sample = nusc.get("sample", scene["first_sample_token"])
    while True:
        shot = nusc.get("sample_data", sample["data"]["CAM_FRONT"])
        points, depth, image = nusc.explorer.map_pointcloud_to_image(
            sample["data"]["LIDAR_TOP"], sample["data"]["CAM_FRONT"])
        dense = np.zeros((image.height, image.width), np.float64)
        dense[points[1].astype(int), points[0].astype(int)] = depth
        key = shot["filename"]
        found["depth " + key] = dense
        calibrated = nusc.get("calibrated_sensor", shot["calibrated_sensor_token"])
        found["intrinsics " + key] = np.array(calibrated["camera_intrinsic"])
        for side in ("prev", "next"):
            if shot[side]:
                other = nusc.get("sample_data", shot[side])
                found[side + " " + key] = np.array(other["filename"])
                found["T_" + side + " " + key] = np.linalg.inv(camera_to_world(other)) @ camera_to_world(shot)
        if not sample["next"]:
            break
        sample = nusc.get("sample", sample["next"])
np.savez(out, **found)
"""


def ours(root: Path, split: str) -> tuple[dict[str, np.ndarray], set[str]]:
    started = time.time()
    clips = open_nuscenes(root, split)  # type: ignore[arg-type]
    found: dict[str, np.ndarray] = {"seconds": np.array(time.time() - started)}
    for clip in clips:
        for index, shot in enumerate(clip.shots):
            if not shot.is_key_frame:
                continue
            key = clip.key(index)
            depth = clip.depth(index)
            assert depth is not None and clip.calibration.intrinsics is not None
            found["depth " + key] = depth
            found["intrinsics " + key] = clip.calibration.intrinsics
            for side, other in (("prev", index - 1), ("next", index + 1)):
                if 0 <= other < len(clip):
                    found[side + " " + key] = np.array(clip.key(other))
                    found["T_" + side + " " + key] = clip.T_target_to_source(index, other)
    return found, {clip.name.split("/")[0] for clip in clips}


def compare(found: dict[str, np.ndarray], theirs: dict[str, np.ndarray]) -> int:
    """Print the largest differences of each kind; returns how many values differ by more than 1e-6."""
    if found.keys() != theirs.keys():
        print("different frames or neighbours:", sorted(found.keys() ^ theirs.keys())[:4])
        return 1
    largest: dict[str, float] = {}
    for name, value in theirs.items():
        kind = name.split(" ")[0]
        if kind == "seconds":
            continue
        if value.dtype.kind == "U":
            difference = float(str(found[name]) != str(value))
        else:
            difference = float(np.abs(found[name] - value).max() / max(1.0, np.abs(value).max()))
        largest[kind] = max(largest.get(kind, 0.0), difference)
    for kind, difference in largest.items():
        count = sum(name.startswith(kind + " ") for name in theirs)
        print(f"{kind:12} {count:6} compared, largest difference {difference:.1e}")
    return sum(difference > 1e-6 for difference in largest.values())


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("root", type=Path)
    parser.add_argument("--split", default="mini_val", choices=sorted(VERSIONS))
    parser.add_argument("--python", required=True, help="interpreter that has nuscenes-devkit")
    given = parser.parse_args()
    found, names = ours(given.root, given.split)
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "theirs.npz"
        command = [given.python, "-c", THEIRS, str(given.root), VERSIONS[given.split], str(out)]
        subprocess.run([*command, ",".join(sorted(names))], check=True)
        with np.load(out) as arrays:
            theirs = dict(arrays)
    differing = compare(found, theirs)
    seconds = [float(values["seconds"]) for values in (found, theirs)]
    print(f"tables read in {seconds[0]:.2f} s, by the devkit in {seconds[1]:.2f} s")
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
