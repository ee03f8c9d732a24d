"""Whether the tests can fail: mutmut over the rooms whose numbers are trusted; see `__main__`."""
