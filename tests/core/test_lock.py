"""A folder has one writer, by whatever path it is named."""

from pathlib import Path

import pytest

from acdepth.core.errors import UserError
from acdepth.core.lock import sole_writer


@pytest.mark.parametrize("name", ["run", "v1.0", "my run.d"])
def test_another_name_of_the_folder_is_the_same_folder(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / name
    folder.mkdir()
    (tmp_path / "latest").symlink_to(folder)
    monkeypatch.chdir(folder)
    with sole_writer(folder):
        for other in (Path(), tmp_path / "latest", folder / ".." / name):
            with (
                pytest.raises(UserError, match="another acdepth process is writing there"),
                sole_writer(other),
            ):
                pass
    assert [path.name for path in tmp_path.iterdir() if path.suffix == ".lock"] == []


def test_a_file_is_locked_beside_it(tmp_path: Path) -> None:
    with sole_writer(tmp_path / "votes.csv", is_file=True):
        assert (tmp_path / "votes.csv.lock").exists()
