"""Tiny translation models with random weights, and a program that stands in for Apertium."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

WORDS = [
    "the",
    "a",
    "red",
    "house",
    "is",
    "big",
    "Ana",
    "lives",
    "in",
    "Lima",
    "she",
    "works",
    "here",
    "old",
    "town",
    ".",
    ",",
]


def nllb(folder: Path) -> Path:
    """M2M100 architecture, tokenizer of NLLB."""
    from transformers import NllbTokenizer

    letters = sorted({c for w in WORDS for c in w} | {"▁", "x", "é"})
    vocabulary = {t: i for i, t in enumerate(["<s>", "<pad>", "</s>", "<unk>", *letters])}
    languages = ["eng_Latn", "por_Latn", "swh_Latn", "zho_Hans", "zho_Hant", "pes_Arab"]
    tokenizer = NllbTokenizer(vocab=vocabulary, merges=[], additional_special_tokens=languages)
    return _m2m(folder, tokenizer, teach={"por_Latn": "a", "swh_Latn": "x"})


def m2m100(folder: Path) -> Path:
    from transformers import M2M100Tokenizer

    folder.mkdir(parents=True)
    pieces = _sentencepiece(folder / "spm.model")
    (folder / "vocab.json").write_text(_json({t: i for i, t in enumerate(["<s>", "<pad>", "</s>", "<unk>", *pieces])}))
    tokenizer = M2M100Tokenizer(str(folder / "vocab.json"), str(folder / "spm.model"))
    return _m2m(folder, tokenizer)


def marian(folder: Path, *, tokens: tuple[str, ...] = (), pair: tuple[str, str] = ("en", "de")) -> Path:
    from transformers import MarianConfig, MarianMTModel, MarianTokenizer

    folder.mkdir(parents=True)
    pieces = _sentencepiece(folder / "source.spm")
    (folder / "target.spm").write_bytes((folder / "source.spm").read_bytes())
    vocabulary = {t: i for i, t in enumerate(["</s>", "<unk>", *tokens, *pieces, "<pad>"])}
    (folder / "vocab.json").write_text(_json(vocabulary))
    tokenizer = MarianTokenizer(
        str(folder / "source.spm"), str(folder / "target.spm"), str(folder / "vocab.json"),
        source_lang=pair[0], target_lang=pair[1],
    )  # fmt: skip
    n = len(vocabulary)
    config = MarianConfig(vocab_size=n, pad_token_id=n - 1, eos_token_id=0, forced_eos_token_id=0,
                          decoder_start_token_id=n - 1, **_SMALL)  # fmt: skip
    return _save(MarianMTModel(config), tokenizer, folder)


def madlad(folder: Path) -> Path:
    import torch
    from transformers import T5Config, T5ForConditionalGeneration, T5Tokenizer

    letters = sorted({c for w in WORDS for c in w})
    tokens = ["<2en>", "<2pt>", "<2zh_Hant>"]
    vocabulary = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), ("▁", -2.0), *((c, -3.0) for c in letters)]
    tokenizer = T5Tokenizer(vocab=vocabulary, extra_ids=0)
    tokenizer.add_tokens(tokens, special_tokens=True)
    config = T5Config(vocab_size=len(tokenizer), d_model=16, d_kv=8, d_ff=32, num_layers=1, num_heads=2,
                      decoder_start_token_id=0, pad_token_id=0, eos_token_id=1, initializer_factor=3.0)  # fmt: skip
    torch.manual_seed(1)
    return _save(T5ForConditionalGeneration(config), tokenizer, folder)


_SMALL = {
    "d_model": 16, "encoder_layers": 1, "decoder_layers": 1, "encoder_attention_heads": 2,
    "decoder_attention_heads": 2, "encoder_ffn_dim": 32, "decoder_ffn_dim": 32, "max_position_embeddings": 64,
}  # fmt: skip


def _m2m(folder: Path, tokenizer, teach: dict[str, str] | None = None) -> Path:
    """With `teach`, a model that says one letter for each first token."""
    import torch
    from transformers import M2M100Config, M2M100ForConditionalGeneration

    languages = len(getattr(tokenizer, "lang_token_to_id", ())) and len(tokenizer.lang_token_to_id) + 8
    torch.manual_seed(1)
    config = M2M100Config(
        vocab_size=len(tokenizer) + languages, bos_token_id=0, pad_token_id=1, eos_token_id=2, init_std=0.5,
        decoder_start_token_id=2, dropout=0, attention_dropout=0, encoder_layerdrop=0, decoder_layerdrop=0,
        scale_embedding=False, **_SMALL,
    )  # fmt: skip
    model = M2M100ForConditionalGeneration(config)
    if teach:
        _teach(model, tokenizer, teach)
    return _save(model, tokenizer, folder)


def _teach(model, tokenizer, answers: dict[str, str]) -> None:
    """Answers of one letter, by the first token that the decoder was made to say."""
    import torch

    end = model.config.eos_token_id
    letters = [tokenizer(a, add_special_tokens=False)["input_ids"] for a in answers.values()]
    rows = [[tokenizer.convert_tokens_to_ids(f), *ids, end] for f, ids in zip(answers, letters, strict=True)]
    given = torch.tensor([[end, *row[:-1]] for row in rows])
    wanted = torch.tensor([[-100, *row[1:]] for row in rows])
    optimiser = torch.optim.Adam(model.parameters(), lr=0.01)
    for step in range(60):
        asked = torch.tensor([tokenizer(WORDS[step % len(WORDS)])["input_ids"]] * len(rows))
        loss = model(input_ids=asked, decoder_input_ids=given, labels=wanted).loss
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()


def _save(model, tokenizer, folder: Path) -> Path:
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def _sentencepiece(path: Path) -> list[str]:
    spm = pytest.importorskip("sentencepiece")
    text = [" ".join(WORDS), *WORDS] * 5
    with path.open("wb") as out:
        spm.SentencePieceTrainer.train(
            sentence_iterator=iter(text), model_writer=out, vocab_size=60, hard_vocab_limit=False, minloglevel=2
        )
    processor = spm.SentencePieceProcessor(model_file=str(path))
    special = {"<s>", "</s>", "<unk>"}
    return [p for i in range(processor.get_piece_size()) if (p := processor.id_to_piece(i)) not in special]


def _json(value) -> str:
    import json

    return json.dumps(value)


# Turns letters into capitals, and does what a line with one of these words says.
_FAKE = """#!{python}
import os, sys, time
here = os.path.dirname(os.path.abspath(__file__))
words = sys.argv[1:]
if "-l" in words:
    print("  eng-spa\\n  spa-eng\\n  spa-por\\n  eng-spa_MX"); sys.exit()
if "-V" in words:
    print("stand-in 1"); sys.exit()
text = sys.stdin.buffer.read().decode()
with open(os.path.join(here, "calls"), "a") as log:
    log.write("%d\\n" % len(text.split("\\n\\n")))
time.sleep({pause})
if "HANG" in text:
    time.sleep(60)
if "DIE" in text or {dead}:
    sys.exit("broken pipe of rules")
out = [line.upper().replace("LOOP", "so " * 500) for line in text.split("\\n\\n") if "LOSE" not in line]
sys.stdout.buffer.write(("\\n\\n".join(out) + "\\n").replace("AMP", "&amp;").encode())
"""


def fake_apertium(folder: Path, *, pause: float = 0, dead: bool = False) -> Path:
    """A program with the flags of Apertium; the file `calls` beside it counts the sentences of each call."""
    folder.mkdir(parents=True, exist_ok=True)
    program = folder / "apertium"
    program.write_text(_FAKE.format(python=sys.executable, pause=pause, dead=dead))
    program.chmod(0o755)
    return program
