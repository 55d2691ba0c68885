"""Pieces of lines, and faults of translations."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xlner.translate.faults import EMPTY, LOOPING, TOO_LONG, TOO_SHORT, fault, repeats, tidy
from xlner.translate.pieces import halves, pieces


class TestPieces:
    def test_sentences_of_a_line(self):
        line = "Dr. Smith came.  He left. "
        assert [p.text for p in pieces(line, language="en")] == ["Dr. Smith came.", "He left."]
        assert [p.text for p in pieces(line, split=False)] == ["Dr. Smith came. He left."]
        assert pieces(" \t ") == []

    @pytest.mark.parametrize(
        ("line", "count"),
        [
            ("He works at [Yahoo! Inc.] today. She left.", 2),
            ("See [1. The house. She left.", 2),  # a bracket that nothing closes
        ],
    )
    def test_no_piece_ends_inside_a_marked_name(self, line, count):
        out = [p.text for p in pieces(line, language="en")]
        assert len(out) == count or (count, "[1." in out[0]) == (2, True)
        assert not any("[Yahoo!" in text and "Inc.]" not in text for text in out)

    @given(st.text(alphabet="ab ,.;東、é\u00a0", max_size=300), st.integers(1, 20))
    def test_nothing_is_lost(self, line, longest):
        out = pieces(line, longest=longest)
        assert "".join("".join(p.text.split()) for p in out) == "".join(line.split())
        assert all(p.text == p.text.strip() and p.text for p in out)

    def test_long_sentences_are_divided_at_commas_near_the_middle(self):
        left, right, between = halves("we went to the old town, and then we came back")
        assert (left, right, between) == ("we went to the old town,", "and then we came back", " ")
        assert halves("1,000,000") == ("1,00", "0,000", "")

    def test_two_thousand_words(self):
        out = pieces(" ".join(["word"] * 2000), longest=250)
        assert max(len(p.text.split()) for p in out) <= 250
        assert sum(len(p.text.split()) for p in out) == 2000

    def test_no_end_of_letters_without_spaces(self):
        assert "".join(p.text for p in pieces("東" * 10_000, longest=100)) == "東" * 10_000


class TestFaults:
    @pytest.mark.parametrize(
        ("source", "translation", "reason"),
        [
            ("The house.", " ", EMPTY),
            ("The house.", "so " * 500, LOOPING),
            ("The house.", "la casa de " * 6, LOOPING),
            ("The house.", "h" + "a" * 40, LOOPING),
            (" ".join(f"s{n}" for n in range(99)), (" ".join(f"w{n}" for n in range(30)) + " ") * 6, LOOPING),
            ("The house is old and red.", " ".join(f"w{n}" for n in range(80)), TOO_LONG),
            ("The house is old and red. " * 10, "casa", TOO_SHORT),
            ("The house.", "A casa.", None),
            ("no, no, no, no, no, no", "não, não, não, não, não, não", None),
            ("He is very, very, very old.", "Ele é muito, muito, muito velho.", None),
            ("In 1000000000000 years ......... or so", "Em 1000000000000 anos ......... ou assim", None),
            ("Tokyo University was founded in 1877 by the government.", "東京大學於1877年由日本政府創立。", None),
            ("東京大學於一八七七年由日本政府創立。", "The University of Tokyo was founded in 1877.", None),
            ("", "", None),
        ],
    )  # fmt: skip
    def test_reasons(self, source, translation, reason):
        assert fault(source, translation) == reason

    def test_repeats(self):
        assert repeats([]) == repeats(["a", "b"]) == 1
        assert repeats(["a", "b", "a", "b", "a", "b"]) == 3
        assert repeats("xx") == 2

    def test_entities_and_line_breaks(self):
        assert tidy("Tom &amp; Jerry&#39;s", "Tom and Jerry's") == ("Tom & Jerry's", ["HTML entities"])
        assert tidy("write &amp; here", "schreibe &amp; hier") == ("write &amp; here", [])
        assert tidy("Tom &amp;amp; Jerry&amp;#39;s", "Tom")[0] == "Tom & Jerry's"
        assert tidy("a\nb\u2028c\r\n", "x") == ("a b c", ["line breaks"])
