"""People say which images are real and which generated, without being told."""
