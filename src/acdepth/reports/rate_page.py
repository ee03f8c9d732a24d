"""The page that `acdepth rate` serves; it needs no template engine, as nothing is filled in."""

from importlib.resources import files

from acdepth.rating.server import File

ADDRESSES = {
    "/": ("rate.html", "text/html; charset=utf-8"),
    "/colours.css": ("colours.css", "text/css; charset=utf-8"),
    "/rate.css": ("rate.css", "text/css; charset=utf-8"),
    "/rate.js": ("rate.js", "text/javascript; charset=utf-8"),
}
"""File of ``templates`` and MIME type of each address."""


def rate_page() -> dict[str, File]:
    """What is served as it is, by address."""
    templates = files("acdepth.reports") / "templates"
    return {
        address: File(kind, (templates / name).read_bytes()) for address, (name, kind) in ADDRESSES.items()
    }
