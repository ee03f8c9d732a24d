"""The weights that ship inside the package."""

from importlib.resources import files
from pathlib import Path

WEIGHTS = Path(str(files("acdepth"))) / "weights"

STUDENT = WEIGHTS / "student" / "model.safetensors"
"""Predicts when nobody names other weights."""
