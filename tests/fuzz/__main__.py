"""Feed readers with what they should never meet, and count what becomes of it."""

import argparse
import json
import sys
import time
from dataclasses import asdict
from pathlib import Path

from tests.fuzz.readers import READERS
from tests.fuzz.running import Fuzzer, fuzz


def main() -> int:
    """Exit code 1 if any reader is at fault."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument(
        "readers", nargs="*", metavar="READER", help=f"of {', '.join(READERS)}; all by default"
    )
    parser.add_argument("--inputs", type=int, default=1000, help="of all readers together")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", type=int, help="number of one input, whose outcome is printed")
    parser.add_argument("--workers", type=int, default=2, help="processes at a time")
    parser.add_argument("--out", type=Path, help="JSON of counts and faults")
    given = parser.parse_args()
    names = given.readers or list(READERS)
    if unknown := set(names) - READERS.keys():
        parser.error(f"no reader {', '.join(sorted(unknown))}")
    if given.only is not None:
        print(Fuzzer(names[0], given.seed).feed(given.only))
        return 0
    begun = time.monotonic()
    counts = fuzz(names, given.inputs, given.seed, given.workers)
    print(
        f"{'reader':<20}{'inputs':>8}{'accepted':>10}{'refused':>9}{'faults':>8}{'silent':>8}{'s':>7}{'MB':>7}"
    )
    for name, count in counts.items():
        told = (
            f"{count.inputs:>8}{count.accepted:>10}{count.refused:>9}{len(count.faults):>8}{count.silent:>8}"
        )
        print(f"{name:<20}{told}{count.slowest:>7.2f}{count.largest / 1e6:>7.0f}")
    whole = sum(count.inputs for count in counts.values())
    faults = sum(len(count.faults) for count in counts.values())
    seconds = time.monotonic() - begun
    print(f"{whole} inputs, {faults} faults, {seconds:.0f} s")
    if given.out:
        said = {"seed": given.seed, "inputs": whole, "faults": faults, "seconds": round(seconds, 1)}
        content = {**said, "readers": {name: asdict(count) for name, count in counts.items()}}
        given.out.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
