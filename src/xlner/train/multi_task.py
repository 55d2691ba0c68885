"""Two tasks for one student: the tags of words, and whether two words are entities of the same kind."""

from __future__ import annotations

import torch
from torch.nn.functional import binary_cross_entropy, cosine_similarity, normalize

from xlner.tagger.device import autocast
from xlner.tagger.tagger import Tagger
from xlner.train.contrastive import contrasted_words
from xlner.train.losses import WordLoss
from xlner.train.objective import Loss, StepInput, StreamInput


class WordSimilarity:
    """How alike two words are, `sigmoid(cos)` of their states, against whether their labels are the same.

    All pairs of the words of entities in a batch, and of as many others, are looked at. Pairs that are alike and pairs
    that are not count the same together, however many there are of each.

    Args:
        by_tag: words of one tag are alike; else those of one type.

    Reference: Li et al., ACL 2022 (MTMT), the entity similarity evaluator: a Siamese encoder, binary cross-entropy.
        Theirs draws as many pairs of each sort from the whole data.
    """

    wants_hidden = True

    def __init__(self, *, by_tag: bool = False) -> None:
        self.by_tag = by_tag

    def __call__(self, step: StepInput) -> Loss:
        stream = step.first
        states = stream.word_states
        words, kinds = contrasted_words(stream.targets, stream.weights, by_tag=self.by_tag, outside=1.0)
        vectors = normalize(states[words], dim=-1)
        left, right = torch.triu_indices(len(words), len(words), 1, device=words.device)
        alike = (kinds[left] == kinds[right]).float()
        cosines = (vectors @ vectors.T)[left, right]  # the vectors of all pairs would not fit memory
        losses = binary_cross_entropy(cosines.sigmoid(), alike, reduction="none")
        sides = [losses[alike == side].mean() for side in (0, 1) if (alike == side).any()]
        return sum(sides, 0 * states.sum()) / max(1, len(sides))


class MultiTask:
    """The soft labels of a recogniser, and how alike a second teacher finds two words.

    Each word of a batch is paired with another one, drawn at random. A pair (i, j) costs

        g (a_i loss(i) + a_j loss(j)) / 2 + weight g b BCE(sim_student(i, j), sim_teacher(i, j))

    with sim the `sigmoid(cos)` of the words' states. a_i is the square of the recogniser's greatest probability, b is
    `min(1, (2 sim_teacher - 1)^2 + 0.5)`, and g is 1 less the distance between the similarity of the recogniser's two
    answers and that of the second teacher: what the teachers contradict each other on counts less.

    Args:
        teacher: trained with `WordSimilarity`; it reads the student's subwords, and stays as it is.
        loss: of tags.
        weight: of the similarities.
        weigh: whether a, b and g count; else they are 1.

    Reference: Li, Hu et al., ACL 2022 (MTMT), and its code for the weights.

    Limits: The second teacher reads each batch again, so a step costs about a third more.
    """

    wants_hidden = True

    def __init__(self, teacher: Tagger, loss: WordLoss, *, weight: float = 0.5, weigh: bool = True) -> None:
        self.teacher, self.loss, self.weight, self.weigh = teacher, loss, weight, weigh
        teacher.model.eval().requires_grad_(False)

    def __call__(self, step: StepInput) -> Loss:
        stream = step.first
        tags, similarities = self._of_pairs(stream)
        return tags + self.weight * similarities, {"tags": tags, "similarities": similarities}

    def _of_pairs(self, stream: StreamInput) -> tuple[torch.Tensor, torch.Tensor]:
        """The loss of tags and that of similarities."""
        words = (stream.weights > 0).nonzero()[:, 0]
        first = words[torch.randperm(len(words), device=words.device)]
        second = first.roll(1)  # so each word is once the first, and once the second
        states, p = stream.word_states, stream.targets
        wanted = similarity(*(self._teacher_states(stream)[side] for side in (first, second)))
        sure = p.max(-1).values.square() if self.weigh else torch.ones_like(stream.weights)
        agreed = torch.ones_like(wanted)
        certain = torch.ones_like(wanted)
        if self.weigh:
            agreed = 1 - (similarity(p[first], p[second]) - wanted).abs()
            certain = ((2 * wanted - 1).square() + 0.5).clamp_max(1)
        tags = 0 * stream.logits.sum()
        for side in (first, second):
            counts = stream.weights[side] * agreed * sure[side]
            # The loss divides by the sum of the weights; here their size counts.
            tags = tags + self.loss(stream.logits[side], p[side], counts) * counts.sum() / (2 * max(1, len(words)))
        if len(words) < 2:  # a word is no pair with itself
            return tags, 0 * states.sum()
        of_pairs = binary_cross_entropy(similarity(states[first], states[second]), wanted, reduction="none")
        return tags, (agreed * certain * of_pairs).mean()

    def _teacher_states(self, stream: StreamInput) -> torch.Tensor:
        """States of words by the second teacher. Shape: (n_words, hidden size), float32."""
        with torch.no_grad(), autocast(stream.ids.device, self.teacher.dtype):
            out = self.teacher.model(input_ids=stream.ids, attention_mask=stream.mask, output_hidden_states=True)
        states: torch.Tensor = out.hidden_states[-1].float()[stream.rows, stream.columns]
        return states


def similarity(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    """`sigmoid(cos)`, row by row: from 0.27 for opposite vectors to 0.73 for equal ones. Shapes: (n, size) to (n,)."""
    return cosine_similarity(first, second, dim=-1).sigmoid()
