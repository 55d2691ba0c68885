"""Floor 6: label projection. Entities of a sentence, put onto its translation, and what was lost on the way.

Names are looked up when they are used: looking at matchers and scores loads no numpy.
"""

from typing import TYPE_CHECKING

from xlner.core.rooms import callable_room, lazy_names

if TYPE_CHECKING:
    from xlner.project.backtranslation import confirmed, labelled_back
    from xlner.project.candidates import CandidateOptions
    from xlner.project.fates import Fate, Reason
    from xlner.project.matchers import MATCHERS, Matcher
    from xlner.project.pair import Pair, Problem
    from xlner.project.pipeline import project
    from xlner.project.result import Projected, ProjectionResult
    from xlner.project.scores import SCORES, Evidence, Score
    from xlner.project.selection import CurvePoint, curve, select

__all__ = [
    "MATCHERS",
    "SCORES",
    "CandidateOptions",
    "CurvePoint",
    "Evidence",
    "Fate",
    "Matcher",
    "Pair",
    "Problem",
    "Projected",
    "ProjectionResult",
    "Reason",
    "Score",
    "confirmed",
    "curve",
    "labelled_back",
    "project",
    "select",
]

callable_room(__name__, "xlner.api.project:project")
__getattr__ = lazy_names(
    __name__,
    {
        "backtranslation": ("confirmed", "labelled_back"),
        "candidates": ("CandidateOptions",),
        "fates": ("Fate", "Reason"),
        "matchers": ("MATCHERS", "Matcher"),
        "pair": ("Pair", "Problem"),
        "pipeline": ("project",),
        "result": ("Projected", "ProjectionResult"),
        "scores": ("SCORES", "Evidence", "Score"),
        "selection": ("CurvePoint", "curve", "select"),
    },
)
