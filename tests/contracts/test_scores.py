"""What every score promises, in-tree or not."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
from tests.contracts.options import every_option, right_value, three_ways, wrong_values
from tests.project.test_nmt import make_checkpoint

from xlner.align import Alignment
from xlner.component import OptionField, Part, option, options, to_values
from xlner.core.labels import LabelSet
from xlner.core.types import Sentence, Span
from xlner.errors import UsageError
from xlner.project import SCORES, CandidateOptions, Evidence, Pair, Score, project
from xlner.project.candidates import candidates_of
from xlner.project.scores import Scores
from xlner.project.scores.named import MeanScore, make_score

LABELS = LabelSet(("PER", "LOC"))


def _pair(source: str, spans: Sequence[tuple[int, int, str]], target: str, links: Sequence[tuple[int, int]]) -> Pair:
    entities = tuple(Span(*s) for s in spans)
    words = tuple(source.split())
    return Pair(Sentence(words, entities), Sentence(tuple(target.split()), labelled=False), Alignment.of(links))


PAIRS = [
    _pair("Ana met Arcol", [(0, 1, "PER"), (2, 3, "ORG")], "Ana traf Arcol", [(0, 0), (1, 1), (2, 2)]),
    _pair("nothing here", [], "nichts hier", [(0, 0), (1, 1)]),
    _pair("Ana left", [(0, 1, "PER")], "", []),
    _pair("", [], "Ana ging", []),
    _pair("Ana sees Tokyo", [(0, 1, "PER"), (2, 3, "LOC")], "阿娜 訪問 東京 👋🏽", [(0, 0), (1, 1), (2, 2)]),
    _pair("Ana left", [(0, 1, "PER")], "left Ana", []),
]
CANDIDATES = [candidates_of(p, CandidateOptions(candidates=("aligned", "ngrams"))) for p in PAIRS]


def evidence(pairs: Sequence[Pair]) -> Evidence:
    rng = np.random.default_rng(0)
    probabilities = [rng.dirichlet(np.ones(len(LABELS.tags)), len(p.target)) for p in pairs]
    return Evidence(probabilities, LABELS, [() for _ in pairs])


@pytest.fixture(scope="module")
def translator(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_checkpoint(tmp_path_factory.mktemp("nmt"))


def small(name: str, encoder: Path, translator: Path) -> dict[str, Any]:
    """Options that make a score small and quick: models made here."""
    tiny = {"encoder": str(encoder), "layer": 1, "device": "cpu", "nmt_model": str(translator)}
    return {f.name: tiny[f.name] for f in SCORES.describe(name).fields if f.name in tiny}


@pytest.fixture(params=SCORES.names())
def score(request: pytest.FixtureRequest, tiny_encoder: Path, translator: Path) -> Score:
    made: Score = SCORES.build(request.param, small(request.param, tiny_encoder, translator))
    return made


class TestScore:
    def test_it_rates_every_candidate_for_every_entity(self, score: Score) -> None:
        values = score(PAIRS, CANDIDATES, evidence(PAIRS))
        assert [v.shape for v in values] == [(len(p.entities), len(c)) for p, c in zip(PAIRS, CANDIDATES, strict=True)]
        assert all(v.dtype == np.float64 for v in values)
        assert all(np.isfinite(v).all() and (v >= 0).all() for v in values)

    def test_the_same_call_gives_the_same(self, score: Score) -> None:
        first, second = (score(PAIRS, CANDIDATES, evidence(PAIRS)) for _ in range(2))
        assert all((a == b).all() for a, b in zip(first, second, strict=True))

    def test_nothing_to_rate(self, score: Score) -> None:
        assert score([], [], evidence([])) == []
        none = [np.zeros((0, 2), np.int32)]
        assert [v.shape for v in score(PAIRS[:1], none, evidence(PAIRS[:1]))] == [(2, 0)]

    def test_one_sentence(self, score: Score) -> None:
        (values,) = score(PAIRS[:1], CANDIDATES[:1], evidence(PAIRS[:1]))
        assert values.shape == (2, len(CANDIDATES[0]))

    def test_without_what_it_needs_it_says_so(self, score: Score) -> None:
        if "tagger" in score.needs:
            with pytest.raises(UsageError, match="NER model"):
                score(PAIRS, CANDIDATES, Evidence())
        else:
            assert score(PAIRS, CANDIDATES, Evidence())


@pytest.mark.parametrize("name", SCORES.names())
def test_a_score_describes_itself(name: str) -> None:
    described = SCORES.describe(name)
    assert described.summary.endswith(".")
    assert described.needs == SCORES.load(name).needs
    assert all(f.help.endswith(".") for f in described.fields)


@pytest.mark.parametrize(("name", "option"), every_option("scores"))
def test_an_option_is_given_in_three_ways(name: str, option: OptionField) -> None:
    value = right_value(option)
    python, in_yaml, by_flag = three_ways("scores", name, option, value)
    assert python == in_yaml == by_flag
    assert to_values(python)[option.name] == value


@pytest.mark.parametrize(("name", "option"), every_option("scores"))
def test_what_cannot_be_is_refused_by_its_name(name: str, option: OptionField) -> None:
    given = {f.name: "x" for f in SCORES.describe(name).fields if f.required}
    for value in wrong_values(option):
        with pytest.raises(UsageError, match=f"the score {name}: `{option.name}` must be"):
            SCORES.options(name, given | {option.name: value})
    with pytest.raises(UsageError, match=f"the score {name} has no option 'magic'"):
        SCORES.options(name, given | {"magic": 1})


class Length(Part):
    """As a third party writes one: prefers candidates of so many words."""

    needs: ClassVar[frozenset[str]] = frozenset()

    @options
    class Options:
        n_words: int = option(1, "Words of a good candidate.", ge=1)

    def __call__(self, pairs: Sequence[Pair], candidates: Sequence[np.ndarray], evidence: Evidence) -> Scores:
        out = []
        for pair, ranges in zip(pairs, candidates, strict=True):
            good = (ranges[:, 1] - ranges[:, 0] == self.options.n_words).astype(float)
            out.append(np.tile(good, (len(pair.entities), 1)))
        return out


def test_a_score_of_a_third_party_joins_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SCORES.builtin, "length", f"{__name__}:Length")  # type: ignore[arg-type]
    pair = PAIRS[0]
    assert pair.alignment is not None
    for name in ("length", "align=0.1,length=1"):
        made = project(
            [pair.source], [pair.target], alignments=[pair.alignment], score=name, score_options={"n_words": 3},
            matcher_options={"candidates": ["ngrams"]},
        )  # fmt: skip
        assert [s.end - s.start for s in made.sentences[0].spans] == [3]
        assert made.settings["score"] == name
    with pytest.raises(UsageError, match=r"no score of align,length has an option 'magic'; there are: n_words"):
        make_score("align,length", {"magic": 1})


def test_a_sum_is_the_weighted_mean_of_its_scores() -> None:
    align, string = (make_score(n)(PAIRS, CANDIDATES, Evidence()) for n in ("align", "string"))
    total = make_score("align=3,string=1")
    assert isinstance(total, MeanScore)
    for a, s, t in zip(align, string, total(PAIRS, CANDIDATES, Evidence()), strict=True):
        assert t == pytest.approx(0.75 * a + 0.25 * s)
