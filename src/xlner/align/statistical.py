"""Statistical word alignment, fitted on the bitext at hand, with the models of sil-thot."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from xlner.align.saved import read_options, writing
from xlner.component import Part, option, options
from xlner.errors import MissingExtraError, ModelError

if TYPE_CHECKING:
    import numpy as np

    from xlner.align.alignment import Alignment
    from xlner.align.windows import WordPair

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

Model = Literal["fast_align", "ibm1", "ibm2", "hmm", "ibm3", "ibm4", "eflomal"]
Symmetrisation = Literal[
    "source-target",
    "target-source",
    "intersection",
    "union",
    "och",
    "grow",
    "grow-diag",
    "grow-diag-final",
    "grow-diag-final-and",
]

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
_SPACES, _SPACE = re.compile(r"\s+"), "\ue000"  # a character that no text has


class ThotAligner(Part):
    """Counts which words occur together, with a statistical model per direction and a rule that merges their links.

    Both directions are trained on the bitext alone, without any other resource: words that translate each other occur
    together. Works from some thousand pairs on, and better the more there are. Long pairs are
    aligned in windows: of 100 words for models of order, whose search grows with the cube of the length, and of what
    the library takes for the others. They are learned from in pieces, see `fit`.

    Raises:
        OptionError: an option has no such value.
        MissingExtraError: sil-thot is not installed.

    References:
        Brown et al., "The Mathematics of Statistical Machine Translation", CL 1993 (IBM models). Vogel, Ney and
        Tillmann, "HMM-Based Word Alignment in Statistical Translation", COLING 1996. Dyer, Chahuneau and Smith, "A
        Simple, Fast, and Effective Reparameterization of IBM Model 2", NAACL 2013 (fast_align). Östling and
        Tiedemann, "Efficient Word Alignment with Markov Chain Monte Carlo", PBML 2016 (eflomal). Och and Ney, "A
        Systematic Comparison of Various Statistical Alignment Models", CL 2003 (symmetrisation).

    Limits: links of words that the bitext did not have rest on position alone.
    """

    @options
    class Options:
        model: Model = option("hmm", "Statistical model of both directions.")
        symmetrisation: Symmetrisation = option(
            "grow-diag-final-and", "How both directions become one; the first two keep one direction."
        )
        iterations: int | None = option(
            None, "Of every model in the chain; by default 5, and for eflomal what it plans itself.", ge=1
        )
        lowercase: bool = option(True, "Compare words without case.")
        seed: int = option(1, "Of eflomal, which samples.", ge=0, le=(1 << 32) - 1)

    def __init__(self, options: Options | None = None, /, **values: Any) -> None:
        super().__init__(options, **values)
        _library()
        self._directions: tuple[Any, Any] | None = None

    @property
    def fitted(self) -> bool:
        return self._directions is not None

    def fit(self, bitext: Sequence[WordPair]) -> ThotAligner:
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

    def align(self, pairs: Sequence[WordPair]) -> list[Alignment]:
        """One alignment per pair; without a fit before, the model is fitted on these pairs.

        Returns:
            Alignments whose scores are the geometric mean of both translation probabilities, in [0, 1].
        """
        from xlner.align.windows import align_in_windows

        if self._directions is None:
            self.fit(pairs)
        assert self._directions is not None
        most = min(int(m.max_sentence_length) for m in self._directions)
        if self.options.model in _CUBIC:
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
        with writing(folder, "thot", self.options) as partial:
            for name, model in zip(("direct", "inverse"), self._directions, strict=True):
                if not model.print(str(partial / name)):
                    raise ModelError(f"the aligner could not be written to {folder}")
        return Path(folder)

    @classmethod
    def load(cls, folder: str | Path) -> ThotAligner:
        """An aligner that `save` wrote. See `Saves.load`."""
        folder = Path(folder)
        aligner = cls(read_options(folder, "thot", cls.Options))
        models = []
        for name in ("direct", "inverse"):
            model = getattr(_library(), MODELS[aligner.options.model][-1][0])()
            if not model.load(str(folder / name)):
                raise ModelError(f"{folder} holds a part of an aligner only; save it again")
            models.append(model)
        aligner._directions = (models[0], models[1])
        return aligner

    def _folded(self, pair: WordPair) -> tuple[list[str], list[str]]:
        """As the library is to see the words: its files are split at spaces, so none may be inside a word."""
        source, target = ([_SPACES.sub(_SPACE, w) for w in side] for side in pair)
        if self.options.lowercase:
            return [w.lower() for w in source], [w.lower() for w in target]
        return source, target

    def _trained(self, pairs: Sequence[tuple[list[str], list[str]]]) -> Any:
        from xlner.align.windows import pair_pieces

        library, model = _library(), None
        for name, default in MODELS[self.options.model]:
            kind = getattr(library, name)
            model = kind() if model is None else kind(model)
            if name == "EflomalAlignmentModel":
                model.deterministic = True
                model.seed = self.options.seed
            most = int(model.max_sentence_length)  # a longer pair would be ignored
            if name == "EflomalAlignmentModel":
                most = min(most, _CUBIC_WORDS)
            for pair in pairs:
                for source, target in pair_pieces(pair, most):
                    if source and target:
                        model.add_sentence_pair(source, target)
            model.start_training()
            for _ in range(self.options.iterations or default or model.scheduled_iterations):
                model.train()
            model.end_training()
        return model

    def _align_short(self, pairs: Sequence[WordPair]) -> list[Alignment]:
        import numpy as np

        from xlner.align.alignment import Alignment

        assert self._directions is not None
        out = [Alignment.empty()] * len(pairs)
        full = [k for k, (source, target) in enumerate(pairs) if len(source) and len(target)]
        if not full:
            return out
        sources, targets = [list(pairs[k][0]) for k in full], [list(pairs[k][1]) for k in full]
        direct, inverse = self._directions
        forward = direct.get_best_alignments(sources, targets)
        backward = inverse.get_best_alignments(targets, sources)
        for k, (_, there), (_, back) in zip(full, forward, backward, strict=True):
            links = np.argwhere(self._merged(there, back))
            scores = np.array(self._scores(pairs[k], links.tolist()), np.float32)
            out[k] = Alignment(links, np.clip(np.nan_to_num(scores), 0, 1))
        return out

    def _merged(self, there: Any, back: Any) -> np.ndarray:
        """Links after symmetrisation. Shape: (n_source, n_target), bool."""
        back.transpose()
        if self.options.symmetrisation == "target-source":
            there = back
        elif self.options.symmetrisation != "source-target":
            getattr(there, _OPERATIONS[self.options.symmetrisation])(back)
        links: np.ndarray = there.to_numpy().astype(bool)
        return links

    def _scores(self, pair: WordPair, links: Sequence[Sequence[int]]) -> list[float]:
        """Geometric mean of both translation probabilities of each link."""
        assert self._directions is not None
        direct, inverse = self._directions
        out = []
        for i, j in links:
            source, target = pair[0][i], pair[1][j]
            there = direct.translation_prob(direct.get_src_word_index(source), direct.get_trg_word_index(target))
            back = inverse.translation_prob(inverse.get_src_word_index(target), inverse.get_trg_word_index(source))
            out.append(math.sqrt(max(there, 0.0) * max(back, 0.0)))
        return out


def _library() -> Any:
    try:
        from thot import alignment
    except ImportError:
        raise MissingExtraError("the aligner thot", extra="align") from None
    return alignment
