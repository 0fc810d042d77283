"""The pass over the data: same results on all ranks, and a Trainer that does not notice."""

import copy
import json
import os
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import torch
from transformers import TrainerCallback

from hf_mixtrain.data import data_collator, featurize
from hf_mixtrain.evaluation import evaluate_languages, predict

from .toys import make_trainer, results_of_every_kind, sentences, small_bert


class Recorder(TrainerCallback):
    def __init__(self):
        self.events = []

    def __getattribute__(self, name):
        if name.startswith("on_"):
            self.events.append(name)
        return super().__getattribute__(name)


def test_the_trainer_and_the_random_streams_are_left_as_they_were(tmp_path, tokenizer, tagging):
    recorder = Recorder()
    model = small_bert(tokenizer, labels=tagging.labels)
    trainer = make_trainer(model, tmp_path, callbacks=[recorder])
    model.train()
    model.bert.embeddings.eval()  # a part that its user has frozen
    modes = [module.training for module in model.modules()]
    before = dict(vars(trainer))
    state = copy.deepcopy(trainer.state)
    weights = {name: value.clone() for name, value in model.state_dict().items()}
    streams = random.getstate(), str(np.random.get_state()), torch.get_rng_state()
    recorder.events.clear()
    evaluate_languages(trainer, tagging, {"en": sentences(tagging, 20)}, tokenizer)
    assert recorder.events == []
    assert dict(vars(trainer)) == before
    assert trainer.state == state
    assert [module.training for module in model.modules()] == modes
    assert all(torch.equal(value, weights[name]) for name, value in model.state_dict().items())
    assert (random.getstate(), str(np.random.get_state())) == streams[:2]
    assert torch.equal(torch.get_rng_state(), streams[2])
    assert all(parameter.grad is None for parameter in model.parameters())


def test_evaluation_during_training_does_not_change_the_training(tmp_path, tokenizer, tagging):
    raw = sentences(tagging, 24)
    features = featurize(tagging, raw, tokenizer, training=True)
    seen = []

    class Evaluate(TrainerCallback):
        def on_step_end(self, args, state, control, **kwargs):
            seen.append(predict(trainer, tagging, raw, tokenizer))

    weights = []
    for callbacks in ([], [Evaluate()]):
        trainer = make_trainer(
            small_bert(tokenizer, labels=tagging.labels), tmp_path, train_dataset=features, callbacks=callbacks,
            data_collator=data_collator(tagging, tokenizer),
            args={"max_steps": 3, "learning_rate": 0.05, "save_strategy": "no", "logging_strategy": "no"},
        )  # fmt: skip
        trainer.train()
        weights.append(trainer.model.state_dict())
    assert len(seen) == 3
    assert seen[0] != seen[2]  # the model does change
    assert all(torch.equal(weights[0][name], weights[1][name]) for name in weights[0])
    assert predict(trainer, tagging, raw, tokenizer) == seen[2]


def test_batches_are_padded_to_their_longest_row_and_logits_leave_them_at_once(tmp_path, tokenizer, tagging):
    shapes = []

    def watch(module, args, kwargs, output):
        shapes.append((tuple(kwargs["input_ids"].shape), int(kwargs["attention_mask"].sum())))

    model = small_bert(tokenizer, labels=tagging.labels)
    model.register_forward_hook(watch, with_kwargs=True)
    raw = sentences(tagging, 200)
    trainer = make_trainer(model, tmp_path, batch=8)
    predict(trainer, tagging, raw, tokenizer)
    lengths = featurize(tagging, raw, tokenizer, training=False)["length"]
    assert sum(tokens for _, tokens in shapes) == sum(lengths)
    assert all(rows * width <= 8 * 32 for (rows, width), _ in shapes)
    assert sum(rows * width for (rows, width), _ in shapes) < 1.05 * sum(lengths)  # 5 % padding at most


PROGRAM = """
import json, os, sys
sys.path.insert(0, {tests!r})
from evaluation.toys import results_of_every_kind
results = results_of_every_kind({out!r})
rank = results.pop("rank")
with open(f"{out}/{{rank}}.json", "w") as file:
    file.write(json.dumps(results))
os._exit(0)  # gloo (torch 2.13) now and then aborts a process that takes itself apart
"""


def test_two_processes_give_what_one_gives_each_of_them(tmp_path):
    program = tmp_path / "program.py"
    program.write_text(PROGRAM.format(tests=str(Path(__file__).parents[1]), out=str(tmp_path)))
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2", str(program)]
    subprocess.run(launch, check=True, timeout=300, env=os.environ | {"OMP_NUM_THREADS": "1"})
    expected = results_of_every_kind(tmp_path / "alone")
    assert expected.pop("rank") == 0
    for rank in (0, 1):
        assert json.loads((tmp_path / f"{rank}.json").read_text()) == expected
    files = sorted(path.relative_to(tmp_path / "alone") for path in (tmp_path / "alone").rglob("test-*"))
    assert files
    for file in files:
        assert (tmp_path / file).read_text() == (tmp_path / "alone" / file).read_text()


def test_the_precision_is_that_of_training_and_the_weights_keep_theirs(tmp_path, tokenizer, tagging):
    kinds = []
    model = small_bert(tokenizer, labels=tagging.labels)
    model.register_forward_hook(lambda module, args, output: kinds.append(output.logits.dtype))
    raw = sentences(tagging, 10)
    full = predict(make_trainer(model, tmp_path), tagging, raw, tokenizer)
    half = predict(make_trainer(model, tmp_path, args={"bf16": True}), tagging, raw, tokenizer)
    assert set(kinds) == {torch.float32, torch.bfloat16}
    assert {parameter.dtype for parameter in model.parameters()} == {torch.float32}
    same = [a == b for one, other in zip(full, half, strict=True) for a, b in zip(one, other, strict=True)]
    assert sum(same) > 0.9 * len(same)
