"""Text without spaces goes to the aligner in pieces."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from xlner.align import Alignment
from xlner.align.layers import LayersAligner
from xlner.core.types import Sentence, Span
from xlner.data import sentence_from_text
from xlner.encoder import load_tokenizer
from xlner.project import project
from xlner.project.pieces import groups_of, is_unspaced, joined, spread


def pairs_of_letters(text: str, **_: Any) -> dict[str, list[tuple[int, int]]]:
    """A tokenizer whose pieces are up to two characters without a space between."""
    return {"offset_mapping": [m.span() for m in re.finditer(r"\S\S?", text)]}


def test_characters_of_one_piece_are_one_word_for_the_aligner() -> None:
    sentence = sentence_from_text("東京都知事", "zho")
    assert sentence.words == tuple("東京都知事")
    groups = groups_of(sentence, pairs_of_letters)
    assert groups == [[0, 1], [2, 3], [4]]
    assert joined(sentence.words, groups) == ["東京", "都知", "事"]


def test_words_between_spaces_stay_alone() -> None:
    sentence = sentence_from_text("Ana sah Arcol.", "deu")
    assert not is_unspaced(sentence)
    assert groups_of(sentence, pairs_of_letters) == [[i] for i in range(len(sentence))]
    assert groups_of(Sentence(tuple("東京")), pairs_of_letters) == [[0], [1]]  # nothing is known of its spaces
    assert groups_of(Sentence(()), pairs_of_letters) == []


def test_a_piece_that_begins_inside_a_word_belongs_to_it() -> None:
    sentence = Sentence(("東京都", "知", "事"), text="東京都知事", offsets=((0, 3), (3, 4), (4, 5)))
    assert groups_of(sentence, pairs_of_letters) == [[0], [1], [2]]


def test_links_spread_over_all_words_of_a_group() -> None:
    made = spread(Alignment([(0, 0), (1, 1)], [0.9, 0.4]), [[0], [1]], [[0, 1], [2]])  # type: ignore[arg-type]
    assert made.links() == [(0, 0), (0, 1), (1, 2)]
    assert made.scores is not None
    assert [round(float(s), 1) for s in made.scores] == [0.9, 0.9, 0.4]
    assert spread(Alignment.of(()), [], []).links() == []


def test_projection_onto_unspaced_text_aligns_pieces(tiny_encoder: Path) -> None:
    source = Sentence(("Tokyo", "."), (Span(0, 1, "LOC"),))
    encoder = {"encoder": str(tiny_encoder)}
    (item,) = project([source], [sentence_from_text("東京。", "jpn")], aligner_options=encoder, device="cpu")
    assert item.alignment is not None
    assert all(j < len(item.sentence) for _, j in item.alignment.links())


@pytest.mark.parametrize("kind", ["name", "object", "combined"])
def test_every_aligner_that_reads_an_encoder_gets_pieces(tiny_encoder: Path, kind: str) -> None:
    """Pieces are seen in the links: all characters of one piece have the same."""
    source = Sentence(("Tokyo", "."), (Span(0, 1, "LOC"),))
    target = sentence_from_text("東京。", "jpn")
    member = {"name": "layers", "encoder": str(tiny_encoder)}
    how: dict[str, Any] = {
        "name": {"aligner": "layers", "aligner_options": {"encoder": str(tiny_encoder)}},
        "object": {"aligner": LayersAligner(encoder=str(tiny_encoder))},
        "combined": {"aligner": "combined", "aligner_options": {"how": "mixed", "members": [member, "thot"]}},
    }[kind]
    (item,) = project([source], [target], **how)
    groups = groups_of(target, load_tokenizer(str(tiny_encoder)))
    of = {j: {i for i, k in (item.alignment or Alignment.of(())).links() if k == j} for j in range(3)}
    assert len(groups) < 3
    assert any(of.values())
    assert all(of[j] == of[group[0]] for group in groups for j in group)
