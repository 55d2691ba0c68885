"""The page of what was lost: every number of the counts, examples of every reason, nothing of the text as markup."""

from __future__ import annotations

import json
from html.parser import HTMLParser

from xlner.align import Alignment
from xlner.core.types import Sentence, Span
from xlner.project.examples import as_values, from_values, lost_examples
from xlner.project.fates import Fate, Reason
from xlner.project.overview import LossesOfSet, LossesOfText, overview_page
from xlner.project.result import Projected

PER, LOC = Span(0, 1, "PER"), Span(2, 3, "LOC", 0.9)


def sentence(text, *spans, **more):
    return Sentence(tuple(text.split()), tuple(spans), **more)


def projected(target="Ana vive en Lima", **more):
    """Ana came through; the place was lost to overlap, and wanted a range that Ana has."""
    fates = (
        Fate(PER, Reason.PROJECTED, (Span(0, 1, "PER", 0.8),), 0.8),
        Fate(LOC, Reason.OVERLAP, (), 0.4, (0, 1), PER, "said"),
    )
    source = sentence("Ana in Lima .", PER, LOC, **more)
    return Projected.of(source, sentence(target), fates, Alignment([(0, 0), (2, 3)], [0.75, 0.25]))


COUNTS = {
    "pairs": 1200, "with_an_empty_side": 3, "kept": 1187, "entities": 50,
    "fates": {"projected": 40, "lost to overlap": 10},
    "fates_of_types": {"PER": {"projected": 40}, "LOC": {"lost to overlap": 10}}, "without_entities": 900,
    "words": 12345, "missing_words": 678, "source_words": 13000, "source_missing_words": 0,
}  # fmt: skip


def page(sets=(), texts=()):
    return "".join(overview_page(texts, sets))


class Markup(HTMLParser):
    """The text of a page and its tags."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.text = [], ""
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)

    def handle_data(self, data):
        self.text += data


def test_an_example_comes_back_from_json_as_it_was():
    item = projected(missing=((3, 4),))
    number, again = from_values(json.loads(json.dumps(as_values(7, item))))
    assert number == 7
    assert (again.source, again.sentence, again.fates) == (item.source, item.sentence, item.fates)
    assert again.alignment.links() == item.alignment.links()
    assert again.alignment.scores.tolist() == item.alignment.scores.tolist()


def test_a_pair_without_links_or_scores_comes_back_too():
    bare = Projected.of(sentence("Ana", PER), sentence("x"), [Fate(PER, Reason.NO_CANDIDATE)])
    assert from_values(json.loads(json.dumps(as_values(1, bare))))[1].alignment is None
    linked = Projected.of(bare.source, bare.sentence, bare.fates, Alignment.of([(0, 0)]))
    assert from_values(json.loads(json.dumps(as_values(1, linked))))[1].alignment.scores is None


def test_examples_are_few_and_short_ones_come_first():
    long = projected("Ana vive en Lima" + " hoy" * 40)
    numbered = [(1, long), (2, long), *((n, projected()) for n in range(3, 9))]
    found = lost_examples(numbered, 3)
    assert {reason: [e["pair"] for e in some] for reason, some in found.items()} == {"lost to overlap": [3, 4, 5]}
    assert [e["pair"] for e in lost_examples(numbered[:3], 3)["lost to overlap"]] == [3, 1, 2]


def test_what_came_through_is_no_example():
    whole = Projected.of(sentence("Ana", PER), sentence("Ana"), [Fate(PER, Reason.PROJECTED, (PER,))])
    assert lost_examples([(1, whole)], 3) == {}


def test_the_page_has_every_number():
    text = Markup(page([LossesOfSet(name="1-en", counts=COUNTS)])).text
    for part in (
        "Projection of 1-en",
        "1,200",
        "1,187",
        "900",
        "12,345",
        "678",
        "PER",
        "LOC",
        "lost to overlap",
        "80.0%",
    ):
        assert part in text
    assert "every word is unknown10" in text
    assert "of the source side" not in text
    unsure = {**COUNTS, "source_missing_words": 1300}
    assert (
        "words of the source side13,000100.0%of these unknown1,30010.0%"
        in Markup(page([LossesOfSet(name="1", counts=unsure)])).text
    )


def test_examples_of_all_files_are_shown_up_to_a_limit():
    files = [lost_examples([(n, projected())], 5) for n in range(1, 10)]
    files.append({"empty target side": [{"pair": 77, "text": "Boris"}]})
    made = Markup(page([LossesOfSet(name="1-en", counts=COUNTS, examples=files)]))
    assert "10; 5 shown" in made.text
    assert made.tags.count("svg") == 5
    assert "77Boris" in made.text


def test_faults_of_a_translation_are_told_with_their_lines():
    faults = [
        {"line": n, "reason": "looping", "why": "", "source": f"s{n}", "translation": "so so"} for n in range(1, 9)
    ]
    faults.append({"line": 31, "reason": "failed", "why": "it died", "source": "DIE", "translation": ""})
    counts = {"lines": 40, "empty": 1, "translated": 30, "reasons": {"looping": 8, "failed": 1}, "faults": faults,
              "mended": {"HTML entities": 3}, "unchanged": 2}  # fmt: skip
    text = Markup(page(texts=[LossesOfText(name="1-en", counts=counts)])).text
    for part in ("Translation of 1-en", "left empty: looping", "8; 5 shown", "31DIEit died", "HTML entities in 3",
                 "2 lines came back as they were"):  # fmt: skip
        assert part in text


def test_text_is_never_markup_and_keeps_its_direction():
    item = projected("<script>alert(1)</script> ‏יוסי& גר בחיפה")
    bad = {"pair": 1, "text": "<img src=x>"}
    faults = [{"line": 1, "reason": "empty", "why": "<b>", "source": "<i>", "translation": "محمد"}]
    counts = {"lines": 1, "empty": 0, "translated": 0, "reasons": {"empty": 1}, "faults": faults}
    html = page(
        [
            LossesOfSet(
                name="<u>", counts=COUNTS, examples=[{**lost_examples([(1, item)], 5), "empty source side": [bad]}]
            )
        ],
        [LossesOfText(name="<u>", counts=counts)],
    )
    made = Markup(html)
    assert not {"script", "img", "b", "i", "u"} & set(made.tags)
    assert "<td dir='auto'>محمد" in html


def test_counts_of_an_older_version_will_do():
    old = {k: v for k, v in COUNTS.items() if k not in ("fates_of_types", "source_words", "source_missing_words")}
    assert "lost to overlap" in Markup(page([LossesOfSet(name="1-en", counts=old)])).text


def test_a_set_without_entities_says_so():
    none = {**COUNTS, "entities": 0, "fates": {}, "fates_of_types": {}}
    assert "no entities on the source side" in Markup(page([LossesOfSet(name="1-en", counts=none)])).text
