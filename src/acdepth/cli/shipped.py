"""What the weights that ship inside the package say about themselves."""

from collections.abc import Callable
from pathlib import Path

from acdepth.core.errors import UserError
from acdepth.core.files import read_json
from acdepth.core.shipped import ENCODER, GENERATOR, PRIOR, STUDENT, TRANSLATOR
from acdepth.networks.checkpoint import load_checkpoint, load_tensors


def describe_shipped() -> dict[str, str]:
    """For each kind of weights what they were trained on, or why they cannot be used."""
    ask = {
        "student": lambda: load_checkpoint(STUDENT)[1].description,
        "encoder": lambda: load_tensors(ENCODER)[1].get("description", ""),
        "prior": lambda: _card(PRIOR),
        "generator": lambda: _card(GENERATOR),
        "translator": lambda: _card(TRANSLATOR),
    }
    return {kind: _answer_or_error(describe) for kind, describe in ask.items()}


def _card(folder: Path) -> str:
    return read_json(folder / "card.json").get("description", "")


def _answer_or_error(describe: Callable[[], str]) -> str:
    try:
        return describe() or "says nothing about itself"
    except UserError as error:
        return f"not usable: {error}"
