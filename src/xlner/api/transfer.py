"""`xlner train` and `xlner transfer` as functions: read, open the run folder, fit, evaluate, save."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xlner.api.checks import check_layers, check_student, check_target, check_texts, without_effect
from xlner.api.describe_run import card_of
from xlner.api.estimate_run import estimate_run
from xlner.api.inputs import Inputs, LanguageFile, read_labelled, read_task
from xlner.api.recipes import method_and_options
from xlner.api.record import count_sentences, encoder_role, fitted_of_old, part_files, record_of, upgrade
from xlner.api.scoring import baseline_of, scored
from xlner.component import option_fields, options_class, to_values
from xlner.core.files import atomic
from xlner.core.run_folder import LEARNT_FROM, RunFolder
from xlner.data import write
from xlner.errors import UsageError, XlnerError
from xlner.methods import DEFAULT_METHOD, METHODS
from xlner.methods.adapting import check_pretraining, fit
from xlner.methods.augmenting import check_augmentations
from xlner.methods.method import check_inputs, check_patience
from xlner.methods.projection_options import reads_links
from xlner.methods.task import Task
from xlner.tagger import Tagger
from xlner.train.processes import main_first, main_process, wait_for_all

if TYPE_CHECKING:
    from xlner.methods.steps import Step

_LOSSES = "projected.html"


@dataclass(frozen=True)
class TransferResult:
    """A finished run.

    Args:
        folder: the run folder; `folder / "model"` is the model.
        tagger: the model.
        metrics: what `metrics.json` holds; "target" and "sources" are there when gold data was given, else "estimate",
            the F1 that `estimate_run` expects on raw target text.
        remarks: what reading the inputs left out.
        steps: how fast each step was, resumed ones as a whole; `steps.json` holds them as well.
        losses: a page of what was translated, projected and lost; None if nothing was.
    """

    folder: Path
    tagger: Tagger
    metrics: dict[str, Any]
    remarks: tuple[str, ...] = ()
    steps: tuple[Step, ...] = ()
    losses: Path | None = None

    @classmethod
    def of(cls, run: RunFolder, tagger: Tagger, metrics: dict[str, Any], remarks: Sequence[str]) -> TransferResult:
        """The result whose files are in a run's folder."""
        from xlner.methods.steps import steps_of

        page = run.path / _LOSSES
        there = page if page.is_file() else None
        return cls(run.path, tagger, metrics, tuple(remarks), steps_of(run.path), there)


def train(
    source: Sequence[LanguageFile],
    output: str | Path,
    *,
    options: Any = None,
    dev: Sequence[LanguageFile] = (),
    gold: str | None = None,
    mapping: Mapping[str, str] | None = None,
    reading: Mapping[str, Any] | None = None,
    resume: str = "auto",
    licence: str | None = None,
) -> TransferResult:
    """Train a tagger on labelled data: a teacher for later, or a model for its own language.

    Args as in `transfer`, which this is without a target; `options` are those of the method direct.
    """
    inputs = Inputs(source=source, dev=dev, gold=gold)
    return run_method(
        "direct", options, inputs, output, mapping=mapping, reading=reading, resume=resume, licence=licence
    )


def transfer(
    source: Sequence[LanguageFile],
    target: LanguageFile | None,
    output: str | Path,
    *,
    method: str | None = None,
    options: Any = None,
    recipe: str | None = None,
    source_text: Sequence[LanguageFile] = (),
    dev: Sequence[LanguageFile] = (),
    gold: str | None = None,
    bitext: Sequence[tuple[str, str, str]] = (),
    translations: Sequence[LanguageFile] = (),
    dictionaries: Sequence[LanguageFile] = (),
    target_labels: str | None = None,
    mapping: Mapping[str, str] | None = None,
    reading: Mapping[str, Any] | None = None,
    resume: str = "auto",
    licence: str | None = None,
    estimate: bool = True,
) -> TransferResult:
    """Make a NER model for the target language out of source-language data or models.

    Args:
        source: (BCP-47 or ISO 639 code, labelled file or model) pairs; a model is a run folder, a model folder or a
            hub id.
        target: (code, file of raw text); labels in it are ignored. None for plain training.
        output: run folder.
        method: a name in `xlner.methods.METHODS`; None takes that of the recipe, or the default.
        options: the method's `Options`, or a mapping with some of them; None takes the defaults.
        recipe: settings under a name, "fast" or "strong"; options win over it.
        source_text: (code, file of raw text) pairs for sources that are models, where weights are read from text.
        dev: (code, labelled file) pairs in source languages, for early stopping.
        gold: labelled target file; if given, the result and its baselines are scored on it. Never used to train.
        bitext: (code, source file, target file) of parallel text, for methods that read it.
        translations: (code, file): the labelled sentences of that source in the target language, line by line.
        dictionaries: (code, file) of dictionaries from a source language into the target language.
        target_labels: file of few labelled target sentences, for methods that learn from them.
        mapping: type renames, applied to data and to models among the sources.
        reading: how labelled files are read where they do not say it, such as `{"tag_column": 3}`.
        resume: "auto", "never", or a run folder to continue from.
        licence: of the model, for its card.
        estimate: without gold data, estimate F1 from raw target text.

    Returns:
        The finished run. Called again on a finished run, also without gold data, it only reads it; with other gold
        data it scores again, and with another licence it writes the card anew.

    Raises:
        UsageError: an argument is wrong.
        DataError: a file cannot be used.
        ModelError: a model or encoder cannot be used.
    """
    inputs = Inputs(
        source=source, target=target, source_text=source_text, dev=dev, gold=gold, bitext=bitext,
        translations=translations, dictionaries=dictionaries, target_labels=target_labels,
    )  # fmt: skip
    method, options = method_and_options(recipe, method, options, default=DEFAULT_METHOD)
    return run_method(
        method, options, inputs, output, mapping=mapping, reading=reading, resume=resume, licence=licence,
        estimate=estimate,
    )  # fmt: skip


def run_method(
    method: str,
    options: Any,
    inputs: Inputs,
    output: str | Path,
    *,
    mapping: Mapping[str, str] | None = None,
    reading: Mapping[str, Any] | None = None,
    resume: str = "auto",
    licence: str | None = None,
    estimate: bool = True,
) -> TransferResult:
    """Run a method on inputs: what `train` and `transfer` share. See there."""
    kind = METHODS.load(method)
    if options is None or isinstance(options, Mapping):
        options = METHODS.options(method, options)
    if not isinstance(options, options_class(kind)):
        raise UsageError(f"options are not those of the method {method}, but {type(options).__qualname__}")
    mapping, reading = dict(mapping or {}), dict(reading or {})
    check_patience(options, inputs.dev)
    files = {**inputs.roles(), **encoder_role(options)}
    remarks: list[str] = []
    task = read_task(inputs, mapping, reading, remarks, words_at_spaces=reads_links(options))
    check_inputs(method, kind, task)
    check_target(method, kind, inputs)
    kind.check(task, options)
    check_pretraining(task, options)
    check_augmentations(task, options)
    check_patience(options, task.dev)  # labels of the target are none
    files |= part_files(options)
    check_layers(task, options)
    check_student(task, options)
    remarks += without_effect(inputs, task, options)
    if not (Path(output) / "config.yaml").is_file():
        check_texts(inputs, task, kind, options)
    gold = read_labelled(inputs.gold, task.target, mapping, reading, remarks) if inputs.gold else []
    settings = {**inputs.record(), "map": mapping, "types": list(task.labels.types), "reading": reading}
    with main_first():
        record = record_of(method, options, settings)
        run = RunFolder.open(
            output, record, files, beside={"gold": inputs.gold}, resume=resume, upgrade=upgrade,
            forget=partial(_forget_scores, task=task),
        )  # fmt: skip
        count_sentences(run, task.sources, gold)
    wait_for_all()  # a process that fails at once takes the records of the run away again
    wants_estimate = estimate and task.raw is not None and not gold
    fitted = _fitted(run, task)
    finished = run.read_json("metrics.json") if fitted else None
    if fitted is not None and finished is not None:
        remarks.append("this run was finished before, and was only read")
        if licence not in (None, fitted.get("licence")) and main_process():
            card = card_of(run, task, method, kind, to_values(options), finished, licence)
            with atomic(run.path / "model" / "README.md") as out:
                out.write(card)
            run.write_json("fitted.json", {**fitted, "licence": licence})
        tagger = Tagger.load(run.path, device=_device(options))
        if wants_estimate and not {"target", "estimate"} & {*finished} and main_process():
            finished["estimate"] = estimate_run(run, tagger, task, reads_raw="raw" in kind.needs)
            run.write_json("metrics.json", finished)
        return TransferResult.of(run, tagger, finished, remarks)

    if fitted is None:
        try:
            result = fit(kind, task, options, run)
        except XlnerError:
            run.give_up()  # so that the corrected command may have the folder
            raise
        baselines = [baseline_of(run, teacher) for teacher in result.baselines]
        fitted = {"baselines": baselines, "notes": list(result.notes), "costs": dict(result.costs)}
        fitted["learnt_from"] = [name for name in LEARNT_FROM if (run.path / name).is_dir()]
        tagger = result.model
    else:
        tagger = Tagger.load(run.path, device=_device(options))
    from xlner.train.loop import forget

    metrics, predictions = scored(run, tagger, task, gold, fitted, method=method, device=_device(options))
    fitted["licence"] = licence or fitted.get("licence")
    if main_process():
        card = card_of(run, task, method, kind, to_values(options), metrics, fitted["licence"])
        run.write_json("fitted.json", fitted)  # first: a model that is there is then known
        tagger.save(run.path / "model", card=card)
        if gold:
            write(run.path / "predictions.jsonl", predictions)
            write(run.path / "predictions.html", predictions)
        elif wants_estimate:
            metrics["estimate"] = estimate_run(run, tagger, task, reads_raw="raw" in kind.needs)
        _write_steps(run)
        run.write_json("metrics.json", metrics)
        forget(run.path)
    wait_for_all()
    return TransferResult.of(run, tagger, metrics, remarks)


def _write_steps(run: RunFolder) -> None:
    """How fast the steps were, and the page of what they lost."""
    from xlner.methods.steps import losses_page, steps_of

    run.write_json("steps.json", [step.as_dict() for step in steps_of(run.path)])
    if (page := losses_page(run.path)) is not None:
        with atomic(run.path / _LOSSES) as out:
            out.writelines(page)


def _fitted(run: RunFolder, task: Task) -> dict[str, Any] | None:
    """What is known of the fitted model of a run, or None if it is not there yet."""
    if not (run.path / "model" / "config.json").is_file():
        return None
    return run.read_json("fitted.json", remove=run.path / "model") or fitted_of_old(run, task)


def _forget_scores(run: RunFolder, task: Task) -> None:
    """Remove the scores on gold data that is not that of the run any more."""
    if (fitted := _fitted(run, task)) is not None:
        run.write_json("fitted.json", fitted)  # runs of version 0.1 have it in the scores alone
    for name in ("metrics.json", "predictions.jsonl", "predictions.html"):
        (run.path / name).unlink(missing_ok=True)


def _device(options: Any) -> str | None:
    """The device that the options of a method name, or the last training among them: that of the model."""
    kind: Any = type(options)
    parts = [options, *(getattr(options, f.name) for f in option_fields(kind) if f.nested)]
    named = [part.device for part in parts if getattr(part, "device", None) is not None]
    return named[-1] if named else None
