"""Processes of commands: forked from a warm helper where that is possible, or started anew."""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from threading import Lock
from typing import IO, Protocol

from xlner.errors import XlnerError

_KILLED = "the helper process that starts commands was killed; the study may be started again"
CAN_FORK = sys.platform == "linux"  # libraries of macOS do not survive a fork


class Process(Protocol):
    """A command at work.

    Args:
        printed: what it prints.
    """

    printed: IO[str]

    def wait(self) -> tuple[int, int]:
        """Its exit status and the most KiB of memory that it had, with those that it was forked with."""
        ...

    def terminate(self) -> None: ...


class Spawned:
    """A process that is started anew.

    Args:
        words: the whole command.
        environment: of it.
        log: where its standard error goes.
        lock: an open file that it holds as long as it lives.
    """

    def __init__(self, words: Sequence[str], environment: Mapping[str, str], log: IO[str], lock: IO[str]) -> None:
        self._process = subprocess.Popen(
            words, stdout=subprocess.PIPE, stderr=log, text=True, encoding="utf-8", env=environment,
            pass_fds=[lock.fileno()] if os.name == "posix" else [],
        )  # fmt: skip
        assert self._process.stdout is not None
        self.printed: IO[str] = self._process.stdout

    def wait(self) -> tuple[int, int]:
        _, status, usage = os.wait4(self._process.pid, 0)
        self._process.returncode = os.waitstatus_to_exitcode(status)
        return self._process.returncode, usage.ru_maxrss // (1024 if sys.platform == "darwin" else 1)  # bytes there

    def terminate(self) -> None:
        self._process.terminate()
        self._process.wait()


class Forked:
    """A process that was forked from a helper.

    Args:
        printed: what it prints.
        told: where the helper tells its number, and later its end.
    """

    def __init__(self, printed: IO[str], told: IO[str]) -> None:
        self.printed, self._told = printed, told
        self._pid = int(self._line())

    def wait(self) -> tuple[int, int]:
        status, kilobytes = json.loads(self._line())
        self._told.close()
        return status, kilobytes

    def terminate(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._pid, signal.SIGTERM)

    def _line(self) -> str:
        if not (line := self._told.readline()):
            raise XlnerError(_KILLED)
        return line


class Helper:
    """A process with everything loaded (`xlner.study.warm`). It ends with this one.

    Args:
        environment: of it. Numbers of threads are read as libraries are loaded, so they belong here.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._socket, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with other:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "xlner.study.warm", str(other.fileno())], pass_fds=[other.fileno()],
                stdin=subprocess.DEVNULL, env=environment,
            )  # fmt: skip
        atexit.register(self.close)

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def start(self, words: Sequence[str], environment: Mapping[str, str], log: IO[str], lock: IO[str]) -> Forked:
        """Begin a command; arguments as those of `Spawned`, but words without the program.

        Raises:
            XlnerError: the helper was killed.
        """
        request = json.dumps([list(words), dict(environment), os.getcwd()]).encode()
        (printed, out), (told, end) = os.pipe(), os.pipe()
        try:
            socket.send_fds(self._socket, [request], [out, log.fileno(), end, lock.fileno()])
        except OSError:
            os.close(printed)
            os.close(told)
            raise XlnerError(_KILLED) from None
        finally:
            os.close(out)
            os.close(end)
        return Forked(open(printed, encoding="utf-8"), open(told, encoding="utf-8"))

    def close(self) -> None:
        """Let it end; commands at work go on."""
        self._socket.close()
        self._process.kill()
        self._process.wait()


_helpers: dict[int | None, Helper] = {}
_lock = Lock()


def helper(threads: int | None) -> Helper:
    """The helper of this process for commands with so many threads."""
    with _lock:
        found = _helpers.get(threads)
        if found is None or not found.alive:
            found = _helpers[threads] = Helper(os.environ | of_threads(threads))
        return found


def of_threads(threads: int | None) -> dict[str, str]:
    """Environment variables that say how many threads libraries start."""
    return {} if threads is None else {name: str(threads) for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS")}
