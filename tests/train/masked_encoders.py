"""Tiny checkpoints with an output layer for masked words: like mBERT with WordPiece, like XLM-R with Unigram."""

from __future__ import annotations

from pathlib import Path

import torch
from tests.toy import FILLERS, PEOPLE, PLACES, VERBS
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
from transformers import BertConfig, BertForMaskedLM, PreTrainedTokenizerFast, XLMRobertaConfig, XLMRobertaForMaskedLM

WORDS = [*PEOPLE, *PLACES, *(w for d in (VERBS, FILLERS) for ws in d.values() for w in ws)]
SIZES = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}


def like_bert(folder: Path, *, pad_last: bool = False) -> Path:
    """Words in halves: most are of two pieces. The padding piece may be the last one of all."""
    letters = sorted({c for w in WORDS for c in w})
    halves = [piece for w in WORDS for piece in (w[: len(w) // 2 + 1], "##" + w[len(w) // 2 + 1 :]) if piece != "##"]
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *letters, *("##" + c for c in letters)]
    pieces = list(dict.fromkeys([*pieces, *halves]))
    if pad_last:
        pieces = ["[NONE]", *pieces[1:], pieces[0]]
    tokenizer = Tokenizer(models.WordPiece({p: i for i, p in enumerate(pieces)}, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]",
        mask_token="[MASK]", model_max_length=64,
    )  # fmt: skip
    torch.manual_seed(1)
    config = BertConfig(vocab_size=len(pieces), max_position_embeddings=64, pad_token_id=pieces.index("[PAD]"), **SIZES)
    BertForMaskedLM(config).save_pretrained(folder)
    fast.save_pretrained(folder)
    return folder


def like_xlm_r(folder: Path) -> Path:
    """Positions are counted from the padding piece, and more rows than pieces are there."""
    letters = sorted({c for w in WORDS for c in w} | set("abcdefghijklmnopqrstuvwxyz.,"))
    pieces = ["<s>", "<pad>", "</s>", "<unk>", *dict.fromkeys("▁" + w for w in WORDS), "▁"]
    pieces += [c for c in letters if c not in pieces]
    tokenizer = Tokenizer(models.Unigram([(p, -float(len(letters)) / len(p)) for p in pieces], unk_id=3))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
    tokenizer.decoder = decoders.Metaspace(prepend_scheme="always")
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token="<s>", eos_token="</s>", cls_token="<s>", sep_token="</s>",
        pad_token="<pad>", unk_token="<unk>", mask_token="<mask>", model_max_length=64,
    )  # fmt: skip
    torch.manual_seed(2)
    config = XLMRobertaConfig(vocab_size=len(fast) + 5, max_position_embeddings=66, pad_token_id=1, **SIZES)
    XLMRobertaForMaskedLM(config).save_pretrained(folder)
    fast.save_pretrained(folder)
    return folder
