"""Models of transformers from a folder: weights that fit, or one line that says what does not."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from transformers.utils import logging as transformers_logging

from acdepth.core.errors import UserError, first_line

CONFIG_FILE, WEIGHTS_FILE = "config.json", "model.safetensors"
UNUSED_WEIGHTS = {"backbone.embeddings.mask_token"}
"""Only DINOv2's own training reads this one, so a model without it is whole."""
NEVER_READ = "neck.fusion_stage.layers.0.residual_layer1."
"""Weights of a layer that adds what comes from below, at the lowest: MiDaS' models lack them."""


def load_network(
    kind: Any, folder: Path, config: Any, weights: Path | None = None, strict: bool = True
) -> Any:
    """The network that a folder's weights are of, in float32; nothing is unpickled.

    Args:
        kind: class with ``from_pretrained``, as transformers has them.
        folder: holds ``model.safetensors``.
        config: that the network is built by.
        weights: instead of that file, the list of several that hold the weights together.
        strict: whether weights that are left over are refused; without it they are let lie, and so are the
            missing ones of `NEVER_READ`.

    Raises:
        UserError: if the weights are missing, cannot be read or are not those of the config.
    """
    path = weights or folder / WEIGHTS_FILE
    if not path.is_file():
        raise UserError(path, "no such file", f"a model folder holds {CONFIG_FILE} and {WEIGHTS_FILE}")
    return fill_network(kind, config, path, folder, strict)


def fill_network(
    kind: Any,
    config: Any,
    path: Path,
    source: Path | dict[str, Tensor],
    strict: bool = True,
) -> Any:
    """`load_network`, of a folder or of weights that were read already, whose file is ``path``."""
    given: Any = {"state_dict": source} if isinstance(source, dict) else {"local_files_only": True}
    try:
        with quiet_transformers():
            loaded: Any = kind.from_pretrained(
                None if isinstance(source, dict) else source,
                config=config,
                dtype=torch.float32,
                use_safetensors=True,
                output_loading_info=True,
                ignore_mismatched_sizes=True,  # they are then listed, and refused below in one line
                **given,
            )
    except Exception as error:  # safetensors' own error has no other base class, transformers raises several
        raise UserError(path, f"cannot be loaded ({first_line(error)})") from error
    network, found = loaded
    misfits = set(found["missing_keys"]) | set(found["mismatched_keys"])
    if strict:
        misfits |= set(found["unexpected_keys"])
    else:
        misfits = {one for one in misfits if not str(one).startswith(NEVER_READ)}
    if misfits := sorted(map(str, misfits - UNUSED_WEIGHTS)):
        how = f"{len(misfits)} weights are missing, left over or of another shape, first {misfits[0]}"
        raise UserError(path, f"does not fit its {CONFIG_FILE}: {how}", "copy both files from the same model")
    return network


@contextmanager
def understood(path: Path) -> Iterator[None]:
    """Make one line of whatever transformers raises about the values of a file."""
    try:
        yield
    except Exception as error:  # of many kinds
        raise UserError(path, f"not understood by transformers ({first_line(error)})") from error


@contextmanager
def quiet_transformers() -> Iterator[None]:
    """No bar for a small file and no table of misfits: those become one line of ours."""
    had_bar, verbosity = transformers_logging.is_progress_bar_enabled(), transformers_logging.get_verbosity()
    transformers_logging.disable_progress_bar()
    transformers_logging.set_verbosity_error()
    try:
        yield
    finally:
        transformers_logging.set_verbosity(verbosity)
        if had_bar:
            transformers_logging.enable_progress_bar()
