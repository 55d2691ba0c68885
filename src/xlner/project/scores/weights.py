"""Weights of the fused score that come with the package.

Round numbers from what each feature means, fitted on nothing, except "nowhere": it was chosen on XL-WA dev with the
target words of entities cut out (`benchmarks/absent.py`). Weights fitted on PUD are no better on its other languages,
and worse on other text: its annotation differs from side to side, and they learn that.
"""

DEFAULT_WEIGHTS = {
    "dice": 4.0,
    "purity": 4.0,
    "unlinked": -0.5,
    "coverage": 4.0,
    "leak": -1.0,
    "first_share": 1.0,
    "last_share": 1.0,
    "first_unlinked": -1.0,
    "last_unlinked": -1.0,
    "before_share": -1.0,
    "after_share": -1.0,
    "string": 2.0,
    "characters": -1.0,
    "words": -1.0,
    "first_capital": 1.0,
    "last_capital": 0.3,
    "punctuation": -2.0,
    "left_edge": 0.5,
    "right_edge": 0.5,
    "phrase": 2.0,
    "ner_spans": 2.0,
    "nowhere": 9.0,
}
