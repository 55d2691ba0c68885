"""What `xlner align` does: two parallel files in, one line of links per pair out."""

from __future__ import annotations

import hashlib
import json
import os
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from xlner.align.aligner import ALIGNERS, Aligner, Fits, InOrder
from xlner.align.alignment import Alignment
from xlner.align.combined import CombinedAligner, check_members, member_specs
from xlner.align.gold import GoldScore, read_gold, score_alignments
from xlner.align.make import check_options, make_aligner
from xlner.align.read import looks_unsegmented, read_pairs
from xlner.align.saved import check_place
from xlner.align.windows import Pair
from xlner.core.progress import progress
from xlner.data import check_output
from xlner.data.source import check_stdin
from xlner.errors import UsageError, XlnerError

DEFAULT_ALIGNER = "embedding"


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
    source_language: str | None = None,
    target_language: str | None = None,
    format: str | None = None,
    fit: tuple[str | Path, str | Path] | None = None,
    load: str | Path | None = None,
    save: str | Path | None = None,
    resume: str = "auto",
    chunk: int = 1024,
) -> AlignReport:
    """Align two parallel files.

    Everything that can be wrong with the input is found before work starts. The output appears when it is whole; a
    killed run leaves `OUTPUT.partial` and goes on from there; one that ends with an error of the input leaves nothing.

    Args:
        source: source side, any format; see `read_pairs`.
        target: target side, as many sentences.
        output: where to write Pharaoh lines, "-" for standard output; None writes none.
        aligner: a name or an aligner.
        options: what the named aligner is made with.
        scores: write `i-j:score`.
        gold: gold links to score against.
        gold_base: index of the first word in the gold file, 0 or 1.
        words: "spaces" or "segment"; see `read_pairs`.
        source_language: BCP-47 or ISO 639, helps "segment".
        target_language: likewise.
        format: format of both files; None finds it out.
        fit: two more parallel files for an aligner that learns; it always learns from the pairs it aligns as well.
        load: folder of a saved aligner, used as it is.
        save: folder to save the fitted aligner in.
        resume: "auto" goes on with what an interrupted run of the same work left, "never" starts anew.
        chunk: pairs per step.

    Returns:
        Counts, and scores if gold links were given.

    Raises:
        DataError: the files do not fit each other, or cannot be read.
        UsageError: an option has no such value or does not fit the aligner.
    """
    if resume not in ("auto", "never"):
        raise UsageError(f"--resume is auto or never; got '{resume}'")
    options = dict(options or {})
    check_use(aligner, options, fits=fit is not None, loads=load is not None, saves=save is not None)
    inputs = [p for p in (source, target, gold, *(fit or ())) if p is not None]
    check_stdin(inputs)
    if output is not None and str(output) != "-":
        check_output(output, inputs=inputs)
    if save is not None:
        check_place(save)
    how: dict[str, Any] = {"words": words, "format": format}
    how |= {"source_language": source_language, "target_language": target_language}
    pairs = read_pairs(source, target, **how)
    more = read_pairs(*fit, **how) if fit is not None else []
    wanted = read_gold(gold, pairs, base=gold_base) if gold is not None else None
    made = made_or_loaded(aligner, options, load)
    _check_can(made, aligner, fits=fit is not None, saves=save is not None)
    if isinstance(made, InOrder):
        made.check(pairs)
    if isinstance(made, Fits) and load is None:
        made.fit([*pairs, *more])
    if save is not None:
        made.save(save)
    lines = made.digest() if isinstance(made, InOrder) else ""
    print_of_work = _fingerprint(pairs, more, [str(aligner), options, _state(load), lines, scores])
    done: list[Alignment] = []
    started = time.perf_counter()
    with _output(output, print_of_work, resume=resume) as (stream, before):
        resumed = len(before)
        done += before
        if resumed and isinstance(made, InOrder):
            made.skip(resumed)
        with progress("aligning", total=len(pairs)) as bar:
            bar.update(done=resumed)
            for start in range(resumed, len(pairs), chunk):
                part = pairs[start : start + chunk]
                for _, alignment in zip(part, made.align(part), strict=True):
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
        notes=_notes(pairs, words),
        gold=None if wanted is None else score_alignments(done, wanted),
    )


def check_use(aligner: str | Aligner, options: Mapping[str, Any], *, fits: bool, loads: bool, saves: bool) -> None:
    """Refuse what the aligner cannot do, before anything is read or loaded.

    Args:
        aligner: a name or an aligner.
        options: what the named aligner is to be made with.
        fits: it is to learn from bitext.
        loads: a saved one is to be used as it is.
        saves: it is to be saved.

    Raises:
        UsageError: it cannot.
    """
    if loads and fits:
        raise UsageError("--load takes a fitted aligner as it is, --fit fits one; give one of them")
    if options and (loads or not isinstance(aligner, str)):
        what = "--load takes a saved aligner" if loads else "an aligner that is made already comes"
        raise UsageError(f"{what} with its settings; leave out {', '.join(options)}")
    if loads and not isinstance(aligner, str):
        raise UsageError("--load wants the name of an aligner, not one that is made already")
    name = aligner if isinstance(aligner, str) else type(aligner).__name__
    kind = ALIGNERS.load(aligner) if isinstance(aligner, str) else type(aligner)
    if isinstance(aligner, str) and not loads:
        check_options(aligner, options)
    if loads and not hasattr(kind, "load"):
        raise UsageError(f"--load: the aligner {name} has nothing to load; name the one that was saved with --aligner")
    if isinstance(kind, type):  # else a function makes it, and what that gives is seen later
        _check_can(kind, name, fits=fits, saves=saves)
    if isinstance(aligner, CombinedAligner):
        check_members(aligner.specs, fits=fits, saves=saves)
    elif kind is CombinedAligner and not loads:
        specs = member_specs(options.get("members"), options.get("how", "prior"))
        check_members(specs, fits=fits, saves=saves)


def _check_can(aligner: Any, name: object, *, fits: bool, saves: bool) -> None:
    if fits and not hasattr(aligner, "fit"):
        raise UsageError(f"--fit: the aligner {name} learns nothing from bitext")
    if saves and not hasattr(aligner, "save"):
        raise UsageError(f"--save: the aligner {name} has nothing to save")


def made_or_loaded(aligner: str | Aligner, options: Mapping[str, Any], load: str | Path | None) -> Any:
    """The aligner: as it was handed over, made by name, or as it was saved."""
    if not isinstance(aligner, str):
        return aligner
    return make_aligner(aligner, options) if load is None else ALIGNERS.load(aligner).load(load)


def _notes(pairs: Sequence[Pair], words: str) -> tuple[str, ...]:
    if words != "spaces":
        return ()
    sides = {"source": [s for s, _ in pairs], "target": [t for _, t in pairs]}
    return tuple(
        f"the words of the {side} look like whole sentences; split them with --words segment"
        for side, sentences in sides.items()
        if looks_unsegmented(sentences)
    )


def _fingerprint(pairs: Sequence[Pair], more: Sequence[Pair], settings: object) -> str:
    digest = hashlib.sha256(json.dumps(settings, sort_keys=True, default=str).encode())
    for source, target in [*pairs, *more]:
        digest.update(("\x1f".join(source) + "\x1e" + "\x1f".join(target) + "\x1d").encode())
    return digest.hexdigest()


def _state(folder: str | Path | None) -> object:
    """What tells a saved aligner from another one that was saved in the same folder."""
    if folder is None:
        return None
    return [str(folder), sorted((str(p), p.stat().st_mtime_ns, p.stat().st_size) for p in Path(folder).rglob("*"))]


@contextmanager
def _output(output: str | Path | None, work: str, *, resume: str) -> Iterator[tuple[TextIO | None, list[Alignment]]]:
    """A stream that becomes the output when the block ends well, and the alignments a killed run left."""
    if output is None or str(output) == "-":
        yield None if output is None else sys.stdout, []
        return
    place = Path(output).resolve()  # a link stays a link
    if place.exists() and not place.is_file():  # a device or a pipe, which nothing may replace
        with place.open("w", encoding="utf-8", newline="\n") as stream:
            yield stream, []
        return
    partial, state = place.with_name(place.name + ".partial"), place.with_name(place.name + ".partial.json")
    place.parent.mkdir(parents=True, exist_ok=True)
    before = _left_behind(partial, state, work) if resume == "auto" else []
    if not before:
        partial.write_text("", "utf-8")
        state.write_text(json.dumps({"work": work}) + "\n", "utf-8")
    try:
        with partial.open("a", encoding="utf-8", newline="\n") as stream:
            yield stream, [Alignment.from_pharaoh(line) for line in before]
        os.replace(partial, place)
    except XlnerError:  # the same work would end here again, so there is nothing to go on with
        partial.unlink(missing_ok=True)
        state.unlink(missing_ok=True)
        raise
    state.unlink(missing_ok=True)


def _left_behind(partial: Path, state: Path, work: str) -> list[str]:
    """Whole lines of an interrupted run of the same work; what follows them is cut off."""
    try:
        if json.loads(state.read_text("utf-8"))["work"] != work:
            return []
        data = partial.read_bytes()
    except (OSError, ValueError, KeyError, TypeError):
        return []
    whole = data[: data.rfind(b"\n") + 1]
    with partial.open("r+b") as stream:
        stream.truncate(len(whole))
    return whole.decode("utf-8").split("\n")[:-1]
