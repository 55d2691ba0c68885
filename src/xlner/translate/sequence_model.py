"""What translation models of transformers share, whatever runs them: tokenizer, languages, batches, long sentences."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from xlner.core.languages import bcp47, iso3
from xlner.core.run_folder import edges_hash
from xlner.encoder.load import resolve
from xlner.encoder.positions import longest_input
from xlner.errors import ModelError, OptionError, UsageError, XlnerError
from xlner.tagger.from_hub import revision_of
from xlner.translate.hf_codes import SCHEMES, choose, known, language_tokens, own_codes
from xlner.translate.pieces import halves

_UNLIMITED = 1024  # subwords of a sentence for models that name no limit
_SPARE = 4  # special tokens


class SequenceModel(ABC):
    """A model's tokenizer, and how it is told the languages; how it generates is for others to say.

    Args:
        name: folder or hub id.
        batch_subwords: padded subwords per batch.

    Raises:
        ModelError: it cannot be loaded, or is no translation model.
    """

    def __init__(self, name: str, *, batch_subwords: int) -> None:
        self.where, self.batch_subwords = resolve(name), batch_subwords
        self.config, self.tokenizer = self._load_tokenizer()
        words = {*self.tokenizer.get_vocab(), *getattr(self.tokenizer, "lang_token_to_id", ())}
        self.scheme, self.tokens = language_tokens(self.config.model_type, words)
        if self.scheme is None and self.config.model_type != "marian":  # of these, many have one pair and no tokens
            raise ModelError(f"{name} names no languages in its vocabulary, so it is no translation model")
        self.version = _version(self.where)
        self._prefix, self._first = "", None
        self.longest = min(_UNLIMITED, longest_input(self.config), int(self.tokenizer.model_max_length)) - _SPARE

    def languages(self, source: str, target: str, codes: Sequence[str] = ()) -> None:
        """Say from which language to which.

        Args:
            source: any code.
            target: likewise.
            codes: see `xlner.translate.hf_codes.own_codes`.

        Raises:
            OptionError: the model has no codes to choose from.
            UsageError: the model lacks one of them.
        """
        own = own_codes(codes)
        if own and self.scheme is None:
            raise OptionError("codes", f"has no effect: {self.where} has one source and one target language")
        if self.scheme is None or not self.scheme.source:
            self._check_sides(source, target)
        if self.scheme is None:
            return
        code = self._code(target, own)
        if self.scheme.source:
            self.tokenizer.src_lang = self._code(source, own)
        if self.scheme.forced:
            self._first = self.tokenizer.convert_tokens_to_ids(self.tokens[code])
        else:
            self._prefix = self.tokens[code] + " "

    def translate(self, sentences: Sequence[str]) -> tuple[list[str], dict[str, str]]:
        """Translations in order, and why some have none: sentence -> reason."""
        ids = self._encode(sentences)
        short = [n for n, i in enumerate(ids) if len(i) <= self.longest]
        out, endless = [""] * len(sentences), {}
        for batch in self._batches(short, ids):
            texts = self._generate([ids[n] for n in batch])
            for n, text in zip(batch, texts, strict=True):
                if text is None:
                    endless[sentences[n]] = "no end of the translation came"
                else:
                    out[n] = text
        for n in sorted(set(range(len(sentences))) - set(short)):
            left, right, between = halves(sentences[n])
            parts, lost = self.translate([left, right])
            out[n] = "" if lost else between.join(parts)
            endless |= {sentences[n]: "no end of the translation of a part came"} if lost else {}
        return out, endless

    def _encode(self, sentences: Sequence[str]) -> list[list[int]]:
        # Tokenizers warn of sentences that are too long; those are divided here.
        encoded = self.tokenizer([self._prefix + s for s in sentences], truncation=False, verbose=False)
        return encoded["input_ids"]

    def _batches(self, chosen: list[int], ids: list[list[int]]) -> Iterator[list[int]]:
        """Sentences of like length together, the longest first, so that a lack of memory shows at once."""
        batch: list[int] = []
        for n in sorted(chosen, key=lambda n: -len(ids[n])):
            if batch and (len(batch) + 1) * len(ids[batch[0]]) > self.batch_subwords:
                yield batch
                batch = []
            batch.append(n)
        if batch:
            yield batch

    def _generate(self, ids: list[list[int]]) -> list[str | None]:
        """Texts of a batch; None where no end came."""
        room = min(self.longest, 2 * max(map(len, ids)) + 30)
        id_rows = [self._up_to_end(row) for row in self.generate_ids(ids, room)]
        texts = self.tokenizer.batch_decode([row or [] for row in id_rows], skip_special_tokens=True)
        return [None if row is None else " ".join(t.split()) for row, t in zip(id_rows, texts, strict=True)]

    @abstractmethod
    def generate_ids(self, ids: Sequence[Sequence[int]], room: int) -> list[list[int]]:
        """Subwords of the translations of a batch, with the end of each if it came.

        Args:
            ids: subwords of each sentence.
            room: how many subwords a translation may have at most, with its end.
        """

    @property
    def ends(self) -> set[int]:
        """Subwords that end a translation."""
        return {self.tokenizer.eos_token_id}

    def _up_to_end(self, row: Sequence[int]) -> list[int] | None:
        at = next((n for n, i in enumerate(row) if i in self.ends), None)
        return None if at is None else list(row[:at])

    def _load_tokenizer(self) -> tuple[Any, Any]:
        from transformers import AutoConfig, AutoTokenizer

        with explained(self.where):
            config = AutoConfig.from_pretrained(self.where, trust_remote_code=False)
            if config.model_type not in SCHEMES:
                raise ModelError(
                    f"{self.where} is a model of the type {config.model_type}; translation models are of the types "
                    f"{', '.join(SCHEMES)}"
                )
            return config, AutoTokenizer.from_pretrained(self.where, trust_remote_code=False)

    def _code(self, code: str, own: Mapping[str, str]) -> str:
        plain = "-" not in code and "_" not in code  # else the user says the script or the country here
        chosen = own.get(iso3(code)) if plain else None
        token = choose(code, self.tokens) if chosen is None else chosen
        if token not in self.tokens:
            raise UsageError(f"{self.where} has no {chosen or bcp47(code)}; its languages: {known(self.tokens)}")
        return token

    def _check_sides(self, source: str, target: str) -> None:
        """Compare with the pair that a Marian tokenizer names, as far as it names single languages."""
        has = [getattr(self.tokenizer, side, None) for side in ("source_lang", "target_lang")]
        for wanted, named in zip((source, target), has, strict=True):
            if named and self._single(named) and iso3(wanted) != iso3(named):
                raise UsageError(f"{self.where} translates {has[0]}-{has[1]}, not {bcp47(source)}-{bcp47(target)}")

    def _single(self, code: str) -> bool:
        """Whether it is one language, no group such as "roa" or "mul"."""
        import langcodes

        try:
            iso3(code)
        except UsageError:
            return False
        return "languages" not in langcodes.Language.get(code).display_name("en").lower()


@contextmanager
def explained(where: str) -> Iterator[None]:
    """What goes wrong while a model is loaded, in plain words.

    Raises:
        ModelError: anything of the kind that bad folders and ids cause.
    """
    try:
        yield
    except (OSError, ValueError, ImportError, KeyError, TypeError, RuntimeError) as error:
        if isinstance(error, XlnerError):
            raise
        why = str(error).strip().split("\n")[0]
        need = ". Install it with: pip install 'xlner[translate]'" if "sentencepiece" in str(error).lower() else ""
        raise ModelError(f"the translation model {where} cannot be loaded: {why}{need}") from error


def _version(where: str) -> str:
    """A hash of a folder's configuration, and of the size, start and end of its weights; a revision of the hub."""
    folder = Path(where)
    if not folder.is_dir():
        return f"{where}@{revision_of(where)}"
    return edges_hash([*folder.glob("*.json"), *folder.glob("*.safetensors"), *folder.glob("*.spm")])[:32]
