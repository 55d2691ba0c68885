"""Floor 6: label projection. Entities of a sentence, put onto its translation, and what was lost on the way."""

from xlner.project.backtranslation import confirmed, labelled_back
from xlner.project.candidates import CandidateOptions
from xlner.project.matchers import MATCHERS, Matcher
from xlner.project.pair import Pair, Problem
from xlner.project.pipeline import ProjectOptions, project
from xlner.project.result import Fate, Projected, ProjectionResult, Reason
from xlner.project.selection import CurvePoint, curve, select

__all__ = [
    "MATCHERS",
    "CandidateOptions",
    "CurvePoint",
    "Fate",
    "Matcher",
    "Pair",
    "Problem",
    "ProjectOptions",
    "Projected",
    "ProjectionResult",
    "Reason",
    "confirmed",
    "curve",
    "labelled_back",
    "project",
    "select",
]
