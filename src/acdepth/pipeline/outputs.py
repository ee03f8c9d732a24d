"""What a stage leaves behind, and how to tell cheaply whether it is still that."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from acdepth.core.files import hash_file, hash_json
from acdepth.data.manifest import Manifest

CHUNK = 1 << 22


@dataclass(frozen=True)
class Output:
    """One file or folder that must be as its stage left it."""

    path: Path
    digest: Callable[[Path], str]
    """Short text that changes when the content does."""
    mended_in_place: bool = False
    """Whether the stage, run again, makes what lacks within; else what changed is moved aside before."""

    def now(self) -> str | None:
        """The digest of what is there; None if nothing is."""
        return self.digest(self.path) if self.path.exists() else None


def file_output(path: Path) -> Output:
    """A file whose every byte counts."""
    return Output(path, hash_file)


def weights_output(path: Path) -> Output:
    """A safetensors file whose numbers count: its card names the commit, which may be another one by now."""
    return Output(path, _hash_tensors)


def folder_output(path: Path) -> Output:
    """A folder of which names and sizes count: reading all of it would take too long."""
    return Output(path, _hash_listing)


def translations_output(folder: Path) -> Output:
    """Translations: what the manifest says, and that each of its files is there in full."""
    return Output(folder, _hash_translations, mended_in_place=True)


def _hash_tensors(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        header = int.from_bytes(stream.read(8), "little")
        stream.seek(8 + min(header, path.stat().st_size))
        while chunk := stream.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _hash_listing(folder: Path) -> str:
    # Hidden files are the file manager's.
    files = [path for path in folder.rglob("*") if path.is_file() and not path.name.startswith(".")]
    return hash_json(sorted([path.relative_to(folder).as_posix(), path.stat().st_size] for path in files))


def _hash_translations(folder: Path) -> str:
    manifest = Manifest(folder)
    whole = []
    for (condition, source), entry in manifest.entries.items():
        file = manifest.file(condition, source)
        if file.exists() and file.stat().st_size == entry.file_size:
            whole.append([condition, source, entry.file_hash])
    return hash_json(sorted(whole))
