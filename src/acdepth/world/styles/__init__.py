"""Families of towns: each style is a module of its own, told apart by its name."""

from acdepth.core.errors import UserError
from acdepth.world.styles.city import CITY
from acdepth.world.styles.country import COUNTRY
from acdepth.world.styles.motorway import MOTORWAY
from acdepth.world.styles.town import TOWN, Style

STYLES = {style.name: style for style in (TOWN, COUNTRY, CITY, MOTORWAY)}

__all__ = ["STYLES", "TOWN", "Style", "find_style"]


def find_style(name: str) -> Style:
    """The style of a name; an unknown one is refused."""
    if name not in STYLES:
        raise UserError(None, f"style {name!r} is unknown", f"choose from {', '.join(STYLES)}")
    return STYLES[name]
