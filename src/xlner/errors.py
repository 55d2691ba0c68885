"""Every exception xlner raises on purpose, as one tree.

The command line turns these into one message and an exit code: `UsageError` into 2, the rest into 1.
"""

from __future__ import annotations


class XlnerError(Exception):
    """The work failed for a reason that the user can mend. The message says how."""


class UsageError(XlnerError, ValueError):
    """An option or argument is wrong; raised before any work starts."""


class DataError(XlnerError, ValueError):
    """An input file cannot be used.

    Args:
        message: what was wanted, what came, what to do.
        path: the file, if the data came from one.
        line: 1-based line number, if one line is to blame.
    """

    def __init__(self, message: str, *, path: object = None, line: int | None = None) -> None:
        self.path = None if path is None else str(path)
        self.line = line
        where = "" if path is None else f"{path}:{line}: " if line is not None else f"{path}: "
        super().__init__(where + message)


class ModelError(XlnerError):
    """A model or encoder cannot be loaded, or does not fit its use."""


class MissingExtraError(XlnerError, ImportError):
    """An optional dependency is needed and absent.

    Args:
        what: the feature that needs it.
        extra: the extra of this package that brings it.
    """

    def __init__(self, what: str, *, extra: str) -> None:
        super().__init__(f"{what} needs an optional dependency. Install it with: pip install 'xlner[{extra}]'")
