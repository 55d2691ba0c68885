"""From a plan to its runs: each a command with an id that is a hash of it."""

from __future__ import annotations

import hashlib
import json
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import combinations, product
from pathlib import Path
from typing import Any

from xlner.errors import UsageError
from xlner.study.plan import Each, Plan, Step

_PLACE = re.compile(r"\{((?:run:|text:)?[^{}:]+)\}")  # with another colon it is a mapping, such as {name: files}
_INPUT = re.compile(r"(?:\{(?:data|demo)\})?[^=,{}]+")
_BEGINNING = re.compile(r"(first|lines)\(\s*([\w.-]+)\s*,\s*([\w.-]+)\s*\)")
_LATE = ("data", "demo", "here")  # filled in where the run takes place


@dataclass(frozen=True)
class Text:
    """The beginning of a file.

    Args:
        source: the file, with {data} or {demo}.
        count: whole sentences are taken until there are so many words, or so many lines are.
        lines: count lines, and leave them as they are.
        language: of the file, where a word of it is to be known; the name of the text does not hold it.
    """

    source: str
    count: int
    lines: bool = False
    language: str | None = field(default=None, compare=False)

    @property
    def name(self) -> str:
        """Of the file that holds it."""
        key = hashlib.sha256(f"{self.source} {self.count}{' lines' * self.lines}".encode()).hexdigest()[:12]
        return f"{key}.{'txt' if self.lines else 'jsonl'}"

    @property
    def place(self) -> str:
        """What stands for it in a command. Words are the usual case and have no ending there."""
        return f"{{text:{self.name.removesuffix('.jsonl')}}}"


@dataclass(frozen=True)
class Run:
    """One command of a study. Its words name other runs as {run:ID}, texts as {text:NAME} and roots as {data}.

    Args:
        step: of the plan.
        method: what the report calls it.
        axes: axis -> value.
        words: behind `xlner`; empty where a model is only scored.
        model: what is scored.
        gold: file to score on, if any.
        map: type renames of the scoring.
        label_consistency: of the scoring.
        values: name -> place of a number in what the command prints.
        needs: ids of the runs that come first.
        texts: beginnings of files that it reads.
    """

    step: str
    method: str
    axes: Mapping[str, Any]
    words: tuple[str, ...]
    model: str
    gold: str | None
    map: Mapping[str, str]
    label_consistency: float
    values: Mapping[str, str]
    needs: tuple[str, ...] = ()
    texts: tuple[Text, ...] = ()
    id: str = field(default="", compare=False)

    def settings(self) -> dict[str, Any]:
        """What the id is a hash of. Where files lie has no say in it, nor what the report calls the run."""
        return {
            "words": list(self.words),
            "model": self.model,
            "gold": self.gold,
            "map": dict(self.map),
            "label_consistency": self.label_consistency,
            "values": dict(self.values),
        }


def runs_of(plan: Plan) -> list[Run]:
    """All runs of a plan, each behind those that it needs. Two steps with one command are one run.

    Raises:
        UsageError: a step names an axis, a language, a role or a step that is not there.
    """
    made: dict[tuple[str, str], Run] = {}  # step and axes -> run
    known: dict[str, Run] = {}
    for name, step in plan.steps.items():
        for axes in _combinations(plan, step):
            run = _Resolver(plan, name, axes, made).run(step)
            # Equal commands under two names are computed once; each keeps its name in the report.
            made[name, _key(axes)] = run
            known.setdefault(f"{run.id} {run.method} {_key(axes)}", run)
    return list(known.values())


def _combinations(plan: Plan, step: Step) -> Iterator[dict[str, Any]]:
    for values in product(*(plan.axes[axis] for axis in step.over)):
        axes = dict(zip(step.over, values, strict=True))
        wanted = all(axes.get(a) in allowed for a, allowed in step.when.items())
        left_out = any(axes.get(a) in values for a, values in step.unless.items())
        compared = [axes.get(a) for a in step.differ]
        if wanted and not left_out and not any(a == b for a, b in combinations(compared, 2)):
            yield axes


def _key(axes: Mapping[str, Any]) -> str:
    return json.dumps(axes, sort_keys=True)


class _Resolver:
    """Fills the placeholders of one run, and notes what it needs."""

    def __init__(self, plan: Plan, step: str, axes: dict[str, Any], made: Mapping[tuple[str, str], Run]) -> None:
        self.plan, self.step, self.axes, self.made = plan, step, axes, made
        self.scope = {**plan.constants, **axes}
        self.needs: dict[str, None] = {}
        self.texts: dict[Text, None] = {}

    def run(self, step: Step) -> Run:
        words = tuple(self._words(step))
        model, gold = self._filled(step.model, self.scope), step.gold and self._filled(step.gold, self.scope)
        run = Run(
            step=self.step, method=self.plan.method_of(self.step), axes=self.axes, words=words, model=model,
            gold=gold or None, map=step.map, label_consistency=step.label_consistency, values=step.values,
            needs=tuple(self.needs), texts=tuple(self.texts),
        )  # fmt: skip
        settings = json.dumps(run.settings(), sort_keys=True)
        object.__setattr__(run, "id", hashlib.sha256(settings.encode()).hexdigest()[:16])
        return run

    def _words(self, step: Step) -> Iterator[str]:
        parts = [] if step.run is None else [step.run] if isinstance(step.run, str) else step.run
        for part in parts:
            if isinstance(part, Each):
                ((name, axis),) = part.each.items()
                values = self._value(axis, self.axes)
                left_out = None if part.without is None else self._value(part.without, self.axes)
                for value in values if isinstance(values, list) else [values]:
                    if value != left_out:
                        yield from self._split(part.words, {**self.scope, name: value})
            else:
                yield from self._split(part, self.scope)
        for old, new in step.map.items() if step.run is not None else ():
            yield from ("--map", f"{old}={new}")

    def _split(self, text: str, scope: Mapping[str, Any]) -> Iterator[str]:
        whole = _PLACE.sub(lambda found: "".join(found[0].split()), text)  # a placeholder may have spaces inside
        try:
            words = shlex.split(whole)
        except ValueError as error:
            raise self._error(f"{error} in {text}") from None
        for word in words:
            yield self._filled(word, scope)

    def _filled(self, text: str, scope: Mapping[str, Any]) -> str:
        return _PLACE.sub(lambda found: self._place(found[1], scope), text)

    def _place(self, name: str, scope: Mapping[str, Any]) -> str:
        if name in _LATE:
            return f"{{{name}}}"
        if found := _BEGINNING.fullmatch(name):
            unit, role, number = found.groups()
            count = int(number) if number.isdigit() else self._value(number, scope)
            if not isinstance(count, int):
                raise self._error(f"{unit}() takes a number, got {count!r}")
            text = Text(self._file(role, scope), count, unit == "lines", self._code(role, scope))
            self.texts[text] = None
            return text.place
        if name in scope:
            return str(scope[name])
        if "." in name:
            return self._file(name, scope)
        if name in self.plan.steps:
            return self._other(name, scope)
        raise self._error(f"there is no axis or earlier step '{name}'")

    def _file(self, name: str, scope: Mapping[str, Any]) -> str:
        code, role = self._code(name, scope), name.partition(".")[2]
        roles = self.plan.languages.get(code)
        if roles is None:
            raise self._error(f"there is no language '{code}'; there are: {', '.join(self.plan.languages)}")
        if role not in roles:
            raise self._error(f"language {code} has no '{role}'; it has: {', '.join(roles)}")
        return roles[role]

    def _code(self, name: str, scope: Mapping[str, Any]) -> str:
        code = name.partition(".")[0]
        return str(scope.get(code, code))

    def _other(self, name: str, scope: Mapping[str, Any]) -> str:
        over = self.plan.steps[name].over
        if absent := [a for a in over if a not in scope]:
            raise self._error(f"step '{name}' goes over {', '.join(absent)}, and this one does not")
        axes = {a: scope[a] for a in over}
        if (run := self.made.get((name, _key(axes)))) is None:
            told = ", ".join(f"{a}={v}" for a, v in axes.items())
            raise self._error(f"step '{name}' has no run with {told} before this one")
        self.needs[run.id] = None
        return f"{{run:{run.id}}}"

    def _value(self, axis: str, scope: Mapping[str, Any]) -> Any:
        if axis not in scope:
            raise self._error(f"it does not go over '{axis}'")
        return scope[axis]

    def _error(self, what: str) -> UsageError:
        told = ", ".join(f"{a}={v}" for a, v in self.axes.items())
        return UsageError(f"plan {self.plan.name}, step {self.step}{f' ({told})' if told else ''}: {what}")


@dataclass(frozen=True)
class Roots:
    """Where things lie on this machine.

    Args:
        data: what {data} stands for.
        study: folder of the study.
    """

    data: Path
    study: Path

    def folder(self, run: str) -> Path:
        """Folder of a run."""
        return self.study / "runs" / run

    def result(self, run: str) -> Path:
        """What the command of a run writes: its {here}."""
        return self.folder(run) / "result"

    def filled(self, text: str, run: str) -> str:
        """A word of a command as this machine needs it."""

        def place(found: re.Match[str]) -> str:
            name = found[1]
            if name.startswith("run:"):
                return str(self.result(name[4:]))
            if name.startswith("text:"):
                file = name[5:] if name.endswith(".txt") else f"{name[5:]}.jsonl"
                return str(self.study / "texts" / file)
            if name == "demo":
                from xlner.data.demo import demo_file

                return str(demo_file("x").parent)
            if name not in ("data", "here"):
                raise UsageError(f"{{{name}}} in '{text}': there is no such placeholder")
            return str(self.data if name == "data" else self.result(run))

        return _PLACE.sub(place, text)

    def missing(self, runs: list[Run]) -> list[str]:
        """Input files that are not there.

        Raises:
            UsageError: a word of a command has a placeholder that there is not.
        """
        named: set[str] = set()
        for r in runs:
            for word in (*r.words, r.gold or ""):
                self.filled(word, r.id)
            named |= self.inputs(r)
        named |= {r.gold for r in runs if r.gold and not r.gold.startswith("{")}
        found = (self.filled(name, "") for name in sorted(named))
        return [path for path in found if not Path(path).exists()]

    def inputs(self, run: Run) -> set[str]:
        """What a run reads, as its plan names it: files of {data} and {demo}, and others that there are."""
        named = {text.source for text in run.texts}
        for word in (*run.words, run.gold or ""):
            for part in (found.rpartition(": ")[2].strip() for found in _INPUT.findall(word)):
                if part.startswith(("{data}", "{demo}")) or ("." in part and Path(part).is_file()):
                    named.add(part)
        return named
