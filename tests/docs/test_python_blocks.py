"""The Python on every page runs, in the order of the page."""

import pytest

from tests.docs.pages import PAGES, ROOT, blocks

# Run elsewhere: the program of the README and of the start page is `examples/train_from_python.py`.
_PROGRAM = ROOT.joinpath("examples", "train_from_python.py").read_text(encoding="utf-8")


def _code(page):
    return [code for code in blocks(page, "python") if code.strip() != _PROGRAM.strip()]


@pytest.fixture
def results(tmp_path):
    """Finished cells of two methods in `out` and `study`, for the pages about reports."""
    from hf_mixtrain.results import write_results

    for folder in ("out", "study"):
        for method, shift in (("naive-mix-train", 0.0), ("gradient-mix-train", 1.0), ("mix-ft", -2.0)):
            for seed in (1, 2, 3):
                scores = {
                    name: {"f1": 60 + shift + seed + place} for place, name in enumerate(["en", "de", "sw", "zh"])
                }
                cell = {
                    "task": "panx", "method": method, "shots": 5, "seed": seed, "model": "xlm-roberta-base",
                    "languages": list(scores), "metric": "f1", "scores": scores, "settings": {}, "shot_ids": {},
                    "average": sum(one["f1"] for one in scores.values()) / len(scores), "versions": {},
                    "train_seconds": 1.0, "peak_memory_bytes": 1, "surgery": {},
                }  # fmt: skip
                write_results(tmp_path / folder / "panx" / method / "k5" / f"seed{seed}", cell)


@pytest.mark.filterwarnings("ignore:'pin_memory':UserWarning")  # the pages leave it as Trainer does
# The page about the Hub needs one: `tests/hub/test_release.py` runs it.
@pytest.mark.parametrize("page", [page for page in PAGES if _code(page) and page != "docs/hub.md"])
def test_the_python_of_a_page_runs(page, given, results):
    for number, code in enumerate(_code(page), 1):
        exec(compile(code, f"{page}, block {number}", "exec"), given)


def test_the_program_of_the_readme_is_the_example_that_is_run():
    for page in ("README.md", "docs/start.md"):
        assert _PROGRAM.strip() in [code.strip() for code in blocks(page, "python")]
