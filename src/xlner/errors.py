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


class OptionError(UsageError):
    """An option has a value that cannot be, or there is no such option. The message names the field.

    Args:
        field: name of the field; `teacher.epochs` if it lies in another one.
        what: the rest of the sentence, such as "must be at least 1, got 0".
        owner: what the option belongs to, such as "the method distill".
        whole: `what` is the whole sentence already.
    """

    def __init__(self, field: str, what: str, *, owner: str = "", whole: bool = False) -> None:
        self.field, self.what, self.owner, self.whole = field, what, owner, whole
        super().__init__(what if whole else f"{owner + ': ' if owner else ''}`{field}` {what}")

    def inside(self, name: str) -> OptionError:
        """The same error, for a field of the options that the field `name` holds."""
        return OptionError(f"{name}.{self.field}", self.what, owner=self.owner, whole=self.whole)

    def of(self, owner: str) -> OptionError:
        """The same error, with what the option belongs to."""
        return OptionError(self.field, self.what, owner=self.owner or owner, whole=self.whole)


def first_line(error: BaseException) -> str:
    """The first line of another library's message. Its backticks do not mark our parameters, so they become quotes."""
    return next(iter(str(error).strip().splitlines()), type(error).__name__).replace("`", "'")
