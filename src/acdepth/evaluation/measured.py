"""What an evaluation found of one network, as its page on the hub tells it."""

from pathlib import Path

from acdepth.core.errors import UserError
from acdepth.evaluation.schema import Results
from acdepth.inference.hub.model_card import COLUMNS, Measured

RESULTS_FILE = "results.json"


def read_measured(path: str | Path, model: str | None = None, dataset: str | None = None) -> Measured:
    """Read what the model card of a published network tells of its results.

    Args:
        path: an evaluation's folder, or its ``results.json``.
        model: of it; the last one, which the evaluation is about, if not given.
        dataset: what was measured on, in words or as the hub calls it (OWNER/NAME), which makes entries for
            the leaderboard of that data set; the path of the data if not given.

    Raises:
        UserError: if the file is unreadable, or says nothing of the model.
    """
    file = Path(path) / RESULTS_FILE if Path(path).is_dir() else Path(path)
    results = Results.read(file)
    name = results.subject if model is None else model
    cells = results.models.get(name)
    if not cells:
        raise UserError(file, f"has no results of {name!r}", f"there are {', '.join(results.model_order)}")
    known = results.checkpoints.get(name)
    facts = results.protocol.in_words or results.protocol.facts()
    return Measured(
        dataset=dataset or (results.data.path if results.data else "data that was not recorded"),
        protocol=", ".join(facts),
        conditions={
            condition: {"images": cell.images, **{one: getattr(cell, one).mean for one in COLUMNS}}
            for condition, cell in cells.items()
        },
        sha256=known.sha256 if known else None,
    )
