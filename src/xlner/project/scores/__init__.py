"""Matching scores: how well a candidate range of target words matches a source entity."""

from xlner.project.scores.evidence import Evidence
from xlner.project.scores.score import Score, ScorePart, Scores
from xlner.registry import Registry

SCORES = Registry(
    "scores",
    {
        "fused": "xlner.project.scores.fused:FusedScore",
        "align": "xlner.project.scores.align:AlignScore",
        "ner": "xlner.project.scores.ner:NerScore",
        "ner_spans": "xlner.project.scores.ner_spans:NerSpansScore",
        "nmt": "xlner.project.scores.nmt:NmtScore",
        "string": "xlner.project.scores.string:StringScore",
        "embedding": "xlner.project.scores.embedding:EmbeddingScore",
    },
    one="score",
)

__all__ = ["SCORES", "Evidence", "Score", "ScorePart", "Scores"]
