"""Which acdepth this is."""

from importlib.metadata import version

__version__ = version("acdepth")
"""MAJOR.MINOR.PATCH; docs/release.md says what it promises."""
