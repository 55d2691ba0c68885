"""A tokenizer.json on its own, for where transformers is not installed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from xlner.errors import ModelError


class PlainTokenizer:
    """What xlner asks of a tokenizer that predicts, by the library `tokenizers` alone.

    It answers as the fast tokenizer of transformers that wrote the file; the special tokens have to be told, since the
    file does not say which of them pads and which stands for what is not known.

    Args:
        file: a tokenizer.json.
        model_max_length: most subwords that the model takes.
        unk_token: stands for what is not known; None if there is none.
        pad_token: fills windows up; None if there is none.

    Raises:
        ModelError: the file is not there, or is no tokenizer.
    """

    is_fast = True

    def __init__(self, file: Path, *, model_max_length: int, unk_token: str | None, pad_token: str | None) -> None:
        from tokenizers import Tokenizer

        if not file.is_file():
            raise ModelError(f"{file.parent} has no tokenizer: {file.name} is missing. Export the model again.")
        try:
            self._backend = Tokenizer.from_file(str(file))
        except Exception as error:  # the library raises nothing narrower
            raise ModelError(f"{file} is damaged or no tokenizer: {error}. Export the model again.") from None
        self._backend.no_padding()
        self._backend.no_truncation()
        self.model_max_length = model_max_length
        self.unk_token, self.pad_token = unk_token, pad_token
        self.unk_token_id, self.pad_token_id = self._id(unk_token), self._id(pad_token)

    def _id(self, token: str | None) -> int | None:
        return None if token is None else self._backend.token_to_id(token)

    def __call__(
        self,
        text: str | Sequence[str] | Sequence[Sequence[str]],
        *,
        is_split_into_words: bool = False,
        add_special_tokens: bool = True,
        return_special_tokens_mask: bool = False,
    ) -> dict[str, Any]:
        """Subword ids of one text, or of several, as the tokenizers of transformers give them.

        Args:
            text: a string or its words; or several of them.
            is_split_into_words: a text is its words.
            add_special_tokens: with those before and behind a sentence.
            return_special_tokens_mask: also say which ids are special tokens.

        Returns:
            `input_ids`, and `special_tokens_mask` if asked for: a list of one text, or a list of lists.
        """
        alone = isinstance(text, str) or (is_split_into_words and isinstance(text[0] if text else "", str))
        made = self._backend.encode_batch(
            [text if isinstance(text, str) else list(text)]
            if alone
            else [t if isinstance(t, str) else list(t) for t in text],
            is_pretokenized=is_split_into_words,
            add_special_tokens=add_special_tokens,
        )
        out: dict[str, Any] = {"input_ids": [e.ids for e in made]}
        if return_special_tokens_mask:
            out["special_tokens_mask"] = [e.special_tokens_mask for e in made]
        return {name: rows[0] for name, rows in out.items()} if alone else out
