"""`xlner train` and `xlner transfer` as functions: read, open the run folder, fit, evaluate, save."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from xlner.core.labels import LabelSet
from xlner.core.languages import bcp47
from xlner.core.languages import name as language_name
from xlner.core.run_folder import RunFolder
from xlner.core.types import Sentence
from xlner.data import load, stream_text, write
from xlner.errors import DataError, UsageError
from xlner.evaluate import interval, score
from xlner.methods import METHODS
from xlner.methods.distill import UNKNOWN_TYPES
from xlner.methods.task import MethodOptions, Source, Task, pooled
from xlner.tagger import Tagger
from xlner.tagger.card import model_card
from xlner.tagger.outputs import OutputMap
from xlner.train.loop import forget
from xlner.train.processes import main_first, main_process

_DATA = {".bio", ".conll", ".conllu", ".csv", ".iob2", ".json", ".jsonl", ".ner", ".tsv", ".txt"}  # no hub id ends so


@dataclass(frozen=True)
class TransferResult:
    """A finished run.

    Args:
        folder: the run folder; `folder / "model"` is the model.
        tagger: the model.
        metrics: what `metrics.json` holds; "target" and "sources" are there when gold data was given.
    """

    folder: Path
    tagger: Tagger
    metrics: dict[str, Any]


def train(
    source: Sequence[tuple[str, str]],
    output: str | Path,
    *,
    dev: Sequence[tuple[str, str]] = (),
    gold: str | None = None,
    mapping: Mapping[str, str] | None = None,
    options: MethodOptions | None = None,
    resume: str = "auto",
    licence: str | None = None,
) -> TransferResult:
    """Train a tagger on labelled data: a teacher for later, or a model for its own language.

    Args as in `transfer`, which this is without a target.
    """
    return transfer(
        source, None, output, method="direct", dev=dev, gold=gold, mapping=mapping, options=options, resume=resume,
        licence=licence,
    )  # fmt: skip


def transfer(
    source: Sequence[tuple[str, str]],
    target: tuple[str, str] | None,
    output: str | Path,
    *,
    method: str = "distill",
    source_text: Sequence[tuple[str, str]] = (),
    dev: Sequence[tuple[str, str]] = (),
    gold: str | None = None,
    mapping: Mapping[str, str] | None = None,
    options: MethodOptions | None = None,
    resume: str = "auto",
    licence: str | None = None,
) -> TransferResult:
    """Make a NER model for the target language out of source-language data or models.

    Args:
        source: (ISO 639-3 code, labelled file or model) pairs; a model is a run folder, a model folder or a hub id.
        target: (ISO 639-3 code, file of raw text); labels in it are ignored. None for plain training.
        output: run folder.
        method: a name in `xlner.methods.METHODS`.
        source_text: (code, file of raw text) pairs for sources that are models, where weights are read from text.
        dev: (code, labelled file) pairs in source languages, for early stopping.
        gold: labelled target file; if given, the result and each teacher are scored on it. Never used to train.
        mapping: type renames, applied to data and to models among the sources.
        options: how to transfer.
        resume: "auto", "never", or a run folder to continue from.
        licence: of the model, for its card.

    Returns:
        The finished run. Called again on a finished run it only reads it.

    Raises:
        UsageError: an argument is wrong.
        DataError: a file cannot be used.
        ModelError: a model or encoder cannot be used.
    """
    options = options or MethodOptions()
    mapping = dict(mapping or {})
    fit = METHODS.load(method)
    if len({code for code, _ in source_text}) < len(source_text):
        raise UsageError("--source-text names a language twice; give one file for each")
    if source_text and (options.weights == "uniform" or "=" in options.weights):
        raise UsageError(f"--source-text is read for weights, and --weights {options.weights} reads none")
    if not dev and (options.teacher.patience or options.student.patience):
        raise UsageError("--patience needs --dev")
    inputs = _inputs(source, target, dev, gold, source_text)
    texts = {language: _raw((language, file)) for language, file in source_text}
    if unknown := [language for language in texts if language not in {code for code, _ in source}]:
        raise UsageError(f"--source-text {bcp47(unknown[0])}=... is for no --source")
    sources = [
        replace(_read_source(language, value, mapping, n), text=tuple(texts.get(language, ())))
        for n, (language, value) in enumerate(_named(source))
    ]
    dev_sentences = [s for language, file in dev for s in _read(file, language, mapping)]
    language = target[0] if target else sources[0].language
    gold_sentences = _read(gold, language, mapping) if gold else []
    task = Task(
        sources=pooled(sources) if options.pool and method != "direct" else tuple(sources),
        target=language,
        labels=_label_set(sources, mapping),
        raw=partial(_raw, target) if target else None,
        mapping=mapping,
        dev=tuple(dev_sentences),
    )
    config = {
        "method": method,
        "source": [list(pair) for pair in source],
        "source_text": [list(pair) for pair in source_text],
        "target": list(target) if target else None,
        "dev": [list(pair) for pair in dev],
        "gold": gold,
        "map": mapping,
        "types": list(task.labels.types),
        **_plain(options),
    }
    with main_first():
        run = RunFolder.open(output, config, inputs, resume=resume)
        _count_sentences(run, sources, gold_sentences)
    finished = run.read_json("metrics.json")
    if finished is not None and (run.path / "model" / "config.json").is_file():
        return TransferResult(run.path, Tagger.load(run.path, device=options.student.device), finished)

    tagger = fit(task, options, run.path)
    metrics: dict[str, Any] = {"method": method, "types": list(task.labels.types)}
    if notes := _mixed_types(sources) if method == "direct" else _fresh_student(run):
        metrics["notes"] = notes
    predictions: dict[str, list[Sentence]] = {}
    if gold_sentences:
        systems = {"target": tagger} if method == "direct" else {**_teachers(run, task, options), "target": tagger}
        for name, system in systems.items():
            predictions[name] = list(system.predict(gold_sentences))
        scores = {n: score(gold_sentences, p) for n, p in predictions.items()}
        results = {n: s.as_dict(interval=interval(s)) for n, s in scores.items()}
        metrics["target"] = results.pop("target")
        metrics["sources"] = results
    if dev_sentences:
        metrics["dev"] = score(dev_sentences, list(tagger.predict(dev_sentences))).as_dict()
    if main_process():
        tagger.save(run.path / "model", card=_card(run, task, method, fit, options, metrics, licence))
        if gold_sentences:
            write(run.path / "predictions.jsonl", predictions["target"])
            write(run.path / "predictions.html", predictions["target"])
        run.write_json("metrics.json", metrics)
        forget(run.path)
    return TransferResult(run.path, tagger, metrics)


def _named(source: Sequence[tuple[str, str]]) -> Sequence[tuple[str, str]]:
    if not source:
        raise UsageError("at least one --source LANG=FILE_OR_MODEL is needed")
    return source


def _is_file(value: str) -> bool:
    return value.startswith("hf:") or (Path(value).exists() and not Path(value).is_dir())


def _inputs(
    source: Sequence[tuple[str, str]],
    target: tuple[str, str] | None,
    dev: Sequence[tuple[str, str]],
    gold: str | None,
    source_text: Sequence[tuple[str, str]],
) -> dict[str, str]:
    """Role -> file or model, for data.json."""
    inputs = {f"source {i + 1} ({language})": value for i, (language, value) in enumerate(source)}
    inputs |= {f"dev {i + 1} ({language})": value for i, (language, value) in enumerate(dev)}
    inputs |= {f"text of source ({language})": value for language, value in source_text}
    if target:
        inputs[f"target ({target[0]})"] = target[1]
    if gold:
        inputs["gold"] = gold
    for role, value in inputs.items():
        if not role.startswith("source") and not value.startswith("hf:") and not Path(value).is_file():
            raise DataError("no such file", path=value)
    return inputs


def _read(file: str, language: str, mapping: Mapping[str, str]) -> list[Sentence]:
    sentences = load(file, language=language, mapping=mapping).sentences
    if not any(s.words for s in sentences):
        raise DataError("has no sentences", path=file)
    if not any(s.labelled for s in sentences):
        raise DataError("has no labels; labelled sentences are wanted here", path=file)
    return sentences


def _read_source(language: str, value: str, mapping: Mapping[str, str], number: int) -> Source:
    name = f"{number + 1}-{bcp47(language)}"
    if _is_file(value):
        return Source(language=language, sentences=tuple(_read(value, language, mapping)), name=name)
    path = Path(value)
    local = path.suffix.lower() in _DATA or path.parent.is_dir()
    if not path.exists() and (value.count("/") != 1 or value.startswith((".", "/")) or local):
        raise DataError("no such file, model folder or hub id", path=value)
    return Source(language=language, model=value, name=name)


def _label_set(sources: Sequence[Source], mapping: Mapping[str, str]) -> LabelSet:
    """All types that any source knows, by name."""
    from xlner.core.labels import model_tags
    from xlner.tagger.tagger import model_config, model_folder

    types = set(LabelSet.of(s for source in sources for s in source.sentences).types)
    for source in sources:
        if source.model:
            config = model_config(model_folder(source.model))
            types |= set(OutputMap(model_tags(config.id2label), mapping=mapping).labels.types)
    if not types:
        raise DataError("the sources have no entities; after --map no type is left to learn")
    return LabelSet(tuple(sorted(types)))


def _fresh_student(run: RunFolder) -> list[str]:
    """What to say if the student could not start from a teacher, though nobody asked for that."""
    made = run.read_json("weights_detail.json") or {}
    if made.get("student_starts_from") != UNKNOWN_TYPES:
        return []
    return [f"the student starts from the {UNKNOWN_TYPES}; it then needs more raw text than one that starts trained"]


def _mixed_types(sources: Sequence[Source]) -> list[str]:
    """What to know of sources that are trained on together although one has names of a type that another lacks."""
    has = {s.name: set(LabelSet.of(s.sentences).types) for s in sources if s.sentences}
    every = set().union(*has.values())
    return [
        f"source {name} has no {', '.join(sorted(every - own))}; if it has such names without labels, they were taught "
        "as O (--method distill keeps sources apart)"
        for name, own in has.items()
        if own != every
    ]


def _raw(target: tuple[str, str]) -> Iterator[Sentence]:
    return stream_text(target[1], language=target[0])


def _plain(options: MethodOptions) -> dict[str, Any]:
    """Settings that decide a result, as plain values; how often to save and where to report do not."""
    values = asdict(options)
    for part in ("teacher", "student"):
        values[part] = {k: v for k, v in values[part].items() if k not in ("checkpoint_seconds", "report_to")}
    return values


def _count_sentences(run: RunFolder, sources: Sequence[Source], gold: Sequence[Sentence]) -> None:
    data = run.read_json("data.json") or {}
    for number, source in enumerate(sources, 1):
        data[f"source {number} ({source.language})"]["sentences"] = len(source.sentences) or None
    if gold:
        data["gold"]["sentences"] = len(gold)
    run.write_json("data.json", data)


def _teachers(run: RunFolder, task: Task, options: MethodOptions) -> dict[str, Tagger]:
    """The teachers of the run, each what direct transfer from its language would have given."""
    from xlner.methods.distill import teacher_of

    return {s.name: teacher_of(s, task, options, run.path / "teachers" / s.name) for s in task.sources}


def _card(
    run: RunFolder,
    task: Task,
    method: str,
    fit: Any,
    options: MethodOptions,
    metrics: Mapping[str, Any],
    licence: str | None,
) -> str:
    doc = (fit.__doc__ or method).split("\n\n")
    reference = next((p.split("Reference:")[1] for p in doc if "Reference:" in p), "")
    results = []
    if "target" in metrics:
        m = metrics["target"]
        bounds = {"low": m["interval"]["low"], "high": m["interval"]["high"]}
        fields = {k: m[k] for k in ("f1", "precision", "recall", "sentences")}
        results.append({"name": f"{language_name(task.target)} gold", **fields, **bounds})
    data = [
        {
            "role": role,
            "name": Path(d["path"]).name,
            "sentences": d.get("sentences") or "",
            "sha256": d["sha256"],
        }
        for role, d in (run.read_json("data.json") or {}).items()
    ]
    languages = [code for s in task.sources for code in s.languages]
    foreign = task.target not in languages
    sources = ", ".join(sorted({language_name(code) for code in languages}))
    return model_card(
        languages=list(dict.fromkeys([*languages, task.target])),
        types=task.labels.types,
        encoder=options.encoder,
        method=f"{doc[0].strip()} Sources: {sources}." + f" Target: {language_name(task.target)}." * foreign,
        reference=" ".join(reference.split()),
        data=data,
        settings=_plain(options),
        results=results,
        limits=[
            "It finds names of the types above and of no others; titles and nationalities count as its sources count.",
            "Text unlike the data above (other genres, lower case, noise) lowers its scores.",
            f"No {language_name(task.target)} labels were used for training. " * foreign
            + "Measure it on your own text before you rely on it.",
        ],
        licence=licence,
    )
