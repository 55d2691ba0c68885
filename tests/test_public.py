"""The names at the top of the package."""

from __future__ import annotations

import subprocess
import sys

import xlner

COMMANDS = (
    "align", "compare", "estimate", "evaluate", "export", "predict", "pretrain", "project", "recommend", "serve",
    "similarity", "train", "transfer", "translate",
)  # fmt: skip


def test_every_name_is_there():
    for name in xlner.__all__:
        assert getattr(xlner, name) is not None
    for command in COMMANDS:
        assert callable(getattr(xlner, command))


def test_a_command_with_the_name_of_a_package_is_both():
    from xlner.align import ALIGNERS  # the package

    assert "embedding" in ALIGNERS.names()
    code = (
        "import xlner\n"
        "try: xlner.train([], 'nowhere')\n"
        "except xlner.UsageError as error: assert 'source' in str(error)\n"
        "else: raise AssertionError\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_importing_the_package_is_cheap():
    code = "import sys, xlner; assert not {'torch', 'transformers', 'numpy', 'pydantic'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
