"""One-step diffusion, SD-Turbo or a small model of the same classes. Needs ``'acdepth[train]'``."""
