"""How tables look in a terminal."""

import re
from typing import Any

from rich import box
from rich.table import Table


def open_table(title: str, **more: Any) -> Table:
    """A table without a frame, its title at the left; ``more`` as rich's ``Table`` takes it."""
    return Table(
        title=title, title_justify="left", box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, **more
    )


def escaped(text: str) -> str:
    """Text with square brackets, which would be rich's mark-up, and backslashes before them, which escape."""
    return re.sub(r"(\\*)\[", r"\1\1\\[", text)
