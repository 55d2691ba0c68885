"""A helper process that has everything loaded and forks for each command: a fork takes no time, torch takes seconds.

What a command does is what it does in a process of its own: its own memory, environment, output and exit status.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import runpy
import signal
import socket
import sys

# What commands load late. None of them starts threads or touches a GPU as it is imported.
LOADED = (
    "torch", "transformers.models.bert.modeling_bert", "transformers.models.xlm_roberta.modeling_xlm_roberta",
    "xlner.api.record", "xlner.api.transfer", "xlner.api.predict", "xlner.api.similarity", "xlner.train.loop",
    "xlner.encoder", "xlner.tagger", "xlner.methods.distill", "transformers.models.auto.tokenization_auto",
    "transformers.convert_slow_tokenizer", "sentencepiece", "rich.table",
)  # fmt: skip


def serve(channel: socket.socket) -> None:
    """Fork for each request until the other side is gone. A request is words, environment, folder and open files."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # keepers are not waited for
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever asks decides what stops
    while True:
        request, files, _, _ = socket.recv_fds(channel, 1 << 24, 16)
        if not request:
            return
        if os.fork() == 0:
            channel.close()
            words, environment, folder = json.loads(request)
            _keep(words, environment, folder, files)
        for file in files:
            os.close(file)


def _keep(words: list[str], environment: dict[str, str], folder: str, files: list[int]) -> None:
    """Start the command, tell its number, wait, and tell its end."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    printed, log, told, *kept = files
    if (pid := os.fork()) == 0:
        os.close(told)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        os.dup2(printed, 1)
        os.dup2(log, 2)
        os.close(printed)
        os.close(log)
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(environment)
        sys.argv = ["xlner", *words]
        runpy.run_module("xlner", run_name="__main__")
        sys.exit(0)
    for file in (printed, log, *kept):
        os.close(file)
    with contextlib.suppress(BrokenPipeError):  # the study was killed
        os.write(told, f"{pid}\n".encode())
        _, status, usage = os.wait4(pid, 0)
        os.write(told, f"{json.dumps([os.waitstatus_to_exitcode(status), usage.ru_maxrss])}\n".encode())
    os._exit(0)


if __name__ == "__main__":
    for name in LOADED:
        importlib.import_module(name)
    from xlner.encoder import shared_tokenizer
    from xlner.errors import XlnerError

    with contextlib.suppress(XlnerError):  # its weights are not installed; most models have its tokenizer
        shared_tokenizer("embedded")
    serve(socket.socket(fileno=int(sys.argv[1])))
