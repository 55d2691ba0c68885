"""What a release is made of: an sdist, and the wheel that is built from it, installed somewhere else."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile

import pytest
import yaml
from tests.site.commands import ROOT

NEEDED = (
    "xlner/py.typed",
    "xlner/api/recipes/strong.yaml",
    "xlner/data/demo/en.train.conll",
    "xlner/data/demo/sw.raw.txt",
    "xlner/data/formats/page.html.jinja",
    "xlner/evaluate/estimator.json",
)
DATA = {".yaml", ".json", ".jinja", ".conll", ".txt", ".typed", ".md", ".html", ".js", ".css"}


def run(*words, cwd, **environment):
    done = subprocess.run(
        [sys.executable, *map(str, words)],
        cwd=cwd,
        capture_output=True,
        text=True,
        env={**{k: v for k, v in os.environ.items() if k != "PYTHONPATH"}, **environment},
    )
    assert done.returncode == 0, (done.stdout + done.stderr)[-2000:]
    return done.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The folder with sdist and wheel. The sources are copied, so that nothing is left among ours."""
    for tool in ("build", "setuptools"):
        pytest.importorskip(tool)
    folder = tmp_path_factory.mktemp("release")
    for name in ("pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md"):
        shutil.copy(ROOT / name, folder)
    shutil.copytree(ROOT / "src", folder / "src", ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    run("-m", "build", "--no-isolation", "--outdir", folder / "dist", folder, cwd=folder)
    return folder / "dist"


def test_the_wheel_has_all_data_files(built):
    (wheel,) = built.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    assert set(NEEDED) <= names
    files = {p.relative_to(ROOT / "src").as_posix() for p in (ROOT / "src" / "xlner").rglob("*") if p.suffix in DATA}
    assert files - names == set(), "name them under package-data in pyproject.toml"
    assert not [n for n in names if n.startswith("tests/")]


def test_the_sdist_has_the_sources(built):
    (sdist,) = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"pyproject.toml", "README.md", "LICENSE", *(f"src/{name}" for name in NEEDED)} <= names


def test_the_wheel_works_where_it_is_installed(built, tmp_path):
    (wheel,) = built.glob("*.whl")
    run("-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target", tmp_path / "lib", wheel, cwd=tmp_path)
    said = run("-c", "import xlner; print(xlner.__file__)", cwd=tmp_path, PYTHONPATH=str(tmp_path / "lib"))
    assert said.startswith(str(tmp_path))
    listed = run("-m", "xlner", "methods", cwd=tmp_path, PYTHONPATH=str(tmp_path / "lib"))
    assert "distill" in listed
    run("-m", "xlner", "demo", "--corpus", "corpus", cwd=tmp_path, PYTHONPATH=str(tmp_path / "lib"))
    assert len(list((tmp_path / "corpus").iterdir())) == 11


def test_versions_agree():
    spec = importlib.util.spec_from_file_location("version", ROOT / ".ci" / "version.py")
    version = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(version)
    assert version.differences() == []
    assert "the tag is v99" in version.differences("v99")[0]


def test_the_citation_is_of_its_schema():
    """The keys that the schema of CFF 1.2.0 requires, and the kinds that it knows."""
    cff = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
    assert cff["cff-version"] == "1.2.0"
    assert {"message", "title", "authors"} <= cff.keys()
    assert cff["type"] in ("software", "dataset")
    people = [*cff["authors"], *(a for r in cff["references"] for a in r["authors"])]
    assert all("name" in a or {"family-names", "given-names"} <= a.keys() for a in people)
    assert all({"type", "title", "authors"} <= r.keys() for r in cff["references"])
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert cff["license"] == project["license"]


@pytest.mark.parametrize("name", ["ci", "release"])
def test_a_workflow_runs_what_there_is(name):
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / f"{name}.yml").read_text("utf-8"))
    targets = (ROOT / "Makefile").read_text("utf-8")
    steps = [step for job in workflow["jobs"].values() for step in job.get("steps", ())]
    for step in steps:
        words = step.get("run", "").split()
        if words[:1] == ["make"]:
            assert f"\n{words[1]}:" in targets
        if words[:1] == ["python"] and words[1] != "-m":
            assert (ROOT / words[1]).is_file()
    assert all("timeout-minutes" in job or "uses" in job or name == "release" for job in workflow["jobs"].values())
    if name == "release":
        assert workflow["jobs"]["publish"]["permissions"] == {"id-token": "write"}
        assert workflow["jobs"]["publish"]["needs"] == ["checks", "build"]
