import json

import pytest
import torch
from datasets import Dataset
from transformers import BertConfig, BertForSequenceClassification, Trainer, TrainingArguments

from hf_mixtrain.errors import InputError
from hf_mixtrain.similarity import SimilarityCallback


def rows(count=12):
    generator = torch.Generator().manual_seed(0)
    ids = torch.randint(1, 30, (count, 6), generator=generator)
    return Dataset.from_dict({"input_ids": ids.tolist(), "labels": [n % 2 for n in range(count)]}).with_format("torch")


def train(folder, callbacks, **arguments):
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=30, hidden_size=8, num_hidden_layers=1, num_attention_heads=1, intermediate_size=8
    )  # fmt: skip
    model = BertForSequenceClassification(config)
    options = {"max_steps": 3, "per_device_train_batch_size": 2, "save_strategy": "no", "logging_steps": 1} | arguments
    trainer = Trainer(
        model,
        TrainingArguments(
            str(folder), report_to=[], use_cpu=True, disable_tqdm=True, dataloader_pin_memory=False, **options
        ),
        train_dataset=rows(),
        callbacks=callbacks,
    )
    trainer.train()
    logs = [
        {k: v for k, v in entry.items() if "runtime" not in k and "second" not in k}
        for entry in trainer.state.log_history
    ]
    return {name: value.clone() for name, value in model.state_dict().items()}, logs


def batches():
    found = rows()
    return {language: [found[n : n + 2]] for n, language in enumerate(("de", "sw", "zh"))}


def test_a_training_with_the_callback_is_the_same_to_the_bit(tmp_path):
    plain, plain_logs = train(tmp_path / "a", [])
    watched, watched_logs = train(tmp_path / "b", [SimilarityCallback(batches(), every=2)])
    assert all(torch.equal(plain[name], watched[name]) for name in plain)
    assert plain_logs == watched_logs


def test_numbers_and_pictures_of_the_asked_updates_are_written(tmp_path):
    callback = SimilarityCallback(batches(), every=2)
    train(tmp_path, [callback])
    assert list(callback.history) == [0, 2, 3]
    names = sorted(path.name for path in (tmp_path / "similarity").iterdir())
    assert names == sorted(f"step-00000{n}.{kind}" for n in (0, 2, 3) for kind in ("json", "png"))
    numbers = json.loads((tmp_path / "similarity" / "step-000002.json").read_text())
    assert numbers["step"] == 2
    assert numbers["before"] == callback.history[2].to_dict()["before"]
    assert numbers["before"] != callback.history[0].to_dict()["before"]


def test_only_start_and_end_are_compared_by_default(tmp_path):
    callback = SimilarityCallback(batches(), tmp_path / "maps", sketch_size=16)
    train(tmp_path / "run", [callback])
    assert list(callback.history) == [0, 3]
    assert callback.history[0].sketch_size == 16
    assert len(list((tmp_path / "maps").glob("*.png"))) == 2


def test_an_impossible_interval_is_refused():
    with pytest.raises(InputError, match=r"`every` must be 1 or more\. Got 0"):
        SimilarityCallback(batches(), every=0)
