"""Which of a run's networks is kept: by the label-free check, which every one of them goes through."""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from acdepth.core.clip import Clip
from acdepth.core.files import atomic_path
from acdepth.data.manifest import Manifest
from acdepth.evaluation.unlabelled import UnlabelledCheck, check_unlabelled
from acdepth.evaluation.unlabelled.check import CHECK_FILE
from acdepth.inference.model import open_model

RANKS = ("works", "doubtful", "degenerate")
MUCH = 0.1
"""Part of the score by which a network must be worse to lose against an earlier one of the same verdict."""


def judge(
    networks: Mapping[str, Path],
    footage: Sequence[Clip],
    out: Path,
    places: int,
    translations: Path | None = None,
) -> dict[str, UnlabelledCheck]:
    """Check networks by name, each in a folder of its own below ``out``; what is there is not done again."""
    translated = Manifest(translations).translations if translations else None
    found = {}
    for name, weights in networks.items():
        model, file = open_model(weights, name), out / name / CHECK_FILE
        known = UnlabelledCheck.read(file) if file.exists() else None
        if known is None or known.sha256 != model.sha256:
            known = check_unlabelled(model, footage, file.parent, places=places, translated=translated)
        found[name] = known
    return found


def best(checks: Mapping[str, UnlabelledCheck]) -> str:
    """The name of the network to keep: of the best verdict the last one, which learnt most, unless it is
    worse by `MUCH` than the best of them."""
    rank = min(RANKS.index(one.verdict) for one in checks.values())
    equals = {name: one for name, one in checks.items() if RANKS.index(one.verdict) == rank}
    least = min(one.score for one in equals.values())
    return [name for name, one in equals.items() if one.score <= least * (1 + MUCH)][-1]


def keep(weights: Path, place: Path) -> None:
    """Copy a checkpoint."""
    with atomic_path(place) as temporary:
        shutil.copyfile(weights, temporary)
