from __future__ import annotations

from xlner.evaluate import compare_all, describe, describe_comparisons, intervals, rows, score
from xlner.evaluate.tables import HEADER


def test_table_without_intervals(sentence):
    text = describe(score([sentence("B-PER B-LOC B-MISC")], [sentence("B-PER O O")], ignore=["MISC"]))
    assert text.splitlines() == [
        "type                  precision  recall      f1  gold  predicted  correct",
        "LOC                      0.0000  0.0000  0.0000     1          0        0",
        "PER                      1.0000  1.0000  1.0000     1          1        1",
        "micro                    1.0000  0.5000  0.6667     2          1        1",
        "macro                    0.5000  0.5000  0.5000",
        "overlap, right type      1.0000  0.5000  0.6667     2          1        1",
        "boundaries, any type     1.0000  0.5000  0.6667     2          1        1",
        "not counted: 1 gold: type left out",
    ]


def test_rows_with_intervals(synthetic):
    s = synthetic(accuracy=0.8)
    table = rows(s, intervals=intervals(s, resamples=50))
    assert all(len(row) == len(HEADER) for row in table)
    assert " to " in table[0][4]
    assert [bool(row[4]) for row in table] == [True, True, True, False, False]


def test_comparisons(synthetic):
    found = compare_all(
        {"ours": [synthetic(accuracy=0.9)], "theirs": [synthetic(accuracy=0.5, system=2)]}, resamples=1000
    )
    header, line = describe_comparisons(found).splitlines()
    assert header.split()[:2] == ["a", "b"]
    assert line.startswith("ours  theirs")
    assert " 0.001 " in line
    assert line.endswith("randomisation")
