"""Files and folders that appear whole or not at all, whatever stops the work in between.

A new file is written beside its place under a name of its own, and renamed when it is done. Renaming is one step for
the file system, so whoever reads sees the old file or the new one, never half of one. Before that the bytes are on the
disk, so that a power cut does not leave an empty file under the name.
"""

from __future__ import annotations

import atexit
import errno
import os
import secrets
import shutil
import socket
import stat
import sys
import tempfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import IO, BinaryIO, TextIO

from xlner.errors import UsageError, XlnerError

_COPIES: dict[tuple[int, int] | str, Path] = {}  # there as long as the process lives
_LONGEST_NAME = 180  # bytes of a name that are kept in the name of its unfinished twin; file systems take 255


@contextmanager
def atomic(path: str | Path) -> Iterator[TextIO]:
    r"""A text file that replaces `path` when the block ends well, and leaves no trace when it does not.

    Args:
        path: the file; "-" is standard output. Its folder is made. A link stays a link, and what it points to is
            replaced. Devices and pipes are written to directly. Text is UTF-8, and lines end with \n.

    Raises:
        XlnerError: writing failed.
        UsageError: `path` is a folder.
    """
    if str(path) == "-":
        yield sys.stdout
        sys.stdout.flush()
        return
    with replace_file(path) as place, _new(place, path, "w") as out:
        yield out  # type: ignore[misc]


@contextmanager
def atomic_bytes(path: str | Path) -> Iterator[BinaryIO]:
    """As `atomic`, for bytes."""
    if str(path) == "-":
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    with replace_file(path) as place, _new(place, path, "wb") as out:
        yield out  # type: ignore[misc]


@contextmanager
def replace_file(path: str | Path) -> Iterator[Path]:
    """The place where a library is to write a file, which replaces `path` when the block ends well.

    The place is in the same folder and has the same ending, since some libraries go by that.

    Args:
        path: the file, as in `atomic`; standard output is not possible.

    Raises:
        XlnerError: writing failed.
        UsageError: `path` is a folder.
    """
    target = Path(os.path.realpath(path))
    if target.is_dir():
        raise UsageError(f"{path} is a folder; name a file in it")
    if target.exists() and not target.is_file():  # renaming over it would replace /dev/null by a file
        with _plain_errors(path, (target,)):
            yield target
        return
    unfinished = _unfinished(target)
    try:
        with _plain_errors(path, (target, unfinished, target.parent)):
            target.parent.mkdir(parents=True, exist_ok=True)
            _clear_leftovers(target)
            yield unfinished
            if target.exists():
                with suppress(OSError):
                    shutil.copymode(target, unfinished)
            _to_disk(unfinished)
            os.replace(unfinished, target)
    finally:
        with suppress(OSError):
            unfinished.unlink()


@contextmanager
def atomic_folder(path: str | Path, *, may_replace: Iterable[str] = ()) -> Iterator[Path]:
    """An empty folder to write into, which takes the place of `path` when the block ends well.

    A kill between the two renames leaves the former folder aside; `recover_folder` puts it back, and so does the next
    call for the same path.

    Args:
        path: the folder. A link stays a link.
        may_replace: patterns of names, such as "*.safetensors", that a folder of this kind holds. A folder in the way
            that holds anything else is somebody's, and is refused; without patterns every folder that is not empty is.

    Raises:
        UsageError: `path` is a file, or holds what may not be replaced.
        XlnerError: writing failed.
    """
    target = recover_folder(path)
    _check_replaceable(target, path, tuple(may_replace))
    unfinished, former = _unfinished(target), _former(target)
    try:
        with _plain_errors(path, (target, unfinished, former, target.parent)):
            target.parent.mkdir(parents=True, exist_ok=True)
            _clear_leftovers(target)
            unfinished.mkdir()
            yield unfinished
            for place in unfinished.rglob("*"):
                _to_disk(place)
            if target.exists():
                shutil.rmtree(former, ignore_errors=True)
                os.rename(target, former)
            try:
                os.rename(unfinished, target)
            except OSError:
                recover_folder(path)
                raise
        shutil.rmtree(former, ignore_errors=True)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def recover_folder(path: str | Path) -> Path:
    """Put back the folder that a killed `atomic_folder` had moved aside, if the new one never came.

    Returns:
        The whole path, links followed. There may be nothing.
    """
    target = Path(os.path.realpath(path))
    former = _former(target)
    if former.is_dir() and not former.is_symlink() and not target.exists():
        with suppress(OSError):
            os.rename(former, target)
    return target


def remove_folder(path: str | Path) -> None:
    """Remove a folder and what killed writers of it left beside it."""
    target = Path(os.path.realpath(path))
    _clear_leftovers(target)
    for place in (target, _former(target)):
        shutil.rmtree(place, ignore_errors=True)


def readable(path: str | Path) -> Path:
    """A file that can be read from its start as often as wanted.

    What is no regular file gives its bytes once: `-`, pipes, `/dev/stdin`, `<(command)`. It is copied to a temporary
    file that ends with this process, and asking again for the same one gives the same copy.

    Args:
        path: of anything but a folder; "-" is standard input.

    Returns:
        `path` itself, or its copy.

    Raises:
        OSError: there is nothing at `path`, or it cannot be read.
    """
    if str(path) == "-":
        return _copy("-", None)
    status = os.stat(path)
    if stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode):
        return Path(path)
    with suppress(OSError, ValueError, AttributeError):
        standard = os.fstat(sys.stdin.fileno())
        if (standard.st_dev, standard.st_ino) == (status.st_dev, status.st_ino):
            return _copy("-", None)  # "-" and /dev/stdin are the same, and can be read once between them
    return _copy((status.st_dev, status.st_ino), Path(path))


def is_there(path: str | Path) -> bool:
    """Whether there is something at `path`; there always is at "-", standard input."""
    return str(path) == "-" or Path(path).exists()


def forget_copies() -> None:
    """Drop the copies that `readable` made; a pipe that is asked for again is read again."""
    for copy in _COPIES.values():
        copy.unlink(missing_ok=True)
    _COPIES.clear()


def _copy(key: tuple[int, int] | str, path: Path | None) -> Path:
    if key not in _COPIES:
        atexit.register(forget_copies)
        handle, name = tempfile.mkstemp(prefix="xlner-input-")
        with open(handle, "wb") as copy, nullcontext(sys.stdin.buffer) if path is None else path.open("rb") as stream:
            shutil.copyfileobj(stream, copy)
        _COPIES[key] = Path(name)  # closed, since Windows opens no file twice
    return _COPIES[key]


@contextmanager
def _new(place: Path, path: str | Path, mode: str) -> Iterator[IO[str] | IO[bytes]]:
    """A file made anew: whoever planted a link under that name does not lead us elsewhere."""
    text = {} if "b" in mode else {"encoding": "utf-8", "newline": "\n"}
    fresh = "x" if not place.exists() or place.is_file() else "w"
    with place.open(mode.replace("w", fresh), **text) as out:  # type: ignore[call-overload]
        yield out


def _to_disk(path: Path) -> None:
    """Wait until the bytes of a file are on the disk, where the file system can say so."""
    if not path.is_file() or not os.access(path, os.W_OK):
        return
    with path.open("rb+") as written:
        try:
            os.fsync(written.fileno())
        except OSError as error:
            if error.errno not in (errno.EINVAL, errno.ENOTSUP):
                raise


@contextmanager
def _plain_errors(path: str | Path, places: Iterable[Path]) -> Iterator[None]:
    """Errors of the system about these places, and those without a name such as a full disk, in plain words."""
    try:
        yield
    except OSError as error:
        if isinstance(error, XlnerError) or (error.filename is not None and Path(str(error.filename)) not in places):
            raise  # of a file that the block reads
        reason = "the disk is full" if error.errno in (errno.ENOSPC, errno.EDQUOT) else error.strerror or error
        raise XlnerError(f"{path} cannot be written: {reason}; nothing was left behind") from error


def _check_replaceable(target: Path, path: str | Path, patterns: tuple[str, ...]) -> None:
    if not target.exists():
        return
    if not target.is_dir():
        raise UsageError(f"{path} is a file; a folder is wanted")
    for entry in sorted(target.iterdir()):
        if not any(entry.match(pattern) for pattern in patterns):
            raise UsageError(f"{path} holds other things, such as {entry.name}; name a new folder")


def _mark() -> str:
    """Of this machine, or container: a process number means nothing in another one that shares the folder."""
    numbers = Path("/proc/self/ns/pid")  # containers on one machine may have one name
    here = f"{socket.gethostname()} {numbers.stat().st_ino if numbers.exists() else ''}"
    return f".part-{zlib.crc32(here.encode()):08x}-"


def _tail(target: Path) -> str:
    return os.fsencode(target.name)[-_LONGEST_NAME:].decode(errors="ignore")


def _unfinished(target: Path) -> Path:
    # A name that nobody can guess: in a shared folder a link planted under it would lead a library elsewhere.
    return target.with_name(f"{_mark()}{os.getpid()}-{secrets.token_hex(8)}-{_tail(target)}")


def _former(target: Path) -> Path:
    return target.with_name(f".former-{_tail(target)}")


def _clear_leftovers(target: Path) -> None:
    """Remove what killed processes of this machine left of the same file or folder."""
    mark, tail = _mark(), _tail(target)
    with suppress(OSError), os.scandir(target.parent) as entries:
        for entry in entries:
            if not entry.name.startswith(mark):
                continue
            process, _, rest = entry.name.removeprefix(mark).partition("-")
            if rest.partition("-")[2] != tail or not process.isdigit() or _alive(int(process)):
                continue
            with suppress(OSError):
                if entry.is_dir(follow_symlinks=False):
                    shutil.rmtree(entry.path)
                else:
                    os.unlink(entry.path)


def _alive(process: int) -> bool:
    if os.name == "nt":  # there os.kill(process, 0) would end it
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
