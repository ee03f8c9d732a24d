"""What only POSIX has is behind a question about the platform; names are safe as Windows reads them too.

Nothing here runs on Windows or macOS: docs/install.md says what that leaves open.
"""

import ast
import ntpath
import re
from collections.abc import Iterator
from pathlib import Path, PureWindowsPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

import acdepth
from acdepth.core.errors import UserError
from acdepth.core.files import inside

SOURCE = Path(acdepth.__file__).parent
MODULES = frozenset(("crypt", "fcntl", "grp", "pty", "pwd", "resource", "syslog", "termios", "tty"))
OF_OS = """
    O_CLOEXEC O_DIRECTORY O_NOFOLLOW O_TMPFILE WEXITSTATUS WIFSIGNALED chown chroot fchmod fchown fork forkpty
    getegid geteuid getgid getloadavg getpgid getpgrp getsid getuid initgroups killpg lchown mkfifo mknod nice
    openpty posix_fadvise posix_fallocate posix_spawn pread pwrite sched_getaffinity sched_setaffinity
    sendfile setegid seteuid setgid setpgid setsid setuid statvfs sync sysconf uname wait wait3 wait4
"""
OF_SIGNAL = """
    SIGALRM SIGCHLD SIGHUP SIGKILL SIGPIPE SIGQUIT SIGSTOP SIGUSR1 SIGUSR2 alarm pause pthread_kill
    pthread_sigmask setitimer sigwait
"""
POSIX = {
    "os": frozenset(OF_OS.split()),
    "signal": frozenset(OF_SIGNAL.split()),
    "time": frozenset(("tzset", "pthread_getcpuclockid")),
    "select": frozenset(("epoll", "kqueue", "poll")),
}
PLACES = ("/dev/", "/proc/", "/sys/", "/etc/", "/tmp/")
GUARDS = ("sys.platform", "os.name", "hasattr(", "getattr(", "AttributeError", "ImportError")
ASKED_ELSEWHERE = {"core/complaints.py: os.pread"}
"""Behind a question that is asked in another function: `_sink` makes a ``_Sink`` on Linux alone."""
SUSPECT = re.compile(rf"\b({'|'.join(sorted(MODULES.union(*POSIX.values())))})\b|[\"'](?:{'|'.join(PLACES)})")


def posix_only(node: ast.AST) -> str | None:
    """What of a node other systems lack."""
    if isinstance(node, ast.Import):
        return next((one.name for one in node.names if one.name in MODULES), None)
    if isinstance(node, ast.ImportFrom):
        named = {one.name for one in node.names} & POSIX.get(node.module or "", frozenset())
        return node.module if node.module in MODULES else next(iter(named), None)
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        return ast.unparse(node) if node.attr in POSIX.get(node.value.id, ()) else None
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith(PLACES):
        return node.value
    return None


def asked(node: ast.AST) -> list[ast.AST]:
    """Where a node may ask for the platform before what is inside it runs."""
    if isinstance(node, ast.If | ast.IfExp):
        return [node.test]
    if isinstance(node, ast.BoolOp):
        return list(node.values)
    if isinstance(node, ast.With):
        return [one.context_expr for one in node.items]
    if isinstance(node, ast.Try):
        return [one.type for one in node.handlers if one.type]
    return []


def unguarded(tree: ast.AST, guarded: bool = False) -> Iterator[str]:
    for node in ast.iter_child_nodes(tree):
        asks = guarded or any(guard in ast.unparse(one) for one in asked(node) for guard in GUARDS)
        if not asks and (named := posix_only(node)):
            yield named
        yield from unguarded(node, asks)


def test_no_call_of_posix_alone_is_made_without_asking() -> None:
    found = set()
    for path in sorted(SOURCE.rglob("*.py")):
        if SUSPECT.search(source := path.read_text(encoding="utf-8")):
            name = path.relative_to(SOURCE).as_posix()
            found |= {f"{name}: {what}" for what in unguarded(ast.parse(source))}
    assert found == ASKED_ELSEWHERE


@pytest.mark.parametrize(
    ("source", "caught"),
    [
        ("import fcntl", True),
        ("import os\nos.fork()", True),
        ("import os\nif os.name == 'posix':\n    os.sync()", False),
        ("import os, sys\nn = len(os.sched_getaffinity(0)) if sys.platform == 'linux' else 1", False),
        ("try:\n    import resource\nexcept ImportError:\n    resource = None", False),
        ("import os, signal\nos.kill(1, signal.SIGKILL)", True),
        ("import os, signal\nos.kill(1, signal.SIGTERM)", False),
        ("from signal import SIGHUP", True),
        ("open('/proc/meminfo')", True),
        ("def f():\n    'Reads /proc/meminfo.'", False),
    ],
)
def test_the_search_finds_them(source: str, caught: bool) -> None:
    assert bool(SUSPECT.search(source) and list(unguarded(ast.parse(source)))) == caught


ROOT = PureWindowsPath("C:/data/drive")
LEADING = ("..", ".. ", "..\\", "C:", "c:a", "\\", "\\\\server\\x", "~")
PARTS = st.sampled_from((*LEADING, ".", "", " ", "a", "a.png", "CON", "%"))
OUT = ("../a", "..\\a", "C:\\a", "C:a", "\\a", "/a", "\\\\server\\share\\a", "a/.. /b", ".")


@given(st.lists(PARTS, min_size=1, max_size=5).map("/".join) | st.text("a./\\: C~", min_size=1, max_size=12))
def test_names_from_files_stay_inside_as_windows_reads_them(name: str) -> None:
    try:
        found = inside(ROOT, name, "a table")  # pyright: ignore[reportArgumentType] - nothing is opened
    except UserError as refused:
        assert "not within" in str(refused)
        return
    parts = [part.rstrip(" ") for part in ntpath.normpath(str(found)).split("\\")]
    assert parts[:3] == ["C:", "data", "drive"] and len(parts) > 3 and ".." not in parts


@pytest.mark.parametrize("name", OUT)
def test_what_leads_out_on_windows_is_refused_everywhere(name: str) -> None:
    for root in (ROOT, Path("/data/drive")):
        with pytest.raises(UserError, match="not within"):
            inside(root, name, "a table")  # pyright: ignore[reportArgumentType]
