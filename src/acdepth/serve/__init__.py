"""A page and an HTTP endpoint that say depth; needs the extra `serve`."""
