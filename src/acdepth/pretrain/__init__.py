"""The starting points that ship, an encoder and a tiny prior, made on towns nothing else uses."""
