"""Raw text on disk, and the masks that are drawn over it."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from tests.toy import sentences

from xlner.core.types import Sentence
from xlner.encoder import load_tokenizer
from xlner.tagger.encode import WordEncoder
from xlner.train.batches import collate
from xlner.train.masked_data import MaskedChunks, Masks, mask_words
from xlner.train.masked_text import BEGIN, encode_text


@pytest.fixture
def encoder(tiny_encoder):
    return WordEncoder(load_tokenizer(tiny_encoder))


@pytest.fixture
def encoded(encoder, tmp_path):
    """Encodes some sentences."""

    def make(items, *, name="text", held_out=0):
        return encode_text(encoder, lambda: iter(items), tmp_path / name, held_out=held_out, title="")

    return make


def as_they_are(text):
    """Row n for piece n."""
    return np.arange(1000, dtype=np.int32)


def words_of(text):
    """The subwords of every word that may be masked, in order."""
    words = []
    for i in range(len(text.train)):
        ids, marks = text.train.get(i)
        for piece, mark in zip(ids.tolist(), marks.tolist(), strict=True):
            if mark == BEGIN:
                words.append([piece])
            elif mark:
                words[-1].append(piece)
    return words


def test_every_word_can_be_masked_once_with_all_its_subwords(encoder, encoded):
    items = [Sentence(("Ana", "visits", "xyz")), Sentence(("kuArcol", "hoy"))]
    text = encoded(items)
    assert words_of(text) == [p.ids for s in items for p in encoder.pieces(s.words)]
    assert {k: text.counts[k] for k in ("sentences", "words", "windows", "held_out")} == {
        "sentences": 2, "words": 5, "windows": 2, "held_out": 0,
    }  # fmt: skip


def test_long_sentences_go_through_in_windows_and_nothing_is_cut(encoder, encoded):
    long = Sentence(tuple(w for s in sentences(30) for w in s.words))
    text = encoded([long, *sentences(3)])
    assert len(text.train) > 4
    assert all(len(text.train.get(i)[0]) <= encoder.max_subwords for i in range(len(text.train)))
    assert words_of(text) == [p.ids for s in (long, *sentences(3)) for p in encoder.pieces(s.words)]
    assert text.counts["long_sentences"] == 1
    assert text.notes("en") == ("en: 1 long sentences went through in overlapping windows",)


def test_what_is_not_read_is_counted_and_said(encoded):
    text = encoded([Sentence(("x" * 100, "Ana", "漢")), Sentence(())])
    assert {k: text.counts[k] for k in ("cut_words", "cut_subwords", "unknown_words", "empty")} == {
        "cut_words": 1, "cut_subwords": 101 - 31, "unknown_words": 1, "empty": 1,
    }  # fmt: skip
    assert len(words_of(text)) == 2  # 漢 is in no piece, and nothing can be learnt by predicting that
    assert text.notes("en") == (
        "en: of 1 words the first subwords were read, and 70 were not",
        "en: 1 words with unknown characters are never predicted",
    )


def test_every_twentieth_sentence_is_held_out_up_to_a_number(encoded):
    text = encoded(sentences(100), held_out=3)
    assert text.counts["held_out"] == len(text.held_out) == 3
    assert text.counts["sentences"] == len(text.train) == 97
    assert encoded(sentences(19), name="few", held_out=3).counts["held_out"] == 0


def test_a_text_that_is_encoded_is_not_read_again(encoder, tmp_path):
    def killed():
        yield from sentences(600)
        raise KeyboardInterrupt

    def make(text):
        return encode_text(encoder, text, tmp_path / "text", held_out=0, title="")

    with pytest.raises(KeyboardInterrupt):
        make(killed)
    assert list(tmp_path.iterdir()) == []  # half of a text is none
    first = make(lambda: iter(sentences(600)))
    assert make(killed) == first


def test_text_larger_than_memory_is_held_in_parts(encoder, tmp_path):
    def peak(n):
        """Most bytes held while n times 500 sentences are encoded, and gone through in chunks."""
        few = sentences(500)
        tracemalloc.start()
        text = encode_text(encoder, lambda: (s for _ in range(n) for s in few), tmp_path / str(n), held_out=0, title="")
        chunks = MaskedChunks([text.train], as_they_are(text), chunk_windows=500)
        seen = sum(len(chunks.load(i)) for i in range(len(chunks.sizes)))
        held = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert seen == 500 * n
        return held

    small, large = peak(2), peak(12)
    size = sum(f.stat().st_size for f in (tmp_path / "12").iterdir())
    assert large < small + size / 5


def test_every_window_comes_once_in_an_epoch_and_small_texts_as_often_as_asked(encoded):
    texts = [encoded(sentences(100)).train, encoded(sentences(25, "spa"), name="other").train]

    def windows(mixing):
        chunks = MaskedChunks(texts, as_they_are(texts), mixing=mixing, chunk_windows=30)
        loaded = [chunks.load(i) for i in range(len(chunks.sizes))]
        assert [len(c) for c in loaded] == chunks.sizes
        assert max(chunks.sizes) <= 32
        assert chunks.subwords == sum(len(e.ids) for c in loaded for e in c)
        return [tuple(e.ids) for c in loaded for e in c]

    every = sorted(tuple(t.get(i)[0]) for t in texts for i in range(len(t)))
    assert sorted(windows(1.0)) == every
    assert len(windows(0.5)) == 100 + 50
    assert len(windows(0.0)) == 200
    assert set(windows(0.0)) == set(every)


def test_each_chunk_has_some_of_every_language(encoded):
    texts = [encoded(sentences(100)).train, encoded(sentences(50, "spa"), name="other").train]
    chunks = MaskedChunks(texts, as_they_are(texts), chunk_windows=30)
    of_second = {tuple(texts[1].get(i)[0]) for i in range(50)}
    for i in range(len(chunks.sizes)):
        examples = chunks.load(i)
        assert sum(tuple(e.ids) in of_second for e in examples) == 10
        assert all((e.targets[:, 1] == (tuple(e.ids) in of_second)).all() for e in examples)  # the number of its text


@pytest.fixture
def batch(encoded):
    """2000 sentences; many words have several subwords."""
    items = [Sentence(tuple(w if i % 2 else w.lower() for i, w in enumerate(s.words))) for s in sentences(2000)]
    text = encoded(items)
    examples = MaskedChunks([text.train], as_they_are(text)).load(0)
    return collate(examples, 1)


MASK = 999
MASKS = Masks(0.15, MASK, np.array([500, 501, 502]), pad_id=1)


def test_whole_words_are_masked_in_the_shares_of_bert(batch):
    masked, word = mask_words(batch, MASKS, np.random.default_rng(1))
    n_words = int(batch.targets[:, 0].sum())
    assert len(set(word)) / n_words == pytest.approx(0.15, abs=0.01)
    shown = masked.ids[masked.rows, masked.columns].numpy()
    truth = masked.targets[:, 0].numpy()
    fates = {}
    for number in sorted(set(word)):
        at = word == number
        kinds = (shown[at] == MASK).all(), np.isin(shown[at], MASKS.others).all(), (shown[at] == truth[at]).all()
        assert sum(kinds) == 1  # all of a word has one fate
        fates[number] = kinds.index(True)
    shares = np.bincount(list(fates.values())) / len(fates)
    assert shares == pytest.approx([0.8, 0.1, 0.1], abs=0.02)
    begins = np.cumsum(batch.targets[:, 0].numpy()) - 1
    assert all((word == n).sum() == (begins == n).sum() for n in list(fates)[:200])
    untouched = np.ones(batch.ids.shape, bool)
    untouched[masked.rows, masked.columns] = False
    assert (masked.ids.numpy() == batch.ids.numpy())[untouched].all()


def test_masks_are_those_of_the_generator_and_change_with_it(batch):
    first, second, third = (mask_words(batch, MASKS, np.random.default_rng([1, s]))[0] for s in (5, 5, 6))
    assert first.ids.equal(second.ids)
    assert not first.ids.equal(third.ids)


def test_at_least_one_word_is_masked(encoded):
    text = encoded([Sentence(("Ana",))])
    batch = collate(MaskedChunks([text.train], as_they_are(text)).load(0), 1)
    masked, word = mask_words(batch, MASKS, np.random.default_rng(3))
    assert len(masked.targets) == 1
    assert word.tolist() == [0]


def test_for_a_test_every_word_to_be_predicted_becomes_a_mask(batch):
    masked, _ = mask_words(batch, Masks(0.15, MASK, MASKS.others, always_mask=True), np.random.default_rng(1))
    assert (masked.ids[masked.rows, masked.columns] == MASK).all()


def test_the_subwords_of_a_masked_word_count_as_one_word(batch):
    masked, word = mask_words(batch, MASKS, np.random.default_rng(1))
    assert np.bincount(word, masked.weights.numpy())[np.unique(word)] == pytest.approx(1)
