"""Floor 6: whole pipelines, each stage skipped while its work is done and valid."""
