"""Make a checkpoint smaller by dropping the vocabulary that some texts never use.

Multilingual encoders keep most of their weights in the word embeddings, and most of their pieces belong to languages
that a given use never meets.
"""

from __future__ import annotations

import itertools
import json
import re
import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xlner.data.segment import split_words
from xlner.encoder.load import load_checkpoint, load_tokenizer, resolve
from xlner.encoder.words import word_pieces
from xlner.errors import ModelError, UsageError

Text = str | Sequence[str]
_BATCH = 512
_CHECKED_TEXTS = 2048


@dataclass(frozen=True)
class TrimResult:
    """What trimming did.

    Args:
        folder: the new checkpoint.
        pieces_before: rows of the embedding matrix that was read.
        pieces_after: rows of the one that was written.
        texts: how many texts decided.
    """

    folder: Path
    pieces_before: int
    pieces_after: int
    texts: int


def trim_vocabulary(model: str | Path, texts: Iterable[Text], output: Path) -> TrimResult:
    """Write a checkpoint whose vocabulary is what `texts` use, plus every special and single-character piece.

    Each text is tokenised by the new checkpoint into the same pieces as by the old one, so the encoder's outputs for
    it are the same. Other texts still work: rare words fall into more, shorter pieces. Unigram keeps its best split
    when pieces outside it go, WordPiece its greedy one; merges of BPE depend on each other, so BPE is refused.

    Args:
        model: "embedded", a folder or a hub id; an encoder or a trained tagger.
        texts: raw strings or pre-split words, in the form in which they will be used: a word alone and a word within
            a string can have different pieces.
        output: folder to write; must not hold a model yet.

    Returns:
        The folder, and the sizes before and after.

    Raises:
        UsageError: `output` has a model already, or there are no texts.
        ModelError: the model cannot be loaded, or its tokenizer is of another kind.

    Limits:
        Heads that predict pieces (masked language models) are dropped. Needs memory for the whole model.
    """
    if (output / "config.json").exists():
        raise UsageError(f"{output} holds a model already; name a new folder")
    where = resolve(model)
    tokenizer = load_tokenizer(where)
    state = json.loads(tokenizer.backend_tokenizer.to_str())
    kind = state["model"]["type"]
    if kind not in ("Unigram", "WordPiece"):
        raise ModelError(
            f"the tokenizer of {where} is {kind}; only Unigram (XLM-R, the embedded encoder) and WordPiece (mBERT) "
            "vocabularies can be trimmed. Use the model as it is."
        )
    sample: list[Text] = []
    used: set[int] = set()
    count = 0
    for batch in _batches(texts):
        used.update(_used(tokenizer, batch, kind, state["model"]))
        sample.extend(batch[: _CHECKED_TEXTS - len(sample)])
        count += len(batch)
    if not count:
        raise UsageError("trimming needs at least one text to see which pieces are used")
    network = load_checkpoint(where)
    pads = pieces_for_padding(tokenizer.pad_token_id, network.config)
    pads |= pieces_for_padding(getattr(network.config, "pad_token_id", None), network.config)
    piece_ids = sorted(used | pads | _needed_by_the_model(tokenizer, state["model"]))
    new_id = {old: new for new, old in enumerate(piece_ids)}

    before = select_rows(network, piece_ids)
    output.mkdir(parents=True, exist_ok=True)
    network.save_pretrained(output)
    tokenizer.save_pretrained(output)
    (output / "tokenizer.json").write_text(json.dumps(_remap(state, new_id), ensure_ascii=False), "utf-8")
    _remap_side_files(output, new_id)
    _copy_others(Path(where), output)
    _verify(tokenizer, load_tokenizer(output), sample)
    return TrimResult(output, before, len(piece_ids), count)


def _batches(texts: Iterable[Text]) -> Iterator[list[Text]]:
    iterator = iter(texts)
    while batch := list(itertools.islice(iterator, _BATCH)):
        yield batch


def _pieces(tokenizer: Any, texts: Sequence[Text]) -> list[list[int]]:
    """Ids of each text, without specials; words are taken one by one."""
    out: list[list[int]] = [[] for _ in texts]
    for presplit in (False, True):
        chosen = [i for i, text in enumerate(texts) if isinstance(text, str) is not presplit and len(text)]
        if not chosen:
            continue
        batch = [texts[i] if not presplit else list(texts[i]) for i in chosen]
        ids = tokenizer(batch, is_split_into_words=presplit, add_special_tokens=False)["input_ids"]
        for i, row in zip(chosen, ids, strict=True):
            out[i] = list(row)
    return out


def _used(tokenizer: Any, texts: Sequence[Text], kind: str, model: dict[str, Any]) -> set[int]:
    ids = _pieces(tokenizer, texts)
    running = word_pieces(tokenizer, [w for text in texts for w in (_split(text) if isinstance(text, str) else text)])
    used = {i for row in [*ids, *(pieces.ids for pieces in running)] for i in row}
    if kind == "WordPiece":
        # A word becomes unknown where greedy matching gets stuck. With fewer pieces it might get past that place, so
        # the pieces on the way there stay too.
        for text, row in zip(texts, ids, strict=True):
            if tokenizer.unk_token_id in row:
                for word in _model_words(tokenizer, text):
                    used.update(_greedy(word, model["vocab"], model["continuing_subword_prefix"]))
    return used


def _split(text: str) -> list[str]:
    """The words of running text as taggers read them."""
    return [text[start:end] for start, end in split_words(text)]


def _model_words(tokenizer: Any, text: Text) -> Iterator[str]:
    backend = tokenizer.backend_tokenizer
    for part in [text] if isinstance(text, str) else text:
        normal = backend.normalizer.normalize_str(part) if backend.normalizer else part
        split = backend.pre_tokenizer.pre_tokenize_str(normal) if backend.pre_tokenizer else [(normal, ())]
        yield from (word for word, _ in split)


def _greedy(word: str, vocab: dict[str, int], prefix: str) -> Iterator[int]:
    """Ids that longest-match-first finds from the left until it gets stuck."""
    start = 0
    while start < len(word):
        for end in range(len(word), start, -1):
            piece = word[start:end] if start == 0 else prefix + word[start:end]
            if piece in vocab:
                yield vocab[piece]
                break
        else:
            return
        start = end


def _needed_by_the_model(tokenizer: Any, model: dict[str, Any]) -> set[int]:
    """Specials, single characters, and what the arithmetic of the tokenizer needs."""
    ids = {*tokenizer.all_special_ids, *tokenizer.added_tokens_decoder}
    if model["type"] == "Unigram":
        vocab = model["vocab"]
        ids.update(i for i, (piece, _) in enumerate(vocab) if len(piece.removeprefix("▁")) <= 1)
        if model.get("byte_fallback"):  # of these, characters that no piece has are made
            ids.update(i for i, (piece, _) in enumerate(vocab) if re.fullmatch(r"<0x[0-9A-F]{2}>", piece))
        # The score of unknown characters hangs on the lowest score of all.
        ids.add(min(range(len(vocab)), key=lambda i: vocab[i][1]))
    else:
        prefix = model["continuing_subword_prefix"]
        ids.update(i for piece, i in model["vocab"].items() if len(piece.removeprefix(prefix)) <= 1)
    return ids


def pieces_for_padding(pad: int | None, config: Any) -> set[int]:
    """What stays because of the padding piece: itself, and all before it where its id must not move.

    RoBERTa counts positions from that id. One that is higher than there are positions cannot be counted from.

    Args:
        pad: its id; None if there is none.
        config: of the network.
    """
    if pad is None:
        return set()
    counted = pad < (getattr(config, "max_position_embeddings", None) or 0)
    return {*range(pad), pad} if counted else {pad}


def select_rows(network: Any, piece_ids: list[int]) -> int:
    """Keep these rows of the word embeddings and renumber the ids in the configuration.

    Args:
        network: an encoder, or a model with one; changed in place.
        piece_ids: rising; those that `pieces_for_padding` says must be among them.

    Returns:
        How many rows there were.

    Raises:
        ModelError: there is no such row.
    """
    import torch

    old = network.get_input_embeddings()
    rows = old.weight.shape[0]
    if piece_ids[-1] >= rows:
        raise ModelError(f"the tokenizer knows piece {piece_ids[-1]}, but the embeddings have only {rows} rows")
    new_id = {o: n for n, o in enumerate(piece_ids)}
    pad = new_id.get(old.padding_idx)
    new = torch.nn.Embedding(len(piece_ids), old.weight.shape[1], padding_idx=pad, dtype=old.weight.dtype)
    new.weight = torch.nn.Parameter(old.weight.detach()[torch.tensor(piece_ids)].clone())
    network.set_input_embeddings(new)
    network.config.vocab_size = len(piece_ids)
    for key in ("bos", "eos", "pad", "sep", "cls", "mask", "unk"):
        value = getattr(network.config, f"{key}_token_id", None)
        if isinstance(value, int):
            setattr(network.config, f"{key}_token_id", new_id.get(value))
    return rows


def _remap(state: dict[str, Any], new_id: dict[int, int]) -> dict[str, Any]:
    """The tokenizer's JSON with fewer pieces and new ids."""
    model = dict(state["model"])
    if model["type"] == "Unigram":
        model["vocab"] = [entry for i, entry in enumerate(model["vocab"]) if i in new_id]
        if model["unk_id"] is not None:
            model["unk_id"] = new_id[model["unk_id"]]
    else:
        model["vocab"] = {piece: new_id[i] for piece, i in model["vocab"].items() if i in new_id}
    added = [{**token, "id": new_id[token["id"]]} for token in state["added_tokens"]]
    processor = _remap_processor(state["post_processor"], new_id)
    return {**state, "model": model, "added_tokens": added, "post_processor": processor}


def _remap_processor(processor: Any, new_id: dict[int, int]) -> Any:
    if processor is None:
        return None
    out = dict(processor)
    if "processors" in out:
        out["processors"] = [_remap_processor(p, new_id) for p in out["processors"]]
    if out["type"] == "TemplateProcessing":
        out["special_tokens"] = {
            name: {**token, "ids": [new_id[i] for i in token["ids"]]} for name, token in out["special_tokens"].items()
        }
    for key in ("sep", "cls"):
        if key in out:
            out[key] = [out[key][0], new_id[out[key][1]]]
    return out


def _remap_side_files(folder: Path, new_id: dict[int, int]) -> None:
    """Other places in which transformers may keep ids of pieces."""
    path = folder / "tokenizer_config.json"
    config = json.loads(path.read_text("utf-8"))
    if decoder := config.get("added_tokens_decoder"):
        config["added_tokens_decoder"] = {
            str(new_id[int(i)]): token for i, token in decoder.items() if int(i) in new_id
        }
        path.write_text(json.dumps(config, indent=2, ensure_ascii=False) + "\n", "utf-8")
    for name in ("added_tokens.json", "vocab.txt", "sentencepiece.bpe.model", "spiece.model"):
        (folder / name).unlink(missing_ok=True)


def _copy_others(source: Path, output: Path) -> None:
    """What else a model folder holds, such as a model card; never weights or vocabularies."""
    if source.is_dir():
        for file in [*source.glob("*.json"), *source.glob("*.md")]:
            unwanted = ("tokenizer", "added_tokens", "special_tokens", "vocab", "model.safetensors", "xlner_manifest")
            if not (output / file.name).exists() and not file.name.startswith(unwanted):
                shutil.copyfile(file, output / file.name)


def _verify(old: Any, new: Any, sample: Sequence[Text]) -> None:
    """Check on the texts themselves that nothing changed; a tokenizer may have parts we do not know."""
    for before, after, text in zip(_pieces(old, sample), _pieces(new, sample), sample, strict=True):
        if old.convert_ids_to_tokens(before) != new.convert_ids_to_tokens(after):
            raise ModelError(f"the trimmed tokenizer splits {text!r} in another way; use the model as it is")
