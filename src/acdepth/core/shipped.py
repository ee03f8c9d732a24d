"""Where the weights lie that ship inside the package, all trained on the built-in world."""

from importlib.resources import files
from pathlib import Path

from acdepth.core.files import hash_file, reading
from acdepth.core.texts import read_text

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

SUMS = WEIGHTS / "SHA256SUMS"
"""Of each file, as ``sha256sum`` writes it; made anew by it where weights change."""

SHIPPED = Path("shipped")
"""What settings and flags say instead of a path."""


def altered() -> list[str]:
    """Names of the files in `WEIGHTS` that are not what was shipped, or are missing.

    Raises:
        UserError: if the list of them cannot be read.
    """
    with reading(SUMS, "a list of hashes", "install acdepth again"):
        lines = [line.split(maxsplit=1) for line in read_text(SUMS).splitlines()]
    return [name for told, name in lines if not (file := WEIGHTS / name).is_file() or hash_file(file) != told]


def or_shipped(path: Path, shipped: Path) -> Path:
    """``path``, or the shipped file where ``path`` is the word ``shipped``."""
    return shipped if path == SHIPPED else path
