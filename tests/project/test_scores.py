"""Matching scores against values worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from tests.project.conftest import make_pair, sentence

from xlner.align import Alignment
from xlner.core.labels import LabelSet
from xlner.errors import DataError, UsageError
from xlner.project import CandidateOptions, Pair, project
from xlner.project.candidates import candidates_of
from xlner.project.scores import fused
from xlner.project.scores.align import align_score
from xlner.project.scores.features import FEATURES, PairFeatures
from xlner.project.scores.fused import FusedScore, FusedWeights, support_of
from xlner.project.scores.learning import KnownProjection, fit, learn
from xlner.project.scores.named import parse_scores
from xlner.project.scores.ner import ner_score
from xlner.project.scores.spelling import romanise, skeleton, spelling_similarity
from xlner.project.scores.statistics import Statistics

RANGES = np.array([(0, 1), (0, 2), (1, 2), (3, 5)], np.int32)


def test_align_score_is_a_dice_value(pair: Pair) -> None:
    scores = align_score(pair, RANGES)
    assert scores[0].tolist() == pytest.approx([2 / 3, 1.0, 2 / 3, 0.0])
    assert scores[1, 3] == pytest.approx(2 * 2 / 4)  # two words went to one, and the article was linked by nobody


def test_align_score_reads_scores_of_links(pair: Pair) -> None:
    soft = Pair(pair.source, pair.target, Alignment(np.array([(0, 0), (1, 1)]), np.array([0.5, 1.0])))
    assert align_score(soft, RANGES)[0].tolist() == pytest.approx([1 / 3, 0.75, 2 / 3, 0.0])


def test_without_alignment_all_scores_are_zero(pair: Pair) -> None:
    assert not align_score(Pair(pair.source, pair.target), RANGES).any()


def test_ner_score_rewards_a_whole_entity() -> None:
    labels = LabelSet(("PER", "LOC"))  # O, B-PER, I-PER, B-LOC, I-LOC
    chances = np.array([[0.1, 0.8, 0.1, 0, 0], [0.2, 0.1, 0.7, 0, 0], [0.9, 0.03, 0.04, 0.03, 0]], np.float32)
    pair = make_pair(sentence("Ana Lee", (0, 1, "PER"), (1, 2, "LOC")), "a b c", [])
    ranges = np.array([(0, 1), (0, 2), (1, 3), (2, 3)], np.int32)
    scores = ner_score(pair, ranges, chances, labels)
    assert scores[0].tolist() == pytest.approx([0.8, 1.15 * 0.75, (0.1 + 0.04) / 2, 0.0], abs=1e-6)
    assert scores[1].tolist() == [0, 0, 0, 0]
    assert ner_score(pair, ranges, chances, labels, any_type=True)[1].tolist() == pytest.approx(scores[0].tolist())


def test_a_type_that_the_model_does_not_know_scores_zero() -> None:
    pair = make_pair(sentence("Ana", (0, 1, "MISC")), "a", [])
    chances = np.array([[0.1, 0.9, 0.0]], np.float32)
    assert ner_score(pair, np.array([(0, 1)]), chances, LabelSet(("PER",))).tolist() == [[0.0]]


@pytest.mark.parametrize(
    ("text", "latin"),
    [("Ångström", "angstrom"), ("Москва", "moskva"), ("Łódź", "lodz"), ("ሰላም", "salaame"), ("თბილისი", "tbilisi")],
)  # fmt: skip
def test_other_scripts_are_romanised_by_their_letters_names(text: str, latin: str) -> None:
    assert romanise(text) == latin


def test_names_are_alike_across_scripts_and_other_words_are_not() -> None:
    assert spelling_similarity("Oslo", "Oslo") == 1.0
    assert spelling_similarity("Volkova", "Волкова") > 0.8
    assert spelling_similarity("Karim", "كريم") > spelling_similarity("Karim", "سلام")
    assert spelling_similarity("Oslo", "Bank") == 0.0
    assert spelling_similarity("Tokyo", "東京") == 0.0  # ideographs have no sound
    assert skeleton("kennedy") == "knt"


@pytest.mark.parametrize("text", ["magic", "align=x", "fused,align"])
def test_scores_that_do_not_exist_are_refused(text: str) -> None:
    with pytest.raises(UsageError, match="score"):
        parse_scores(text)


def test_weighted_sums_are_read() -> None:
    assert parse_scores("align=0.5, nmt") == {"align": 0.5, "nmt": 1.0}


def test_features_tell_what_they_say(pair: Pair) -> None:
    values = PairFeatures(pair, RANGES)()
    by_name = dict(zip(FEATURES, values[0, 1], strict=True))
    assert by_name["dice"] == by_name["purity"] == by_name["coverage"] == by_name["string"] == 1.0
    assert by_name["leak"] == by_name["unlinked"] == by_name["words"] == by_name["before_share"] == 0.0
    half = dict(zip(FEATURES, values[0, 0], strict=True))
    assert half["coverage"] == 0.5
    assert half["after_share"] == 1.0


def test_probabilities_leave_room_for_nowhere(pair: Pair) -> None:
    (scores,) = FusedScore()([pair], [candidates_of(pair, CandidateOptions())])
    assert (scores >= 0).all()
    assert (scores.sum(1) < 1).all()
    assert scores[0].max() > 0.5


def test_fused_prefers_what_the_corpus_does_elsewhere() -> None:
    pairs = []
    for verb in ("meldet", "sagt", "hofft", "sucht"):
        source = sentence(f"the Lake Bank {verb}", (1, 3, "ORG"))
        pairs.append(make_pair(source, f"die Seebank {verb}", [(0, 0), (1, 1), (2, 1), (3, 2)]))
    doubtful = make_pair(sentence("the Lake Bank x", (1, 3, "ORG")), "die Seebank x", [(1, 0), (2, 1), (3, 2)])
    ranges = [candidates_of(p, CandidateOptions()) for p in (*pairs, doubtful)]
    alone = FusedScore(rounds=0)([*pairs, doubtful], ranges)[-1][0]
    together = FusedScore(rounds=1)([*pairs, doubtful], ranges)[-1][0]
    right = ranges[-1].tolist().index([1, 2])
    assert together[right] > 2 * alone[right]


def test_features_of_a_large_corpus_are_not_held_in_memory_and_scores_are_the_same(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    pairs = [pair] * 6
    ranges = [candidates_of(p, CandidateOptions()) for p in pairs]
    whole = FusedScore()(pairs, ranges)
    monkeypatch.setattr(fused, "_HELD", 2 * len(pair.entities) * len(ranges[0]) * len(FEATURES))
    assert [f._kept is not None for f in fused.featurise(pairs, ranges)] == [True] * 2 + [False] * 4
    for held, made in zip(whole, FusedScore()(pairs, ranges), strict=True):
        assert np.array_equal(held, made)


def test_an_entity_whose_only_link_is_doubtful_goes_nowhere() -> None:
    """The harbour is not translated; its faint link leads to a word that clearly stands for another one."""
    source = sentence("Council of Harbour opened", (2, 3, "LOC"))
    target = sentence("Rat eröffnet", labelled=False)

    def fate(links: list[tuple[int, int]], confidences: list[float]) -> str:
        (item,) = project([source], [target], alignments=[Alignment(links, confidences)])  # type: ignore[arg-type]
        return str(item.fates[0].reason)

    assert fate([(0, 0), (2, 0), (3, 1)], [1.0, 0.1, 1.0]) == "below threshold"
    assert fate([(2, 0), (3, 1)], [0.9, 1.0]) == "projected"


def test_nearly_the_same_ranges_support_the_best_one() -> None:
    ranges = np.array([(0, 8), (0, 9), (0, 10), (5, 6)], np.int32)
    scores = np.array([[0.1, 0.15, 0.16, 0.3], [0.1, 0.15, 0.16, 0.05]])
    assert support_of(scores, ranges).tolist() == [
        [0.1, 0.15, 0.16, 0.3],
        [0.1, 0.15, pytest.approx(0.41), 0.05],
    ]
    assert support_of(np.zeros((1, 0)), np.zeros((0, 2), np.int32)).shape == (1, 0)


def test_an_entity_is_no_witness_for_itself() -> None:
    pair = make_pair(sentence("Ana", (0, 1, "PER")), "Ana", [(0, 0)])
    statistics = Statistics([(pair, pair.entities[0], (0, 1))])
    ranges = np.array([(0, 1)], np.int32)
    assert statistics.phrases(pair, pair.entities[0], ranges, counted_as=0).tolist() == [0.0]
    assert statistics.phrases(pair, pair.entities[0], ranges, counted_as=-1).tolist() == [0.5]


def test_learning_finds_which_feature_decides() -> None:
    rng = np.random.default_rng(0)
    data = []
    for _ in range(200):
        features = rng.random((5, len(FEATURES)))
        data.append(KnownProjection(features, int(features[:, FEATURES.index("string")].argmax())))
    found = fit(data, l2=0.001, prior=FusedWeights(np.zeros(len(FEATURES)), -5.0)).as_dict()
    assert found["string"] == max(v for k, v in found.items() if k != "nowhere")
    assert found["string"] > 5
    assert found["words"] <= 0.0


def test_learning_from_witnesses_needs_two_that_agree(pair: Pair) -> None:
    assert pair.alignment is not None
    found = learn([pair], [[pair.alignment], [pair.alignment]])
    assert found.values.shape == (len(FEATURES),)
    with pytest.raises(UsageError, match="2 or more"):
        learn([pair], [[pair.alignment]])
    with pytest.raises(DataError, match="agree"):
        learn([pair], [[pair.alignment], [Alignment.of(())]])
