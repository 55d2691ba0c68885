"""Models that are only scored: deleted once they are."""

from __future__ import annotations

import shutil
from collections import defaultdict
from collections.abc import Container, Iterable, Sequence

from xlner.study.runs import Roots, Run

MODELS = ("train", "transfer", "pretrain")  # commands that leave a run folder


class Dropper:
    """Deletes what a run left where it is a model that all runs that score it are done with.

    A model from which another command starts, such as a teacher, stays; so does one that nothing scores.

    Args:
        runs: all of the plan.
        roots: where they lie.
    """

    def __init__(self, runs: Sequence[Run], roots: Roots) -> None:
        self._runs, self._roots = {run.id: run for run in runs}, roots
        self._needed_by = defaultdict[str, list[Run]](list)
        for run in runs:
            for need in run.needs:
                self._needed_by[need].append(run)

    def __call__(self, ids: Iterable[str], done: Container[str]) -> None:
        """Look at some runs.

        Args:
            ids: of these runs.
            done: ids of all runs that are done.
        """
        for id in ids:
            if id in done and self._only_scored(self._runs[id], done):
                result = self._roots.result(id)
                torn = result.with_name("dropped")  # a kill in the middle leaves no half of a model under its name
                shutil.rmtree(torn, ignore_errors=True)
                if result.is_dir():
                    result.replace(torn)
                    shutil.rmtree(torn, ignore_errors=True)

    def _only_scored(self, run: Run, done: Container[str]) -> bool:
        others = self._needed_by[run.id]
        is_model = bool(run.words) and run.words[0] in MODELS
        scored = run.gold is not None or bool(others)
        return is_model and scored and all(r.id in done and not r.words for r in others)
