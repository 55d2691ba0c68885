"""Translations that somebody else made, from a file."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import ClassVar

from xlner.component import REQUIRED, option, options
from xlner.data.source import Input
from xlner.errors import DataError
from xlner.translate.translator import PairTranslator


class FilesTranslator(PairTranslator):
    """Given translations, line by line, made by any engine.

    The n-th line of the file is the translation of the n-th line of the input. Calls go on where the last one stopped.
    """

    called: ClassVar[str] = "files"
    in_order = True
    at_once = 1000

    @options
    class Options:
        path: str = option(REQUIRED, "File of translations, one per line of the input.", decides=False)

    def languages(self, source: str, target: str) -> None:
        """Any pair will do; the file must be there.

        Raises:
            DataError: it is not, or is no text.
        """
        super().languages(source, target)
        self._lines()

    def version(self) -> str:
        """A hash of the lines."""
        return hashlib.sha256("\n".join(self._lines()).encode()).hexdigest()[:32]

    def expect(self, lines: int) -> None:
        """The file must have as many lines as the input.

        Raises:
            DataError: it has not.
        """
        if len(self._lines()) != lines:
            raise DataError(
                f"has {len(self._lines())} lines, but there are {lines} to translate; line n must be the translation "
                "of line n (empty lines count)",
                path=self.options.path,
            )

    def translate(self, sentences: Sequence[str]) -> list[str]:
        """The next lines.

        Raises:
            DataError: the file has no more.
        """
        lines, start = self._lines(), self.__dict__.get("_next", 0)
        end = start + len(sentences)
        if end > len(lines):
            raise DataError(f"has {len(lines)} lines, and sentence {len(lines) + 1} wants one too",
                            path=self.options.path)  # fmt: skip
        self._next = end
        return lines[start:end]

    def _lines(self) -> list[str]:
        if "_read" not in self.__dict__:
            self._read = [line for _, line in Input.of(self.options.path).lines()]
        return self._read
