"""Which public data sets read without options: real files where they are at hand, else our own words in their layout.

    python benchmarks/public_formats.py

Of the data sets in --data each labelled file is read; the counts of sentences are held against those that its README
gives. Of the others no file is here. A few lines of our own stand for them, in the layout that their makers describe;
what is read must be the words and entities that those lines mean.
"""

# ruff: noqa: E501 - a data set is one line of the table

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from common import parser, write_results
from xlner.core.tags import iob2
from xlner.data import load
from xlner.errors import XlnerError

PER_LOC = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC"]


@dataclass(frozen=True)
class Layout:
    """A data set of which no file is here.

    Args:
        name: of the data set.
        file: name of a file as its makers name them.
        layout: how a file looks, in words.
        content: a few lines of our own in that layout.
        meaning: the words and their tags, a sentence per line.
        options: what `load` must be told where it cannot know.
        remark: what else to know.
    """

    name: str
    file: str
    layout: str
    content: str
    meaning: str
    options: dict[str, Any] = field(default_factory=dict)
    remark: str = ""


def record(**values: Any) -> str:
    return json.dumps(values, ensure_ascii=False) + "\n"


ZURI = "Zuri/B-PER ran/O to/O Oyo/B-LOC"
TREEBANK = "".join(
    f"{i}\t{w}\t{w}\tX\t_\t_\t0\tdep\t_\tname={t}\n"
    for i, (w, t) in enumerate((("Zuri", "B-PER"), ("Okello", "I-PER"), ("ran", "O")), 1)
)
LAYOUTS = [
    Layout("WNUT-17", "emerging.dev.conll", "word TAB tag", "Zuri\tB-person\nran\tO\n\n@oyo\tO\nlol\tO\n", "Zuri/B-person ran/O\n@oyo/O lol/O"),
    Layout("OntoNotes, CoNLL-2012", "a.gold_conll", "12 columns by spaces, entities as brackets, speaker and coreference beside them", "#begin document (own/a); part 000\nown/a 0 0 Zuri NNP * - - - - (PERSON) -\nown/a 0 1 ran VBD * - - - - * -\n\n#end document\n", "Zuri/B-PERSON ran/O"),
    Layout("GermEval 2014", "NER-de-dev.tsv", "number TAB word TAB outer tag TAB inner tag, a # line with the source", "#\town [2020-01-01]\n1\tZuri\tB-PER\tO\n2\tran\tO\tO\n3\tto\tO\tO\n4\tOyo\tB-ORG\tB-LOC\n5\tWorks\tI-ORG\tO\n", "Zuri/B-PER ran/O to/O Oyo/B-ORG Works/I-ORG"),
    Layout("WikiNEuRal", "train.conllu", "number from 0 TAB word TAB tag", "0\tZuri\tB-PER\n1\tran\tO\n\n0\tOyo\tB-LOC\n1\tis\tO\n2\tbig\tO\n", "Zuri/B-PER ran/O\nOyo/B-LOC is/O big/O"),
    Layout("MultiNERD, TSV", "train_en.tsv", "number TAB word TAB tag", "0\tZuri\tB-PER\n1\tran\tO\n\n0\tOyo\tB-LOC\n1\tis\tO\n", "Zuri/B-PER ran/O\nOyo/B-LOC is/O"),
    Layout("MultiNERD, JSON lines", "train_en.jsonl", "tokens, ner_tags as numbers, lang", record(tokens=["Zuri", "ran"], ner_tags=[1, 0], lang="en"), "Zuri/B-PER ran/O", {"labels": PER_LOC}),
    Layout("MultiCoNER", "en-dev.conll", "word _ _ tag by spaces, a # id line", "# id 1a\tdomain=en\nzuri _ _ B-PER\nran _ _ O\n\n# id 2b\tdomain=en\noyo _ _ B-LOC\n", "zuri/B-PER ran/O\noyo/B-LOC"),
    Layout("Few-NERD, supervised", "train.txt", "word TAB bare type with subtype", "Zuri\tperson-actor\nOkello\tperson-actor\nran\tO\n", "Zuri/B-person-actor Okello/I-person-actor ran/O"),
    Layout("Few-NERD, episodes", "train_5_1.jsonl", "support and query with word and label lists", record(support={"word": [["Zuri", "ran"]], "label": [["person-actor", "O"]]}, query={"word": [["Oyo"]], "label": [["O"]]}, types=["person-actor"]), "Zuri/B-person-actor ran/O\nOyo/O"),
    Layout("KIND", "wikinews_train.tsv", "word TAB bare type", "Zuri\tPER\nran\tO\nto\tO\nOyo\tLOC\n", ZURI),
    Layout("HIPE 2020 and 2022", "HIPE-2022-v2.1-own-dev-en.tsv", "ten columns by TAB under a header, tags second, # lines", "TOKEN\tNE-COARSE-LIT\tNE-COARSE-METO\tNE-FINE-LIT\tNE-FINE-METO\tNE-FINE-COMP\tNE-NESTED\tNEL-LIT\tNEL-METO\tMISC\n# hipe2022:document_id = own\nZuri\tB-pers\tO\tB-pers.ind\tO\tO\tO\t_\t_\t_\nran\tO\tO\tO\tO\tO\tO\t_\t_\tEndOfLine\n", "Zuri/B-pers ran/O", {"token_column": 0, "tag_column": 1}),
    Layout("Europeana Newspapers, BIO", "enp_NL.kb.bio", "word tag by a space", "Zuri B-PER\nran O\nto O\nOyo B-LOC\n", ZURI),
    Layout("Europeana Newspapers, TSV", "enp_DE.onb.tsv", "number TAB word TAB tag TAB nested tag, # lines", "# own\n1\tZuri\tB-PER\tO\n2\tran\tO\tO\n3\tto\tO\tO\n4\tOyo\tB-LOC\tO\n", ZURI),
    Layout("BC5CDR, PubTator", "CDR_DevelopmentSet.PubTator.txt", "id|t|title, id|a|abstract, then offsets by TAB", "7|t|Zuri had malaria\n7|a|She ran to Oyo .\n7\t9\t16\tmalaria\tDisease\tD1\n", "Zuri/O had/O malaria/B-Disease"),
    Layout("BC5CDR, as CoNLL columns", "devel.tsv", "word TAB tag", "Zuri\tO\nhad\tO\nmalaria\tB-Disease\n", "Zuri/O had/O malaria/B-Disease"),
    Layout("NCBI disease, as BioBERT has it", "train.tsv", "word TAB bare letter B, I or O", "Zuri\tO\nhad\tO\nriver\tB\nfever\tI\n", "Zuri/O had/O river/B-ENTITY fever/I-ENTITY", remark="`--map ENTITY=Disease` names the type"),
    Layout("CrossNER", "dev.txt", "word TAB tag", "Zuri\tB-politician\nOkello\tI-politician\nran\tO\n", "Zuri/B-politician Okello/I-politician ran/O"),
    Layout("MIT movie and restaurant", "engtrain.bio", "tag TAB word", "B-ACTOR\tzuri\nI-ACTOR\tokello\nO\tmovies\n\nO\tany\nB-GENRE\tdrama\n", "zuri/B-ACTOR okello/I-ACTOR movies/O\nany/O drama/B-GENRE", {"token_column": 1, "tag_column": 0}),
    Layout("TweetNER7", "2020.dev.json", "tokens and tags as numbers; their names in label.json", record(tokens=["Zuri", "{{URL}}"], tags=[1, 0]), "Zuri/B-PER {{URL}}/O", {"labels": PER_LOC}),
    Layout("KLUE-NER", "klue-ner-v1.1_dev.tsv", "character TAB tag, spaces are lines of their own, ## lines with the sentence", "## 문장 구분자 : own\n## own_dev_00000\t<주리:PS>가 감\n주\tB-PS\n리\tI-PS\n가\tO\n \tO\n감\tO\n", "주/B-PS 리/I-PS 가/O 감/O"),
    Layout("MSRA, BIO", "msra_train_bio.txt", "character TAB tag", "小\tB-PER\n林\tI-PER\n去\tO\n", "小/B-PER 林/I-PER 去/O"),
    Layout("SIGHAN and MSRA, inline", "train1.txt", "words with /nr, /ns, /nt, /o behind each", "小林/nr 去/o 上海/ns\n", "小林/B-nr 去/O 上海/B-ns"),
    Layout("Weibo NER", "weiboNER.conll.dev", "character with its number in the word TAB tag", "小0\tB-PER.NAM\n林1\tI-PER.NAM\n去0\tO\n", "小0/B-PER.NAM 林1/I-PER.NAM 去0/O", remark="the number stays in the word"),
    Layout("CLUENER", "dev.json", "text; label -> type -> text -> [first, last]", record(text="小林去上海", label={"name": {"小林": [[0, 1]]}, "address": {"上海": [[3, 4]]}}), "小/B-name 林/I-name 去/O 上/B-address 海/I-address"),
    Layout("NorNE", "no_bokmaal-ud-dev.conllu", "CoNLL-U, name= in MISC", "# sent_id = 1\n# text = Zuri Okello ran\n" + TREEBANK, "Zuri/B-PER Okello/I-PER ran/O"),
    Layout("DaNE", "dane_dev.conllu", "CoNLL-U, name= in MISC beside SpaceAfter", TREEBANK.replace("name=O", "SpaceAfter=No|name=O"), "Zuri/B-PER Okello/I-PER ran/O"),
    Layout("FiNER (Finnish)", "digitoday.2014.dev.csv", "word TAB tag TAB nested tag", "Zuri\tB-ORG\tB-PER\nTehdas\tI-ORG\tO\non\tO\tO\nsuuri\tO\tO\n", "Zuri/B-ORG Tehdas/I-ORG on/O suuri/O"),
    Layout("LeNER-Br", "train.conll", "word tag by a space", "Zuri B-PESSOA\nOkello I-PESSOA\nran O\n", "Zuri/B-PESSOA Okello/I-PESSOA ran/O"),
    Layout("CoNLL-2003, original", "eng.testb", "word POS chunk tag in IOB1, -DOCSTART- lines", "-DOCSTART- -X- O O\n\nZuri NNP I-NP I-PER\nran VBD I-VP O\n\nOyo NNP I-NP I-LOC\n", "Zuri/B-PER ran/O\nOyo/B-LOC"),
    Layout("Wikigold", "wikigold.conll.txt", "word tag by a space, I- alone", "Zuri I-PER\nOkello I-PER\nran O\n", "Zuri/B-PER Okello/I-PER ran/O"),
    Layout("HAREM, first collection", "CDPrimeiroHAREM.xml", "XML elements around the entities", "<DOC><EM CATEG=\"PESSOA\">Zuri</EM> ran</DOC>\n", "Zuri/B-PESSOA ran/O"),
    Layout("Naamapadam, IndicNER", "hi_test.json", "words and ner lists, JSON lines", record(words=["मीरा", "पुणे", "में"], ner=["B-PER", "B-LOC", "O"]), "मीरा/B-PER पुणे/B-LOC में/O"),
    Layout("GMB on Kaggle", "ner_dataset.csv", "commas, a header, the sentence named on its first word", "Sentence #,Word,POS,Tag\nSentence: 1,Zuri,NNP,B-per\n,ran,VBD,O\n", "Zuri/B-per ran/O"),
    Layout("brat standoff", "a.ann", "entities apart from their text", "T1\tPER 0 4\tZuri\n", "Zuri/B-PER ran/O"),
]  # fmt: skip

# Folder pattern, data set, layout, and what the README counts, by language: train, dev, test.
CONLL = {"en": (14041, 3250, 3453), "de": (12152, 2867, 3005), "es": (8323, 1915, 1517), "nl": (15806, 2895, 5195)}


def real_files(data: Path) -> list[tuple[str, str, Path, int | None]]:
    """Data set, layout, file, and how many sentences the README says it has."""
    found: list[tuple[str, str, Path, int | None]] = []
    for language, counts in CONLL.items():
        for part, count in zip(("train", "valid", "test"), counts, strict=True):
            for path in sorted((data / "conll" / language).glob(f"*{part}*")) or sorted(
                (data / "conll" / language).glob("*dev*") if part == "valid" else []
            ):
                found.append((f"CoNLL-2002/03 {language}", "word tag by a space", path, count))
    found += [
        ("CoNLL-2003 en, IOB1", "word POS chunk tag", p, 3250) for p in (data / "conll" / "en_iob1").glob("*testa*")
    ]
    for folder in sorted((data / "wikiann").glob("*")):
        for path in sorted(p for p in folder.iterdir() if p.is_file()):
            count = 20000 if "train" in path.name else 10000
            found.append((f"WikiAnn {folder.name}", "word TAB tag, some with en: before the word", path, count))
    for folder in sorted((data / "masakhaner2").glob("*")):
        found += [
            (f"MasakhaNER 2 {folder.name}", "word tag by a space", p, None)
            for p in sorted(folder.iterdir())
            if p.is_file()
        ]
    for path in sorted(p for p in (data / "uner").rglob("*") if p.is_file() and p.suffix not in (".md", "")):
        found.append(("Universal NER", "five columns by TAB, # text", path, 1000 if "pud" in path.name else None))
    found += [("Europarl NER", "word tag", p, 799) for p in sorted((data / "europarl_ner").glob("*.conll02"))]
    for path in sorted(p for p in (data / "other_ner").rglob("*") if p.is_file() and p.suffix != ".md"):
        found.append((f"other_ner {path.relative_to(data / 'other_ner').parts[0]}", "see the file", path, None))
    return found


def read_real(name: str, layout: str, path: Path, wanted: int | None, data: Path) -> dict[str, Any]:
    told: dict[str, Any] = {
        "data set": name,
        "layout": layout,
        "file": str(path.relative_to(data)),
        "from": "its makers",
    }
    try:
        report = load(path).report
    except XlnerError as error:
        return told | {"reads": "no", "error": str(error).replace(str(data), "")[:200]}
    return told | {
        "reads": "yes",
        "format": report.format,
        "scheme": report.scheme,
        "sentences": report.sentences,
        "README": wanted,
        "entities": report.entities,
        "left_out": report.reasons,
        "broken": len(report.broken),
        "notes": [note.replace(str(data), "") for note in report.notes],
    }


def read_layout(item: Layout, place: Path) -> dict[str, Any]:
    place.mkdir(parents=True, exist_ok=True)
    path = place / item.file
    path.write_text(item.content, "utf-8")
    told: dict[str, Any] = {"data set": item.name, "layout": item.layout, "file": item.file, "from": "our own words"}
    reads, error = "no", ""
    for options in ({}, item.options):
        try:
            corpus = load(path, **options)
        except XlnerError as raised:
            error = error or str(raised).replace(str(place), "").lstrip("/")[:200]
            continue
        got = [
            " ".join(f"{w}/{t}" for w, t in zip(s.words, iob2(s) if s.labelled else ["_"] * len(s), strict=True))
            for s in corpus
        ]
        if got == item.meaning.split("\n"):
            reads = "with " + ", ".join(f"`{name}`" for name in options) if options else "yes"
            told |= {
                "format": corpus.report.format,
                "left_out": corpus.report.reasons,
                "notes": list(corpus.report.notes),
            }
            break
        error = error or f"read as {corpus.report.format}" + ("" if corpus.report.types else ", without entities")
    told["notes"] = [*told.get("notes", []), *([item.remark] if item.remark else [])]
    return told | {"reads": reads} | ({"error": error} if reads == "no" else {})


def table(rows: list[dict[str, Any]]) -> str:
    names: dict[str, list[dict[str, Any]]] = {}
    bar = "\\|"
    for row in rows:
        names.setdefault(row["data set"], []).append(row)
    plain = sum(all(r["reads"] == "yes" for r in group) for group in names.values())
    told = sum(any(r["reads"].startswith("with") for r in group) for group in names.values())
    lines = [
        "# Which public data sets read without options",
        "",
        f"{len(names)} data sets or layouts of them: {plain} read without options, {told} with the options named, "
        f"{len(names) - plain - told} not.",
        "",
        "*its makers*: the files themselves, whole. *our own words*: no file is here; a few lines of ours in the layout that the makers",
        "describe. Such lines show that the layout is known, not that every file of the data set is free of faults.",
        "",
        "In conll/de/train.txt one line between sentences is empty where the others hold a space. It ends a sentence, too, so there is one",
        "more than the README counts.",
        "",
        "| data set | layout | from | reads without options | sentences (README) | entities | left out, broken, notes |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, group in names.items():
        reads = sorted({r["reads"] for r in group})
        sentences = "+".join(f"{r['sentences']}" for r in group if "sentences" in r)
        wanted = "+".join(str(r["README"]) for r in group if r.get("README"))
        entities = sum(r.get("entities", 0) for r in group) or ""
        left: dict[str, int] = {}
        for r in group:
            for reason, n in (r.get("left_out") or {}).items():
                left[reason] = left.get(reason, 0) + n
        broken = sum(r.get("broken", 0) for r in group)
        remarks = [f"{n} {reason}" for reason, n in left.items()] + ([f"{broken} broken sequences"] if broken else [])
        remarks += (
            sorted({n for r in group for n in r.get("notes") or []})[:3]
            + [r["error"] for r in group if "error" in r][:1]
        )
        lines.append(
            f"| {name} | {group[0]['layout'].replace('|', bar)} | {group[0]['from']} | {', '.join(reads)} | "
            f"{sentences}{f' ({wanted})' if wanted else ''} | {entities} | {'; '.join(remarks).replace('|', bar)} |"
        )
    return "\n".join(lines)


def main() -> None:
    args = parser(__doc__.splitlines()[0]).parse_args()  # type: ignore[union-attr]
    rows = [read_real(*item, args.data) for item in real_files(args.data)]
    for row in rows:
        if row.get("README") and row["README"] != row.get("sentences"):
            print(f"{row['file']}: {row.get('sentences')} sentences, {row['README']} in the README")
    rows += [read_layout(item, args.work / "public_formats") for item in LAYOUTS]
    write_results(args.results, "public_formats", {"files": rows}, table(rows))


if __name__ == "__main__":
    main()
