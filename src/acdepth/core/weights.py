"""Files of weights as they come: the content says what kind a file is, not its name, and nothing is executed.

safetensors, files of torch old and new, and lists of several of them; the weights bare or inside what a
training kept, under the names that wrappers gave them.
"""

import re
import warnings
import zipfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from pickle import UnpicklingError
from typing import Any, NamedTuple

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from acdepth.core.errors import UserError, first_line
from acdepth.core.files import inside, read_json

STATES = (
    *("state_dict_ema", "ema_state_dict", "model_ema", "ema"),
    *("state_dict", "model_state_dict", "model_state", "model", "module"),
    *("network", "net", "weights", "params"),
)
"""Where a training keeps its weights, averaged ones first: they are what it is measured by."""
DEEPEST = 3
"""Mappings in mappings that are looked into."""
COMPILED = "_orig_mod."
"""What torch.compile puts into names, wherever the compiled part stands."""
PARALLEL = "module."
"""What training on several GPUs, and averaging, put before every name."""
AVERAGED = "n_averaged"
"""How many weights torch's averages are over, beside them."""
LEARNT_MODEL = "depth_model."
"""What a Lightning file of ACDepth or md4all calls the network that was trained; its teacher and prior have
other names."""
MOST_NAMES = 10_000
"""In files in which a network is looked for; Depth Anything's largest has 900."""
MOST_HEADER = 100_000_000
"""Bytes before the weights of a safetensors file; the library's own limit."""
OTHER_KINDS = (
    (rb"version https://git-lfs", "is Git LFS's pointer to the file", "run git lfs pull, or download it"),
    (rb"\s*<", "is a web page", "download the file itself; some sites want a login first"),
    (rb"\x89HDF", "is an HDF5 file of Keras", "give weights of PyTorch"),
    (rb"\x1f\x8b|7z\xbc\xaf|Rar!|BZh|\xfd7zXZ", "is an archive", "unpack it first"),
)  # fmt: skip
"""How other files begin that are given as weights, what they are, and what to do."""
WAY_OUT = "docs/weights.md shows how to keep the weights alone, where you trust the file"


class Weights(NamedTuple):
    """What a file holds."""

    tensors: dict[str, Tensor]
    """As they are stored, by their names without wrappers'."""
    metadata: dict[str, str]
    """Text beside them, such as a checkpoint's card."""
    beside: dict[str, Any]
    """Other plain values beside them."""


def read_weights(path: Path) -> Weights:
    """The weights of a file of any kind, or of the files that a list names.

    Raises:
        UserError: if it is not there, is of another kind, is damaged, or holds more than plain values.
    """
    path = Path(path)
    stored = _read_list(path) if _kind(path) == "list" else _read_file(path)
    return stored._replace(tensors=without_wrappers(stored.tensors))


def read_plain(path: Path) -> dict[str, Any]:
    """The content of a file that torch wrote, as long as it holds tensors and plain values only.

    Raises:
        UserError: as `read_weights`.
    """
    path = Path(path)
    if (kind := _kind(path)) != "torch":
        is_kind = "is a safetensors file" if kind == "safetensors" else "lists files of weights"
        raise UserError(path, f"{is_kind}, and this needs one that torch wrote")
    try:
        # Of a path torch would look at the suffix, and of a pickle of another version it would warn.
        with path.open("rb") as stream, warnings.catch_warnings(action="ignore"):
            content = torch.load(stream, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises pickle, zip and runtime errors alike
        if named := re.search(r"GLOBAL (\S+)", str(error)):
            what = f"holds objects that would have to be executed, and is not read ({named[1]})"
            raise UserError(path, what, WAY_OUT) from error
        what = f"not read, because it is damaged ({_reason(error)})"
        raise UserError(path, what, "copy it again") from error
    if not isinstance(content, Mapping):
        raise UserError(path, "holds something other than named weights", WAY_OUT)
    return dict(content)


def network_in(
    tensors: Mapping[str, Tensor],
    wanted: Iterable[str],
    where: Path | str,
    named: Callable[[dict[str, Tensor]], dict[str, Tensor]] = dict,
) -> dict[str, Tensor]:
    """The weights of one network of a file's, without what stands before their names.

    Args:
        tensors: of the file.
        wanted: names that the network needs.
        where: the file, for messages.
        named: gives them the network's own names, where these differ.

    Returns:
        What is under the one place that has all wanted names; all of the file's where none has.

    Raises:
        UserError: if several have, and none is `LEARNT_MODEL`.
    """
    names = set(wanted)

    def fits(place: str) -> bool:
        return names <= named(_below(tensors, place)).keys()

    if fits("") or len(tensors) > MOST_NAMES:
        return named(dict(tensors))
    places = {name[: match.end()] for name in tensors for match in re.finditer(r"\.", name[:200])}
    found = sorted(place for place in places if fits(place))
    found = [place for place in found if place.endswith(LEARNT_MODEL)] or found
    if len(found) > 1:
        what = f"holds several such networks: {', '.join(found[:3])}"
        raise UserError(where, what, "save the state_dict of one of them alone")
    return named(_below(tensors, found[0] if found else ""))


def without_wrappers(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Weights by the names that they have in the network itself, whatever it was wrapped in for training."""
    plain = {name.replace(COMPILED, ""): value for name, value in tensors.items() if name != AVERAGED}
    while plain and all(name.startswith(PARALLEL) for name in plain):
        plain = {name.removeprefix(PARALLEL): value for name, value in plain.items()}
    whole = len(plain) == len(tensors) - (AVERAGED in tensors)  # else two came to have one name
    return plain if whole else dict(tensors)


def _kind(path: Path) -> str:
    """``safetensors``, ``torch`` or ``list``.

    Raises:
        UserError: if the file is not there or is of none of them.
    """
    try:
        with path.open("rb") as stream:
            head, size = stream.read(512), stream.seek(0, 2)
    except OSError as error:
        missing = isinstance(error, FileNotFoundError)
        raise UserError(path, "no such file" if missing else f"cannot be read ({error.strerror})") from error
    if not head:
        raise UserError(path, "is empty", "copy it again")
    if head[8:9] == b"{" and 0 < int.from_bytes(head[:8], "little") <= MOST_HEADER:
        return "safetensors"
    if head.startswith(b"PK\x03\x04"):
        _check_zip(path, size)
        return "torch"
    if re.match(rb"\x80[\x02-\x05]", head):  # a pickle of protocol 2 to 5, as torch wrote them until 2020
        return "torch"
    if re.match(rb"(\xef\xbb\xbf)?\s*\{", head):
        return "list"
    for begins, what, remedy in OTHER_KINDS:
        if re.match(begins, head):
            raise UserError(path, f"{what}, no weights", remedy)
    if head[257:262] == b"ustar":
        raise UserError(path, "is a tar archive, no weights", "unpack it first")
    raise UserError(path, "no file of weights, or damaged: neither safetensors nor torch's", "copy it again")


def _check_zip(path: Path, size: int) -> None:
    """Refuse zip files that torch did not write, and those that would become more than they are."""
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError) as error:
        raise UserError(path, f"is cut off or damaged ({error})", "copy it again") from error
    names = {entry.filename.partition("/")[2] for entry in entries}
    if names & {"constants.pkl", "archive_format"}:
        what = "holds a program of torch (TorchScript or torch.export), no weights by themselves"
        raise UserError(path, what, "save the network's state_dict; what acdepth export wrote ends in .pt2")
    if "data.pkl" not in names:
        raise UserError(path, "is a zip archive that torch did not write", "unpack it first")
    if sum(entry.file_size for entry in entries) > size:
        raise UserError(path, "would unpack to more than the file holds, which torch never writes")


def _read_file(path: Path) -> Weights:
    """Of one file, by the names that are stored."""
    if _kind(path) == "safetensors":
        (tensors, metadata), beside = _read_safetensors(path), {}
    elif found := _state(read_plain(path)):
        tensors, beside = found
        metadata = {name: value for name, value in beside.items() if isinstance(value, str)}
    else:
        raise UserError(path, "holds something other than named weights", WAY_OUT)
    for name, tensor in tensors.items():
        _refuse_hollow(name, tensor, path)
    return Weights(tensors, metadata, beside)


def _read_safetensors(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    try:
        with safe_open(path, "pt") as stored:
            tensors = {name: stored.get_tensor(name) for name in stored.keys()}  # noqa: SIM118 - no dict
            return tensors, stored.metadata() or {}
    except (SafetensorError, OSError, ValueError) as error:
        what = f"no file of weights, or damaged ({first_line(error)})"
        raise UserError(path, what, "copy it again") from error


def _read_list(path: Path) -> Weights:
    """All weights of the files that an index names, as transformers writes it beside them."""
    try:
        content = read_json(path)
    except RecursionError as error:
        raise UserError(path, "is JSON nested too deeply to be a list of files of weights") from error
    places = content.get("weight_map") if isinstance(content, dict) else None
    if not isinstance(places, dict) or not all(isinstance(file, str) for file in places.values()):
        raise UserError(path, "is JSON, but no list of files of weights: it has no weight_map")
    files = {file: inside(path.parent, file, path) for file in sorted(set(places.values()))}
    parts = {file: _read_file(part).tensors for file, part in files.items()}
    for name, file in places.items():
        if name not in parts[file]:
            remedy = f"copy all files that {path.name} names"
            raise UserError(files[file], f"the weight {name} is missing", remedy)
    return Weights({name: parts[file][name] for name, file in places.items()}, {}, {})


def _state(content: Mapping[str, Any], level: int = 0) -> tuple[dict[str, Tensor], dict[str, Any]] | None:
    """The weights of what torch wrote, and the plain values beside them; None where there are none."""
    for name in STATES if level < DEEPEST else ():
        inner = content.get(name)
        if isinstance(inner, Mapping) and (found := _state(inner, level + 1)):
            plain = {
                key: value for key, value in content.items() if isinstance(value, (bool, int, float, str))
            }
            return found[0], {**plain, **found[1]}
    tensors = {str(name): value for name, value in content.items() if isinstance(value, Tensor)}
    beside = {str(name): value for name, value in content.items() if not isinstance(value, Tensor)}
    return (tensors, beside) if tensors else None


def _refuse_hollow(name: str, tensor: Tensor, path: Path) -> None:
    """A tensor that says to have more numbers than the file holds, or is no plain array of numbers."""
    plain = tensor.layout is torch.strided and tensor.device.type == "cpu" and not tensor.is_quantized
    if not plain or tensor.is_complex():
        raise UserError(path, f"{name} is no plain array of numbers", WAY_OUT)
    if tensor.numel() * tensor.element_size() > tensor.untyped_storage().nbytes():
        raise UserError(path, f"{name} says to have more numbers than the file holds", "copy it again")


def _below(tensors: Mapping[str, Tensor], place: str) -> dict[str, Tensor]:
    return {name.removeprefix(place): value for name, value in tensors.items() if name.startswith(place)}


def _reason(error: Exception) -> str:
    """What torch says of a file that it does not load, without its advice to load it all the same."""
    if isinstance(error, UnpicklingError):
        return "it holds more than tensors and plain values"
    return str(error).partition("\n")[0].partition(". ")[0] or type(error).__name__
