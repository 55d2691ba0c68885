"""What `xlner align` does: two parallel files in, one line of links per pair out."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xlner.align import ALIGNERS, DEFAULT_ALIGNER, Aligner, Alignment, Fits, InOrder, WordPair
from xlner.align.files import LinkFile
from xlner.align.gold import GoldScore, read_gold, score_alignments
from xlner.align.output import writing_links
from xlner.align.read import looks_unsegmented, read_pairs
from xlner.align.saved import check_place
from xlner.align.split import WordsSplit
from xlner.align.use import build_or_load, check_can, check_use, link_files
from xlner.component import to_values
from xlner.core.progress import progress
from xlner.data import check_output
from xlner.data.source import check_stdin
from xlner.errors import UsageError


@dataclass(frozen=True)
class AlignReport:
    """What became of a bitext.

    Args:
        pairs: number of sentence pairs, each with one line of output.
        empty: pairs with a side without words; their lines are empty.
        unlinked: other pairs without any link.
        links: number of links.
        resumed: pairs that an interrupted run had done already.
        seconds: time spent aligning in this run, loading and fitting not included.
        notes: what the user should know, such as words that look like whole sentences.
        gold: scores, when gold links were given.
    """

    pairs: int
    empty: int
    unlinked: int
    links: int
    resumed: int
    seconds: float
    notes: tuple[str, ...] = ()
    gold: GoldScore | None = None

    def describe(self) -> str:
        """The counts in one line."""
        return (
            f"{self.pairs} pairs, {self.links} links; {self.empty} pairs with an empty side, {self.unlinked} others "
            "without links"
        )

    def as_dict(self) -> dict[str, Any]:
        """The same as plain values, for JSON."""
        return {
            "pairs": self.pairs,
            "empty": self.empty,
            "unlinked": self.unlinked,
            "links": self.links,
            "resumed": self.resumed,
            "seconds": round(self.seconds, 3),
            "notes": list(self.notes),
            **({} if self.gold is None else self.gold.as_dict()),
        }


def align(
    source: str | Path,
    target: str | Path,
    output: str | Path | None = None,
    *,
    aligner: str | Aligner = DEFAULT_ALIGNER,
    options: Mapping[str, Any] | None = None,
    scores: bool = False,
    gold: str | Path | None = None,
    gold_base: int = 0,
    words: str = "spaces",
    words_split: WordsSplit = "auto",
    source_language: str | None = None,
    target_language: str | None = None,
    format: str | None = None,
    fit: tuple[str | Path, str | Path] | None = None,
    load: str | Path | None = None,
    save: str | Path | None = None,
    resume: str = "auto",
    chunk: int = 1024,
    token_column: int | None = None,
    tag_column: int | None = None,
) -> AlignReport:
    """Align two parallel files.

    Everything that can be wrong with the input is found before work starts. The output appears when it is whole; a
    killed run leaves `OUTPUT.partial` and goes on from there; one that ends with an error of the input leaves nothing.

    Args:
        source: source side, any format; see `read_pairs`.
        target: target side, as many sentences.
        output: where to write Pharaoh lines, "-" for standard output; None writes none.
        aligner: a name or an aligner; one that has been fitted is used as it is, unless there is `fit`.
        options: what the named aligner is made with.
        scores: write `i-j:score`.
        gold: gold links to score against.
        gold_base: index of the first word in the gold file, 0 or 1.
        words: "spaces" or "segment"; see `read_pairs`.
        words_split: for "spaces": "space", "unicode", or "auto", which looks at the links beside the text; see
            `read_pairs`.
        source_language: BCP-47 or ISO 639, helps "segment".
        target_language: likewise.
        format: format of both files; None finds it out.
        fit: two more parallel files for an aligner that learns; it always learns from the pairs it aligns as well.
        load: folder of a saved aligner, used as it is.
        save: folder to save the fitted aligner in.
        resume: "auto" goes on with what an interrupted run of the same work left, "never" starts anew.
        chunk: pairs per step.
        token_column: column of the word in files with columns, from 0; None finds it.
        tag_column: column of the tag, likewise.

    Returns:
        Counts, and scores if gold links were given.

    Raises:
        DataError: the files do not fit each other, or cannot be read.
        UsageError: an option has no such value or does not fit the aligner.
    """
    if resume not in ("auto", "never"):
        raise UsageError(f"`resume` is auto or never; got '{resume}'")
    options = dict(options or {})
    check_use(aligner, options, fits=fit is not None, loads=load is not None, saves=save is not None)
    inputs = [p for p in (source, target, gold, *(fit or ())) if p is not None]
    beside = link_files(aligner, options, load)
    inputs += [file.path for file in beside]
    check_stdin(inputs)
    if output is not None and str(output) != "-":
        check_output(output, inputs=inputs)
    if save is not None:
        check_place(save)
    beside += [] if gold is None else [LinkFile(str(gold), gold_base)]
    how: dict[str, Any] = {"words": words, "format": format}
    how |= {"source_language": source_language, "target_language": target_language}
    how |= {"token_column": token_column, "tag_column": tag_column}
    remarks: list[str] = []
    pairs = read_pairs(source, target, **how, words_split=words_split, links=beside, remarks=remarks)
    more = read_pairs(*fit, **how, words_split=words_split, remarks=remarks) if fit is not None else []
    wanted = read_gold(gold, pairs, base=gold_base) if gold is not None else None
    worker = build_or_load(aligner, options, load)
    check_can(worker, aligner, fits=fit is not None, saves=save is not None)
    if isinstance(worker, InOrder):
        worker.check(pairs)
    if isinstance(worker, Fits) and load is None and (fit is not None or not getattr(worker, "fitted", False)):
        worker.fit([*pairs, *more])
    if save is not None:
        worker.save(save)
    decides = to_values(ALIGNERS.options(aligner, options), deciding=True) if isinstance(aligner, str) else {}
    lines = worker.digest() if isinstance(worker, InOrder) else ""
    work = _fingerprint(pairs, more, [str(aligner), decides, _state(load), lines, scores])
    done: list[Alignment] = []
    started = time.perf_counter()
    with writing_links(output, work, resume=resume) as (stream, before):
        resumed = len(before)
        done += before
        if resumed and isinstance(worker, InOrder):
            worker.skip(resumed)
        with progress("aligning", total=len(pairs)) as bar:
            bar.update(done=resumed)
            for start in range(resumed, len(pairs), chunk):
                part = pairs[start : start + chunk]
                for _, alignment in zip(part, worker.align(part), strict=True):
                    done.append(alignment)
                    if stream is not None:
                        stream.write(alignment.to_pharaoh(scores=scores) + "\n")
                if stream is not None:
                    stream.flush()
                bar.update(done=len(done))
    empty = sum(not (len(s) and len(t)) for s, t in pairs)
    return AlignReport(
        pairs=len(pairs),
        empty=empty,
        unlinked=sum(not len(a) for a in done) - empty,
        links=sum(map(len, done)),
        resumed=resumed,
        seconds=time.perf_counter() - started,
        notes=(*dict.fromkeys(remarks), *_notes(pairs, words)),
        gold=None if wanted is None else score_alignments(done, wanted),
    )


def _notes(pairs: Sequence[WordPair], words: str) -> tuple[str, ...]:
    if words != "spaces":
        return ()
    sides = {"source": [s for s, _ in pairs], "target": [t for _, t in pairs]}
    return tuple(
        f"the words of the {side} look like whole sentences; split them with `words segment`"
        for side, sentences in sides.items()
        if looks_unsegmented(sentences)
    )


def _fingerprint(pairs: Sequence[WordPair], more: Sequence[WordPair], settings: object) -> str:
    digest = hashlib.sha256(json.dumps(settings, sort_keys=True, default=str).encode())
    for source, target in [*pairs, *more]:
        digest.update(("\x1f".join(source) + "\x1e" + "\x1f".join(target) + "\x1d").encode())
    return digest.hexdigest()


def _state(folder: str | Path | None) -> object:
    """What tells a saved aligner from another one that was saved in the same folder."""
    if folder is None:
        return None
    return [str(folder), sorted((str(p), p.stat().st_mtime_ns, p.stat().st_size) for p in Path(folder).rglob("*"))]
