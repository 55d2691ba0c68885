"""What can be seen to be wrong before a run begins, and would otherwise be found when its teachers are trained."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest
from typing import Any

from xlner.api.inputs import Inputs
from xlner.core.labels import LabelSet
from xlner.core.languages import bcp47
from xlner.errors import DataError, OptionError, UsageError
from xlner.methods.task import MULTIPLE, Stream, Task, pooled

_OF_THE_TARGET = {"raw", "bitext", "translations", "dictionaries"}


def check_target(method: str, kind: Any, inputs: Inputs) -> None:
    """See that a method that crosses to another language is told which.

    Args:
        method: as it is registered.
        kind: the method.
        inputs: of the run.

    Raises:
        UsageError: there is no target.
    """
    if inputs.target is None and (kind.needs | kind.uses) & _OF_THE_TARGET:
        raise UsageError(f"the method {method} needs the target language and text of it: `target LANG=FILE`")


def check_texts(inputs: Inputs, task: Task) -> None:
    """Read all raw and parallel text once.

    Args:
        inputs: the files.
        task: what was made of them.

    Raises:
        DataError: a text cannot be read to its end, or the two sides of one have not as many sentences.
    """
    for _ in task.raw() if task.raw is not None else ():
        pass
    for (_, *files), bitext in zip(inputs.bitext, task.bitext, strict=True):
        _side_by_side(bitext.source, bitext.target, files)
    given = dict(inputs.translations)
    labelled = {s.name: file for s, (_, file) in zip(task.sources, inputs.source, strict=True)}
    for source in task.sources:
        if source.sentences and source.name in task.translations:
            files = [labelled[source.name], given[source.language]]
            _side_by_side(lambda of=source: iter(of.sentences), task.translations[source.name], files)  # type: ignore[misc]


def _side_by_side(one: Stream, other: Stream, files: list[str]) -> None:
    for number, pair in enumerate(zip_longest(one(), other())):
        if None in pair:
            short, long = files if pair[0] is None else files[::-1]
            raise DataError(
                f"ends after {number} sentences, and {long} does not; sentence n of one must be the translation of "
                "sentence n of the other (empty lines count)",
                path=short,
            )


def check_layers(task: Task, options: Any) -> None:
    """See that a student is to have no more layers than what it starts from.

    Args:
        task: the models among its sources may be what the student starts from.
        options: of the method.

    Raises:
        OptionError: nothing that it can start from has so many.
        ModelError: there is no such encoder.
    """
    count = getattr(options, "student_layers", None)
    if count is None:
        return
    from xlner.encoder.depth import depth_of
    from xlner.tagger.tagger import model_folder

    there = max(
        depth_of(start) for start in (options.encoder, *(model_folder(s.model) for s in task.sources if s.model))
    )
    if count > there:
        raise OptionError("student_layers", f"is {count}, but nothing that the student can start from has over {there}")


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
            yield f"`dev {bcp47(code)}=...` is in the language of no source, and stops no teacher early"
    data = [s for s in task.sources if s.sentences]
    if getattr(options, "pool", False) and len(pooled(data)) > 1:
        types = {s.name: set(LabelSet.of(s.sentences).types) for s in data}
        every = set().union(*types.values())
        lacking = [f"{name} has no {', '.join(sorted(every - of))}" for name, of in types.items() if every - of]
        yield (
            f"`pool` makes {len(pooled(data))} teachers of {len(data)} sources, as only data with the same types can "
            f"be pooled: {'; '.join(lacking)}"
        )
