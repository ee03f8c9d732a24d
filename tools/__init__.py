"""For work on acdepth itself."""
