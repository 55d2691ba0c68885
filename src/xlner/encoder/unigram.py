"""Build a fast tokenizer from the vocabulary of an E5S1 file."""

from __future__ import annotations

import re
import unicodedata

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

from xlner.encoder.charsmap import charsmap
from xlner.encoder.e5s1 import Vocabulary

# Marks before which NFC would move a later mark, against the order in which the vocabulary was learnt:
# Arabic shadda, Burmese asat and virama (also of Zawgyi text), Hebrew points.
_KEEP_ORDER_AFTER = "\u0651\u103a\u1039\u05bc\u05bd\u05bf\u05c1\u05c2"
_BREAK = "\x01"

# Capitals of African alphabets. XLM-R has the small letter of each and not the capital.
_CAPITALS = "ŊƁƉƎƐƑƔƖƝƲ"

_LAST_COMPOSED = 0x2FFFF  # Unicode composes nothing beyond


def build_tokenizer(vocabulary: Vocabulary, *, like_engine: bool = False) -> Tokenizer:
    """XLM-R's tokenizer: token ids are piece ids, `<s> ... </s>` around, `<mask>` last.

    Every code point goes through the normalisation table, runs of spaces become one, words begin with U+2581, and the
    most probable pieces are chosen. Before that, letters and marks are brought into the form in which the vocabulary
    has them: marks are joined with their letters (see `composition`), letters without a piece are taken apart again
    ("ǹ"), and capitals without a piece become small ("Ɖ"). Neighbouring unknown characters make one `<unk>`.

    Args:
        vocabulary: pieces, scores, special ids and normalisation.
        like_engine: leave out what comes before the table, as the E5S1 engine does.

    Returns:
        A tokenizer that neither truncates nor pads.
    """
    scores = vocabulary.scores.astype(float).tolist()
    tokenizer = Tokenizer(models.Unigram(list(zip(vocabulary.pieces, scores, strict=True)), vocabulary.unk, False))
    tokenizer.normalizer = _normalizer(vocabulary, like_engine=like_engine)
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


def composition() -> normalizers.Normalizer:
    """Join letters with the marks that follow them ("o" + U+0323 as "ọ"), which no table of single code points can.

    XLM-R's pieces were learnt from composed text, while Yoruba, for one, is often written with separate marks. This is
    NFC, except that marks keep their order where the vocabulary has it in typing order.
    """
    breaks = [normalizers.Replace(mark, mark + _BREAK) for mark in _KEEP_ORDER_AFTER]
    return normalizers.Sequence([*breaks, normalizers.NFC(), normalizers.Replace(_BREAK, "")])


def _normalizer(vocabulary: Vocabulary, *, like_engine: bool) -> normalizers.Normalizer:
    table = vocabulary.normalisation
    replaced = {key: new for key, new in table.items() if new}
    steps: list[normalizers.Normalizer] = []
    if not like_engine:
        known = set().union(*vocabulary.pieces)
        steps.append(composition())
        # One by one: the precompiled map would drop a mark after a letter that it replaces.
        steps.extend(normalizers.Replace(c, c.lower()) for c in _CAPITALS if c not in known and c.lower() in known)
        replaced |= {c: parts for c, parts in _parts_of_letters(known).items() if c not in table}
    # Deletions go alone: the precompiled map shifts offsets when it deletes the first character.
    if deleted := "".join(re.escape(key) for key, new in table.items() if not new):
        steps.append(normalizers.Replace(Regex(f"[{deleted}]"), ""))
    steps.append(normalizers.Precompiled(charsmap(replaced)))
    steps.append(normalizers.Replace(Regex(" {2,}"), " "))
    return normalizers.Sequence(steps)


def _parts_of_letters(known: set[str]) -> dict[str, str]:
    """Every composed letter that no piece holds and whose parts all have pieces, with these parts."""
    parts = {}
    for code_point in range(_LAST_COMPOSED + 1):
        letter = chr(code_point)
        split = unicodedata.normalize("NFD", letter)
        if split != letter and letter not in known and known.issuperset(split):
            parts[letter] = split
    return parts
