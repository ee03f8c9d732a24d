"""Every reader under damaged, foreign and hostile files: ``python -m tests.fuzz --help``."""
