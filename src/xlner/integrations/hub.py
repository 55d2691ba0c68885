"""Model folders on the Hugging Face hub: `xlner push`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from xlner.errors import ModelError, UsageError, XlnerError


@dataclass(frozen=True)
class Push:
    """What goes, or went, to the hub.

    Args:
        repo: "owner/name".
        folder: that the files are in.
        files: name -> size in bytes.
        left_out: names in the folder that do not belong to a model.
        card: metadata of the model card, as the hub reads it.
        notes: what is missing that others would want to know.
        private: whether the repository is to be private.
        url: of the commit; None for a dry run.
    """

    repo: str
    folder: Path
    files: Mapping[str, int]
    left_out: tuple[str, ...] = ()
    card: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    private: bool = False
    url: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """As plain values, for JSON."""
        return {
            "repo": self.repo, "folder": str(self.folder), "private": self.private, "files": dict(self.files),
            "bytes": sum(self.files.values()), "left_out": list(self.left_out), "card": dict(self.card),
            "notes": list(self.notes), "url": self.url,
        }  # fmt: skip

    def describe(self) -> str:
        """In words."""
        import yaml

        kind = "private" if self.private else "public"
        total = f"{sum(self.files.values()) / 1e6:.1f} MB"
        if self.url:
            return f"{len(self.files)} files, {total}, are at {self.url}"
        lines = [f"dry run: {len(self.files)} files, {total}, would go to {self.repo} ({kind})"]
        lines += [f"  {size:>12,} {name}" for name, size in self.files.items()]
        if self.left_out:
            lines.append(f"left out: {', '.join(self.left_out)}")
        if self.card:
            lines += ["model card:", *("  " + x for x in yaml.safe_dump(dict(self.card), sort_keys=False).splitlines())]
        return "\n".join(lines)


def push(model: str | Path, repo: str, *, dry_run: bool = False, private: bool = False, api: Any | None = None) -> Push:
    """Upload a model folder to the hub, with its card; the repository is made if it is not there.

    Args:
        model: run folder or model folder.
        repo: "owner/name".
        dry_run: look at the files and the card, and send nothing. Needs no network and no token.
        private: make a private repository. One that is there stays as it is.
        api: an `HfApi`; None makes one, with the token that the command hf auth login or HF_TOKEN gave.

    Raises:
        ModelError: there is no model in the folder, or it does not name its labels.
        UsageError: `repo` is no name of a repository, there is no token, or the card cannot be read.
        XlnerError: the hub refused.
    """
    from huggingface_hub import HfApi, get_token
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError
    from huggingface_hub.utils import validate_repo_id  # type: ignore[attr-defined]

    try:
        validate_repo_id(repo)
        if "/" not in repo:
            raise UsageError(f"'{repo}' names no owner; a repository has the form owner/name")
    except HFValidationError as error:
        raise UsageError(f"'{repo}' is no name of a repository, which has the form owner/name: {error}") from None
    plan = _planned(model, repo, private)
    if dry_run:
        return plan
    if api is None:
        if get_token() is None:
            raise UsageError("there is no token for the hub; run 'hf auth login', or set HF_TOKEN")
        api = HfApi()
    try:
        api.create_repo(repo, private=private, exist_ok=True)
        commit = api.upload_folder(
            repo_id=repo, folder_path=plan.folder, allow_patterns=list(plan.files), commit_message="Model of xlner"
        )
    except HfHubHTTPError as error:
        raise XlnerError(f"the hub refused {repo}: {str(error).strip().splitlines()[0]}") from error
    except Exception as error:  # those of its network library differ from version to version
        raise XlnerError(f"the hub cannot be reached: {error}") from error
    values = {name: getattr(plan, name) for name in ("repo", "folder", "files", "left_out", "card", "notes", "private")}
    return Push(**values, url=str(commit.commit_url))


def _planned(model: str | Path, repo: str, private: bool) -> Push:
    from xlner.tagger.exported import FORMATS
    from xlner.tagger.from_hub import EXPORTED
    from xlner.tagger.load import MODEL_FILES
    from xlner.tagger.tagger import model_folder

    folder = Path(model_folder(model))
    if not (folder / "config.json").is_file():
        raise ModelError(f"there is no model in {model}; name a run folder or a model folder")
    _check_labels(folder)
    files, left_out = {}, []
    for path in sorted(folder.iterdir()):
        if path.is_file() and any(fnmatch(path.name, pattern) for pattern in (*MODEL_FILES, *EXPORTED)):
            files[path.name] = path.stat().st_size
        else:
            left_out.append(path.name)
    if not any(name.endswith((".safetensors", ".onnx", FORMATS["openvino"].files[-1])) for name in files):
        raise ModelError(f"{folder} has no weights in safetensors, ONNX or OpenVINO, and xlner sends no others")
    card, notes = _card(folder)
    return Push(repo, folder, files, tuple(left_out), card, tuple(notes), private)


def _check_labels(folder: Path) -> None:
    import json

    from xlner.core.labels import model_tags

    try:
        config = json.loads((folder / "config.json").read_text("utf-8"))
        labels = config.get("id2label")
    except (ValueError, AttributeError):
        raise ModelError(f"{folder / 'config.json'} is no JSON object") from None
    if not labels:
        raise ModelError(f"{folder} does not name its labels, so it is no NER model")
    model_tags(labels)


def _card(folder: Path) -> tuple[dict[str, Any], list[str]]:
    """The metadata of the card, and what it lacks."""
    from huggingface_hub import ModelCard

    path = folder / "README.md"
    if not path.is_file():
        return {}, ["the model has no card (README.md); those who find it will not know what it is for"]
    try:
        data = ModelCard.load(path).data.to_dict()
    except Exception as error:  # of YAML and of the library, many kinds
        raise UsageError(f"{path}: its head cannot be read: {error}") from None
    notes = []
    if "license" not in data:
        notes.append(f"the card names no licence; write a line such as 'license: apache-2.0' into the head of {path}")
    if "model-index" not in data:
        notes.append("the card has no results; make the run with `gold` data to have them")
    return data, notes
