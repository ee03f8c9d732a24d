"""``acdepth train``: one verb per stage, flags and YAML from the same settings."""
