"""Sentence splitting."""

from __future__ import annotations

import pytest

from xlner.data.segment import sentence_from_text, split_sentences


@pytest.mark.parametrize(
    ("language", "marked"),
    [
        ("en", "Dr. A. Smith paid 3.50 today.|She left."),
        ("en", '"Stop!" he said.|"Why?" she asked.'),
        ("en", 'He shouted "Stop."|Nobody did.'),
        ("en", "Wait... what?|Yes!|See no. 5 and p. 7.|He said no.|Then he left."),
        ("en", "Acme Inc. won, etc. and so on.|Kofi works for Acme Inc.|Zuri does not."),
        ("en", "Visit example.org today.|It is in the U.S. Senate."),
        ("en", "1. Zuri ran.|2. Kofi walked."),
        ("de", "Am 3. Oktober kam sie.|Dann ging sie."),
        ("da", "Den 5. maj kom hun.|Så gik hun."),
        ("no", "Han hilste på hr. Hansen kl. 5 i går.|Så gikk han."),
        ("es", "¿Quién es?|¡Zuri!|La Sra. Mba llegó."),
        ("zh", "她走了。|真的吗？|“好！”|他说。"),
        ("ja", "東京へ行く。|ありがとう！"),
        ("ja", "Ｊ．Ｋ．ローリングは３．５億円を寄付した．|次の文。"),
        ("bo", "བོད་ཡིག།|ལྷ་ས།"),
        ("hi", "ज़ूरी घर गई।|वह सो गई।"),
        ("ur", "وہ گئی۔|کیوں؟|پتا نہیں۔"),
        ("ar", "ذهبت زوري.|لماذا؟|لا أعرف."),
        ("am", "ዙሪ ሄደች።|ተመለሰች።"),
        ("my", "သူသွားသည်။|ပြန်လာသည်။"),
        ("km", "នាងទៅ។|នាងមក។"),
        ("sw", "Alikuja.|Akaondoka\nAkarudi"),
        (None, "First line\nSecond line"),
    ],
)
def test_boundaries(language: str | None, marked: str) -> None:
    no_space = {"bo", "zh", "ja", "my", "km", "hi", "ur", "am"}
    text = marked.replace("|", "" if language in no_space else " ")
    expected = [piece for part in marked.split("|") for piece in part.split("\n")]
    assert [text[a:b] for a, b in split_sentences(text, language)] == expected


@pytest.mark.parametrize("gap", ["\n", "\r\n", "\n\n", " \n ", "\u2028"])
@pytest.mark.parametrize(
    ("first", "second"),
    [("He met Mr.", "Chapter 2"), ("Hi.", "and so on"), ("Ships to the U.S.", "Paris"), ("你好。", "，再见")],
)
def test_a_line_break_ends_a_sentence_whatever_stands_before_it(first: str, gap: str, second: str) -> None:
    text = first + gap + second
    assert [text[a:b] for a, b in split_sentences(text)] == [first, second]


def test_thai_is_split_at_wide_gaps_and_never_at_the_space_in_a_name() -> None:
    text = "นายสมชาย ใจดี มาแล้ว  เขากลับบ้าน"
    assert [text[a:b] for a, b in split_sentences(text, "th")] == ["นายสมชาย ใจดี มาแล้ว", "เขากลับบ้าน"]
    assert len(split_sentences("เขามา " * 100, "th")) > 1


def test_a_sentence_from_text_points_into_it() -> None:
    sentence = sentence_from_text("  Zuri  ran.", "en", where="x:1")
    assert sentence.words == ("Zuri", "ran", ".")
    assert sentence.offsets == ((2, 6), (8, 11), (11, 12))
    assert (sentence.language, sentence.labelled, sentence.where) == ("eng", False, "x:1")
