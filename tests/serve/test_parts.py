"""A sentence of thousands of words is computed in parts, and gets the entities that one call gives it."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.toy import sentences

from xlner.core.types import Sentence
from xlner.serve import Limits, ServedModel
from xlner.serve.parts import PART_SUBWORDS, in_parts, joined
from xlner.serve.tagging import cut_text, of_words
from xlner.tagger import Tagger
from xlner.tagger.encode import WordEncoder

WORDS = [word for item in sentences(600) for word in item.words][:3000]


@pytest.fixture(scope="module")
def contextual(toy_model):
    """A tagger for which a word's neighbours matter."""
    return Tagger.load(toy_model, device="cpu", precision="fp32")


def served(tagger, texts):
    """What a server answers, and the subwords of its batches."""
    batches = []
    model = ServedModel(
        "m", tagger, limits=Limits(gather_ms=0, batch_subwords=64), on_batch=lambda *told: batches.append(told[2])
    )
    answers = asyncio.run(model.tag(lambda: texts))
    model.close()
    return answers, batches


def test_three_thousand_words_get_the_entities_of_one_call(contextual):
    whole = Sentence(tuple(WORDS))
    (expected,) = contextual.predict([whole])
    (answer,), batches = served(contextual, [of_words(WORDS)])
    assert [s.key for s in answer.sentences[0].spans] == [s.key for s in expected.spans]
    assert len(expected.spans) > 300
    assert answer.windows == sum(1 for _ in contextual.words.windows([WORDS]))
    assert len(batches) > 2
    assert max(batches) < PART_SUBWORDS + contextual.words.max_subwords


def test_the_parts_have_the_windows_of_the_whole(contextual):
    whole = Sentence(tuple(WORDS))
    parts = in_parts(contextual.words, whole)
    windows = [w.ids.tolist() for w in contextual.words.windows([WORDS])]
    assert [w.ids.tolist() for part in parts for w in contextual.words.windows([part.sentence.words])] == windows
    rows = joined(parts, iter(contextual.probabilities([part.sentence for part in parts])))
    np.testing.assert_allclose(rows, contextual.probabilities([whole])[0], atol=1e-5)


def test_offsets_of_a_long_sentence_point_into_its_text(contextual):
    text = " ".join(WORDS).replace(".", "")
    (answer,), _ = served(contextual, [cut_text(text, None)])
    assert len(answer.sentences) == 1
    assert all(text[e.start : e.end] == e.text for e in answer.entities())
    assert max(e.end for e in answer.entities()) > 0.9 * len(text)


@given(n=st.integers(1, 3000), size=st.integers(8, 64), long=st.integers(1, 60))
def test_each_word_is_kept_once(contextual, n, size, long):
    words = [word if i % 7 else "q" * long for i, word in enumerate(WORDS[:n])]
    encoder = WordEncoder(contextual.tokenizer, max_subwords=size)
    parts = in_parts(encoder, Sentence(tuple(words)))
    assert [word for part in parts for word in part.sentence.words[part.kept]] == words
    assert sum(part.windows for part in parts) == sum(1 for _ in encoder.windows([words]))
    assert all(part.cost < PART_SUBWORDS + size for part in parts)
