"""`xlner evaluate` as a function: using models and predictions that exist."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from xlner.augment.augmenter import Chosen, Perturbation, steps_of
from xlner.core.files import is_there
from xlner.core.hub_names import may_be_hub_id
from xlner.core.types import Sentence
from xlner.data import Corpus, load
from xlner.data.corpus import Reading
from xlner.errors import DataError, UsageError
from xlner.evaluate import Scores, SpanError, describe, intervals, score, span_errors
from xlner.tagger import Tagger
from xlner.tagger.label_consistency import check_strength


def told(reading: Reading, on_remark: Callable[[str], None] | None) -> Iterator[Sentence]:
    """The sentences of a text; at its end `on_remark` hears what reading left out, a sentence at a time."""
    yield from reading
    for remark in reading.report().remarks() if on_remark else ():
        on_remark(remark)  # type: ignore[misc]


@dataclass(frozen=True)
class Evaluation:
    """Scores of one system on gold data, and what they come from.

    Args:
        scores: strict span scores.
        metrics: everything that `--json` prints.
        gold: the right answers.
        predictions: the same sentences as the system labelled them.
        notes: what reading left out, and what else to know before relying on the scores.
        types: the only ones that were scored; None for all.
    """

    scores: Scores
    metrics: dict[str, Any]
    gold: list[Sentence]
    predictions: list[Sentence]
    notes: tuple[str, ...] = ()
    types: Sequence[str] | None = None

    def describe(self, *, errors: bool = False) -> str:
        """The scores as a table.

        Args:
            errors: also count kinds of errors, with examples.
        """
        lines = [describe(self.scores, intervals=intervals(self.scores))]
        lines.append(f"conlleval reading: F1 {self.metrics['conlleval']['f1']:.4f}")
        if errors:
            kinds = span_errors(self.gold, self.predictions, types=self.types)
            lines.append("\nerrors: " + ", ".join(f"{n} {kind}" for kind, n in kinds.counts.items()))
            lines += [f"  {e.kind}: {e.text} ({_types(e)}) {e.where or ''}".rstrip() for e in kinds.examples]
        return "\n".join(lines)


def _types(error: SpanError) -> str:
    return " for ".join(s.label if s else "none" for s in (error.predicted, error.gold))


def evaluate(
    model_or_predictions: str | Path,
    gold: str | Path,
    *,
    mapping: Mapping[str, str] | None = None,
    types: Sequence[str] | None = None,
    device: str | None = None,
    label_consistency: float = 0.0,
    perturb: Chosen | None = None,
    seed: int = 1,
    token_column: int | None = None,
    tag_column: int | None = None,
) -> Evaluation:
    """Score a model, or a file of predictions, against gold data.

    Args:
        model_or_predictions: run folder, model folder, hub id, or a file with the same sentences in any format.
        gold: labelled file.
        mapping: type renames, applied to both sides.
        types: score only these types; None takes all that occur on either side.
        device: torch device name.
        label_consistency: for a model, how far equal words of the text get equal labels, 0 to 1.
        perturb: for a model, changes of the sentences that it is scored on, to see how well it stands them: names of
            augmentations between commas, or a mapping from names to options.
        seed: of what such changes draw at random.
        token_column: column of the word in files with columns, from 0; None finds it. A file of predictions that has
            no such column is read by its own ones.
        tag_column: column of the tag, likewise.

    Returns:
        Strict scores with bootstrap intervals. In a prediction file with broken tag sequences strict counts drop the
        broken entities; "conlleval" in the metrics keeps them, as that script does. A model's tags are never broken.

    Raises:
        DataError: sentences or words of the two sides differ.
    """
    check_strength(label_consistency)
    if (label_consistency or perturb is not None) and not is_model(model_or_predictions):
        name = "label_consistency" if label_consistency else "perturb"
        raise UsageError(f"`{name}` is for models; the predictions of a file are scored as they are")
    if perturb is not None:
        steps_of(perturb, option="perturb")
    columns: dict[str, Any] = {"token_column": token_column, "tag_column": tag_column}
    truth = load(gold, mapping=mapping, **columns)
    read, notes = {"gold": truth}, list(left_out(truth))
    if is_model(model_or_predictions):
        tagger = Tagger.load(model_or_predictions, mapping=mapping, device=device)
        if perturb is not None:
            change = Perturbation(perturb, seed=seed, unknown=tagger.tokenizer.unk_token)
            truth = replace(truth, sentences=change(truth.sentences))
            notes += [f"the sentences of {gold} are changed: {perturb}, seed {seed}", *change.notes]
        predictions = list(tagger.predict(truth.sentences, label_consistency=label_consistency))
        scores = lenient = score(truth.sentences, predictions, types=types)
    else:
        strict, loose, remarks = read_predictions(model_or_predictions, truth, mapping, columns)
        read["predictions"], predictions = strict, strict.sentences
        notes += remarks
        scores, lenient = (score(truth.sentences, side.sentences, types=types) for side in (strict, loose))
    notes += absent(types, truth.sentences, predictions)
    notes += one_sided(model_or_predictions, truth.sentences, predictions, types)
    ranges = intervals(scores)
    metrics = scores.as_dict(interval=ranges["f1"], conlleval=lenient)
    metrics["intervals"] = {name: r.as_dict() for name, r in ranges.items()}
    metrics["left_out"] = {side: corpus.report.reasons for side, corpus in read.items()}
    metrics["notes"] = notes
    return Evaluation(scores, metrics, truth.sentences, predictions, tuple(notes), types)


def is_model(value: str | Path) -> bool:
    """Whether the value names a model rather than a file of predictions.

    Raises:
        DataError: there is nothing of that name, and the hub has no such names.
    """
    if not is_there(value) and not may_be_hub_id(str(value)):
        raise DataError("no such file or model folder", path=value)
    return Path(value).is_dir() or not is_there(value)


def check_models(names: Sequence[str | Path], what: str) -> None:
    """See that all are models, not files of predictions.

    Args:
        names: run folders, model folders or hub ids.
        what: needs them, for the message.

    Raises:
        UsageError: one is a file.
    """
    for name in names:
        if not is_model(name):
            raise UsageError(f"{what} needs probabilities, so a model (a folder or hub id); {name} is a file")


def read_predictions(
    path: str | Path, gold: Corpus, mapping: Mapping[str, str] | None, columns: Mapping[str, Any]
) -> tuple[Corpus, Corpus, list[str]]:
    """Predictions without their broken entities, and with them; and notes: what was left out, what was hard to tell.

    Sloppy predictions in IOB2, many of whose entities open with I-, look like IOB1, in which nothing is ever broken. So
    where gold is IOB2 the predictions are read so as well, unless they are IOB1 throughout: then every B- that they
    have stands right behind an entity of its own type.
    """
    notes: list[str] = []
    read = partial(load, path, mapping=mapping, **columns)
    try:
        loose = read(repair="conll")
    except DataError:
        if not any(column is not None for column in columns.values()):
            raise
        read = partial(load, path, mapping=mapping)
        loose = read(repair="conll")
        notes.append(f"{path} does not have the columns that were named, and was read by its own ones")
    scheme = loose.report.scheme
    if scheme in ("IO", "IOB1") and gold.report.scheme == "IOB2":
        try:
            as_gold = read(repair="conll", scheme="IOB2")
        except DataError:  # bare types, which only IO has
            as_gold = None
        if as_gold and as_gold.report.entities - len(as_gold.report.broken) > _touching(as_gold.sentences):
            notes.append(f"{path} alone looks like {scheme}, but gold is IOB2, and so it was read")
            return read(repair="discard", scheme="IOB2"), as_gold, [*left_out(as_gold, gold=False), *notes]
        notes.append(f"{path} is {scheme} and gold IOB2; each was read as it is written")
        return loose, loose, [*left_out(loose, gold=False), *notes]
    return read(repair="discard"), loose, [*left_out(loose, gold=False), *notes]


def _touching(sentences: Sequence[Sentence]) -> int:
    """How many entities stand right behind one of their own type."""
    return sum(
        b.start == a.end and b.label == a.label for s in sentences for a, b in zip(s.spans, s.spans[1:], strict=False)
    )


def one_sided(
    name: str | Path, gold: Sequence[Sentence], predictions: Sequence[Sentence], types: Sequence[str] | None = None
) -> Iterator[str]:
    """A line where each side has types that the other lacks: they may be two names of one type."""
    known, said = ({s.label for x in side for s in x.spans if not types or s.label in types}
                   for side in (gold, predictions))  # fmt: skip
    if known - said and said - known:
        only = [", ".join(sorted(side)) for side in (known - said, said - known)]
        yield f"types only in gold: {only[0]}; only in {name}: {only[1]}; `mapping {min(said - known)}=TYPE` renames"


def absent(types: Sequence[str] | None, *sides: Sequence[Sentence]) -> Iterator[str]:
    """A line for types that are to be scored and are on neither side, such as mistyped ones."""
    there = {x.label for side in sides for s in side for x in s.spans}
    if unknown := sorted(set(types or ()) - there):
        yield f"neither side has {', '.join(unknown)}; they have {', '.join(sorted(there)) or 'no entities'}"


def left_out(corpus: Corpus, *, gold: bool = True) -> Iterator[str]:
    """What reading a file of gold or of predictions left out or took for granted, one line each."""
    report = corpus.report
    for reason, n in report.reasons.items():
        yield f"{report.path}: left out {n}: {reason}"
    if report.missing:
        fate = (
            "with unknown labels, which are not scored"
            if gold
            else "without a prediction; entities of gold there are missed"
        )
        yield f"{report.path}: {report.missing} words {fate}"
    if report.broken:
        yield f"{report.path}: {len(report.broken)} broken tag sequences, the first at {report.broken[0]}"
    for note in report.notes:
        yield f"{report.path}: {note}"
