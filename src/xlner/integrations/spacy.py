"""The spaCy component `xlner`: `nlp.add_pipe("xlner", config={"model": "run"})`."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from xlner.core.files import atomic_folder
from xlner.core.languages import iso3
from xlner.core.types import Sentence
from xlner.data import split_sentences
from xlner.errors import MissingExtraError, ModelError, UsageError
from xlner.integrations.characters import Entity, entities, placed_sentences

try:
    import srsly
    from spacy.language import Language
    from spacy.tokens import Doc, Span, SpanGroup
    from spacy.util import filter_spans
except ImportError as error:
    raise MissingExtraError("the spaCy component", extra="spacy") from error

if TYPE_CHECKING:
    from xlner.tagger import Tagger

_MODEL, _SETTINGS = "model", "cfg"  # folder of the model in that of the component, and the settings beside it


@Language.factory(
    "xlner",
    assigns=["doc.ents", "token.ent_iob", "token.ent_type"],
    default_config={
        "model": "", "words": "xlner", "alignment": "expand", "overwrite": False, "map": {}, "device": None,
        "spans_key": None,
    },
)  # fmt: skip
def make(
    nlp: Language,
    name: str,
    model: str,
    words: Literal["xlner", "spacy"],
    alignment: Literal["strict", "contract", "expand"],
    overwrite: bool,
    map: dict[str, str],
    device: str | None,
    spans_key: str | None,
) -> XlnerEntities:
    """The component, as `nlp.add_pipe` makes it; see `XlnerEntities` for the settings."""
    settings = {"words": words, "alignment": alignment, "overwrite": overwrite, "map": map, "spans_key": spans_key}
    return XlnerEntities(model, name=name, language=nlp.lang, device=device, **settings)  # type: ignore[arg-type]


class XlnerEntities:
    """Sets `doc.ents` to what an xlner model finds.

    The model reads the raw text, with our sentences and words, so it answers as `xlner predict` does. An entity then
    has to be one of spaCy's tokens or several; `alignment` says what happens to those that begin or end inside a token.
    With `words="spacy"` the model reads spaCy's tokens instead: nothing can be out of place then, but the words may
    not be like those that the model was trained on. Tokens of an entity that has no place are missing, not outside.

    The model is loaded when it is first used. `nlp.to_disk` writes it with the pipeline, which is then complete.

    Args:
        model: run folder, model folder or hub id.
        name: of the component in its pipeline.
        language: spaCy's code of the language.
        words: "xlner", or "spacy" for spaCy's tokens, and its sentences if another component has set them.
        alignment: "expand" to whole tokens, "contract" to the tokens that lie inside, or "strict" to take none of both.
        overwrite: entities that are there give way to ours where both overlap; else ours do.
        map: type renames; "O" removes a type.
        device: torch device name.
        spans_key: also write our entities, with their scores, to `doc.spans[spans_key]` and its attribute "scores".

    Attributes:
        counts: how many entities were "found"; of these "widened" and "narrowed" to tokens, and left out because they
            were "unaligned", because they overlap an entity that is there ("conflict"), or another of ours at the same
            token ("collision").
    """

    def __init__(
        self,
        model: str | Path,
        *,
        name: str = "xlner",
        language: str = "xx",
        words: str = "xlner",
        alignment: str = "expand",
        overwrite: bool = False,
        map: Mapping[str, str] | None = None,
        device: str | None = None,
        spans_key: str | None = None,
    ) -> None:
        for option, value, known in (
            ("words", words, ("xlner", "spacy")),
            ("alignment", alignment, ("strict", "contract", "expand")),
        ):
            if value not in known:
                raise UsageError(f"`{option}` is {' or '.join(known)}, got '{value}'")
        self.model, self.name, self.device = str(model), name, device
        self.language = _language(language)
        self.words, self.alignment, self.overwrite = words, alignment, overwrite
        self.map, self.spans_key = dict(map or {}), spans_key
        self.counts: Counter[str] = Counter()
        self._loaded: Tagger | None = None
        self._unpacked: tempfile.TemporaryDirectory[str] | None = None  # of `from_bytes`; lives as long as this
        self._process = os.getpid()

    @property
    def labels(self) -> tuple[str, ...]:
        """The types that the model knows, after `map`; none until it is loaded.

        spaCy asks for them while it reads a pipeline, when the model may be at another place.
        """
        return self._loaded.labels.types if self._loaded else ()

    @property
    def tagger(self) -> Tagger:
        """The model, loaded when it is first asked for."""
        if self._loaded is None:
            from xlner.tagger import Tagger

            if not self.model:
                raise ModelError('the component has no model; add it with config={"model": "FOLDER"}')
            self._loaded = Tagger.load(self.model, mapping=self.map, device=self.device)
        if os.getpid() != self._process:  # a worker of nlp.pipe(n_process=...), which took over locks of dead threads
            if torch := sys.modules.get("torch"):  # an exported model does without
                torch.set_num_threads(1)
            self._process = os.getpid()
        return self._loaded

    def __call__(self, doc: Doc) -> Doc:
        """Set the entities of one document."""
        return next(self.pipe([doc]))

    def pipe(self, stream: Iterable[Doc], *, batch_size: int = 128) -> Iterator[Doc]:
        """Set the entities of documents; those of a batch go through the model together."""
        waiting = iter(stream)
        while docs := list(islice(waiting, batch_size)):
            parts = [list(self._sentences(doc)) for doc in docs]
            answers = self.tagger.predict([sentence for part in parts for _, sentence in part])
            for doc, part in zip(docs, parts, strict=True):
                ours = [entity for at, _ in part for entity in entities(next(answers), at)]
                self._set(doc, ours)
                yield doc

    def _sentences(self, doc: Doc) -> Iterator[tuple[int, Sentence]]:
        """Sentences, each with the place in the document's text that its offsets count from."""
        if self.words == "xlner":
            yield from placed_sentences(doc.text, self.language)
            return
        for tokens in _token_sentences(doc, self.language):
            offsets = tuple((token.idx, token.idx + len(token)) for token in tokens)
            yield 0, Sentence(tuple(t.text for t in tokens), language=self.language, text=doc.text, offsets=offsets)

    def _set(self, doc: Doc, ours: Sequence[Entity]) -> None:
        """Put entities, given by characters, into a document."""
        self.counts["found"] += len(ours)
        missing: list[Span] = []
        placed: list[tuple[Span, float]] = []
        for start, end, label, score in ours:
            span = doc.char_span(start, end, label=label, alignment_mode=self.alignment)
            if span is None or not len(span):
                self.counts["unaligned"] += 1
                touched = doc.char_span(start, end, alignment_mode="expand")
                missing += [] if touched is None else [touched]
                continue
            self.counts["widened"] += span.start_char < start or span.end_char > end
            self.counts["narrowed"] += span.start_char > start or span.end_char < end
            placed.append((span, score))
        scores = {(span.start, span.end): score for span, score in reversed(placed)}
        spans = filter_spans([span for span, _ in placed])  # two may have become the same token
        self.counts["collision"] += len(placed) - len(spans)
        if self.spans_key is not None:
            attributes = {"scores": [scores[span.start, span.end] for span in spans]}
            doc.spans[self.spans_key] = SpanGroup(doc, name=self.spans_key, attrs=attributes, spans=spans)
        self._merge(doc, spans, missing)
        if self.counts["unaligned"] + self.counts["collision"]:
            self._warn()

    def _merge(self, doc: Doc, ours: Sequence[Span], missing: Sequence[Span]) -> None:
        """Set entities beside those that are there."""
        blocked = [doc[t.i : t.i + 1] for t in doc if t.ent_iob == 3 and not t.ent_type]
        there = list(doc.ents)
        taken = {i for span in (blocked if self.overwrite else [*blocked, *there]) for i in range(span.start, span.end)}
        free = [span for span in ours if taken.isdisjoint(range(span.start, span.end))]
        self.counts["conflict"] += len(ours) - len(free)
        used = {i for span in free for i in range(span.start, span.end)}
        stay = [span for span in there if used.isdisjoint(range(span.start, span.end))]
        used |= {i for span in [*stay, *blocked] for i in range(span.start, span.end)}
        unknown = [doc[i : i + 1] for i in sorted({i for s in missing for i in range(s.start, s.end)} - used)]
        for token in (t for span in there if span not in stay for t in span):
            token.ent_id = token.ent_kb_id = 0  # of an entity that gives way
        doc.set_ents([*free, *stay], missing=unknown, blocked=blocked, default="outside")

    def _warn(self) -> None:
        """Say once that entities were left out."""
        warnings.warn(
            f"{self.name}: an entity has no place among spaCy's tokens and is left out; `nlp.get_pipe('{self.name}')."
            'counts` says how many. config={"words": "spacy"} lets the model read spaCy\'s tokens instead',
            stacklevel=2,
        )
        self._warn = lambda: None  # type: ignore[method-assign]

    def to_disk(self, path: str | Path, *, exclude: Iterable[str] = ()) -> None:
        """Write the settings and a copy of the model into a folder."""
        with atomic_folder(path, may_replace=(_MODEL, _SETTINGS)) as place:
            self._write_model(place / _MODEL)
            srsly.write_json(place / _SETTINGS, self._settings())

    def from_disk(self, path: str | Path, *, exclude: Iterable[str] = ()) -> XlnerEntities:
        """Take settings and model from such a folder; the model is read from there from now on."""
        self._take(srsly.read_json(Path(path) / _SETTINGS))
        self.model = str(Path(path, _MODEL).resolve())
        self._loaded = None
        self.tagger  # noqa: B018 - the folder may be a temporary one
        return self

    def to_bytes(self, *, exclude: Iterable[str] = ()) -> bytes:
        """The settings and the model's files."""
        with tempfile.TemporaryDirectory(prefix="xlner-") as folder:
            self._write_model(Path(folder) / _MODEL)
            place = Path(folder, _MODEL)
            files = {p.relative_to(place).as_posix(): p.read_bytes() for p in sorted(place.rglob("*")) if p.is_file()}
        return srsly.msgpack_dumps({_SETTINGS: self._settings(), _MODEL: files})

    def from_bytes(self, data: bytes, *, exclude: Iterable[str] = ()) -> XlnerEntities:
        """Take settings and model from bytes; the files lie in a temporary folder meanwhile."""
        parts = srsly.msgpack_loads(data)
        self._take(parts[_SETTINGS])
        self._unpacked = tempfile.TemporaryDirectory(prefix="xlner-")
        for name, content in parts[_MODEL].items():
            file = Path(self._unpacked.name, name).resolve()
            if Path(self._unpacked.name).resolve() not in file.parents:
                raise ModelError(f"these bytes hold a file {name}, which would lie outside of the model's folder")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        self.model, self._loaded = self._unpacked.name, None
        return self

    def __reduce__(self) -> tuple[Callable[..., XlnerEntities], tuple[Any, ...]]:
        """For workers that start anew: the name of the model, or its bytes where it has none that lasts."""
        data = self.to_bytes() if self._unpacked else None
        model = str(Path(self.model).resolve()) if Path(self.model).exists() else self.model
        return _again, (model, self.name, self.device, self._settings(), data)

    def _settings(self) -> dict[str, Any]:
        return {n: getattr(self, n) for n in ("language", "words", "alignment", "overwrite", "map", "spans_key")}

    def _take(self, settings: Mapping[str, Any]) -> None:
        for name in self._settings():
            setattr(self, name, settings[name])

    def _write_model(self, folder: Path) -> None:
        from xlner.tagger.from_hub import fetched
        from xlner.tagger.tagger import model_folder

        if self.model and (source := Path(fetched(model_folder(self.model)))).is_dir():
            shutil.copytree(source, folder, ignore=shutil.ignore_patterns(".*", "checkpoint*"))
            return
        self.tagger.model.save_pretrained(folder)  # of the hub
        self.tagger.tokenizer.save_pretrained(folder)


def _again(model: str, name: str, device: str | None, settings: Mapping[str, Any], data: bytes | None) -> XlnerEntities:
    component = XlnerEntities(model, name=name, device=device)
    component._take(settings)
    return component if data is None else component.from_bytes(data)


def _language(code: str) -> str | None:
    """ISO 639-3 of spaCy's code; None for "xx", which is any."""
    try:
        return iso3(code)
    except UsageError:
        return None


def _token_sentences(doc: Doc, language: str | None) -> Iterator[list[Any]]:
    """The tokens of each sentence, without white space: spaCy's sentences where they are known, else ours."""
    words = [token for token in doc if not token.is_space]
    if doc.has_annotation("SENT_START"):
        ends = [sentence.end_char for sentence in doc.sents]
    else:
        ends = [end for _, end in split_sentences(doc.text, language)]
    at = 0
    for end in [*ends, len(doc.text)]:
        tokens = []
        while at < len(words) and words[at].idx < end:
            tokens.append(words[at])
            at += 1
        if tokens:
            yield tokens
