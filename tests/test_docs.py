"""Pages say what the code says: tables are printed, links lead somewhere, figures are with their commands.

`python tests/test_docs.py` writes the tables of rules, of NumPy's functions and of mistakes anew.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import engine
import engine.rules
from engine.arrays.page import page as page_of_functions
from nn.diagnosis import mistakes
from nn.diagnosis.mistakes.page import page as page_of_mistakes

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("engine", "viz", "nn")
PAGES = sorted(
    [ROOT / "README.md", *(ROOT / ".github").glob("*.md"), ROOT / "tests" / "benchmarks" / "README.md"]
    + [path for package in PACKAGES for path in (ROOT / package).rglob("*.md")]
)
RULES = ROOT / "engine" / "RULES.md"
FUNCTIONS = ROOT / "engine" / "arrays" / "FUNCTIONS.md"
MISTAKES = ROOT / "nn" / "diagnosis" / "mistakes.md"
BENCHMARKS = ROOT / "tests" / "benchmarks"


def text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def title(path: Path) -> str:
    return str(path.relative_to(ROOT))


# --- the first page ----------------------------------------------------------------------------------------------


def test_the_first_page_is_short():
    lines = text(ROOT / "README.md").splitlines()
    assert len(lines) <= 120
    assert max(map(len, lines)) <= 140


def test_the_first_page_leads_to_every_other():
    """By links, over as many pages as it takes."""
    reached, ahead = set(), [ROOT / "README.md"]
    while ahead:
        page = ahead.pop()
        if page not in reached:
            reached.add(page)
            ahead += [path for path, _ in links(page) if path.suffix == ".md"]
    assert {title(path) for path in PAGES} - {title(path) for path in reached} == set()


# --- links -------------------------------------------------------------------------------------------------------


def links(page: Path) -> list[tuple[Path, str]]:
    """The files that a page links to, pictures too, and the headings in them."""
    prose = re.sub(r"```.*?```|`[^`\n]*`(?!\])", "", text(page), flags=re.DOTALL)
    targets = re.findall(r"\]\(([^)\s]+)\)", prose)
    parts = [target.partition("#") for target in targets if not re.match(r"https?://|mailto:", target)]
    return [((page.parent / path).resolve() if path else page, heading) for path, _, heading in parts]


def headings(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    titles = re.findall(r"^#+ (.*)$", text(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in titles}


@pytest.mark.parametrize("page", PAGES, ids=title)
def test_links_lead_somewhere(page):
    for path, heading in links(page):
        assert path.exists(), f"{title(page)} links to {path}"
        assert not heading or heading in headings(path), f"{title(page)} links to #{heading} in {path}"


# --- tables ------------------------------------------------------------------------------------------------------


def test_the_table_of_rules_is_the_rules():
    assert text(RULES).endswith(f"\n\n{engine.rules.table()}\n")


def test_the_table_of_numpys_functions_is_what_is_done_with_them():
    assert text(FUNCTIONS).endswith(f"\n\n{page_of_functions()}\n")


def test_the_table_of_mistakes_is_the_mistakes():
    assert text(MISTAKES) == page_of_mistakes()
    assert f"{len(mistakes.MISTAKES)} mistakes" in text(MISTAKES.parent / "README.md")


def columns(script: Path) -> set[tuple[str, ...]]:
    """The headings of the tables that a script prints; the last may be followed by others."""
    assigned = [n for n in ast.parse(text(script)).body if isinstance(n, ast.Assign)]
    named = [n for n in assigned if isinstance(n.targets[0], ast.Name) and n.targets[0].id.endswith("COLUMNS")]
    return {ast.literal_eval(n.value) for n in named}


def test_every_table_of_measurements_is_printed_by_its_script():
    sections = re.split(r"^## (\w+\.py)$", text(BENCHMARKS / "README.md"), flags=re.MULTILINE)
    scripts = dict(zip(sections[1::2], sections[2::2]))
    assert set(scripts) == {path.name for path in BENCHMARKS.glob("*_*.py")}
    for script, section in scripts.items():
        assert f"python tests/benchmarks/{script}" in section
        for heading in re.findall(r"^\| (.*) \|\n\|(?:---\|)+$", section, re.MULTILINE):
            cells = tuple(heading.split(" | "))
            assert any(cells[: len(known)] == known for known in columns(BENCHMARKS / script)), (script, heading)


def test_figures_of_the_first_page_are_measured():
    measured = text(BENCHMARKS / "README.md")
    for figure in ("0.92", "208", "99.9%"):
        assert figure in text(ROOT / "README.md")
        assert figure in measured


def test_the_compiler_is_made_wrong_in_places_that_it_has():
    """So that a change of the compiler brings the list of `bench_mutations.py` up to date."""
    sources = [text(path) for path in (ROOT / "engine").rglob("*.py")]
    assigned = [n for n in ast.parse(text(BENCHMARKS / "bench_mutations.py")).body if isinstance(n, ast.Assign)]
    lists = {ast.unparse(n.targets[0]): n.value for n in assigned}
    mutations = [m for name in ("MUTATIONS", "FOR_JAX") for m in ast.literal_eval(lists[name])]
    gone = [what for what, old, new in mutations if [s.count(old) for s in sources if old in s] != [1] or old == new]
    assert gone == []
    for page in (BENCHMARKS / "README.md", ROOT / "engine" / "lifting" / "README.md"):
        assert f"wrong in {len(mutations)} ways" in text(page)


# --- what is shipped, and its name -------------------------------------------------------------------------------


@pytest.fixture
def project():
    """What pyproject.toml says; with Python 3.10 nothing reads it."""
    return pytest.importorskip("tomllib").loads(text(ROOT / "pyproject.toml"))


def test_the_version_is_in_one_place(project):
    assert "version" in project["project"]["dynamic"]
    assert project["tool"]["setuptools"]["dynamic"]["version"] == {"attr": "engine.version.__version__"}
    assert re.fullmatch(r"\d+\.\d+\.\d+", engine.__version__)
    assert f"**{engine.__version__}**" in text(ROOT / "README.md")


def test_what_pages_and_packages_need_is_shipped(project):
    shipped = project["tool"]["setuptools"]["package-data"]["*"]
    files = [path for package in PACKAGES for path in (ROOT / package).rglob("*.*") if path.is_file()]
    data = [path for path in files if path.suffix not in (".py", ".pyc")]
    assert [title(path) for path in data if not any(path.match(pattern) for pattern in shipped)] == []


def test_the_project_speaks_of_itself_only():
    ours = [path for name in (*PACKAGES, "tests") for path in (ROOT / name).rglob("*.*")]
    ours += [*PAGES, ROOT / "pyproject.toml", ROOT / ".ci" / "run", ROOT / ".pre-commit-config.yaml"]
    for path in ours:
        if path.suffix in (".py", ".md", ".mjs", ".toml", ".yaml", ""):
            assert not re.search(r"/(?:work|root|farm)/", text(path).replace(r"/(?:work|root|farm)/", "")), path


if __name__ == "__main__":
    RULES.write_text(text(RULES).partition("\n\n|")[0] + f"\n\n{engine.rules.table()}\n", encoding="utf-8")
    FUNCTIONS.write_text(text(FUNCTIONS).partition("\n\n|")[0] + f"\n\n{page_of_functions()}\n", encoding="utf-8")
    MISTAKES.write_text(page_of_mistakes(), encoding="utf-8")
