"""`xlner pretrain` as a function: an encoder trained further on raw text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

from xlner.api.apply import told
from xlner.component import from_values, to_values
from xlner.core.files import is_there
from xlner.core.languages import bcp47, iso3
from xlner.core.run_folder import RunFolder
from xlner.data import stream_text
from xlner.encoder.history import pretraining_of
from xlner.errors import DataError, UsageError
from xlner.train.masked_options import PretrainOptions
from xlner.train.pretraining import MODEL, pretrain_encoder
from xlner.train.processes import main_first, main_process

LanguageFile = tuple[str, str]


@dataclass(frozen=True)
class PretrainResult:
    """An encoder that was trained further.

    Args:
        folder: the run folder; it can be named as an encoder.
        metrics: what `metrics.json` holds.
        remarks: what reading the texts left out.
    """

    folder: Path
    metrics: dict[str, Any]
    remarks: tuple[str, ...] = ()

    @property
    def model(self) -> Path:
        """The folder that `transformers` loads."""
        return self.folder / MODEL

    def describe(self) -> str:
        """Counts of the texts, and accuracy on held-out sentences before and after."""
        lines = []
        for language, c in self.metrics["texts"].items():
            lines.append(f"{bcp47(language)}: {c['sentences']} sentences, {c['words']} words, {c['held_out']} held out")
            if tested := self.metrics["held_out"].get(language):
                before, after = tested["before"], tested["after"]
                lines.append(
                    f"  masked words predicted: {before['word_accuracy']:.3f} before, {after['word_accuracy']:.3f} "
                    f"after, of {after['words']}; loss {before['loss']:.3f}, {after['loss']:.3f}"
                )
        v = self.metrics["vocabulary"]
        lines.append(f"{self.metrics['steps']} steps over {v['used']} of {v['pieces']} pieces")
        return "\n".join([*lines, f"encoder: {self.model}"])


def pretrain(
    text: Sequence[LanguageFile],
    output: str | Path,
    *,
    encoder: str = "embedded",
    options: PretrainOptions | Mapping[str, Any] | None = None,
    token_column: int | None = None,
    tag_column: int | None = None,
    resume: str = "auto",
) -> PretrainResult:
    """Train an encoder further on raw text, by predicting masked words.

    Args:
        text: (BCP-47 or ISO 639 code, file) pairs; a language may have several files, and labels are ignored.
        output: run folder. The encoder is in its folder `model`; the run folder itself can be named as an encoder.
        encoder: "embedded", a folder or a hub id.
        options: a `PretrainOptions`, or a mapping with some of them; None takes the defaults.
        token_column: of the word, in files with columns.
        tag_column: of the tag, in such files; it is no text.
        resume: "auto", "never", or a run folder to continue from.

    Returns:
        The encoder. Called again on a finished run, it only reads it.

    Raises:
        UsageError: an argument is wrong.
        DataError: a file cannot be used.
        ModelError: the encoder cannot be used.
    """
    settings = options if isinstance(options, PretrainOptions) else from_values(PretrainOptions, options or {})
    files = [(iso3(language), str(file)) for language, file in text]
    if not files:
        raise UsageError("at least one `text LANG=FILE` is needed")
    for _, file in files:
        if not file.startswith("hf:") and not is_there(file):
            raise DataError("no such file", path=file)
    columns = {"token_column": token_column, "tag_column": tag_column}
    reading: dict[str, Any] = {name: column for name, column in columns.items() if column is not None}
    record = {
        "encoder": encoder,
        "text": [list(pair) for pair in files],
        "options": to_values(settings, deciding=True),
        "reading": reading,
    }
    roles = {f"text {i} ({language})": file for i, (language, file) in enumerate(files, 1)}
    roles |= {"encoder": encoder} if Path(encoder).is_dir() else {}
    with main_first():
        run = RunFolder.open(output, record, roles, resume=resume, upgrade=_upgrade)
        data = run.read_json("data.json") or {}
    remarks: list[str] = []

    def sentences(language: str) -> Any:
        of_language = (file for code, file in files if code == language)
        return chain.from_iterable(
            told(stream_text(file, language=language, **reading), remarks.append) for file in of_language
        )

    metrics = pretrain_encoder(
        encoder,
        {language: partial(sentences, language) for language in dict.fromkeys(code for code, _ in files)},
        settings,
        run.path,
        files=[
            {"role": role, "name": Path(d["path"]).name, "sha256": d["sha256"]}
            for role, d in data.items()
            if role != "encoder"
        ],
    )
    if main_process():
        run.write_json("data.json", _with_sentences(data, files, metrics["texts"]))
    return PretrainResult(run.path, metrics, tuple(remarks))


def _with_sentences(
    data: Mapping[str, Any], files: Sequence[LanguageFile], texts: Mapping[str, Mapping[str, int]]
) -> dict[str, Any]:
    """The entries of data.json with the sentences of each text, those of several files of a language together."""
    out = {role: dict(entry) for role, entry in data.items()}
    for i, (language, _) in enumerate(files, 1):
        counts = texts[language]
        out[f"text {i} ({language})"]["sentences"] = counts["sentences"] + counts["held_out"]
    if "encoder" in out and (before := pretraining_of(out["encoder"]["path"])):
        out["encoder"]["pretraining"] = before
    return out


def _upgrade(record: dict[str, Any]) -> dict[str, Any]:
    """A record as today's version writes it: an option that it lacks has its default."""
    try:
        options = to_values(from_values(PretrainOptions, record.get("options") or {}), deciding=True)
    except UsageError:  # of another version, or another command: another run
        return record
    return {**record, "options": options}
