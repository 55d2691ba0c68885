"""A toy world for tests: invented names in invented languages, and an encoder small enough to train in seconds."""

from __future__ import annotations

import random
from pathlib import Path

from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

from xlner.core.types import Sentence, Span

PEOPLE = ["Ana", "Boris", "Chidi", "Dalia", "Emil", "Farah", "Goran", "Hana"]
PLACES = ["Arcol", "Berin", "Cadova", "Dorsk", "Elmira", "Fanti"]
VERBS = {"eng": ["visits", "leaves", "likes", "paints"], "spa": ["visita", "deja", "quiere", "pinta"]}
FILLERS = {
    "eng": ["today", "again", "with", "joy", "and", "the", "old", "train"],
    "spa": ["hoy", "otra", "vez", "con"],
}


def sentence(chance: random.Random, language: str) -> Sentence:
    """Such as "Ana Boris visits Arcol today": a person of one or two words, and a place."""
    person = chance.sample(PEOPLE, chance.choice([1, 2]))
    fillers = chance.choices(FILLERS[language], k=chance.randint(0, 6))
    words = [*person, chance.choice(VERBS[language]), chance.choice(PLACES), *fillers]
    spans = (Span(0, len(person), "PER"), Span(len(person) + 1, len(person) + 2, "LOC"))
    return Sentence(tuple(words), spans, language)


def sentences(n: int, language: str = "eng", seed: int = 0) -> list[Sentence]:
    chance = random.Random(f"{seed} {language}")
    return [sentence(chance, language) for _ in range(n)]


def write_conll(path: Path, items: list[Sentence]) -> Path:
    from xlner.core.tags import iob2

    blocks = ("\n".join(f"{w}\t{t}" for w, t in zip(s.words, iob2(s), strict=True)) for s in items)
    path.write_text("\n\n".join(blocks) + "\n", "utf-8")
    return path


def write_text(path: Path, items: list[Sentence]) -> Path:
    path.write_text("\n".join(" ".join(s.words) for s in items) + "\n", "utf-8")
    return path


def make_encoder(
    folder: Path, *, hidden: int = 32, layers: int = 2, max_subwords: int = 64, lower: bool = False
) -> Path:
    """A BERT with random weights whose pieces are the toy words and single characters."""
    import torch

    words = [*PEOPLE, *PLACES, *(w for d in (VERBS, FILLERS) for ws in d.values() for w in ws)]
    characters = sorted({c for w in words for c in w} | set("abcdefghijklmnopqrstuvwxyz.,"))
    pieces = ["<s>", "<pad>", "</s>", "<unk>", *dict.fromkeys("▁" + w for w in words), "▁"]
    pieces += [c for c in characters if c not in pieces]
    tokenizer = Tokenizer(models.Unigram([(p, -float(len(characters)) / len(p)) for p in pieces], unk_id=3))
    if lower:
        tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
    tokenizer.decoder = decoders.Metaspace(prepend_scheme="always")
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> $B </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token="<s>", eos_token="</s>", cls_token="<s>", sep_token="</s>",
        pad_token="<pad>", unk_token="<unk>", model_max_length=max_subwords,
    )  # fmt: skip
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(pieces), hidden_size=hidden, num_hidden_layers=layers, num_attention_heads=2,
        intermediate_size=2 * hidden, max_position_embeddings=max_subwords, pad_token_id=1,
    )  # fmt: skip
    BertModel(config, add_pooling_layer=False).save_pretrained(folder)
    fast.save_pretrained(folder)
    return folder


def overriding(words, more):
    """The words of a command, without the flags (each with a value) that further words give in another way."""
    flags = {word for word in map(str, more) if word.startswith("--")}
    kept, rest = [], iter(words)
    for word in rest:
        if str(word) in flags:
            next(rest)
        else:
            kept.append(word)
    return [*kept, *more]
