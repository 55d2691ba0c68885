"""Programs that end together with this process."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress


def run_bound(
    command: Sequence[str], given: bytes, *, time_limit: float, env: Mapping[str, str]
) -> subprocess.CompletedProcess[bytes]:
    """Run a program that may be a pipe of many; none of them is left, also if this process is killed meanwhile.

    They are one process group. It is led by a shell that waits for the end of a pipe from here, which comes however
    this process ends, and then kills the group.

    Args:
        command: program and arguments.
        given: what it reads.
        time_limit: seconds until it is killed.
        env: its environment.

    Returns:
        Its code, output and errors.

    Raises:
        OSError: it cannot be started.
        subprocess.TimeoutExpired: it took too long.
    """
    quiet = subprocess.DEVNULL
    with subprocess.Popen(
        ["/bin/sh", "-c", "read -r _; kill -KILL 0"], stdin=subprocess.PIPE, stdout=quiet, stderr=quiet, process_group=0
    ) as leader:
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env,
            process_group=leader.pid,
        )  # fmt: skip
        try:
            out, said = process.communicate(given, timeout=time_limit)
        finally:
            with suppress(OSError):
                os.killpg(leader.pid, signal.SIGKILL)
            process.wait()
    return subprocess.CompletedProcess(command, process.returncode, out, said)
