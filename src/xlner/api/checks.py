"""What can be seen to be wrong before a run begins, and would otherwise be found when its teachers are trained."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any

from xlner.align.files import FilesAligner
from xlner.align.use import link_files
from xlner.api.inputs import Inputs
from xlner.component import is_default
from xlner.core.labels import LabelSet
from xlner.core.languages import bcp47
from xlner.core.types import Sentence
from xlner.errors import OptionError, UsageError
from xlner.methods.projection_options import name_and_options
from xlner.methods.task import MULTIPLE, Task, pooled, side_by_side

_OF_TWO_LANGUAGES = {"bitext", "translations", "dictionaries"}


def check_target(method: str, kind: Any, inputs: Inputs) -> None:
    """See that a method that crosses to another language is told which.

    Args:
        method: as it is registered.
        kind: the method.
        inputs: of the run.

    Raises:
        UsageError: there is no target.
    """
    if inputs.target is None and (kind.needs | kind.uses) & _OF_TWO_LANGUAGES:
        raise UsageError(f"the method {method} needs the target language and text of it: `target LANG=FILE`")


def check_texts(inputs: Inputs, task: Task, kind: Any, options: Any) -> None:
    """Read once to its end what the method will read: raw text, parallel text and translations.

    Args:
        inputs: the files.
        task: what was made of them.
        kind: the method.
        options: of the method.

    Raises:
        DataError: a text cannot be read, the two sides of one have not as many sentences, or links do not fit them.
    """
    trains_on = getattr(getattr(options, "pretrain", None), "epochs", 0)  # any method may train its encoder on raw text
    if task.raw is not None and ("raw" in kind.needs | kind.uses or trains_on):
        _exhaust(task.raw())
    for (_, left, right), bitext in zip(inputs.bitext, task.bitext, strict=True):
        _check_links(side_by_side(bitext.source, bitext.target, (left, right)), options)
    given = dict(inputs.translations)
    for source, (_, file) in zip(task.sources, inputs.source, strict=True):
        if source.sentences and source.name in task.translations:
            sides = partial(iter, source.sentences), task.translations[source.name]
            _check_links(side_by_side(*sides, (file, given[source.language])), options)


def _check_links(pairs: Iterable[tuple[Sentence, Sentence]], options: Any) -> None:
    """Read sentence pairs to their end, and see that files of links fit them, if the aligner reads some."""
    aligner = getattr(options, "aligner", None)
    files = [] if aligner is None else link_files(*name_and_options("aligner", aligner))
    if not files:
        return _exhaust(pairs)
    words = [(s.words, t.words) for s, t in pairs]
    for file in files:
        FilesAligner(path=file.path, base=file.base, swapped=file.swapped).check(words)


def _exhaust(items: Iterable[object]) -> None:
    deque(items, maxlen=0)


def check_layers(task: Task, options: Any) -> None:
    """See that no training names more layers than what it can start from has.

    Args:
        task: the models among its sources may be what the student starts from.
        options: of the method.

    Raises:
        OptionError: nothing has so many.
        ModelError: there is no such encoder.
    """
    from xlner.encoder.depth import depth_of
    from xlner.tagger.tagger import model_folder
    from xlner.train.options import TrainOptions

    models = [model_folder(s.model) for s in task.sources if s.model]
    encoder = [options.encoder]
    fresh = encoder if len(models) < len(task.sources) else []
    named = getattr(options, "student_from", None) == "encoder" or not is_default(options, "encoder")
    starts = {"teacher": fresh, "student": [*models, *(encoder if named else fresh)]}
    for name, possible in starts.items():
        training = getattr(options, name, None) or TrainOptions()
        count = getattr(options, "student_layers", None) if name == "student" else None
        if count is None and training.layer is None and not training.freeze_layers:
            continue
        there = [depth_of(start) for start in possible]
        if not there or 0 in there:  # 0 is unknown
            continue
        most = max(there)
        if count is not None and count > most:
            raise OptionError(
                "student_layers", f"is {count}, but nothing that the student can start from has more than {most}"
            )
        left = min(most, training.layer or most, count or most)
        for option, number, bound in (("layer", training.layer, most), ("freeze_layers", training.freeze_layers, left)):
            if number is not None and number > bound:
                raise OptionError(f"{name}.{option}", f"is {number}, but the encoder has {bound}")


def check_student(task: Task, options: Any) -> None:
    """See that a student that is to start from a teacher can do so.

    Args:
        task: the sources of the teachers, and the types.
        options: of the method.

    Raises:
        UsageError: no teacher knows all types, one is an exported model, or the student is to start from none.
    """
    from xlner.methods.starting import no_states_to_match, no_teacher_knows
    from xlner.methods.teachers import types_of
    from xlner.tagger.exported import is_exported
    from xlner.tagger.tagger import model_folder

    start = getattr(options, "student_from", None)
    if start == "encoder" and options.student_match:
        raise no_states_to_match()
    if start == "encoder" or start is None or (start == "auto" and not is_default(options, "encoder")):
        return
    known = [types_of(s, task.mapping) for s in task.sources]
    able = (s for s, types in zip(task.sources, known, strict=True) if types >= {*task.labels.types})
    first = next(able, None)
    if first is None and start == "teacher":
        raise no_teacher_knows(task.sources[0].name, known[0], task.labels.types)
    if first is not None and first.model and is_exported(model_folder(first.model)):
        raise UsageError(
            f"source {first.name} is an exported model, which can label and cannot be trained further: say "
            "`student_from encoder`"
        )


def without_effect(inputs: Inputs, task: Task, options: Any) -> Iterator[str]:
    """A line for each input or option that does less than it seems to.

    Args:
        inputs: the files.
        task: what was made of them.
        options: of the method.
    """
    known = {code for s in task.sources for code in s.languages}
    for code in dict.fromkeys(code for code, _ in inputs.dev):
        if MULTIPLE not in known and code not in known:
            yield f"`dev {bcp47(code)}=...` is in the language of no source, and is not read"
    data = [s for s in task.sources if s.sentences]
    if getattr(options, "pool", False) and len(pooled(data)) > 1:
        types = {s.name: set(LabelSet.of(s.sentences).types) for s in data}
        every = set().union(*types.values())
        lacking = [f"{name} has no {', '.join(sorted(every - of))}" for name, of in types.items() if every - of]
        yield (
            f"`pool` makes {len(pooled(data))} teachers of {len(data)} sources, as only data with the same types can "
            f"be pooled: {'; '.join(lacking)}"
        )
