"""What the Python on the pages takes as given: a small model, its data, and finished cells."""

import pytest

from tests.experiment.tiny_task import data_dir, encoder_dir

__all__ = ["data_dir", "encoder_dir"]


@pytest.fixture
def given(encoder_dir, tmp_path, monkeypatch):
    """Return the names that a page's code may use without having made them."""
    from transformers import AutoModelForTokenClassification, AutoTokenizer, Trainer, TrainingArguments

    from hf_mixtrain.data import data_collator, featurize, load_fewshot, load_task

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HF_MIXTRAIN_CACHE", str(tmp_path / "cache"))
    task = load_task("panx")
    tokenizer = AutoTokenizer.from_pretrained(encoder_dir)
    model = AutoModelForTokenClassification.from_pretrained(encoder_dir, id2label=dict(enumerate(task.labels)))
    data = load_fewshot("panx", shots=5, seed=1, languages=["de", "sw"], source="demo", max_source_examples=20)
    features = {name: featurize(task, rows, tokenizer, training=True) for name, rows in data.shots.items()}
    plain = TrainingArguments(output_dir=str(tmp_path / "plain"), use_cpu=True, dataloader_pin_memory=False)
    return {
        "__name__": "page",
        "trainer": Trainer(model=model, args=plain),
        "model": model,
        "tokenizer": tokenizer,
        "collator": data_collator(task, tokenizer),
        "mixed": featurize(task, data.mixed(), tokenizer, training=True),
        "shots_de": features["de"],
        "shots_sw": features["sw"],
    }
