"""The pages' templates."""

import jinja2


def page_template(name: str) -> jinja2.Template:
    """A file of ``templates``; what it names must be given, and is escaped."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("acdepth.reports", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(name)
