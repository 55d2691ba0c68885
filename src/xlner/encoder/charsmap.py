"""Write a normalisation table in the binary form that `tokenizers.normalizers.Precompiled` reads.

Thousands of single replacements are slow when each is a normaliser of its own. SentencePiece keeps them in a trie,
and so do we: a double array, in which child `c` of a node is found at `base ^ c`.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Any

_LEAF = 1 << 31
_HAS_LEAF = 1 << 8
_MAX_OFFSET = 1 << 21  # what fits into the 22 bits of a unit without its extension flag
_BYTES = 256


def charsmap(table: Mapping[str, str]) -> bytes:
    """The table as a precompiled character map.

    Args:
        table: what each key is replaced by. Neither side may hold U+0000, and no replacement may be empty.

    Returns:
        u32 size of the trie in bytes, the trie, then the replacements, each ended by a zero byte.
    """
    replacements = bytearray()
    trie: dict[Any, Any] = {}
    for key in sorted(table):
        node = trie
        for byte in key.encode():
            node = node.setdefault(byte, {})
        node[0] = len(replacements)
        replacements += table[key].encode() + b"\0"
    units = _double_array(trie)
    blob = struct.pack(f"<{len(units)}I", *units)
    return struct.pack("<I", len(blob)) + blob + bytes(replacements)


def _double_array(trie: dict[Any, Any]) -> list[int]:
    """Place every node of a trie of nested dicts; key 0 holds a value, every other key a child."""
    units = [0] * _BYTES
    taken = [False] * _BYTES
    taken[0] = True
    bases = {0}  # of two nodes with one base, each would find the other's children
    start = {True: 1, False: 1}  # where to look for room, for nodes with one child and with more

    def place(labels: list[int]) -> int:
        """A base of its own at which all labels are free; the array holds all of its 256 bytes."""
        position = start[len(labels) == 1]
        while True:
            base = position ^ labels[0]
            while len(taken) <= base | (_BYTES - 1):
                taken.extend([False] * _BYTES)
                units.extend([0] * _BYTES)
            if base not in bases and not any(taken[base ^ label] for label in labels):
                break
            position += 1
        # Not from the beginning again: what was skipped stays free, which costs a few bytes and saves seconds.
        start[len(labels) == 1] = position + 1 if len(labels) == 1 else max(1, position - _BYTES)
        bases.add(base)
        for label in labels:
            taken[base ^ label] = True
        return base

    todo = [(0, trie)]
    while todo:
        here, node = todo.pop()
        labels = sorted(node)
        base = place(labels)
        offset = base ^ here
        if offset >= _MAX_OFFSET:
            raise ValueError("the table is too large for one double array")
        units[here] |= offset << 10
        for label in labels:
            if label == 0:
                units[here] |= _HAS_LEAF
                units[base] = _LEAF | node[0]
            else:
                units[base ^ label] |= label
                todo.append((base ^ label, node[label]))
    return units
