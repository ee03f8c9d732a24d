"""Floor 2: Depth Anything, image to relative inverse depth. Needs ``pip install 'acdepth[train]'``."""
