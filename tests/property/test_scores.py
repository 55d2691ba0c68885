"""seqeval is the oracle: we agree with it on every random tag sequence where it answers."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from seqeval.metrics import f1_score
from seqeval.metrics.sequence_labeling import precision_recall_fscore_support as plain_seqeval
from seqeval.metrics.v1 import precision_recall_fscore_support as strict_seqeval
from seqeval.scheme import BILOU, IOB2, IOBES

from xlner.core.tags import iob2, read_tags
from xlner.core.types import Sentence
from xlner.evaluate import score, score_tags
from xlner.evaluate.metrics import evaluate_metric
from xlner.evaluate.pairs import overlaps

SCHEMES = {"IOB2": (IOB2, "BI"), "BIOES": (IOBES, "BIES"), "BILOU": (BILOU, "BILU")}
AVERAGES = (None, "micro", "macro")


def parallel_tags(letters: str, *, max_words: int = 9):
    """Corpora of (gold tags, predicted tags), legal or broken."""
    tag = st.sampled_from(["O", *(f"{p}-{t}" for t in ("LOC", "PER", "A-B") for p in letters)])
    sentence = st.lists(st.tuples(tag, tag), min_size=1, max_size=max_words)
    return st.lists(sentence, min_size=1, max_size=5).map(
        lambda corpus: tuple([[pair[side] for pair in words] for words in corpus] for side in (0, 1))
    )


def oracle(gold, predicted, *, strict=None):
    """Per type, micro and macro from seqeval, strict in a scheme or plain; None where it raises."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            if strict is None:
                return {a: plain_seqeval(gold, predicted, average=a) for a in AVERAGES}
            return {a: strict_seqeval(gold, predicted, average=a, scheme=strict) for a in AVERAGES}
        except (ValueError, ZeroDivisionError):
            return None


def assert_agree(ours, theirs):
    if theirs is None or len(theirs[None][3]) == 0:  # no entity on either side
        assert ours.types == ()
        assert (ours.f1, ours.precision, ours.recall, ours.macro_f1) == (0.0, 0.0, 0.0, 0.0)
        return
    per_type = [(s.precision, s.recall, s.f1, s.gold) for s in ours.per_type.values()]
    np.testing.assert_allclose(np.array(per_type).T, np.array(theirs[None], dtype=float), atol=1e-12)
    micro = (ours.precision, ours.recall, ours.f1, ours.micro.gold)
    np.testing.assert_allclose(micro, np.array(theirs["micro"], dtype=float).ravel(), atol=1e-12)
    macro = (ours.macro_precision, ours.macro_recall, ours.macro_f1)
    np.testing.assert_allclose(macro, np.array(theirs["macro"][:3], dtype=float), atol=1e-12)


@pytest.mark.parametrize("scheme", SCHEMES)
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_strict_agrees_with_strict_seqeval(scheme, data):
    theirs, letters = SCHEMES[scheme]
    gold, predicted = data.draw(parallel_tags(letters))
    ours = score_tags(gold, predicted, mode="strict", scheme=scheme)
    assert_agree(ours, oracle(gold, predicted, strict=theirs))


@pytest.mark.parametrize(("scheme", "letters"), [("IOB2", "BI"), ("BIOES", "BIES")])
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_conlleval_agrees_with_plain_seqeval(scheme, letters, data):
    gold, predicted = data.draw(parallel_tags(letters))
    assert_agree(score_tags(gold, predicted, mode="conlleval", scheme=scheme), oracle(gold, predicted))


def test_seqeval_as_people_call_it():
    gold = [["B-PER", "I-PER", "O", "B-LOC"], ["B-LOC", "I-PER", "O"]]
    predicted = [["B-PER", "I-PER", "O", "I-LOC"], ["B-LOC", "I-LOC", "B-PER"]]
    strict = score_tags(gold, predicted, mode="strict").f1
    assert strict == pytest.approx(f1_score(gold, predicted, mode="strict", scheme=IOB2))
    plain = score_tags(gold, predicted, mode="conlleval").f1
    assert plain == pytest.approx(f1_score(gold, predicted))
    assert 0 < strict != plain


@settings(max_examples=100, deadline=None)
@given(corpus=parallel_tags("BI"))
def test_legal_tags_and_spans_have_one_reading(corpus):
    gold, predicted = ([Sentence(tuple("w" * len(tags)), read_tags(tags)[0]) for tags in side] for side in corpus)
    spans = score(gold, predicted)
    for mode in ("strict", "conlleval"):
        tags = score_tags([iob2(s) for s in gold], [iob2(s) for s in predicted], mode=mode)
        assert tags.as_dict() == spans.as_dict()
        np.testing.assert_array_equal(tags.counts, spans.counts)


@settings(max_examples=100, deadline=None)
@given(corpus=parallel_tags("BI"))
def test_counts_keep_their_order(corpus):
    s = score_tags(*corpus, mode="conlleval")
    gold, predicted, correct = np.moveaxis(s.counts, -1, 0)
    assert (correct <= np.minimum(gold, predicted)).all()
    assert s.micro.correct <= s.overlap.correct <= min(s.micro.gold, s.micro.predicted)
    assert s.micro.correct <= s.boundaries.correct <= min(s.micro.gold, s.micro.predicted)
    assert s.f1 == evaluate_metric(s.counts.sum(axis=0), "f1")


@settings(max_examples=100, deadline=None)
@given(corpus=parallel_tags("BI", max_words=7))
def test_overlap_pairing_is_the_largest(corpus):
    for golds, guesses in zip(*corpus, strict=True):
        gold, predicted = read_tags(golds)[0], read_tags(guesses)[0]
        assert len(overlaps(gold, predicted)) == largest_pairing(gold, predicted)


def largest_pairing(gold, predicted):
    """By trying everything."""
    if not gold:
        return 0
    first, rest = gold[0], gold[1:]
    best = largest_pairing(rest, predicted)
    for i, p in enumerate(predicted):
        if first.start < p.end and p.start < first.end:
            best = max(best, 1 + largest_pairing(rest, predicted[:i] + predicted[i + 1 :]))
    return best
