"""python -m tests.faults [VERB ...] --tries 20 --json kills.json: verbs under faults, as a table."""

import argparse
import json
import os
import tempfile
import time
from pathlib import Path


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
    given = parser.parse_args()
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


if __name__ == "__main__":
    main()
