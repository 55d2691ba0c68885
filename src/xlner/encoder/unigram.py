"""Build a fast tokenizer from the vocabulary of an E5S1 file."""

from __future__ import annotations

import re

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

from xlner.encoder.charsmap import charsmap
from xlner.encoder.e5s1 import Vocabulary


def build_tokenizer(vocabulary: Vocabulary) -> Tokenizer:
    """XLM-R's tokenizer: token ids are piece ids, `<s> ... </s>` around, `<mask>` last.

    Every code point goes through the normalisation table, runs of spaces become one, words begin with U+2581, and
    the most probable pieces are chosen.

    Args:
        vocabulary: pieces, scores, special ids and normalisation.

    Returns:
        A tokenizer that neither truncates nor pads.
    """
    scores = vocabulary.scores.astype(float).tolist()
    tokenizer = Tokenizer(models.Unigram(list(zip(vocabulary.pieces, scores, strict=True)), vocabulary.unk, False))
    tokenizer.normalizer = _normalizer(vocabulary.normalisation)
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
    tokenizer.decoder = decoders.Metaspace(prepend_scheme="always")

    bos, eos = vocabulary.pieces[vocabulary.bos], vocabulary.pieces[vocabulary.eos]
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{bos}:0 $A:0 {eos}:0",
        pair=f"{bos}:0 $A:0 {eos}:0 {eos}:0 $B:0 {eos}:0",
        special_tokens=[(bos, vocabulary.bos), (eos, vocabulary.eos)],
    )
    specials = [bos, vocabulary.pieces[vocabulary.pad], eos, vocabulary.pieces[vocabulary.unk]]
    tokenizer.add_special_tokens([AddedToken(piece, special=True, normalized=False) for piece in specials])
    # As in XLM-R, a mask takes the space before it.
    tokenizer.add_special_tokens([AddedToken("<mask>", special=True, normalized=False, lstrip=True)])
    return tokenizer


def _normalizer(table: dict[str, str]) -> normalizers.Normalizer:
    # Deletions go first and alone: the precompiled map shifts offsets when it deletes the first character.
    deleted = "".join(re.escape(key) for key, new in table.items() if not new)
    steps: list[normalizers.Normalizer] = []
    if deleted:
        steps.append(normalizers.Replace(Regex(f"[{deleted}]"), ""))
    steps.append(normalizers.Precompiled(charsmap({key: new for key, new in table.items() if new})))
    steps.append(normalizers.Replace(Regex(" {2,}"), " "))
    return normalizers.Sequence(steps)
