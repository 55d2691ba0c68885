"""Statistical word alignment, fitted on the bitext at hand, with the models of sil-thot."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from xlner.align.alignment import Alignment
from xlner.align.saved import read_settings, writing
from xlner.align.windows import Pair, align_in_windows, pieces
from xlner.errors import MissingExtraError, ModelError, UsageError

# Model -> the classes that are trained one after the other, each starting from the one before, and their iterations.
MODELS: dict[str, tuple[tuple[str, int], ...]] = {
    "fast_align": (("FastAlignModel", 5),),
    "ibm1": (("Ibm1AlignmentModel", 5),),
    "ibm2": (("Ibm1AlignmentModel", 5), ("Ibm2AlignmentModel", 5)),
    "hmm": (("Ibm1AlignmentModel", 5), ("HmmAlignmentModel", 5)),
    "ibm3": (("Ibm1AlignmentModel", 5), ("HmmAlignmentModel", 5), ("Ibm3AlignmentModel", 5)),
    "ibm4": (("Ibm1AlignmentModel", 5), ("HmmAlignmentModel", 5), ("Ibm4AlignmentModel", 5)),
    "eflomal": (("EflomalAlignmentModel", 0),),  # it plans by the size of the bitext
}

SYMMETRISATIONS = (
    "source-target",
    "target-source",
    "intersection",
    "union",
    "och",
    "grow",
    "grow-diag",
    "grow-diag-final",
    "grow-diag-final-and",
)

# How the library calls what it does to the first of two matrices.
_OPERATIONS = {
    "intersection": "intersect",
    "union": "union",
    "och": "och_symmetrize",
    "grow": "grow",
    "grow-diag": "grow_diag",
    "grow-diag-final": "grow_diag_final",
    "grow-diag-final-and": "grow_diag_final_and",
}
# Models whose search grows with the cube of the length get windows of so many words.
_CUBIC = ("hmm", "ibm3", "ibm4", "eflomal")
_CUBIC_WORDS = 100


class ThotAligner:
    """A pair of directed statistical models and a rule that merges their links.

    Both directions are trained on the bitext alone, without any other resource: words that translate each other occur
    together. Works from some thousand pairs on, and better the more there are. Long pairs are
    aligned in windows: of 100 words for models of order, whose search grows with the cube of the length, and of what
    the library takes for the others. They are learned from in pieces, see `fit`.

    Args:
        model: one of `MODELS`.
        symmetrisation: one of `SYMMETRISATIONS`; the first two keep one direction.
        iterations: of every model in the chain; None takes 5, and for eflomal what it plans itself.
        lowercase: compare words without case.
        seed: for eflomal, which samples.

    Raises:
        UsageError: an option has no such value.
        MissingExtraError: sil-thot is not installed.

    References:
        Brown et al., "The Mathematics of Statistical Machine Translation", CL 1993 (IBM models). Vogel, Ney and
        Tillmann, "HMM-Based Word Alignment in Statistical Translation", COLING 1996. Dyer, Chahuneau and Smith, "A
        Simple, Fast, and Effective Reparameterization of IBM Model 2", NAACL 2013 (fast_align). Östling and
        Tiedemann, "Efficient Word Alignment with Markov Chain Monte Carlo", PBML 2016 (eflomal). Och and Ney, "A
        Systematic Comparison of Various Statistical Alignment Models", CL 2003 (symmetrisation).

    Limits: links of words that the bitext did not have rest on position alone.
    """

    def __init__(
        self,
        model: str = "hmm",
        *,
        symmetrisation: str = "grow-diag-final-and",
        iterations: int | None = None,
        lowercase: bool = True,
        seed: int = 1,
    ) -> None:
        if model not in MODELS:
            raise UsageError(f"model is one of {', '.join(MODELS)}; got '{model}'")
        if symmetrisation not in SYMMETRISATIONS:
            raise UsageError(f"symmetrisation is one of {', '.join(SYMMETRISATIONS)}; got '{symmetrisation}'")
        if iterations is not None and iterations < 1:
            raise UsageError(f"iterations is at least 1, got {iterations}")
        if not 0 <= seed < 1 << 32:
            raise UsageError(f"seed is from 0 to {(1 << 32) - 1}, got {seed}")
        _library()
        self.model, self.symmetrisation, self.iterations = model, symmetrisation, iterations
        self.lowercase, self.seed = lowercase, seed
        self._directions: tuple[Any, Any] | None = None

    @property
    def fitted(self) -> bool:
        return self._directions is not None

    def fit(self, bitext: Sequence[Pair]) -> ThotAligner:
        """Train both directions from scratch.

        Args:
            bitext: sentence pairs; those with an empty side are left out, those longer than a model takes (100 words
                for eflomal, 200 for models of order, 1024 for the others) go in as pieces along the diagonal.
        """
        pairs = [self._folded(pair) for pair in bitext if len(pair[0]) and len(pair[1])]
        self._directions = (
            self._trained(pairs),
            self._trained([(target, source) for source, target in pairs]),
        )
        return self

    def align(self, pairs: Sequence[Pair]) -> list[Alignment]:
        """One alignment per pair; without a fit before, the model is fitted on these pairs.

        Returns:
            Alignments whose scores are the geometric mean of both translation probabilities, in [0, 1].
        """
        if self._directions is None:
            self.fit(pairs)
        assert self._directions is not None
        most = min(int(m.max_sentence_length) for m in self._directions)
        if self.model in _CUBIC:
            most = min(most, _CUBIC_WORDS)
        return align_in_windows([self._folded(p) for p in pairs], self._align_short, most=most)

    def save(self, folder: str | Path) -> Path:
        """Write the fitted models and settings; the folder appears whole or not at all.

        Raises:
            ModelError: there is nothing fitted to save, or it cannot be written.
            UsageError: the folder holds something else than a saved aligner.
        """
        if self._directions is None:
            raise ModelError("the aligner has not been fitted, so there is nothing to save")
        settings = {
            "aligner": "thot",
            "model": self.model,
            "symmetrisation": self.symmetrisation,
            "iterations": self.iterations,
            "lowercase": self.lowercase,
            "seed": self.seed,
        }
        with writing(folder, settings) as partial:
            for name, model in zip(("direct", "inverse"), self._directions, strict=True):
                if not model.print(str(partial / name)):
                    raise ModelError(f"the aligner could not be written to {folder}")
        return Path(folder)

    @classmethod
    def load(cls, folder: str | Path) -> ThotAligner:
        """An aligner that `save` wrote.

        Raises:
            ModelError: the folder holds none, or a part of one.
            UsageError: it holds another aligner.
        """
        folder = Path(folder)
        settings = read_settings(folder, "thot")
        try:
            aligner = cls(**settings)
        except UsageError as error:
            raise ModelError(f"{folder} holds no saved aligner ({error})") from None
        models = []
        for name in ("direct", "inverse"):
            model = getattr(_library(), MODELS[aligner.model][-1][0])()
            if not model.load(str(folder / name)):
                raise ModelError(f"{folder} holds a part of an aligner only; save it again")
            models.append(model)
        aligner._directions = (models[0], models[1])
        return aligner

    def _folded(self, pair: Pair) -> tuple[list[str], list[str]]:
        if self.lowercase:
            return [w.lower() for w in pair[0]], [w.lower() for w in pair[1]]
        return list(pair[0]), list(pair[1])

    def _trained(self, pairs: Sequence[tuple[list[str], list[str]]]) -> Any:
        library, model = _library(), None
        for name, default in MODELS[self.model]:
            kind = getattr(library, name)
            model = kind() if model is None else kind(model)
            if name == "EflomalAlignmentModel":
                model.deterministic = True
                model.seed = self.seed
            most = int(model.max_sentence_length)  # a longer pair would be ignored
            if name == "EflomalAlignmentModel":
                most = min(most, _CUBIC_WORDS)
            for pair in pairs:
                for source, target in pieces(pair, most):
                    if source and target:
                        model.add_sentence_pair(source, target)
            model.start_training()
            for _ in range(self.iterations or default or model.scheduled_iterations):
                model.train()
            model.end_training()
        return model

    def _align_short(self, pairs: Sequence[Pair]) -> list[Alignment]:
        assert self._directions is not None
        out = [Alignment(np.zeros((0, 2), np.int32), np.zeros(0, np.float32))] * len(pairs)
        full = [k for k, (source, target) in enumerate(pairs) if len(source) and len(target)]
        if not full:
            return out
        sources, targets = [list(pairs[k][0]) for k in full], [list(pairs[k][1]) for k in full]
        direct, inverse = self._directions
        forward = direct.get_best_alignments(sources, targets)
        backward = inverse.get_best_alignments(targets, sources)
        for k, (_, there), (_, back) in zip(full, forward, backward, strict=True):
            links = np.argwhere(self._merged(there, back))
            out[k] = Alignment(links, self._scores(pairs[k], links))
        return out

    def _merged(self, there: Any, back: Any) -> np.ndarray:
        """Links after symmetrisation. Shape: (n_source, n_target), bool."""
        back.transpose()
        if self.symmetrisation == "target-source":
            there = back
        elif self.symmetrisation != "source-target":
            getattr(there, _OPERATIONS[self.symmetrisation])(back)
        return np.asarray(there.to_numpy(), bool)

    def _scores(self, pair: Pair, links: np.ndarray) -> np.ndarray:
        assert self._directions is not None
        direct, inverse = self._directions
        out = np.empty(len(links), np.float32)
        for n, (i, j) in enumerate(links.tolist()):
            source, target = pair[0][i], pair[1][j]
            there = direct.translation_prob(direct.get_src_word_index(source), direct.get_trg_word_index(target))
            back = inverse.translation_prob(inverse.get_src_word_index(target), inverse.get_trg_word_index(source))
            out[n] = np.sqrt(max(there, 0.0) * max(back, 0.0))
        return np.clip(np.nan_to_num(out), 0, 1)


def _library() -> Any:
    try:
        from thot import alignment
    except ImportError:
        raise MissingExtraError("the aligner thot", extra="align") from None
    return alignment
