"""Mutation testing of the rooms whose numbers are trusted: how many small faults do the tests notice?

``python -m tests.mutation ROOM... [--sample N] [--seed S] [--again] [--out FILE]`` copies the project to
build/mutation/ROOM, lets mutmut break one expression at a time there, and runs the fast tests of the room
(`rooms`) that reach it, but for one that kills processes by the clock. Needs the extra ``dev``. The survivors
stand in the file, by place and line.
"""

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from statistics import NormalDist
from typing import Any

import yaml

from tests.mutation.changes import Change, changes_of
from tests.mutation.rooms import ROOMS, Room

PROJECT = Path(__file__).parents[2]
EQUIVALENT = yaml.safe_load(Path(__file__).with_name("equivalent.yaml").read_text("utf-8"))
"""Why nobody could notice, by place and by the line as it is made."""
SURVIVED = {0: "survived", 5: "untested", 33: "untested"}
"""What pytest and mutmut end with; anything else is noticed."""
TIMEOUTS = (24, 36, 152, 255, -24)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.mutation")
    parser.add_argument("rooms", nargs="+", choices=ROOMS, metavar="ROOM")
    parser.add_argument("--sample", type=int, help="mutants tried of each room; all by default")
    parser.add_argument("--seed", type=int, default=0, help="of the sample")
    parser.add_argument("--again", action="store_true", help="only what survived in FILE; the rest stands")
    parser.add_argument("--children", type=int, default=2, help="mutants tried at once")
    parser.add_argument("--out", type=Path, default=PROJECT / "build" / "mutation" / "mutation.json")
    options = parser.parse_args()
    os.chdir(PROJECT)
    for name in options.rooms:
        known = json.loads(options.out.read_text("utf-8")) if options.out.exists() else {}
        files = sorted({path for one in ROOMS[name].files for path in Path("src/acdepth").glob(one)})
        changes = [change for path in files for change in changes_of(path)]
        if options.again:
            tried = [Change(*one) for one in known[name]["tried"]]
            codes = known[name]["codes"]
            asked = [one.name for one in tried if codes[one.name] in SURVIVED]
        else:
            tried = random.Random(options.seed).sample(
                changes, min(options.sample or len(changes), len(changes))
            )
            codes, asked = {}, [one.name for one in tried]
        codes |= _tried(
            _copied(PROJECT / "build" / "mutation" / name, ROOMS[name], files), asked, options.children
        )
        result = {"mutants": len(changes), "seed": options.seed} | _summary(tried, codes)
        print(
            name, json.dumps({key: value for key, value in result.items() if key != "survivors"}), flush=True
        )
        result |= {"tried": tried, "codes": codes}
        options.out.write_text(json.dumps(known | {name: result}, indent=1) + "\n", "utf-8")


def _copied(folder: Path, room: Room, files: list[Path]) -> Path:
    """The project as it is now, set up for mutmut; what is unchanged keeps its time, by which mutmut goes."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"], check=True, capture_output=True
    )
    for name in filter(None, listed.stdout.decode().split("\0")):
        source, target = PROJECT / name, folder / name
        if source.is_file() and not (target.exists() and target.read_bytes() == source.read_bytes()):
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
    beside = {path.name for path in folder.iterdir()} - {"src", "mutants", "log.txt"}
    settings = {
        "source_paths": ["src"],
        "only_mutate": files,
        "also_copy": sorted(beside),
        "pytest_add_cli_args": ["-m", "not slow", "-k", "not killed_run", "-p", "no:cacheprovider"],
        "pytest_add_cli_args_test_selection": sorted(
            {path for one in room.tests for path in Path("tests").glob(one) if path.name.startswith("test_")}
        ),
    }
    lines = [f"{key} =\n" + "".join(f"    {value}\n" for value in values) for key, values in settings.items()]
    (folder / "setup.cfg").write_text("[mutmut]\n" + "".join(lines), "utf-8")
    return folder


def _tried(copy: Path, names: list[str], children: int) -> dict[str, int]:
    """What pytest said of each mutant."""
    # Python forgets a place to import from that is not there when it starts.
    (copy / "mutants" / "src").mkdir(parents=True, exist_ok=True)
    environment = os.environ | {
        "OMP_NUM_THREADS": "1",
        # For the processes that tests start.
        "PYTHONPATH": os.pathsep.join(str(copy / "mutants" / name) for name in ("src", ".")),
    }
    command = [Path(sys.executable).with_name("mutmut"), "run", "--max-children", str(children), *names]
    with (copy / "log.txt").open("w") as log:
        code = subprocess.run(command, cwd=copy, env=environment, stdout=log, stderr=log).returncode
    if code:
        raise SystemExit(f"mutmut ended with {code}; {copy / 'log.txt'} says why")
    codes: dict[str, int] = {}
    for path in (copy / "mutants" / "src").rglob("*.meta"):
        codes |= json.loads(path.read_text("utf-8"))["exit_code_by_key"]
    return {name: codes[name] for name in names}


def _summary(tried: list[Change], codes: dict[str, int]) -> dict[str, Any]:
    survivors = [
        one._asdict()
        | {"status": SURVIVED[codes[one.name]], "why": EQUIVALENT.get(one.place, {}).get(one.after)}
        for one in sorted(tried)
        if codes[one.name] in SURVIVED
    ]
    equivalent = sum(one["why"] is not None for one in survivors)
    killed = len(tried) - len(survivors)
    return {
        "tried_mutants": len(tried),
        "killed": killed,
        "timeouts": sum(codes[one.name] in TIMEOUTS for one in tried),
        "equivalent": equivalent,
        "score": killed / (len(tried) - equivalent),
        "interval": _wilson(killed, len(tried) - equivalent),
        "survivors_by_file": Counter(one["place"].rpartition(".")[0] for one in survivors if not one["why"]),
        "survivors": survivors,
    }


def _wilson(hits: int, tries: int) -> tuple[float, float]:
    """The 95 % interval of a part."""
    z = NormalDist().inv_cdf(0.975)
    middle = (hits + z**2 / 2) / (tries + z**2)
    half = z / (tries + z**2) * (hits * (tries - hits) / tries + z**2 / 4) ** 0.5
    return middle - half, middle + half


if __name__ == "__main__":
    main()
