"""What a report says of what its study lacks."""

from __future__ import annotations

from xlner.api.study import report_study
from xlner.data.demo import demo_file
from xlner.study.gaps import gaps

REPORT = """
report:
  - {kind: differences, title: Against direct transfer, base: direct}
  - {kind: table, title: All}
"""


def test_a_value_that_a_command_could_not_give_is_absent_and_no_failure(toy):
    toy.edit("sizes.1", "sizes.2")
    result = toy.run()
    assert result.failed == {}
    assert gaps(result.study.runs, result.records) == ["8 of 8 runs could give no value of 'size'."]


def test_a_text_that_is_shorter_than_asked_for_is_told(toy, tmp_path):
    (tmp_path / "raw.txt").write_text("Ana vive en Lima.\n" * 30)
    toy.edit('raw: "{demo}/es.raw.txt"', 'raw: "{data}/raw.txt"')
    for _ in range(2):  # the second time the text is there
        result = toy.run()
        assert gaps(result.study.runs, result.records) == [
            "Some texts are shorter than the plan asks for, and were taken whole: {data}/raw.txt (150 of 200 words)."
        ]
        toy.edit("--note", "--again --note")


def test_lines_that_are_fewer_than_asked_for_are_told(toy, tmp_path):
    (tmp_path / "raw.txt").write_text("Ana vive en Lima.\n" * 3)
    toy.edit('raw: "{demo}/es.raw.txt"', 'raw: "{data}/raw.txt"')
    toy.edit("{first(target.raw, words)}", "{lines(target.raw, 4)}")
    result = toy.run()
    assert gaps(result.study.runs, result.records)[0].endswith("{data}/raw.txt (3 of 4 lines).")


def test_a_gold_text_without_entities_gives_an_f1_of_0_and_is_told(toy, tmp_path):
    (tmp_path / "gold.conll").write_text("Nada O\n. O\n\n" * 5)
    toy.edit('gold: "{demo}/es.gold.conll"', 'gold: "{data}/gold.conll"')
    toy.path.write_text(toy.path.read_text() + REPORT)
    result = toy.run()
    empty = [r for r in result.study.runs if r.gold == "{data}/gold.conll"]
    assert {(result.records[r.id].scores.f1, len(result.records[r.id].scores)) for r in empty} == {(0.0, 5)}
    told = report_study(toy.path, output=toy.folder).files[1].read_text("utf-8")
    assert "- The gold text of 6 of 12 scored runs has no entity: F1 is 0 there whatever a model does." in told
    assert "| distill, words=100 | es | 2 | +0.00 | +0.00 to +0.00 | 1.0000 |" in told


def test_a_report_names_the_command_that_makes_the_study(toy, tmp_path):
    def again():
        toy.run(only=[next(r.id for r in toy.study().unique if r.step == "teacher")])
        return report_study(toy.path, output=toy.folder).files[1].read_text("utf-8").splitlines()[-1]

    assert again() == f"- Again: `xlner study run {toy.path}`"
    (tmp_path / "en.conll").write_bytes(demo_file("en.train.conll").read_bytes())
    toy.edit("{demo}/en.train.conll", "{data}/en.conll")
    assert again() == f"- Again, with the data in FOLDER: `xlner study run {toy.path} --data FOLDER`"
