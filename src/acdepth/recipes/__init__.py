"""Whole pipelines, each stage skipped while its work is done and valid."""
