"""Each long verb, whatever happens to it, ends with the bytes of an undisturbed run.

ACDEPTH_KILLS says how often each is killed; all faults of all verbs, as a table: python -m tests.faults
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.harness import FAULTS, Fault, Harness, Planned, small_disk
from tests.faults.inputs import make_inputs
from tests.faults.verbs import VERBS

COUNT = int(os.environ.get("ACDEPTH_KILLS", "3"))
QUICK: dict[Fault, tuple[str, ...]] = {
    "stop": ("world make", "train adapt", "translate"),
    "error": ("train student", "evaluate"),
    "gone": ("data prepare", "train teacher"),
    "twice": ("train confidence", "translate"),
    "full": ("world make", "translate", "train student", "evaluate", "predict a video"),
    "read-only": ("train teacher", "export"),
}
"""Which verbs meet the other faults in every test run, once each."""


@pytest.fixture(scope="session")
def harness(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Harness]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OMP_NUM_THREADS", "1")  # rounding depends on the number of threads
        work = tmp_path_factory.mktemp("faults")
        yield Harness(make_inputs(work / "inputs"), work)


@pytest.mark.slow
@pytest.mark.parametrize("verb", VERBS)
def test_killed_it_goes_on_and_ends_the_same(harness: Harness, verb: str) -> None:
    assert harness.try_fault(verb, "kill", COUNT).lost == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fault", "verb"), [(fault, verb) for fault, verbs in QUICK.items() for verb in verbs]
)
def test_whatever_happens_is_one_line_and_then_it_ends_the_same(
    harness: Harness, fault: Fault, verb: str, tmp_path: Path
) -> None:
    if fault in ("full", "read-only"):
        try:
            with small_disk(tmp_path, "size=4096"):
                pass
        except (OSError, PermissionError):
            pytest.skip("needs the right to mount a disk in memory")
    assert harness.try_fault(verb, fault, 1).lost == []


@pytest.mark.slow
def test_the_harness_sees_what_is_lost(harness: Harness) -> None:
    """A result that was tampered with, a file that is missing, and one that is too many."""
    from tests.faults.harness import differences

    kept, _ = harness.undisturbed("translate")
    harness._clear()
    assert harness.run("translate").ended(0)
    assert list(differences(VERBS["translate"], kept, harness.out)) == []
    images = sorted(harness.out.rglob("*.jpg"))
    images[0].unlink()
    images[1].write_bytes(images[1].read_bytes()[:-1] + b"x")
    (harness.out / ".1-00000000.partial.jpg").touch()
    found = [name.split()[-1] for name in differences(VERBS["translate"], kept, harness.out)]
    assert found == ["missing", "over", "differs"]
    told = harness.run("translate", Planned("change", change=0))
    assert told.ended(-9) and "change" in FAULTS
