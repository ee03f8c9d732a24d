"""Models in folders and on the Hugging Face hub: where their files lie, and what tells one from another."""

import re
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from acdepth.core.errors import UserError
from acdepth.core.files import hash_file, hash_json

ADAPTER_CONFIG = "adapter_config.json"
"""Where this lies in a model's folder, transformers adds peft's adapters to the weights without a word."""
HUB = "hf:"
"""Before a folder or a name of the hub, where a model by the hub's customs is meant and not a checkpoint."""
HALF_PRECISION = ".fp16."
"""In the names of copies that lie beside the weights and are not read."""
PATIENCE = 10.0
"""[s] for which the hub may be silent."""
FILES = (
    *(".safetensors", ".safetensors.index.json", ".pt", ".pth", ".tar", ".bin", ".ckpt", ".pkl"),
    *(".onnx", ".pt2", ".xml"),
)
"""What ends the name of a model's file, and of no repository."""


def is_hub_name(name: str) -> bool:
    """Whether text has the form of the hub's names, OWNER/MODEL, and does not end like a file of weights."""
    return re.fullmatch(r"[\w-]+/[\w.-]+", name) is not None and not name.lower().endswith(FILES)


def is_repository(name: str) -> bool:
    """Whether text names a repository of the hub, perhaps at a revision: OWNER/MODEL@REVISION."""
    return is_hub_name(name.partition("@")[0])


def hub_model(path: Path) -> str | None:
    """The folder or the hub's name after ``hf:``; None where the path is that of a checkpoint.

    Raises:
        UserError: if nothing follows.
    """
    text = Path(path).as_posix()
    if not text.startswith(HUB):
        return None
    if not (name := text.removeprefix(HUB)):
        raise UserError(
            text, "names no model", "write a folder or a name of the hub after it (hf:OWNER/MODEL)"
        )
    return name


def hub_folder(name: str, files: Sequence[str]) -> Path:
    """The folder in which this machine keeps a model of the hub, called as the commit of its repository.

    What lacks of the ``files``, which are patterns, is fetched. The name may say which revision is meant, a
    branch, a tag or a commit: ``OWNER/MODEL@REVISION``.

    Raises:
        UserError: if there is no such model, or the hub cannot be reached.
    """
    if not is_repository(name):
        what = "no such file" if name.lower().endswith(FILES) else "no such folder"
        raise UserError(name, what, "give a model folder or a hub name (OWNER/MODEL)")
    require_hub(name)
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    repository, _, revision = name.partition("@")
    try:
        return Path(
            snapshot_download(
                repository,
                revision=revision or None,
                allow_patterns=list(files),
                ignore_patterns=[f"*{HALF_PRECISION}*"],
                local_files_only=not _hub_answers(repository, revision),
            )
        )
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError, ValueError) as error:
        what = "no such folder, and not available from the Hugging Face hub"
        remedy = "check the name and the network, or download the model into a folder"
        raise UserError(name, what, remedy) from error


def _hub_answers(repository: str, revision: str) -> bool:
    """Whether the hub tells of a repository; `snapshot_download` would wait for one that is silent without
    end. Whatever else it answers, what is here already may do."""
    from huggingface_hub import HfApi

    try:
        HfApi(library_name="acdepth").model_info(repository, revision=revision or None, timeout=PATIENCE)
    except Exception:  # also those of the HTTP library, which changed from one version to the next
        return False
    return True


def require_hub(name: str) -> None:
    """Raise `UserError` if what talks to the hub is not installed."""
    if not find_spec("huggingface_hub"):
        what = "no such file or folder, and as a model of the hub it needs huggingface_hub"
        raise UserError(name, what, "correct the path, or pip install 'acdepth[hub]'")


def model_content(source: Path, files: Sequence[str]) -> str:
    """What tells one model from another: the hash of its files, or the hub's name and revision.

    ``files`` are patterns of all files that loading it reads.

    Raises:
        UserError: if files are missing, or the hub's model cannot be had.
    """
    if source.is_dir():
        return files_content(source, files)
    name = source.as_posix()
    return f"{name}@{hub_folder(name, files).name}"


def files_content(folder: Path, files: Sequence[str]) -> str:
    """Hash of names and contents; a name without ``*`` must be there.

    Raises:
        UserError: if it is not.
    """
    found = {path for name in files for path in (folder.glob(name) if "*" in name else [folder / name])}
    read = sorted(path for path in found if HALF_PRECISION not in path.name)
    return hash_json({path.relative_to(folder).as_posix(): hash_file(path) for path in read})


def refuse_adapters(*folders: Path) -> None:
    """Raise `UserError` if a model's folder holds adapters that would change its weights unasked."""
    for folder in folders:
        if (file := folder / ADAPTER_CONFIG).exists():
            what = "adapters beside a model's weights, which transformers would add to them without a word"
            raise UserError(file, what, "move it away, or merge them into the weights")
