"""Names of models on the hub, told from paths that do not exist."""

from __future__ import annotations

from pathlib import Path

_DATA = {  # no hub id ends so
    ".bio", ".conll", ".conllu", ".csv", ".html", ".iob2", ".json", ".jsonl", ".ner", ".parquet", ".tsv", ".txt",
    ".yaml",
}  # fmt: skip


def may_be_hub_id(name: str) -> bool:
    """Whether a name at which nothing lies may be asked for on the hub: OWNER/NAME or NAME, not a path, not a file.

    Where there is a folder OWNER the name counts as a mistyped path, unless it was fetched from the hub before.
    """
    path = Path(name)
    if not 0 < len(path.parts) <= 2 or name.startswith((".", "/", "~")) or path.suffix.lower() in _DATA:
        return False
    if len(path.parts) == 1 or not path.parent.is_dir():
        return True
    from huggingface_hub import try_to_load_from_cache

    return isinstance(try_to_load_from_cache(name, "config.json"), str)
