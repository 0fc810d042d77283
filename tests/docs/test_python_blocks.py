"""The Python on every page runs, in the order of the page."""

import shutil

import pytest

from tests.docs.pages import PAGES, ROOT, blocks

# Run elsewhere: the program of the README and of the start page is `examples/train_from_python.py`.
_PROGRAM = ROOT.joinpath("examples", "train_from_python.py").read_text(encoding="utf-8")
# Run elsewhere: what needs a Hub, and what writes into the checkout.
_ELSEWHERE = {
    "docs/hub.md": "hub/test_release.py::test_a_release_is_made_planned_published_and_used",
    "model_cards/README.md": "hub/test_release.py::test_our_model_cards_are_generated_and_agree_with_the_registry",
}
_CARDS = [page for page in PAGES if page.startswith("model_cards/") and page not in _ELSEWHERE]

# The pages leave `dataloader_pin_memory` as Trainer does.
LIKE_TRAINER = pytest.mark.filterwarnings("ignore:'pin_memory':UserWarning")


def _code(page):
    return [code for code in blocks(page, "python") if code.strip() != _PROGRAM.strip()]


@pytest.fixture
def cells(given, encoder_dir, tmp_path):
    """The encoder that the pages name, and finished cells of three methods in `out` and `study`."""
    from hf_mixtrain.results import write_results

    shutil.copytree(encoder_dir, tmp_path / "xlm-roberta-base")
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
    for part in (given["model"], given["tokenizer"]):
        part.save_pretrained(tmp_path / "out/panx/naive-mix-train/k5/seed1")


@pytest.fixture
def adapter(cells, given, tmp_path):
    """A cell that keeps adapters, as `--lora_export adapter` does."""
    pytest.importorskip("peft")
    from hf_mixtrain.experiment.lora import Lora, copy_adapter

    model = Lora(2, 4.0, None).add(given["model"], "token-classification")
    model.save_pretrained(tmp_path / "trained")
    copy_adapter(tmp_path / "trained", tmp_path / "out/panx/mix-ft/k5/seed1", "./xlm-roberta-base")
    given["model"].config.save_pretrained(tmp_path / "out/panx/mix-ft/k5/seed1")


def run(page, names):
    for number, code in enumerate(_code(page), 1):
        exec(compile(code, f"{page}, block {number}", "exec"), names)


@LIKE_TRAINER
@pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing` is deprecated:FutureWarning")  # PEFT asks for it
@pytest.mark.parametrize("page", [page for page in PAGES if _code(page) and page not in {*_ELSEWHERE, *_CARDS}])
def test_the_python_of_a_page_runs(page, given, cells, request):
    if page == "docs/training-options.md":
        request.getfixturevalue("adapter")
    run(page, given)


@pytest.mark.parametrize("page", _CARDS)
def test_the_python_of_a_card_runs_on_a_model_with_its_labels(page, encoder_dir, tmp_path, monkeypatch, capsys):
    import transformers

    from hf_mixtrain.data import load_task
    from hf_mixtrain.prediction.reading import Reading, write_reading

    monkeypatch.chdir(tmp_path)
    config = transformers.AutoConfig.from_pretrained(ROOT.joinpath(page).parent)
    (head,) = config.architectures
    head = "AutoModel" + head.removeprefix("Bert")
    model = getattr(transformers, head).from_pretrained(encoder_dir, id2label=config.id2label)
    for part in (model, transformers.AutoTokenizer.from_pretrained(encoder_dir)):
        part.save_pretrained("path/to/this/folder")
    task = load_task(page.split("-")[3])
    reading = Reading(task.name, task.kind, {"max_length": 32}, pairs=task.name == "xnli")
    write_reading("path/to/this/folder", reading)
    run(page, {})
    assert capsys.readouterr().out


def test_code_that_runs_elsewhere_is_named_in_a_test_that_is_there():
    for page, test in _ELSEWHERE.items():
        file, name = test.split("::")
        assert _code(page)
        assert f"def {name}(" in ROOT.joinpath("tests", file).read_text(encoding="utf-8")


def test_the_program_of_the_readme_is_the_example_that_is_run():
    for page in ("README.md", "docs/start.md"):
        assert _PROGRAM.strip() in [code.strip() for code in blocks(page, "python")]


@LIKE_TRAINER
def test_a_collator_of_the_page_about_side_effects_counts_mixed_batches_alone(given, capsys):
    run("docs/trainer-internals.md", given)
    batches = given["trainer"].get_train_dataloader()
    assert capsys.readouterr().out.splitlines()[-1] == str(len(batches))
