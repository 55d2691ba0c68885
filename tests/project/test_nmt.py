"""The NMT score, with a tiny translation model made here."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from tests.project.conftest import make_pair, sentence

from xlner.errors import ModelError, UsageError
from xlner.project.scores.translation import NmtScorer

WORDS = ["<pad>", "</s>", "<unk>", "Lake", "Bank", "Seebank", "Oslo", "die"]


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_checkpoint(tmp_path_factory.mktemp("nmt"))


def make_checkpoint(folder: Path) -> Path:
    """A translation model of a few words, with random weights."""
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import Whitespace
    from tokenizers.processors import TemplateProcessing
    from transformers import PreTrainedTokenizerFast, T5Config, T5ForConditionalGeneration

    made = Tokenizer(WordLevel({w: i for i, w in enumerate(WORDS)}, unk_token="<unk>"))
    made.pre_tokenizer = Whitespace()
    made.post_processor = TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 1)])
    PreTrainedTokenizerFast(
        tokenizer_object=made, pad_token="<pad>", eos_token="</s>", unk_token="<unk>"
    ).save_pretrained(folder)
    torch.manual_seed(0)
    config = T5Config(
        vocab_size=len(WORDS), d_model=16, d_ff=16, d_kv=8, num_layers=1, num_heads=2, decoder_start_token_id=0
    )
    T5ForConditionalGeneration(config).save_pretrained(folder)
    return folder


def by_hand(scorer: NmtScorer, output: str, given: str) -> float:
    """Mean log probability of the output's tokens, one pair at a time."""
    labels = torch.tensor([scorer.tokenizer(output)["input_ids"]])
    with torch.inference_mode():
        logits = scorer.model(input_ids=torch.tensor([scorer.tokenizer(given)["input_ids"]]), labels=labels).logits
    return float(logits.log_softmax(-1).gather(-1, labels[..., None]).mean())


def test_the_score_is_normalised_and_goes_both_ways(checkpoint: Path) -> None:
    scorer = NmtScorer(str(checkpoint), device="cpu", precision="fp32")
    a, b = "Lake Bank", "die Seebank"
    there = math.exp(by_hand(scorer, b, a) - by_hand(scorer, b, b))
    back = math.exp(by_hand(scorer, a, b) - by_hand(scorer, a, a))
    assert scorer.score(a, b) == pytest.approx((there + back) / 2, rel=1e-4)
    assert scorer.score("Oslo", "Oslo") == pytest.approx(1.0, rel=1e-5)
    assert scorer.score("Oslo", " ") == 0.0


def test_batches_do_not_change_scores(checkpoint: Path) -> None:
    pair = make_pair(sentence("Lake Bank Oslo", (0, 2, "ORG"), (2, 3, "LOC")), "die Seebank Oslo", [])
    ranges = np.array([(0, 1), (0, 2), (0, 3), (1, 2), (2, 3)], np.int32)
    alone = NmtScorer(str(checkpoint), device="cpu", precision="fp32", batch_tokens=1)([pair], [ranges])[0]
    together = NmtScorer(str(checkpoint), device="cpu", precision="fp32")([pair], [ranges])[0]
    assert alone.shape == (2, 5)
    assert together == pytest.approx(alone, abs=1e-5)


def test_no_model_is_said(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no translation model"):
        NmtScorer(str(tmp_path))


def test_two_models_of_one_direction_each(checkpoint: Path, tmp_path: Path) -> None:
    """Neither can say a string in its own language, so nothing is normalised."""
    from shutil import copytree

    from transformers import AutoModelForSeq2SeqLM

    other = copytree(checkpoint, tmp_path / "back")
    changed = AutoModelForSeq2SeqLM.from_pretrained(other)
    torch.nn.init.normal_(changed.lm_head.weight)
    changed.save_pretrained(other)
    there, back = (
        NmtScorer(str(checkpoint), device="cpu", precision="fp32"),
        NmtScorer(str(other), device="cpu", precision="fp32"),
    )
    scorer = NmtScorer(str(checkpoint), back=str(other), device="cpu", precision="fp32")
    a, b = "Lake Bank", "die Seebank"
    expected = (math.exp(by_hand(there, b, a)) + math.exp(by_hand(back, a, b))) / 2
    assert scorer.score(a, b) == pytest.approx(expected, rel=1e-4)
    assert by_hand(there, a, b) != pytest.approx(by_hand(back, a, b), rel=1e-3)


def test_codes_of_languages_are_for_models_that_have_them(checkpoint: Path) -> None:
    with pytest.raises(UsageError, match="knows no codes"):
        NmtScorer(str(checkpoint), source_language="eng_Latn", target_language="deu_Latn")


@pytest.mark.parametrize(
    ("codes", "message"),
    [((None, None), "wants to know its languages"), (("en", "de"), "no language 'en'"), (("eng_Latn", "deu_Latn"), "")],
)
def test_a_model_of_many_languages_is_told_two_that_it_knows(
    tmp_path: Path, codes: tuple[str | None, str | None], message: str
) -> None:
    from transformers import M2M100Config, M2M100ForConditionalGeneration, NllbTokenizer

    letters = ["<s>", "<pad>", "</s>", "<unk>", "▁", *"OslNew"]
    tokenizer = NllbTokenizer(vocab={t: i for i, t in enumerate(dict.fromkeys(letters))}, merges=[])
    tokenizer.save_pretrained(tmp_path)
    config = M2M100Config(
        vocab_size=len(tokenizer), d_model=16, encoder_layers=1, decoder_layers=1, encoder_attention_heads=2,
        decoder_attention_heads=2, encoder_ffn_dim=16, decoder_ffn_dim=16, max_position_embeddings=24,
    )  # fmt: skip
    M2M100ForConditionalGeneration(config).save_pretrained(tmp_path)
    if message:
        with pytest.raises(UsageError, match=message):
            NmtScorer(str(tmp_path), source_language=codes[0], target_language=codes[1])
        return
    scorer = NmtScorer(str(tmp_path), source_language=codes[0], target_language=codes[1], device="cpu")
    assert scorer.score("Oslo", "Oslo") > 0
    assert scorer.score("Oslo " * 30, "Oslo " * 30) == 0  # longer than the model's positions
    assert scorer.score("Oslo", "Oslo " * 30) == 0
