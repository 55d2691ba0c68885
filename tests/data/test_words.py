"""Word splitting, script by script."""

from __future__ import annotations

import pytest

from xlner.data.segment import split_words
from xlner.data.segment.complex_scripts import syllables, uses_dictionary


def words(text: str, language: str | None = None) -> list[str]:
    return [text[start:end] for start, end in split_words(text, language)]


@pytest.mark.parametrize(
    ("language", "spaced"),
    [
        ("en", "Zuri did n't see Kofi 's dogs , did she ?"),
        ("en", "It cost $ 3.50 ( or 1,200 naira ) at 10:30 ."),
        ("en", "Dr. J. Okafor of Acme Inc. left the U.S. today ..."),
        ("en", "Write to zuri@example.org or see https://example.org/a_b?x=1 , please ."),
        ("en", "#NaijaDecides @zuri_o :) 🙂"),
        ("en", '" Stop ! " — he said ; wait !!'),
        ("fr", "L' homme qu’ elle aime , aujourd'hui ."),
        ("it", "dell' Italia all’ alba"),
        ("sw", "Ng'ombe wa Mwanza ."),
        ("ha", "'yan Najeriya sun zo"),
        ("nl", "'s morgens zo'n foto's"),
        ("tr", "Ankara'da Ayşe'nin evi"),
        ("uk", "м'яч і п’ять"),
        ("da", "Den 5. maj kl. 12 ."),
        ("de", "Am 3. Oktober kam Hr. Braun ."),
        ("ar", "ذهبت زوري إلى أكرا ، أمس ؟"),
        ("fa", "می‌روم ."),
        ("hi", "ज़ूरी घर गई ।"),
        ("yo", "Ẹ̀kọ́ ni Adébáyọ̀ ."),
        ("am", "ዙሪ አክራ ሄደች ።"),
        ("ko", "주리 는 서울 에 갔다 ."),
        (None, "café Kofi 's"),
    ],
)
def test_words_are_found_in_running_text(language: str | None, spaced: str) -> None:
    expected = spaced.split(" ")
    glued = spaced
    for left in ("$ ", "( ", "L' ", "qu’ ", "dell' ", "all’ "):
        glued = glued.replace(left, left[:-1])
    for right in ("n't", "'s dogs", "'s", ",", ".", "?", "!", "!!", ")", ";", "...", "،", "؟", "।", "።"):
        if not spaced.startswith(right):
            glued = glued.replace(" " + right, right)
    assert words(glued, language) == expected


@pytest.mark.parametrize(
    "whole",
    [
        *("👩🏽‍💻", "🇳🇬", "1️⃣", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "❤️"),
        *("co-op", "2-1", "1996-08-22", "A4", "e.g.", "U.S.A.", "col·legi", "שב״כ", 'צה"ל', "www.example.org/x"),
    ],
)
def test_kept_whole(whole: str) -> None:
    assert words(f"x {whole} y") == ["x", whole, "y"]


def test_han_is_one_word_per_character_and_kana_are_runs() -> None:
    assert words("他买了iPhone15，3.5公里。", "zh") == [*"他买了", "iPhone15", "，", "3.5", *"公里。"]
    assert words("東京タワーへいく", "ja") == ["東", "京", "タワー", "へいく"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("မြန်မာဘာသာ", ["မြန်", "မာ", "ဘာ", "သာ"]),
        ("ភាសាខ្មែរ", ["ភា", "សា", "ខ្មែ", "រ"]),
        ("ไปเที่ยว", ["ไป", "เที่", "ย", "ว"]),
        ("ເຈົ້າ", ["ເຈົ້າ"]),
    ],
)
def test_without_a_dictionary_syllables_are_words(text: str, expected: list[str]) -> None:
    position, pieces = 0, []
    for length in syllables(text):
        pieces.append(text[position : position + length])
        position += length
    assert pieces == expected


def test_no_letter_of_a_script_without_spaces_is_lost() -> None:
    for text in ("ฉันชอบเมืองไทย🙂มาก", "ຂ້ອຍມັກລາວ", "ខ្ញុំចូលចិត្ត", "ကျွန်တော်ကြိုက်တယ်"):
        assert "".join(words(text)) == text
        assert len(words(text)) > 1


@pytest.mark.skipif(not uses_dictionary(), reason="icu4py is not installed")
def test_with_a_dictionary_words_are_words() -> None:
    assert words("ภาษาไทย🙂มาก", "th") == ["ภาษา", "ไทย", "🙂", "มาก"]


def test_invisible_marks_are_inside_words_or_nowhere() -> None:
    assert words("\ufeffZuri\u200b \u200fran\u200e.") == ["Zuri", "ran", "."]
    assert words("co\u00adop") == ["co\u00adop"]
    assert words("\u200b\u2060 ") == []


@pytest.mark.parametrize("piece", ["a.", "中@", ".@", "ก", "a-", "1.", "'", "#", "http://a", "x\u0301"])
def test_time_grows_with_length_not_with_its_square(piece: str) -> None:
    text = piece * (100_000 // len(piece))
    assert sum(end - start for start, end in split_words(text)) == len(text)
