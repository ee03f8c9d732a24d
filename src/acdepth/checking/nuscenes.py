"""nuScenes looked through table by table: one damaged record does not hide the next."""

from collections.abc import Mapping
from pathlib import Path

from acdepth.checking.findings import Findings
from acdepth.checking.opening import Part
from acdepth.core.errors import UserError, telling
from acdepth.core.progress import progress
from acdepth.data.nuscenes.lidar import VALUES_PER_POINT
from acdepth.data.nuscenes.records import find_rows, read_rows
from acdepth.data.nuscenes.scenes import VERSIONS, NuScenesClip, open_scenes, split_names
from acdepth.data.nuscenes.tables import LIDAR, Tables, read_loose_tables, without_dangling
from acdepth.data.settings import FootageChoice

BYTES_PER_POINT = 4 * VALUES_PER_POINT
LINK_ROW = {"token": str, "next": str}
"""Records of samples and images name the next one of their scene."""
PLAUSIBLE_HEIGHT = (0.5, 3.5)
"""Of a camera above the ground [m]: on a car's bonnet, on a lorry's cab."""


def open_nuscenes_parts(root: Path, choice: FootageChoice, findings: Findings) -> list[Part]:
    """Check tables and files, and open every split whose tables are there, or the one that is asked for.

    Raises:
        UserError: if there is no such split, or no tables of it.
    """
    if choice.split is not None and choice.split not in VERSIONS:
        raise UserError(root, f"nuScenes has no split {choice.split}", f"there are {', '.join(VERSIONS)}")
    splits = [choice.split] if choice.split else split_names(root)
    parts = []
    for version in dict.fromkeys(VERSIONS[split] for split in splits):
        tables = _read(root, version, choice.cameras, findings)
        for split in splits:
            if tables is not None and VERSIONS[split] == version:
                found = open_scenes(root, tables, split, choice.cameras, findings.fault)
                _look_at_heights(found, findings)
                parts.append(Part(split, list(found)))
    return parts


def _read(root: Path, version: str, cameras: tuple[str, ...], findings: Findings) -> Tables | None:
    """The whole records of a version; the files of all records are looked for, also of those left out.

    None if nothing could be read of a table: what others say of its records would only repeat that.
    """
    told = len(findings.faults)
    loose = read_loose_tables(root, version, frozenset(cameras), findings.fault)
    tables = loose.scenes, loose.scene_of_sample, loose.calibrations, loose.ego_poses
    lost = not (all(tables) and any(loose.shots.values())) and len(findings.faults) > told
    _check_chains(root / version, cameras, findings)
    _find_files(root, loose, findings)
    _parse_poses(loose, findings)
    for scene in loose.scenes.values():
        if not scene.description.strip():
            findings.doubt("conditions", f"{scene.name}: its description is empty, so it counts as clear")
    if lost:
        return None
    whole = without_dangling(loose, root / version, findings.fault)
    _doubt_without_sweep(whole, findings)
    return whole


def _check_chains(folder: Path, channels: tuple[str, ...], findings: Findings) -> None:
    """Tell chains of samples and of images that run in a circle; other damage is told by who reads tables."""
    samples = read_rows(folder / "sample.json", LINK_ROW, _pass_over)
    shots = find_rows(folder / "sample_data.json", [f"/{name}/" for name in channels], LINK_ROW, _pass_over)
    for table, rows in (("sample", samples), ("sample_data", [row for _, row in shots])):
        for token in circles({row["token"]: row["next"] for row in rows}):
            told = f"following next from record {token} leads back to it"
            findings.fault(UserError(folder / f"{table}.json", told, "copy the file again"))


def circles(next_of: Mapping[str, str]) -> list[str]:
    """One record of each circle."""
    found, walked = [], set()
    for start in next_of:
        here, way = start, set()
        while here in next_of and here not in walked:
            walked.add(here)
            way.add(here)
            here = next_of[here]
        if here in way:
            found.append(here)
    return found


def _pass_over(fault: UserError) -> None:
    """Who reads the tables for their footage has told it."""


def _find_files(root: Path, tables: Tables, findings: Findings) -> None:
    with progress("files", sum(map(len, tables.shots.values())), unit="file") as advance:
        for channel, shots in tables.shots.items():
            for shot in shots:
                _find_file(root / shot.file, channel == LIDAR, findings)
                advance()


def _find_file(path: Path, is_sweep: bool, findings: Findings) -> None:
    try:
        size = path.stat().st_size
    except OSError as error:
        findings.missing_file(path, error.strerror or str(error))
        return
    if size == 0:
        findings.file_fault(UserError(path, "is empty", "copy it again"))
    elif is_sweep and size % BYTES_PER_POINT:
        findings.file_fault(UserError(path, "not a whole nuScenes sweep, it breaks off", "copy it again"))


def _parse_poses(tables: Tables, findings: Findings) -> None:
    with progress("poses", len(tables.ego_poses), unit="pose") as advance:
        for pose in tables.ego_poses.values():
            with telling(findings.fault):
                pose.matrix()
            advance()


def _doubt_without_sweep(tables: Tables, findings: Findings) -> None:
    measured = {shot.sample for shot in tables.shots[LIDAR]}
    for channel, shots in tables.shots.items():
        for shot in shots:
            if channel != LIDAR and shot.is_key_frame and shot.sample not in measured:
                findings.doubt("depth", f"{shot.file}: no whole record of a LiDAR sweep, so it has no depth")


def _look_at_heights(clips: list[NuScenesClip], findings: Findings) -> None:
    low, high = PLAUSIBLE_HEIGHT
    for clip in clips:
        height = clip.calibration.T_sensor_to_ego[2, 3]
        if not low <= height <= high:
            text = f"{clip.name}: the camera sits {height:.2f} m above the ground"
            findings.doubt("cameras", f"{text}, expected {low} to {high} m")
