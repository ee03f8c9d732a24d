"""What a person should know while a verb runs; results alone go to standard output."""

import sys


def say(text: str) -> None:
    """Print a line to standard error at once."""
    print(text, file=sys.stderr, flush=True)
