"""The NMT score: how probable a translation model finds entity and candidate as translations of each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from xlner.component import REQUIRED, option, options
from xlner.project.pair import Pair
from xlner.project.scores.evidence import Evidence
from xlner.project.scores.score import ScorePart, Scores


class NmtScore(ScorePart):
    """Probability of entity and candidate as translations of each other, by a translation model.

    Entities and candidates are scored without their sentences, so the cost grows with the number of candidates: prefer
    `aligned` or `ner` candidates. How it is computed stands at `xlner.project.scores.translation.NmtScorer`.

    Reference: Vamvas and Sennrich, "NMTScore", Findings of EMNLP 2022.
    """

    @options
    class Options:
        """Which translation model, and how it is run."""

        nmt_model: str = option(REQUIRED, "A sequence-to-sequence model: folder or hub id.")
        nmt_back: str | None = option(None, "Another one, target to source, where that one knows one direction only.")
        nmt_languages: tuple[str, str] | None = option(
            None, "The model's own codes of source and target language, such as eng_Latn deu_Latn."
        )
        device: str | None = option(None, "A torch device.", decides=False)
        nmt_batch: int | None = option(
            None, "Padded tokens per batch; by default 256 on a CPU, else 4096.", ge=1, unit="tokens", decides=False
        )

    def __init__(self, options: Any = None, /, **values: Any) -> None:
        super().__init__(options, **values)
        from xlner.project.scores.translation import NmtScorer

        o = self.options
        source, target = o.nmt_languages or (None, None)
        self.scorer = NmtScorer(
            o.nmt_model,
            back=o.nmt_back,
            source_language=source,
            target_language=target,
            device=o.device,
            batch_tokens=o.nmt_batch,
        )

    def __call__(self, pairs: Sequence[Pair], candidates: Sequence[np.ndarray], evidence: Evidence) -> Scores:
        """One array per pair. Shape: (n_entities, n_candidates), float64."""
        return self.scorer(pairs, candidates)
