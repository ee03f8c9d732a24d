"""The demo: the whole method on the built-in world, from rendering to report (issue: two commands, minutes)."""
