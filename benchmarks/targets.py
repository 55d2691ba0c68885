"""Every labelled target of the data folder, its types renamed to PER, ORG, LOC, others left out; and their kinship."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

from matrix import TEST
from xlner.core.types import Sentence
from xlner.data import load, write

_NAMES = {"PERSON": "PER", "pers": "PER", "ORGANIZATION": "ORG", "org": "ORG"}
_NAMES |= {"LOCATION": "LOC", "GPE": "LOC", "loc": "LOC"}

TARGETS = {
    **{name: (name, path) for name, path in TEST.items()},
    "eng-uner": ("eng", "uner/en_ewt-ud-test.iob2"),
    "swe-talbanken": ("swe", "uner/sv_talbanken-ud-test.iob2"),
    "ceb": ("ceb", "uner/ceb_gja-ud-test.iob2"),
    "tgl": ("tgl", "uner/tl_trg-ud-test.iob2"),
    **{f"{code}-pud": (code, f"uner/{short}_pud-ud-test.iob2") for code, short in (("deu", "de"), ("zho", "zh"))},
    **{
        f"{code}-wikiann": (code, f"wikiann/{short}/test")
        for code, short in (("deu", "de"), ("spa", "es"), ("fra", "fr"), ("nld", "nl"), ("por", "pt"))
    },
    "fas": ("fas", "other_ner/fa_arman/test_fold1.txt"),
    "fin": ("fin", "other_ner/fi_turku/test.tsv"),
    "hin": ("hin", "other_ner/hi_hiner/validation.conll"),
    "tha": ("tha", "other_ner/th_thainer/data_1.1.conll"),
    "tur": ("tur", "other_ner/tr_wikiner/test.conll"),
}

_BRANCHES = {  # of language families
    "Germanic": "dan deu eng nld swe pcm",  # pcm: a creole with English words
    "Romance": "fra por spa",
    "Slavic": "srp",
    "Bantu": "bbj kin lug nya sna swa tsn",  # with Grassfields (bbj), its nearest relatives
    "Kwa": "aka ewe fon twi",
    "Yoruboid": "yor",
    "Gur": "mos",
    "Mande": "bam",
    "Nilotic": "luo",
    "Chadic": "hau",
    "Malayo-Polynesian": "ceb tgl",
    "Sinitic": "zho",
    "Iranian": "fas",
    "Indo-Aryan": "hin",
    "Kra-Dai": "tha",
    "Turkic": "tur",
    "Finnic": "fin",
}
_FAMILIES = {
    **dict.fromkeys(("Germanic", "Romance", "Slavic", "Iranian", "Indo-Aryan"), "Indo-European"),
    **dict.fromkeys(("Bantu", "Kwa", "Yoruboid", "Gur", "Mande"), "Niger-Congo"),
}
BRANCHES = {language: branch for branch, languages in _BRANCHES.items() for language in languages.split()}
FAMILIES = {language: _FAMILIES.get(branch, branch) for language, branch in BRANCHES.items()}


def gold_of(args: Any, name: str, sentences: int) -> Path:
    """The first sentences of a target's test file, in the folder of runs."""
    place = args.work / f"gold-{name}.conll"
    if not place.is_file():
        args.work.mkdir(parents=True, exist_ok=True)
        language, path = TARGETS[name]
        found = load(args.data / path, language=language).sentences
        write(place, map(three_types, islice(found, sentences)))
    return place


def three_types(sentence: Sentence) -> Sentence:
    """PER, ORG and LOC by these names, nothing else."""
    named = (replace(s, label=_NAMES.get(s.label, s.label)) for s in sentence.spans)
    return sentence.with_spans(tuple(s for s in named if s.label in ("PER", "ORG", "LOC")))
