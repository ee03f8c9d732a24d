"""A card names our own commit or none, and finding it runs nothing."""

import importlib.util
import shutil
import subprocess
from pathlib import Path

import pytest

import acdepth.core.provenance
from acdepth.core.provenance import NO_COMMIT, commit_of


def git(folder: Path, *arguments: str) -> str:
    names = ("-c", "user.name=Somebody", "-c", "user.email=somebody@example.org")
    done = subprocess.run(
        ["git", "-C", folder, *names, *arguments], check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A repository with the package's file in it, as a clone of ours has."""
    package = tmp_path / "clone" / "src" / "acdepth" / "core"
    package.mkdir(parents=True)
    shutil.copy(acdepth.core.provenance.__file__, package)
    (tmp_path / "clone" / "pyproject.toml").write_text('[project]\nname = "acdepth"\n')
    git(tmp_path / "clone", "init", "--quiet", "--initial-branch", "main")
    git(tmp_path / "clone", "add", ".")
    git(tmp_path / "clone", "commit", "--quiet", "--message", "ours")
    return tmp_path / "clone"


def test_a_clone_is_at_its_commit_however_git_keeps_it(clone: Path, tmp_path: Path) -> None:
    commit = git(clone, "rev-parse", "HEAD")
    package = clone / "src" / "acdepth"
    assert commit_of(package) == commit
    git(clone, "pack-refs", "--all")
    assert commit_of(package) == commit
    git(clone, "worktree", "add", "--quiet", str(tmp_path / "second"))
    assert commit_of(tmp_path / "second" / "src" / "acdepth") == commit
    git(clone, "checkout", "--quiet", "--detach")
    assert commit_of(package) == commit


def test_in_a_strange_repository_nothing_runs_and_no_commit_is_named(clone: Path, tmp_path: Path) -> None:
    theirs = tmp_path / "theirs"
    installed = theirs / "venv" / "lib" / "site-packages" / "acdepth"
    shutil.copytree(clone / "src" / "acdepth", installed)
    vendored = theirs / "src" / "acdepth"
    shutil.copytree(clone / "src" / "acdepth", vendored)
    (theirs / "pyproject.toml").write_text('[project]\nname = "theirs"\n')
    git(theirs, "init", "--quiet")
    git(theirs, "add", ".")
    git(theirs, "commit", "--quiet", "--message", "theirs")
    command = tmp_path / "command"
    command.write_text(f"#!/bin/sh\ntouch {tmp_path / 'ran'}\n")
    command.chmod(0o755)
    git(theirs, "config", "core.fsmonitor", str(command))
    for package in (installed, vendored):
        spec = importlib.util.spec_from_file_location("theirs", package / "core" / "provenance.py")
        assert spec and spec.loader
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        assert module.provenance()["commit"] == NO_COMMIT
    assert not (tmp_path / "ran").exists()


def test_no_repository_and_a_damaged_one(clone: Path, tmp_path: Path) -> None:
    (clone / ".git" / "HEAD").write_text("ref: refs/heads/nowhere\n")
    assert commit_of(clone / "src" / "acdepth") == NO_COMMIT
    shutil.rmtree(clone / ".git")
    assert commit_of(clone / "src" / "acdepth") == NO_COMMIT
