"""All that a GPU is asked, in one command under eight minutes: python benchmarks/gpu.py [--out FOLDER]

Each question is a benchmark of its own, which runs ours and its twin in turns; this starts one after the
other, ends what takes too long, and prints the ratios of all in one table. --device cpu --tiny tries the
command where no GPU is: what it prints then is no measurement.
"""

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).parent


class Question(NamedTuple):
    """One benchmark."""

    asks: str
    script: str
    real: tuple[str, ...]
    """Arguments on a GPU."""
    tiny: tuple[str, ...]
    """To try the command."""
    limit: float
    """After which it is ended [s]."""


QUESTIONS = (
    Question(
        "training steps against the published order of work",
        "training.py",
        ("--size", "320x576", "--batch", "8", "--rounds", "10"),
        ("--size", "64x64", "--batch", "2", "--width", "8", "--tiny-prior", "--rounds", "1"),
        200,
    ),
    Question(
        "a JPEG in memory to depth",
        "inference.py",
        ("--rounds", "50"),
        ("--size", "64x96", "--width", "8", "--rounds", "1", "--without", "onnx", "openvino"),
        90,
    ),
    Question(
        "translations a second",
        "translator.py",
        ("speed", "--model", "turbo", "--size", "512x512"),
        ("speed", "--model", "tiny", "--size", "32x32", "--batch", "1", "--rounds", "1"),
        150,
    ),
)


def ask(question: Question, folder: Path, device: str, tiny: bool) -> dict[str, float] | str:
    """Its ratios, or why there are none."""
    out = folder / question.script.replace(".py", ".json")
    of_device = () if question.script == "translator.py" else ("--device", device)  # which finds its own
    given = (*(question.tiny if tiny else question.real), *of_device, "--out", str(out))
    try:
        subprocess.run(
            [sys.executable, str(HERE / question.script), *given], check=True, timeout=question.limit
        )
    except subprocess.TimeoutExpired:
        return f"ended after {question.limit:.0f} s"
    except subprocess.CalledProcessError as error:
        return f"ended with {error.returncode}; its own last line says why"
    return json.loads(out.read_text())["ratios"]


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda")
    parser.add_argument("--tiny", action="store_true", help="toy sizes, to try the command")
    parser.add_argument(
        "--out", type=Path, default=Path("runs/benchmarks/gpu"), help="folder for the JSON files"
    )
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    started, found = time.monotonic(), {}
    for question in QUESTIONS:
        found[question.asks] = ask(question, given.out, given.device, given.tiny)
    print(f"\non {given.device}, {time.monotonic() - started:.0f} s")
    for asks, ratios in found.items():
        print(f"\n{asks}")
        for name, ratio in ratios.items() if isinstance(ratios, dict) else {ratios: None}.items():
            print(f"  {name:60}" + (f" {ratio:8.2f}" if ratio is not None else ""))
    return sum(isinstance(ratios, str) for ratios in found.values())


if __name__ == "__main__":
    sys.exit(main())
