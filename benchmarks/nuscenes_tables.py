"""Time reading tables of nuScenes v1.0-trainval's size: python benchmarks/nuscenes_tables.py [--python PY]

Writes tables with the full set's numbers of records into a temporary folder (about 2.5 GB), then reads them
in a process of its own, with our reader and, where an interpreter with nuscenes-devkit is given, with that.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from acdepth.core.files import write_json
from acdepth.core.provenance import provenance

# Caesar et al., CVPR 2020, and the devkit's tutorial, for v1.0-trainval.
SCENES, SAMPLES, SHOTS, ANNOTATIONS = 850, 34_149, 2_631_083, 1_166_187
CAMERAS = ("CAM_FRONT", "CAM_FRONT_LEFT", "CAM_FRONT_RIGHT", "CAM_BACK", "CAM_BACK_LEFT", "CAM_BACK_RIGHT")
SENSORS = (*CAMERAS, "LIDAR_TOP", *(f"RADAR_{n}" for n in range(5)))
# How many moments of each kind of sensor lie between two samples, nearly: cameras 12 Hz, LiDAR 20, radar 13.
RATES = {"CAM": 6, "LIDAR": 10, "RADAR": 6}
QUATERNION, PLACE = [0.5721, -0.0016, 0.0118, -0.8201], [411.3039349319818, 1180.8903791765097, 0.0]
READ = """
import resource, sys, time
from pathlib import Path
{load}
started = time.perf_counter()
{read}
print(time.perf_counter() - started, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6)
"""
OURS = ("from acdepth.data.nuscenes.scenes import open_nuscenes", "open_nuscenes(Path(sys.argv[1]), 'train')")
THEIRS = (
    "from nuscenes.nuscenes import NuScenes",
    "NuScenes('v1.0-trainval', sys.argv[1], verbose=False)",
)


def token(kind: int, number: int) -> str:
    return f"{kind:08x}{number:024x}"


def shots() -> Iterator[tuple[int, int, str, bool]]:
    """(number, sample, channel, whether a key frame) of every moment of every sensor."""
    number = 0
    while True:
        for sample in range(SAMPLES):
            for channel in SENSORS:
                for rest in range(RATES[channel.split("_")[0]]):
                    if number == SHOTS:
                        return
                    yield number, sample, channel, rest == 0
                    number += 1


def write_tables(folder: Path) -> None:
    """Tables as the originals are written: indented JSON, one key a line."""
    folder.mkdir(parents=True)
    names = [f"scene-{number:04d}" for number in range(1, SCENES + 1)]
    small: dict[str, list[dict]] = {name: [] for name in ("attribute", "visibility")}
    small["category"] = [{"token": token(1, 0), "name": "car", "description": ""}]
    small["instance"] = [{"token": token(11, 0), "category_token": token(1, 0), "nbr_annotations": 1}]
    small["log"] = [
        {"token": token(2, 0), "logfile": "n", "vehicle": "n", "date_captured": "", "location": ""}
    ]
    small["map"] = [{"token": token(3, 0), "log_tokens": [token(2, 0)], "category": "", "filename": ""}]
    small["sensor"] = [
        {"token": token(4, n), "channel": c, "modality": c.split("_")[0].lower().replace("cam", "camera")}
        for n, c in enumerate(SENSORS)
    ]
    small["calibrated_sensor"] = [
        {
            "token": token(5, scene * len(SENSORS) + n),
            "sensor_token": token(4, n),
            "translation": [1.7, 0.0, 1.5],
            "rotation": QUATERNION,
            "camera_intrinsic": [[1266.4, 0, 816.2], [0, 1266.4, 491.5], [0, 0, 1]] if "CAM" in c else [],
        }
        for scene in range(SCENES)
        for n, c in enumerate(SENSORS)
    ]
    per_scene = SAMPLES // SCENES + 1
    small["scene"] = [
        {
            "token": token(6, n),
            "log_token": token(2, 0),
            "nbr_samples": per_scene,
            "first_sample_token": token(7, n * per_scene),
            "last_sample_token": token(7, min((n + 1) * per_scene, SAMPLES) - 1),
            "name": name,
            "description": "Night, rain" if n % 10 == 0 else "Parked cars",
        }
        for n, name in enumerate(names)
    ]
    small["sample"] = [
        {
            "token": token(7, n),
            "timestamp": 500_000 * n,
            "prev": "",
            "next": "",
            "scene_token": token(6, n // per_scene),
        }
        for n in range(SAMPLES)
    ]
    for name, rows in small.items():
        (folder / f"{name}.json").write_text(json.dumps(rows, indent=0))
    _write_long(folder / "sample_data.json", (_shot(*shot, per_scene) for shot in shots()))
    _write_long(folder / "ego_pose.json", (_pose(number) for number in range(SHOTS)))
    _write_long(folder / "sample_annotation.json", (_annotation(n) for n in range(ANNOTATIONS)))


def _write_long(path: Path, rows: Iterator[dict]) -> None:
    with path.open("w") as stream:
        stream.write("[\n")
        for number, row in enumerate(rows):
            stream.write(",\n" * (number > 0) + json.dumps(row, indent=0))
        stream.write("\n]")


def _shot(number: int, sample: int, channel: str, key: bool, per_scene: int) -> dict:
    camera = channel in CAMERAS
    end = ".jpg" if camera else ".pcd.bin" if channel == "LIDAR_TOP" else ".pcd"
    scene = sample // per_scene
    folder = "samples" if key else "sweeps"
    return {
        "token": token(8, number),
        "sample_token": token(7, sample),
        "ego_pose_token": token(9, number),
        "calibrated_sensor_token": token(5, scene * len(SENSORS) + SENSORS.index(channel)),
        "timestamp": 500_000 * sample + number % 500_000,
        "fileformat": end.split(".")[1],
        "is_key_frame": key,
        "height": 900 if camera else 0,
        "width": 1600 if camera else 0,
        "filename": f"{folder}/{channel}/n008-2018-08-01-15-16-36-0400__{channel}__{number:016d}{end}",
        "prev": "",
        "next": "",
    }


def _pose(number: int) -> dict:
    return {"token": token(9, number), "timestamp": number, "rotation": QUATERNION, "translation": PLACE}


def _annotation(number: int) -> dict:
    return {
        "token": token(10, number),
        "sample_token": token(7, number % SAMPLES),
        "instance_token": token(11, 0),
        "visibility_token": "4",
        "attribute_tokens": [],
        "translation": PLACE,
        "size": [0.6, 0.6, 1.6],
        "rotation": QUATERNION,
        "prev": "",
        "next": "",
        "num_lidar_pts": 1,
        "num_radar_pts": 0,
    }


def read(python: str, code: tuple[str, str], root: Path) -> dict[str, float]:
    """Seconds without imports, and the peak of memory with them."""
    command = [python, "-c", READ.format(load=code[0], read=code[1]), str(root)]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    if answer.returncode:
        raise SystemExit(f"{code[1]}\nfailed: {answer.stderr[-800:]}")
    seconds, gigabytes = map(float, answer.stdout.split())
    return {"seconds": seconds, "peak_gigabytes": gigabytes}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--python", help="interpreter that has nuscenes-devkit")
    parser.add_argument("--out", type=Path, help="JSON file to write")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        write_tables(Path(folder) / "v1.0-trainval")
        found = {"ours": read(sys.executable, OURS, Path(folder))}
        print("ours  ", found["ours"], flush=True)
        if given.python:
            found["devkit"] = read(given.python, THEIRS, Path(folder))
            print("devkit", found["devkit"])
            print(f"ratio of seconds: {found['devkit']['seconds'] / found['ours']['seconds']:.1f}")
    if given.out:
        write_json(given.out, {"made_by": provenance(), **found})


if __name__ == "__main__":
    main()
