"""The normalisation table as a trie."""

from __future__ import annotations

import unicodedata

from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers.normalizers import Precompiled

from xlner.encoder.charsmap import charsmap

CHARACTERS = st.characters(codec="utf-8", exclude_characters="\0").filter(lambda c: not unicodedata.combining(c))
TABLES = st.dictionaries(CHARACTERS, st.text(CHARACTERS, min_size=1, max_size=4), min_size=1, max_size=60)


@settings(max_examples=40, deadline=None)
@given(TABLES, st.lists(CHARACTERS, max_size=30))
def test_keys_are_replaced_and_nothing_else(table, others):
    normalizer = Precompiled(charsmap(table))
    for character in [*table, *others]:
        assert normalizer.normalize_str(character) == table.get(character, character)


def test_siblings_of_many_keys_stay_as_they_are():
    # With one base for two nodes, U+0947 was once found among the children of another key.
    characters = [chr(c) for c in range(0x80, 0x1000) if not unicodedata.combining(chr(c))]
    table = dict.fromkeys(characters[::3], "x")
    normalizer = Precompiled(charsmap(table))
    for character in characters:
        assert normalizer.normalize_str(character) == table.get(character, character)
