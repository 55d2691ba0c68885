"""An encoder trained further on raw text, from its folder to another one."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from xlner.component import to_values
from xlner.core.costs import Costs
from xlner.core.files import atomic, atomic_folder, remove_folder
from xlner.core.labels import LabelSet
from xlner.core.languages import bcp47
from xlner.core.seed import seed_everything
from xlner.core.types import Sentence
from xlner.encoder import load_encoder, load_tokenizer
from xlner.encoder.history import SIDE_FILE, in_words, pretraining_of
from xlner.encoder.masked_head import masked_head_of
from xlner.encoder.trim import pieces_for_padding, select_rows
from xlner.errors import DataError, ModelError
from xlner.tagger import Tagger
from xlner.tagger.load import MODEL_FILES
from xlner.train.loop import TIME, forget, train
from xlner.train.masked import MaskedWords
from xlner.train.masked_data import MaskedChunks, Masks
from xlner.train.masked_options import PretrainOptions
from xlner.train.masked_text import EncodedText, encode_text
from xlner.train.options import TrainOptions
from xlner.train.processes import main_first, main_process, wait_for_all
from xlner.train.training import METRICS

MODEL, TEXT, NUMBERS = "model", "text", "metrics.json"


@dataclass(frozen=True)
class Vocabulary:
    """The pieces that some texts use.

    Args:
        piece_ids: of the tokenizer, rising. Shape: (n,), int64.
        new_ids: row of each of them; 0 for pieces that are not used. Shape: (n_pieces,), int32.
        frequencies: how often each occurs in each text. Shape: (n_texts, n), int64.
        mask_id: row of the piece that stands for a masked one.
        pad_id: row of the piece that fills up batches.
        others: rows of pieces that are no special ones. Shape: (n - specials,), int64.
    """

    piece_ids: np.ndarray
    new_ids: np.ndarray
    frequencies: np.ndarray
    mask_id: int
    pad_id: int
    others: np.ndarray

    @classmethod
    def of(cls, tokenizer: Any, texts: Sequence[EncodedText], rows: int, config: Any) -> Vocabulary:
        """Pieces of the texts, and the special ones.

        Args:
            tokenizer: of the texts. One without a mask piece lets its unknown piece stand for it.
            texts: encoded.
            rows: of the encoder's embeddings.
            config: of the encoder.

        Raises:
            ModelError: the tokenizer has neither, or a piece has no embedding.
        """
        mask = next((i for i in (tokenizer.mask_token_id, tokenizer.unk_token_id) if i is not None and i < rows), None)
        if mask is None:
            raise ModelError("the encoder has neither a mask piece nor an unknown piece, so no word can be masked")
        size = max(rows, *(len(t.pieces) for t in texts))
        counts = np.stack([np.pad(t.pieces, (0, size - len(t.pieces))) for t in texts])
        special = {i for i in tokenizer.all_special_ids if i < rows} | {mask}
        pad = tokenizer.pad_token_id or 0
        pad = pad if pad < rows else 0
        kept = pieces_for_padding(pad, config)
        piece_ids = np.array(sorted({*np.flatnonzero(counts.any(axis=0)).tolist(), *special, *kept}))
        new_ids = np.zeros(size, np.int32)
        new_ids[piece_ids] = np.arange(len(piece_ids))
        others = new_ids[[i for i in piece_ids.tolist() if i not in special]].astype(np.int64)
        return cls(piece_ids, new_ids, counts[:, piece_ids], int(new_ids[mask]), int(new_ids[pad]), others)


def pretrain_encoder(
    encoder: str,
    texts: Mapping[str, Callable[[], Iterator[Sentence]]],
    options: PretrainOptions,
    folder: Path,
    *,
    files: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    """Train an encoder further by predicting masked words of raw text, and save it to `folder / "model"`.

    The texts are encoded once, to files (`text/`) that are removed at the end. The embeddings are those of the pieces
    that the texts use, in training only: the saved encoder has all of its vocabulary again, and takes any text.
    Interrupted at any moment and called again with the same arguments, it goes on and ends with the same encoder.

    Args:
        encoder: "embedded", a folder or a hub id.
        texts: ISO 639-3 code -> text, which is read once.
        options: settings.
        folder: where all is kept.
        files: what the side file says of the files of the texts, such as name and sha-256.

    Returns:
        The content of `metrics.json`: counts of the texts, masked-word accuracy on held-out sentences of each language
        before and after, steps, costs, and notes.

    Raises:
        DataError: there is no word to learn from.
        ModelError: the encoder cannot be used, or the loss became infinite or NaN.
    """
    if (folder / MODEL / "config.json").is_file() and (folder / NUMBERS).is_file():
        finished: dict[str, Any] = json.loads((folder / NUMBERS).read_text("utf-8"))
        _tidy(folder)
        return finished
    costs = Costs()
    settings = _train_options(options)
    seed_everything(options.seed)
    tagger = Tagger.fresh(
        encoder, LabelSet(("WORD",)), languages=sorted(texts), device=options.device, precision=options.precision,
        dropout=options.dropout,
    )  # fmt: skip
    encoded = {}
    with costs.of("encode text"), main_first():
        for language, text in texts.items():
            title, place = f"subwords of {bcp47(language)}", folder / TEXT / language
            encoded[language] = encode_text(tagger.words, text, place, held_out=options.held_out, title=title)
    table: Any = tagger.model.get_input_embeddings()
    rows = len(table.weight)
    vocabulary = Vocabulary.of(tagger.tokenizer, list(encoded.values()), rows, tagger.model.config)
    select_rows(tagger.model, vocabulary.piece_ids.tolist())
    chunks = MaskedChunks(
        [t.train for t in encoded.values()], vocabulary.new_ids, mixing=options.mixing,
        chunk_windows=options.chunk_windows,
    )  # fmt: skip
    if not any(chunks.load(i) for i in range(len(chunks.sizes))):
        raise DataError("the texts have no word whose characters the encoder knows, so there is nothing to learn from")
    masks = Masks(options.masked, vocabulary.mask_id, vocabulary.others, pad_id=vocabulary.pad_id)
    head = masked_head_of(encoder)
    if head is not None:
        head["bias"] = head["bias"][torch.from_numpy(vocabulary.piece_ids)]
    objective = MaskedWords(
        tagger, masks, vocabulary.frequencies, trained=head, rate=options.head_rate, first=options.head_first
    )

    def tested() -> dict[str, dict[str, float] | None]:
        with costs.of("test"):
            return {
                x: objective.test(t.held_out, vocabulary.new_ids, number, options.seed)
                for number, (x, t) in enumerate(encoded.items())
            }

    before = tested()  # of the fresh head, also when a killed run goes on
    result = train(tagger, chunks, objective, options=settings, folder=folder, title="masked words")
    after = tested()
    seconds = json.loads((folder / TIME).read_text("utf-8"))["seconds"]
    subwords = chunks.subwords * result.epochs
    costs.seconds["train"] = seconds
    told = {x: {"before": before[x], "after": after[x]} for x in encoded if before[x]}
    metrics = {
        "encoder": encoder,
        "steps": result.steps,
        "epochs": result.epochs,
        "texts": {language: dict(t.counts) for language, t in encoded.items()},
        "vocabulary": {"pieces": rows, "used": len(vocabulary.piece_ids)},
        "held_out": told,
        "subwords_per_second": round(subwords / seconds, 1) if seconds else None,
        "costs": {step: round(value, 3) for step, value in costs.seconds.items()},
        "notes": [note for language, t in encoded.items() for note in t.notes(bcp47(language))]
        + [
            f"{bcp47(x)}: no sentence was held out, so nothing is known of its accuracy"
            for x in encoded
            if x not in told
        ],
    }
    if main_process():
        entry = {
            "encoder": encoder if encoder == "embedded" else Path(encoder).name,
            "texts": [
                {"language": x, "sentences": t.counts["sentences"], "words": t.counts["words"]}
                for x, t in encoded.items()
            ],
            "files": [dict(f) for f in files],
            "options": to_values(options, deciding=True),
            "steps": result.steps,
        }
        save_encoder(encoder, tagger, vocabulary.piece_ids, folder / MODEL, [*pretraining_of(encoder), entry])
        _log(folder / METRICS, told, result.steps, result.epochs)
        with atomic(folder / NUMBERS) as out:
            out.write(json.dumps(metrics, indent=2, ensure_ascii=False) + "\n")
    wait_for_all()
    _tidy(folder)
    return metrics


def _tidy(folder: Path) -> None:
    """Remove what only a resume needs."""
    if main_process():
        forget(folder)
        remove_folder(folder / TEXT)


def save_encoder(
    encoder: str, tagger: Tagger, piece_ids: np.ndarray, folder: Path, trainings: Sequence[Mapping[str, Any]]
) -> None:
    """Write an encoder whose weights are those of a tagger, with the whole vocabulary that it came with.

    Args:
        encoder: where it came from.
        tagger: has its encoder, trained, with the embeddings of some pieces.
        piece_ids: which pieces these are. Shape: (n,).
        folder: appears whole or not at all.
        trainings: what the side file says.

    Raises:
        ModelError: the weights do not fit those that it came with.
    """
    whole = load_encoder(encoder, dtype=torch.float32)
    table = whole.get_input_embeddings().weight
    names = [n for n, p in whole.named_parameters(remove_duplicate=False) if p is table]
    weights = {n: w.detach().cpu() for n, w in tagger.model.base_model.state_dict().items()}
    with torch.no_grad():
        table[torch.from_numpy(piece_ids)] = [weights.pop(n) for n in names if n in weights][-1]  # all are one table
    try:
        unexpected = whole.load_state_dict(weights, strict=False).unexpected_keys
    except RuntimeError as error:
        raise ModelError(f"the encoder '{encoder}' has other weights without a head: {error}") from None
    if unexpected:
        raise ModelError(f"the encoder '{encoder}' has no {unexpected[0]} without a head")
    with atomic_folder(folder, may_replace=MODEL_FILES) as place:
        whole.save_pretrained(place)
        load_tokenizer(encoder).save_pretrained(place)
        (place / SIDE_FILE).write_text(json.dumps({"pretraining": list(trainings)}, indent=2) + "\n", "utf-8")
        (place / "README.md").write_text(_card(trainings), "utf-8")


def _card(trainings: Sequence[Mapping[str, Any]]) -> str:
    base = trainings[0]["encoder"]
    return (
        "---\nlibrary_name: transformers\ntags:\n- xlner\n---\n\n# Encoder\n\n"
        f"`{base}`. {in_words([dict(t) for t in trainings])} It has no head: it is to be trained for a task.\n"
    )


def _log(path: Path, told: Mapping[str, Mapping[str, Any]], steps: int, epochs: int) -> None:
    """Add what held-out sentences say to the lines of the training; what was added before is written anew."""
    lines = [line for line in path.read_text("utf-8").splitlines() if "held_out" not in line]
    for when, step, epoch in (("before", 0, 0), ("after", steps, epochs)):
        lines += [json.dumps({"step": step, "epoch": epoch, "held_out": x, **t[when]}) for x, t in told.items()]
    with atomic(path) as out:
        out.writelines(f"{line}\n" for line in lines)


def _train_options(options: PretrainOptions) -> TrainOptions:
    names = (
        "learning_rate", "epochs", "batch_subwords", "warmup", "weight_decay", "clip", "dropout", "freeze_embeddings",
        "freeze_layers", "precision", "seed", "checkpoint_seconds", "device",
    )  # fmt: skip
    return TrainOptions(**{name: getattr(options, name) for name in names})
