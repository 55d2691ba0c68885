import json
import os
import random
import shutil

import pytest
import torch
from safetensors.torch import load_file, save_file

from xlner.align import Alignment
from xlner.align.combined import CombinedAligner
from xlner.align.embedding import EmbeddingAligner
from xlner.align.gold import Gold, score_alignments
from xlner.align.saved import check_place
from xlner.align.subwords import SubwordEncoder
from xlner.align.tuned import TunedAligner
from xlner.align.tuning import alignment_loss, learn
from xlner.api.align import align
from xlner.errors import ModelError, UsageError

pytest.importorskip("thot")

WORDS = {"ana": "ota", "lives": "wohnt", "sees": "sieht", "bern": "berna", "the": "das", "red": "rote", "house": "haus"}
SETTINGS = {"layers": 1, "precision": "fp32", "device": "cpu", "learning_rate": 3e-3, "batch": 4}


def bitext(count, seed):
    """Sentences of random words, their translations in another order, and which word is which."""
    chance = random.Random(seed)
    pairs, gold = [], []
    for _ in range(count):
        source = chance.sample(sorted(WORDS), 4)
        order = chance.sample(range(4), 4)
        pairs.append((source, [WORDS[source[i]] for i in order]))
        gold.append(Alignment.of((i, order.index(i)) for i in range(4)))
    return pairs, gold


def scored(aligner, seed=9):
    pairs, gold = bitext(20, seed)
    return score_alignments(aligner.align(pairs), [Gold(sure, sure) for sure in gold]).f1


def test_it_learns_what_it_is_taught(tiny_encoder):
    tuned = TunedAligner(encoder=str(tiny_encoder), **SETTINGS)
    pairs, gold = bitext(120, 1)
    encoder = tuned._loaded("fp32")
    before = tuned._loaded("fp32")
    learn(encoder, pairs, gold, random.Random(1), learning_rate=3e-3, batch=4)
    new, new_gold = bitext(20, 2)
    losses = [alignment_loss(e, new, new_gold, None).item() for e in (before, encoder)]
    assert losses[1] < losses[0] - 1


@pytest.mark.parametrize("mode", [torch.inference_mode, torch.no_grad])
def test_it_learns_where_the_caller_only_reads(tiny_encoder, mode):
    pairs, _ = bitext(12, 1)
    plain = TunedAligner(encoder=str(tiny_encoder), **SETTINGS).align(pairs)
    with mode():
        assert TunedAligner(encoder=str(tiny_encoder), **SETTINGS).align(pairs) == plain


@pytest.mark.skipif("XLNER_FULL_TESTS" not in os.environ, reason="takes a minute: set XLNER_FULL_TESTS=1")
def test_real_sentences_are_linked_better(shared_data):
    def read(split, count):
        lines = (shared_data / f"wordalign/xl-wa/data/et/{split}.tsv").read_text("utf-8").split("\n")[:count]
        return [line.split("\t") for line in lines]

    gold = [Gold(a, a) for a in (Alignment.from_pharaoh(row[2]) for row in read("dev", 60))]
    pairs = [(row[0].split(" "), row[1].split(" ")) for row in read("dev", 60)]
    more = [(row[0].split(" "), row[1].split(" ")) for row in read("train", 200)]
    before = score_alignments(EmbeddingAligner().align(pairs), gold).f1
    assert score_alignments(TunedAligner().fit([*pairs, *more]).align(pairs), gold).f1 > before + 0.005


def test_the_same_fit_gives_the_same_and_a_second_one_starts_anew(tiny_encoder):
    one, two = (TunedAligner(encoder=str(tiny_encoder), **SETTINGS) for _ in range(2))
    one.fit(bitext(40, 2)[0]).fit(bitext(40, 1)[0])
    two.fit(bitext(40, 1)[0])
    assert all(torch.equal(one._trained[name], two._trained[name]) for name in two._trained)


@pytest.mark.parametrize("precision", ["fp32", "int8"])
def test_it_comes_back_as_it_was_saved(tiny_encoder, tmp_path, precision):
    tuned = TunedAligner(encoder=str(tiny_encoder), **{**SETTINGS, "precision": precision}).fit(bitext(40, 1)[0])
    tuned.save(tmp_path / "kept")
    pairs, _ = bitext(20, 3)
    again = TunedAligner.load(tmp_path / "kept")
    for a, b in zip(tuned.align(pairs), again.align(pairs), strict=True):
        assert a.to_pharaoh(scores=True) == b.to_pharaoh(scores=True)
    assert check_place(tmp_path / "kept") == tmp_path / "kept"  # may be replaced


def test_a_part_of_one_is_refused(tiny_encoder, tmp_path):
    with pytest.raises(ModelError, match="not been fitted"):
        TunedAligner(encoder=str(tiny_encoder), layers=1).save(tmp_path / "kept")
    TunedAligner(encoder=str(tiny_encoder), **SETTINGS).fit(bitext(8, 1)[0]).save(tmp_path / "kept")
    weights = tmp_path / "kept/tuned.safetensors"
    for cut in (100, 0):
        weights.write_bytes(weights.read_bytes()[:cut])
        with pytest.raises(ModelError, match="holds no saved aligner"):
            TunedAligner.load(tmp_path / "kept")
    weights.unlink()
    with pytest.raises(ModelError, match="holds no saved aligner"):
        TunedAligner.load(tmp_path / "kept")


def test_another_encoder_than_it_was_saved_with_is_refused(tiny_encoder, tmp_path):
    encoder = shutil.copytree(tiny_encoder, tmp_path / "encoder")
    TunedAligner(encoder=str(encoder), **SETTINGS).fit(bitext(8, 1)[0]).save(tmp_path / "kept")
    side = tmp_path / "kept/aligner.json"
    kept = side.read_text()
    side.write_text(json.dumps({**json.loads(kept), "layers": [2]}))
    with pytest.raises(ModelError, match="another encoder"):
        TunedAligner.load(tmp_path / "kept")
    side.write_text(kept)
    weights = load_file(encoder / "model.safetensors")
    for name, tensor in weights.items():
        if "word_embeddings" in name:
            tensor[5] += 1
    save_file(weights, encoder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ModelError, match="another encoder"):
        TunedAligner.load(tmp_path / "kept")


def test_settings_that_nobody_gave_come_back(tiny_encoder, tmp_path, monkeypatch):
    monkeypatch.chdir(tiny_encoder.parent)
    tuned = TunedAligner(encoder=tiny_encoder.name).fit(bitext(8, 1)[0])
    tuned.save(tmp_path / "kept")
    monkeypatch.chdir(tmp_path)
    pairs, _ = bitext(8, 3)
    again = TunedAligner.load(tmp_path / "kept")
    assert [a.links() for a in again.align(pairs)] == [a.links() for a in tuned.align(pairs)]


def test_nothing_to_learn_from(tiny_encoder):
    tuned = TunedAligner(encoder=str(tiny_encoder), **SETTINGS)
    assert tuned.align([]) == []
    tuned.fit([([], ["a"]), (["a"] * 81, ["b"])])
    assert scored(tuned) == scored(EmbeddingAligner(encoder=str(tiny_encoder), layers=1, precision="fp32"))


def test_a_batch_whose_links_cannot_be_learned_is_passed_over(tiny_encoder):
    tuned = TunedAligner(encoder=str(tiny_encoder), **SETTINGS)
    encoder, before = tuned._loaded("fp32"), tuned._loaded("fp32")
    long = (["ana"] * 400, ["ota"] * 400)  # longer than a window, and linked at its end only
    learn(encoder, [long], [Alignment.of([(399, 399)])], random.Random(1), learning_rate=3e-3, batch=4)
    after = encoder.layer_weights()
    assert all(torch.equal(p, after[name]) for name, p in before.layer_weights().items())


def test_several_layers_learn_and_embeddings_do_not(tiny_encoder):
    tuned = TunedAligner(encoder=str(tiny_encoder), **{**SETTINGS, "layers": (1, 2)}).fit(bitext(40, 1)[0])
    before = SubwordEncoder(str(tiny_encoder), layers=(1, 2), precision="fp32", device="cpu")
    assert tuned.reader.encoder.embeddings_checksum() == before.embeddings_checksum()
    own = before.layer_weights()
    assert not any("embeddings" in name for name in own)
    for layer in ("layer.0.", "layer.1."):
        assert any(layer in k and not torch.equal(p, tuned._trained[k]) for k, p in own.items())
    assert len(tuned.align(bitext(3, 2)[0])) == 3


@pytest.mark.parametrize(
    "wrong", [{"learning_rate": 0}, {"most": 0}, {"batch": 0}, {"layers": 9}, {"layers": 0}, {"threshold": 1}]
)
def test_options_without_sense(tiny_encoder, wrong):
    with pytest.raises(UsageError):
        TunedAligner(encoder=str(tiny_encoder), **{"layers": 1, **wrong}).fit(bitext(8, 1)[0])


def test_on_the_command_line_and_in_a_combination(tiny_encoder, tmp_path):
    pairs, _ = bitext(30, 1)
    for side, name in enumerate(("s", "t")):
        (tmp_path / name).write_text("".join(" ".join(p[side]) + "\n" for p in pairs))
    options = {"encoder": str(tiny_encoder), **SETTINGS}
    files = (tmp_path / "s", tmp_path / "t")
    align(*files, tmp_path / "one", aligner="tuned", options=options, fit=files, save=tmp_path / "kept")
    align(*files, tmp_path / "two", aligner="tuned", load=tmp_path / "kept")
    assert (tmp_path / "one").read_text() == (tmp_path / "two").read_text()
    members = [{"name": "tuned", **options}, {"name": "thot", "model": "ibm1"}]
    made = CombinedAligner(members=members, how="union").fit(pairs)
    made.save(tmp_path / "both")
    again = CombinedAligner.load(tmp_path / "both")
    assert [a.links() for a in made.align(pairs)] == [a.links() for a in again.align(pairs)]
