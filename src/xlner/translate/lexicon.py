"""Word by word, from dictionaries."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, ClassVar, Literal, NamedTuple

from xlner.component import REQUIRED, option, options
from xlner.data.segment import split_words
from xlner.data.source import Input
from xlner.errors import OptionError, UsageError
from xlner.translate.letters import capitals, small, title
from xlner.translate.translator import BaseTranslator, LanguagePair, LinkedTranslation

if TYPE_CHECKING:
    from xlner.translate.dictionary import Dictionary
    from xlner.translate.lexicon_choice import Chooser

Ranges = Sequence[tuple[int, int]]


class Group(NamedTuple):
    """Words of the source that are translated together.

    Args:
        start: index of the first.
        end: index behind the last.
        head: entry of the dictionary; None if there is none.
        case: what the translation's letters are to be: "" as in the dictionary, "Title" or "UPPER".
    """

    start: int
    end: int
    head: str | None
    case: str


class Lexicon(BaseTranslator):
    """Word by word from dictionaries, in the order of the source; words without an entry stay as they are.

    Several words that are one entry go together. A word without entry is looked up in small letters and without its
    ending; capitalised words inside a sentence are taken for names and are not. Of several translations the one is
    taken that more senses and dictionaries name, that is a frequent word by the subwords of an encoder, and that lies
    near the source word in the encoder. It knows which word came from which (`translate_words`), so labels carry over
    without an aligner.

    Reference:
        Wu et al. 2020, "UniTrans: Unifying Model Transfer and Data Transfer for Cross-Lingual Named Entity Recognition
        with Unlabeled Data", IJCAI, section 3.2, who take words from a space of word vectors instead.

    Limits:
        Dictionaries list forms such as infinitives, and the translation has those. There is no grammar.
    """

    called: ClassVar[str] = "lexicon"
    at_once = 1000

    @options
    class Options:
        dictionary: tuple[str, ...] = option(
            REQUIRED,
            "Files of dictionaries: head and translation with a tab between, Wiktionary's lines, or two words.",
        )
        choice: Literal["first", "static", "context"] = option(
            "static",
            "Among several translations: first of the file, by votes and subword vectors, or by the sentence as well.",
        )
        encoder: str = option("embedded", "What the vectors come from: 'embedded', a folder or a hub id.")
        keep_names: bool = option(
            True, "Keep capitalised words inside a sentence that have no such entry; otherwise look in small letters."
        )
        device: str | None = option(None, "cpu, cuda, ...; by default an accelerator if there is one.", decides=False)

        def __post_init__(self) -> None:
            if not self.dictionary:
                raise OptionError("dictionary", "must be a file or more, got none")

    words, known = 0, 0

    @property
    def unknown(self) -> Counter[str]:
        """Words that stayed as they were, since they have no entry -> how often."""
        return self.__dict__.setdefault("_unknown", Counter())

    def pairs(self) -> set[LanguagePair] | None:
        """What the files' names tell, such as en-es.txt, both ways; None if one tells nothing."""
        from xlner.translate.dictionary import pair_of

        named = {pair_of(path) for path in self.options.dictionary}
        if None in named:
            return None
        return {p for pair in named if pair for p in (pair, pair[::-1])}

    def languages(self, source: str, target: str) -> None:
        """Say from which language to which. See `Translator.languages`.

        Raises:
            DataError: a file is no dictionary.
            UsageError: a file's name tells other languages.
        """
        from xlner.translate.dictionary import Dictionary, pair_of

        super().languages(source, target)
        assert self.pair is not None
        for path in self.options.dictionary:
            if (named := pair_of(path)) and {*named} != {*self.pair}:
                raise UsageError(f"{path} is a dictionary of {named[0]} and {named[1]}, not of {source} and {target}")
        self._dictionary: Dictionary = Dictionary.load(self.options.dictionary, self.pair)
        self._longest: dict[str, int] = {}  # first word of heads with several -> words of the longest
        self._heads: dict[str, str] = {}  # heads as text is split, such as 北 京 -> as they are written
        for head in self._dictionary.entries:
            words = [head[a:b] for a, b in split_words(head, self.pair[0])]
            if len(words) > 1:
                if (form := " ".join(words)) not in self._dictionary.entries:
                    self._heads[form] = head
                self._longest[words[0]] = max(self._longest.get(words[0], 1), len(words))

    def version(self) -> str:
        """Of the files, of the encoder, and of these rules."""
        digest = hashlib.sha256(_RULES)
        for path in self.options.dictionary:
            with Input.of(path).open() as stream:
                while block := stream.read(1 << 20):
                    digest.update(block)
        if self.options.choice != "first":
            digest.update(self._chooser().version.encode())
        return digest.hexdigest()[:32]

    def translate_filled(self, sentences: Sequence[str]) -> list[str]:
        """One translation for each sentence, with its spaces and marks where they were."""
        assert self.pair is not None
        offsets = [split_words(s, self.pair[0]) for s in sentences]
        words = [[s[a:b] for a, b in o] for s, o in zip(sentences, offsets, strict=True)]
        out = []
        for text, places, groups in zip(sentences, offsets, self._groups(words, ()), strict=True):
            new, end = "", 0
            for group, translation in groups:
                start = places[group.start][0]
                new += text[end:start]
                if start == end and new and new[-1].isalnum() and translation[:1].isalnum() and group.head:
                    new += " "  # "don't" is two words, and their translations are not written together
                new += translation
                end = places[group.end - 1][1]
            out.append((new + text[end:]) if places else text)
        return out

    def translate_words(
        self, sentences: Sequence[Sequence[str]], *, protected: Sequence[Ranges] = ()
    ) -> list[LinkedTranslation]:
        """One translation for each sentence, with links. See `LinksWords.translate_words`.

        A group of words is linked with all words of its translation; nearly all groups are one word.
        """
        out = []
        for groups in self._groups(sentences, protected):
            words: list[str] = []
            links: list[tuple[int, int]] = []
            for group, translation in groups:
                new = (translation.split() if group.head else []) or [translation]
                links += [
                    (i, j) for i in range(group.start, group.end) for j in range(len(words), len(words) + len(new))
                ]
                words += new
            out.append(LinkedTranslation(tuple(words), tuple(links)))
        return out

    def notes(self) -> list[str]:
        """How many words had an entry, and which often had none."""
        if not self.words:
            return []
        often = ", ".join(f"{w} ({n})" for w, n in self.unknown.most_common(_SHOWN))
        rest = sum(self.unknown.values())
        return [
            f"{self.known} of {self.words} words have an entry, {self.words - self.known - rest} are names without "
            f"one, and {rest} others stayed as they were" + (f"; most often {often}" if often else "")
        ]

    def _groups(
        self, sentences: Sequence[Sequence[str]], protected: Sequence[Ranges]
    ) -> Iterator[list[tuple[Group, str]]]:
        """For each sentence its groups in order, each with its translation."""
        if self.pair is None:
            raise UsageError("call languages(source, target) first")
        groups = [
            list(self._divide(words, protected[n] if n < len(protected) else ())) for n, words in enumerate(sentences)
        ]
        chosen = self._choose(sentences, groups)
        for words, sentence_groups, texts in zip(sentences, groups, chosen, strict=True):
            yield [
                (g, " ".join(words[g.start : g.end]) if t is None else _cased(t, g.case, self.pair[1]))
                for g, t in zip(sentence_groups, texts, strict=True)
            ]

    def _choose(self, sentences: Sequence[Sequence[str]], groups: Sequence[Sequence[Group]]) -> list[list[str | None]]:
        entries = self._dictionary.entries
        if self.options.choice == "first":
            return [[next(iter(entries[g.head].translations)) if g.head else None for g in row] for row in groups]
        if self.options.choice == "static":
            chooser = self._chooser()
            best = chooser.static({g.head for row in groups for g in row if g.head}, entries)
            return [[best[g.head] if g.head else None for g in row] for row in groups]
        asked = [[(g.start, g.end, g.head) for g in row if g.head] for row in groups]
        texts_by_sentence = self._chooser().in_context(sentences, asked, entries)
        iterators = [iter(texts) for texts in texts_by_sentence]
        return [[next(texts) if g.head else None for g in row] for row, texts in zip(groups, iterators, strict=True)]

    def _divide(self, words: Sequence[str], protected: Ranges) -> Iterator[Group]:
        """The groups of a sentence, the longest entries first from left to right."""
        protected_words = {i for start, end in protected for i in range(start, end)}
        shouted = not any(c.islower() for w in words for c in w)
        start = next((i for i, w in enumerate(words) if w[:1].isalnum()), 0)  # behind quotes and the like
        i = 0
        while i < len(words):
            if i in protected_words or not any(c.isalpha() for c in words[i]):
                yield Group(i, i + 1, None, "")
                i += 1
                continue
            first = i == start
            free = next((n for n in range(i, len(words)) if n in protected_words), len(words))
            group = self._entry(words, i, free, first, shouted)
            self.words += group.end - i
            if group.head:
                self.known += group.end - i
            elif not words[i][:1].isupper():
                self.unknown[words[i]] += 1
            yield group
            i = group.end

    def _entry(self, words: Sequence[str], i: int, free: int, first: bool, shouted: bool) -> Group:
        """The longest entry that begins with word i."""
        assert self.pair is not None
        lower = small(words[i], self.pair[0])
        longest = max(self._longest.get(w, 1) for w in (words[i], lower, title(lower, self.pair[0])))
        for end in range(min(free, i + longest), i, -1):
            text = " ".join(words[i:end])
            for form, case in self._forms(text, first, shouted, single=end == i + 1):
                if (head := self._heads.get(form, form)) in self._dictionary.entries:
                    return Group(i, end, head, case)
        return Group(i, i + 1, None, "")

    def _forms(self, text: str, first: bool, shouted: bool, *, single: bool) -> Iterator[tuple[str, str]]:
        """Heads to look for, the likelier ones first, with the case that the translation gets."""
        from xlner.translate.dictionary import stems

        assert self.pair is not None
        upper = text.isupper() and len(text) > 1
        case = "UPPER" if upper else "Title" if text[:1].isupper() else ""
        language = self.pair[0]
        lower = small(text, language)
        titled = " ".join(title(w, language) for w in lower.split(" "))
        if first and case == "Title" and lower in self._dictionary.entries:
            entry = self._dictionary.entries.get(text)
            if entry is None or not entry.name:  # dictionaries have heads such as "The Hague", cut at its space
                yield lower, case
        if not (upper and shouted):
            yield text, "Title" if first and not upper and case else ""
        if upper and (name := self._dictionary.entries.get(titled)) and name.name:
            yield titled, case
        inside = case == "Title" and not first and self.options.keep_names
        if not inside and lower != text:
            yield lower, case
        if upper:
            yield titled, case
            yield text, ""
        if single:
            root = text if inside else lower
            for stem in stems(root, language):
                if not inside or not ((entry := self._dictionary.entries.get(stem)) and entry.name):
                    yield stem, "" if inside else case  # "Williams" is no plural of "William"

    def _chooser(self) -> Chooser:
        if "_loaded_chooser" not in self.__dict__:
            from xlner.translate.lexicon_choice import Chooser

            self._loaded_chooser = Chooser(self.options.encoder, device=self.options.device)
        return self._loaded_chooser


_RULES = b"2"  # raised whenever these rules give other translations
_SHOWN = 5


def _cased(text: str, case: str, language: str) -> str:
    return capitals(text, language) if case == "UPPER" else title(text, language) if case == "Title" else text
