"""python -m tests.faults [VERB ...] --tries 20 --json kills.json: verbs under faults, as a table."""

import argparse
import json
import os
import tempfile
import time
from pathlib import Path
from typing import Any


def main() -> None:
    """Try what is asked for."""
    os.environ["OMP_NUM_THREADS"] = "1"  # before torch is there
    from tests.faults.harness import FAULTS, KILLS, Harness
    from tests.faults.inputs import make_inputs
    from tests.faults.verbs import VERBS

    parser = argparse.ArgumentParser(prog="python -m tests.faults")
    parser.add_argument("verbs", nargs="*", help="all by default")
    parser.add_argument(
        "--kills", type=int, default=20, help=f"of each verb, divided among {', '.join(KILLS)}"
    )
    parser.add_argument("--tries", type=int, default=4, help="of each other fault")
    parser.add_argument("--faults", nargs="*", default=list(FAULTS))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--work", type=Path, help="folder that is kept")
    parser.add_argument("--table", type=Path, help="print what a --json of before says, and do nothing else")
    given = parser.parse_args()
    if given.table:
        print(_table(json.loads(given.table.read_text()), list(FAULTS)))
        return
    work = given.work or Path(tempfile.mkdtemp(prefix="faults-"))
    inputs = work / "inputs"
    if not inputs.exists():
        make_inputs(inputs)
    harness, found = Harness(inputs, work, given.seed), []
    for name in given.verbs or VERBS:
        for fault in given.faults:
            tries = given.tries
            if fault in KILLS:
                place = KILLS.index(fault)
                tries = given.kills // len(KILLS) + (place < given.kills % len(KILLS))
            if not tries:
                continue
            started = time.monotonic()
            tally = harness.try_fault(name, fault, tries)
            found.append(tally.to_dict())
            took, lost = time.monotonic() - started, len(tally.lost)
            usual = f"undisturbed {tally.seconds:.1f} s, {tally.changes} changes; took {took:.0f} s"
            print(f"{name:26} {fault:9} tries {tally.tries:3} lost {lost:3} ({usual})", flush=True)
            for line in tally.lost:
                print("    " + line.replace("\n", "\n    "), flush=True)
            if given.json:
                given.json.write_text(json.dumps(found, indent=1) + "\n")


def _table(found: list[dict[str, Any]], faults: list[str]) -> str:
    """Markdown: of each verb and fault tries, and what was lost of them if anything was."""
    cells = {(one["verb"], one["fault"]): one for one in found}
    verbs = list(dict.fromkeys(one["verb"] for one in found))
    rows = [["verb", *faults, "lost"], ["---", *["---:"] * (len(faults) + 1)]]
    for verb in verbs:
        own = [cells.get((verb, fault)) for fault in faults]
        told = ["" if one is None else str(one["tries"]) for one in own]
        rows.append([verb, *told, str(sum(len(one["lost"]) for one in own if one))])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


if __name__ == "__main__":
    main()
