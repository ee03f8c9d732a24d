"""Where the weights lie that ship inside the package, all trained on the built-in world."""

from importlib.resources import files
from pathlib import Path

WEIGHTS = Path(str(files("acdepth"))) / "weights"

STUDENT = WEIGHTS / "student" / "model.safetensors"
"""Predicts when nobody names other weights."""
ENCODER = WEIGHTS / "encoder" / "model.safetensors"
"""Where training may start from instead of ImageNet weights."""
PRIOR = WEIGHTS / "prior"
"""Stands in for Depth Anything V2."""
GENERATOR = WEIGHTS / "generator"
"""Stands in for SD-Turbo."""
TRANSLATOR = WEIGHTS / "translator"
"""Adapters on it that turn clear images into bad weather."""

SHIPPED = Path("shipped")
"""What settings and flags say instead of a path."""


def or_shipped(path: Path, shipped: Path) -> Path:
    """``path``, or the shipped file where ``path`` is the word ``shipped``."""
    return shipped if path == SHIPPED else path
