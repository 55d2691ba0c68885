"""Pre-annotations through the real Label Studio: connect, import, fetch, export, and read the export.

    python3 -m venv label-studio && label-studio/bin/pip install label-studio
    python e2e/label_studio.py --label-studio label-studio/bin/label-studio --model RUN

Label Studio has a virtual environment of its own, since its libraries are not those of xlner. It runs with a local
database in a temporary folder and is stopped at the end; so is `xlner serve`, which runs in the environment of this
script. Without `--model` a tagger is served that knows the names in the 50 tasks below by heart, so that every task has
entities. Both listen on this machine alone.

What must hold, else the script fails: Label Studio connects; each task gets one prediction of the model's version; the
export, with predictions made annotations as a person who accepts them would, is read by `xlner.data.load`; and every
entity comes back at its place with its type. With `--screenshot FILE` the labelling page of one task is shown in a
browser, and what it marks is compared, too (needs playwright and Chromium).
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).resolve().parents[1]
CONFIG = """<View>
  <Labels name="names" toName="article">
    <Label value="PER" background="#bcd9f5"/>
    <Label value="Place" predicted_values="LOC" background="#c3e6cb"/>
    <Label value="ORG" background="#ffd8a8"/>
  </Labels>
  <Text name="article" value="$body"/>
</View>"""
NAME_OF_LABEL = {"PER": "PER", "Place": "LOC", "ORG": "ORG"}
USER, PASSWORD = "annotator@example.org", "only-for-this-run"

# Names and sentence patterns of our own; {0} is a person, {1} a place.
LANGUAGES = {
    "Latin": (
        ["Amina Sarki", "Józef Nowak", "Zuri Otieno", "Åsa Öberg", "Nguyễn Lan"],
        ["Kano", "Łódź", "Nairobi", "Malmö", "Huế"],
        "{0} lives in {1}.", "😀 Today {0} left {1} 👩‍👩‍👧 by train.",
    ),
    "Arabic": (
        ["ليلى حداد", "سامي منصور", "نور الدين", "هالة", "كريم"],
        ["القاهرة", "بيروت", "تونس", "عمان", "حلب"],
        "تعيش {0} في {1} .", "😀 سافر {0} إلى {1} أمس .",
    ),
    "Han": (
        ["李明", "王芳", "陈小红", "赵强", "周杰"],
        ["北京", "上海", "广州", "成都", "西安"],
        "{0}住在{1}。", "😀昨天{0}离开了{1}。",
    ),
    "Devanagari": (
        ["सीता देवी", "राम कुमार", "अनिता", "विजय सिंह", "मीना"],
        ["मुंबई", "दिल्ली", "पटना", "जयपुर", "नागपुर"],
        "{0} {1} में रहते हैं ।", "😀 कल {0} {1} से गए ।",
    ),
    "Ethiopic": (
        ["አበበ ቢቂላ", "ሰላም ተስፋዬ", "ዳዊት", "ሄለን", "ዮናስ"],
        ["አዲስ አበባ", "ጎንደር", "መቀሌ", "ሐዋሳ", "ባሕር ዳር"],
        "{0} በ {1} ይኖራል ።", "😀 {0} ትናንት ከ {1} ወጣ ።",
    ),
}  # fmt: skip


def tasks() -> list[dict[str, str]]:
    """Fifty: five scripts, two patterns, five pairs of names. Some hold several lines, one of them ending in CRLF."""
    made = []
    for script, (people, places, plain, wide) in LANGUAGES.items():
        for i, (person, place) in enumerate(zip(people, places, strict=True)):
            made.append({"script": script, "body": plain.format(person, place)})
            line = wide.format(person, places[i - 1])
            made.append({"script": script, "body": f"{line}\r\n{plain.format(person, place)}" if i % 2 else line})
    return made


def known_names(folder: Path) -> Path:
    """A model folder of a tagger that has the names of the tasks by heart: one subword per word, no context."""
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import BertConfig, BertForTokenClassification, PreTrainedTokenizerFast

    from xlner.core.labels import LabelSet
    from xlner.data import split_words

    tags = LabelSet(("LOC", "PER")).tags
    tag_of: dict[str, str] = {}
    for people, places, *_ in LANGUAGES.values():
        for names, label in ((places, "LOC"), (people, "PER")):
            for name in names:
                for i, (start, end) in enumerate(split_words(name)):
                    tag_of.setdefault(name[start:end], f"{'I' if i else 'B'}-{label}")
    vocabulary = {piece: i for i, piece in enumerate(["<pad>", "<unk>", "<s>", "</s>", *tag_of])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 2), ("</s>", 3)]
    )
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, unk_token="<unk>", pad_token="<pad>", cls_token="<s>", sep_token="</s>",
        model_max_length=256,
    )  # fmt: skip
    size = 8
    config = BertConfig(
        vocab_size=len(vocabulary), hidden_size=size, num_hidden_layers=1, num_attention_heads=1, intermediate_size=8,
        max_position_embeddings=256, id2label=dict(enumerate(tags)), label2id={t: i for i, t in enumerate(tags)},
    )  # fmt: skip
    model = BertForTokenClassification(config)
    with torch.no_grad():  # the layer adds nothing, so the head sees the word alone: one dimension per tag
        for parameter in model.bert.encoder.parameters():
            parameter.zero_()
        for module in model.bert.modules():
            if isinstance(module, torch.nn.LayerNorm):
                module.weight.fill_(1)
        vectors = model.bert.embeddings
        for embedding in (vectors.word_embeddings, vectors.position_embeddings, vectors.token_type_embeddings):
            embedding.weight.zero_()
        for piece, i in vocabulary.items():
            vectors.word_embeddings.weight[i, tags.index(tag_of.get(piece, "O"))] = 1
        model.classifier.weight.zero_()
        model.classifier.weight[:, : len(tags)] = torch.eye(len(tags)) * 3
        model.classifier.bias.zero_()
    model.save_pretrained(folder)
    fast.save_pretrained(folder)
    return folder


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextmanager
def running(command: list[str], ready: str, *, log: Path, environment: dict[str, str] | None = None) -> Iterator[None]:
    """A program that runs while the block does; the block begins when the address `ready` answers."""
    with log.open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out, env={**os.environ, **(environment or {})})
    try:
        wait_until(lambda: _answers(ready), process, log)
        yield
    finally:
        process.terminate()
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()


def _answers(address: str) -> bool:
    try:
        return httpx.get(address, timeout=5).status_code == 200
    except httpx.HTTPError:
        return False


def wait_until(
    true: Callable[[], bool], process: subprocess.Popen[bytes] | None = None, log: Path | None = None
) -> None:
    """Wait at most a quarter of an hour: a new database of Label Studio takes minutes on a busy machine."""
    until = time.monotonic() + 900
    while not true():
        if time.monotonic() > until or (process is not None and process.poll() is not None):
            raise SystemExit(f"it did not come up:\n{log.read_text('utf-8', 'replace')[-3000:] if log else ''}")
        time.sleep(0.5)


class LabelStudio:
    """What a person does in Label Studio, through its API."""

    def __init__(self, address: str) -> None:
        self.http = httpx.Client(base_url=address, timeout=120, follow_redirects=True)
        self.http.get("/user/login/")
        form = {"email": USER, "password": PASSWORD, "csrfmiddlewaretoken": self.http.cookies["csrftoken"]}
        self.http.post("/user/login/", data=form, headers={"Referer": address})
        self.http.headers["Referer"] = address

    def ask(self, method: str, path: str, **more: Any) -> Any:
        """The answer as plain values; an error stops the script."""
        headers = {"X-CSRFToken": self.http.cookies.get("csrftoken", "")}
        reply = self.http.request(method, f"/api/{path}", headers=headers, **more)
        if reply.status_code >= 400:
            raise SystemExit(f"{method} {path}: {reply.status_code} {reply.text[:2000]}")
        return reply.json() if reply.content else None

    def all_tasks(self, project: int) -> list[dict[str, Any]]:
        """The tasks of a project with their predictions, in the order of import."""
        listed = self.ask("GET", "tasks", params={"project": project, "page_size": 100, "fields": "all"})
        return sorted(listed["tasks"], key=lambda task: int(task["id"]))


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--label-studio", default="label-studio", help="the program")
    options.add_argument("--model", help="run or model folder; by default a tagger that knows the names by heart")
    options.add_argument("--screenshot", type=Path, help="PNG of the labelling page")
    args = options.parse_args()
    program = shutil.which(args.label_studio) or sys.exit(f"there is no {args.label_studio}; see the top of this file")
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        model = Path(args.model) if args.model else known_names(folder / "names")
        ours, theirs = free_port(), free_port()
        served = [sys.executable, "-m", "xlner", "serve", f"names={model}", "--port", str(ours)]
        studio = [program, "start", "--no-browser", "--port", str(theirs), "--data-dir", str(folder / "data"),
                  "--username", USER, "--password", PASSWORD, "--internal-host", "127.0.0.1"]  # fmt: skip
        environment = {
            "LATEST_VERSION_CHECK": "0",
            "COLLECT_ANALYTICS": "0",
            "SENTRY_DSN": "",
            "FRONTEND_SENTRY_DSN": "",
            "DJANGO_DB": "sqlite",
            "LABEL_STUDIO_BASE_DATA_DIR": str(folder / "data"),
            "ML_BLOCK_LOCAL_IP": "false",
            "SSRF_PROTECTION_ENABLED": "false",  # our server is on this machine
        }
        with (
            running(served, f"http://127.0.0.1:{ours}/ready", log=folder / "serve.log"),
            running(studio, f"http://127.0.0.1:{theirs}/health", log=folder / "studio.log", environment=environment),
        ):
            studio_at = LabelStudio(f"http://127.0.0.1:{theirs}")
            round_trip(studio_at, f"http://127.0.0.1:{ours}/models/names", folder, args.screenshot)


def round_trip(studio: LabelStudio, backend: str, folder: Path, screenshot: Path | None) -> None:
    """From tasks to an export that holds every entity."""
    project = studio.ask("POST", "projects", json={"title": "xlner", "label_config": CONFIG})["id"]
    connected = studio.ask("POST", "ml", json={"url": backend, "project": project, "title": "xlner"})
    print("connected:", connected["readable_state"], connected["model_version"])
    written = tasks()
    studio.ask("POST", f"projects/{project}/import", json=[{"data": task} for task in written])
    ids = [task["id"] for task in studio.all_tasks(project)]
    assert len(ids) == len(written) == 50
    studio.ask("POST", "dm/actions", params={"id": "retrieve_tasks_predictions", "project": project},
               json={"selectedItems": {"all": True, "excluded": []}})  # fmt: skip
    wait_until(lambda: all(t["total_predictions"] for t in studio.all_tasks(project)))
    predictions = {p["task"]: p for p in studio.ask("GET", "predictions", params={"project": project})}
    assert sorted(predictions) == ids, "each task has one prediction"
    assert {p["model_version"] for p in predictions.values()} == {connected["model_version"]}
    if screenshot is not None:
        look(studio, project, ids[3], predictions[ids[3]], screenshot)  # with an emoji and a CRLF
    for task in ids:  # as a person does who accepts what is shown
        studio.ask("POST", f"tasks/{task}/annotations", json={"result": predictions[task]["result"]})
    export = studio.ask("GET", f"projects/{project}/export", params={"exportType": "JSON"})
    path = folder / "export.json"
    path.write_text(json.dumps(export, ensure_ascii=False), "utf-8")
    compare(path, written, backend)


def compare(path: Path, written: list[dict[str, str]], backend: str) -> None:
    """Every entity that our server finds in the tasks is in the export, as our reader has it."""
    from xlner.data import load

    texts = [task["body"] for task in written]
    answer = httpx.post(f"{backend}/predict", json={"text": texts}, timeout=120).raise_for_status().json()
    expected = {
        text: [(s["start"], s["end"], s["label"]) for s in result["spans"]]
        for text, result in zip(texts, answer["results"], strict=True)
    }
    corpus = load(path, format="label-studio")
    read = {
        s.text: [(s.offsets[x.start][0], s.offsets[x.end - 1][1], NAME_OF_LABEL[x.label]) for x in s.spans]
        for s in corpus.sentences
    }
    missing = [text for text in expected if read.get(text) != expected[text]]
    spans = sum(map(len, expected.values()))
    back = spans - sum(len(expected[text]) for text in missing)
    print(f"{len(texts)} tasks, {spans} entities, {back} came back in their place")
    for script in LANGUAGES:
        of_script = [t["body"] for t in written if t["script"] == script]
        print(f"  {script}: {sum(len(expected[t]) for t in of_script)} entities in {len(of_script)} tasks")
    if missing or corpus.report.dropped or not spans:
        raise SystemExit(f"lost: {[(t, expected[t], read.get(t)) for t in missing]} {corpus.report.dropped}")
    print("all entities came back")


def look(studio: LabelStudio, project: int, task: int, prediction: dict[str, Any], file: Path) -> None:
    """The labelling page in a browser; what it marks is what the prediction says."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as p:
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = p.chromium.launch(executable_path=shutil.which("chromium"), args=arguments)
        context = browser.new_context(viewport={"width": 1300, "height": 800})
        address = str(studio.http.base_url).rstrip("/")
        context.add_cookies([{"name": c.name, "value": c.value or "", "url": address} for c in studio.http.cookies.jar])
        page = context.new_page()
        page.goto(f"{address}/projects/{project}/data?task={task}")
        page.locator(".htx-highlight, [class*=htx-highlight]").first.wait_for(timeout=120_000)
        page.wait_for_timeout(2000)
        page.screenshot(path=str(file))
        shown = page.locator("[class*=htx-highlight]").all_text_contents()
        browser.close()
    said = [region["value"]["text"] for region in prediction["result"]]
    print("marked in the browser:", shown)
    assert "".join(shown).replace("\n", "") == "".join(said), (shown, said)


if __name__ == "__main__":
    main()
