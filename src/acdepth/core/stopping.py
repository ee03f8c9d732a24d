"""Being asked to stop, by Ctrl-C or by SIGTERM as schedulers send it: what is begun is finished first."""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM)
AT_ONCE = 1.0
"""Seconds within which a second signal is the same wish: terminals and launchers each pass one on."""
SAID = b"\nstopping after this step, whose state is saved; once more stops at once\n"


@contextmanager
def asked_to_stop() -> Iterator[Callable[[], bool]]:
    """Tells, while it lasts, whether somebody has asked to stop; who asks twice gets a `KeyboardInterrupt`.

    Nobody can ask where Python takes no signals, outside the main thread, and by one that was ignored before.
    A scheduler may ask all processes at once: then it is no error that those which worked for this one ended.
    """
    asked: list[float] = []
    """When that was."""

    def ask() -> None:
        if asked:
            if time.monotonic() - asked[0] < AT_ONCE:
                return
            raise KeyboardInterrupt
        asked.append(time.monotonic())
        with suppress(OSError, ValueError):  # print may be at work where the signal comes in
            os.write(sys.__stderr__.fileno() if sys.__stderr__ else 2, SAID)

    try:
        with _hearing(ask):
            yield lambda: bool(asked)
    except RuntimeError as error:
        if asked:
            raise KeyboardInterrupt from error
        raise


@contextmanager
def stopping_later() -> Iterator[None]:
    """Who asks to stop meanwhile gets it at the end: raised in a callback of C++ it would be an abort."""
    asked: list[bool] = []
    with _hearing(lambda: asked.append(True)):
        yield
    if asked:
        raise KeyboardInterrupt


@contextmanager
def _hearing(do: Callable[[], None]) -> Iterator[None]:
    """While it lasts, a signal to stop calls ``do``, where Python hears it and it was not ignored before."""
    former = {}
    if threading.current_thread() is threading.main_thread():
        heard = [one for one in SIGNALS if signal.getsignal(one) is not signal.SIG_IGN]
        former = {one: signal.signal(one, _here(do)) for one in heard}
    try:
        yield
    finally:
        for one, handler in former.items():
            signal.signal(one, handler)


def sigterm_stops() -> None:
    """From now on SIGTERM is as Ctrl-C: it raises `KeyboardInterrupt`."""
    in_main_thread = threading.current_thread() is threading.main_thread()
    if in_main_thread and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, _here(_interrupt))


def _interrupt() -> None:
    raise KeyboardInterrupt


def _here(do: Callable[[], None]) -> Callable[[int, FrameType | None], None]:
    """A handler of this process alone: what it forks, as libraries do, ends by a signal as any other."""
    owner = os.getpid()

    def handle(number: int, frame: FrameType | None) -> None:
        if os.getpid() == owner:
            do()
        else:
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)

    return handle


def leave_ctrl_c_to_parent() -> None:
    """In a process that works for another: Ctrl-C reaches both, and that one ends this."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
