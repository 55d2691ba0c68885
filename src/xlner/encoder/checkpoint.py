"""Write the folder that transformers calls a checkpoint, from an open E5S1 file, with little memory."""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from tokenizers import Tokenizer

from xlner.encoder.e5s1 import E5S1File, Header
from xlner.encoder.unigram import build_tokenizer

Tensor = tuple[str, tuple[int, ...], Iterable[np.ndarray]]
"""Name, shape, and the values as float32 arrays that follow each other along the first axis."""


def write_checkpoint(source: E5S1File, folder: Path) -> None:
    """Write config.json, model.safetensors, tokenizer.json and tokenizer_config.json into an existing folder.

    Raises:
        ModelError: the source lacks a tensor or one has a wrong size.
        OSError: the folder cannot be written.
    """
    vocabulary = source.vocabulary
    config = bert_config(source.header, pad=vocabulary.pad, bos=vocabulary.bos, eos=vocabulary.eos)
    write_json(folder / "config.json", config)
    write_safetensors(folder / "model.safetensors", bert_tensors(source))
    # Both files as transformers saves them, so that models which are trained from this one have the same and share it.
    # The package rounds scores as it reads them, hence once there and back.
    read = Tokenizer.from_str(build_tokenizer(vocabulary).to_str())
    (folder / "tokenizer.json").write_text(read.to_str(pretty=True), encoding="utf-8")
    special = {
        "bos_token": vocabulary.pieces[vocabulary.bos],
        "cls_token": vocabulary.pieces[vocabulary.bos],
        "eos_token": vocabulary.pieces[vocabulary.eos],
        "sep_token": vocabulary.pieces[vocabulary.eos],
        "pad_token": vocabulary.pieces[vocabulary.pad],
        "unk_token": vocabulary.pieces[vocabulary.unk],
        "mask_token": "<mask>",
    }
    tokenizer_config = {
        "backend": "tokenizers",
        "tokenizer_class": "TokenizersBackend",
        "model_max_length": source.header.positions,
        "model_input_names": ["input_ids", "attention_mask"],
        "clean_up_tokenization_spaces": False,
        **special,
    }
    write_json(folder / "tokenizer_config.json", tokenizer_config)


def bert_config(header: Header, *, pad: int, bos: int, eos: int) -> dict[str, Any]:
    """The encoder's sizes in the words of `transformers.BertConfig`."""
    return {
        "architectures": ["BertModel"],
        "model_type": "bert",
        "hidden_size": header.hidden,
        "num_hidden_layers": header.layers,
        "num_attention_heads": header.heads,
        "intermediate_size": header.ffn,
        "vocab_size": header.vocab,
        "max_position_embeddings": header.positions,
        "type_vocab_size": header.token_types,
        "layer_norm_eps": header.layer_norm_eps,
        "hidden_act": "gelu",
        "hidden_dropout_prob": 0.1,
        "attention_probs_dropout_prob": 0.1,
        "initializer_range": 0.02,
        "pad_token_id": pad,
        "bos_token_id": bos,
        "eos_token_id": eos,
        "dtype": "float32",
    }


def bert_tensors(source: E5S1File) -> Iterator[Tensor]:
    """All tensors of `BertModel(add_pooling_layer=False)`, values not yet read."""
    h = source.header
    word, ffn = (h.hidden, h.hidden), (h.ffn, h.hidden)
    plan: list[tuple[str, str, tuple[int, ...]]] = [
        ("embeddings.word_embeddings.weight", "emb.word", (h.vocab, h.hidden)),
        ("embeddings.position_embeddings.weight", "emb.pos", (h.positions, h.hidden)),
        ("embeddings.token_type_embeddings.weight", "emb.type", (h.token_types, h.hidden)),
        ("embeddings.LayerNorm.weight", "emb.ln.w", (h.hidden,)),
        ("embeddings.LayerNorm.bias", "emb.ln.b", (h.hidden,)),
    ]
    for i in range(h.layers):
        for ours, theirs, shape in [
            ("attention.self.query", "q", word),
            ("attention.self.key", "k", word),
            ("attention.self.value", "v", word),
            ("attention.output.dense", "ao", word),
            ("attention.output.LayerNorm", "aln", (h.hidden,)),
            ("intermediate.dense", "fi", ffn),
            ("output.dense", "fo", ffn[::-1]),
            ("output.LayerNorm", "oln", (h.hidden,)),
        ]:
            plan.append((f"encoder.layer.{i}.{ours}.weight", f"l{i}.{theirs}.w", shape))
            plan.append((f"encoder.layer.{i}.{ours}.bias", f"l{i}.{theirs}.b", shape[:1]))
    for name, inside, shape in plan:
        yield name, shape, source.blocks(inside, shape)


def write_safetensors(path: Path, tensors: Iterable[Tensor]) -> None:
    """Write float32 tensors block by block; the library's own writer wants all of them in memory at once.

    The format is a u64 header size, a JSON header with the byte range of each tensor, and the bytes.
    """
    plan = list(tensors)
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    end = 0
    for name, shape, _ in plan:
        start, end = end, end + 4 * int(np.prod(shape))
        header[name] = {"dtype": "F32", "shape": list(shape), "data_offsets": [start, end]}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with path.open("wb") as stream:
        stream.write(struct.pack("<Q", len(text)) + text)
        for _, _, blocks in plan:
            for block in blocks:
                stream.write(np.ascontiguousarray(block, "<f4").data)
        stream.flush()
        os.fsync(stream.fileno())


def write_json(path: Path, value: Any) -> None:
    """Write JSON that people can read."""
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
