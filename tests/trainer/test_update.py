"""One update with surgery: right over all parameters, and the same however the batch is cut."""

import copy

import pytest
import torch

from hf_mixtrain import GradientMixTrainer
from tests.trainer.tiny import MIXED, SHOTS, SOURCE, make_trainer, model, rows, train, weights


def gradient(net, examples):
    net.zero_grad()
    batch = {key: torch.tensor([row[key] for row in examples]) for key in ("input_ids", "labels")}
    net(**batch)["loss"].backward()
    return {name: p.grad.clone() for name, p in net.named_parameters() if p.grad is not None}


def test_first_update_is_the_formula_over_all_parameters_at_once(tmp_path):
    net = model()
    # Trained on the source alone, so that the shots are against it.
    trainer = make_trainer(tmp_path, net=net, train=SOURCE, surgery="none", max_steps=20, learning_rate=0.5)
    trainer.train()
    start = copy.deepcopy(net)
    trainer = make_trainer(tmp_path, net=net, train=SOURCE, max_steps=1, per_device_train_batch_size=len(SOURCE))
    language = trainer._draw(0)[0].language
    mixed, oracle = gradient(start, SOURCE), gradient(start, SHOTS[language])
    dot = sum((mixed[n] * oracle[n]).sum() for n in mixed)
    square = sum(oracle[n].square().sum() for n in mixed)
    assert dot < 0
    expected = {n: w - 1e-2 * (mixed[n] - dot / square * oracle[n]) for n, w in weights(start).items()}
    trainer.train()
    torch.testing.assert_close(weights(net), expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(("batch", "accumulation"), [(4, 2), (2, 4), (3, 3)])
def test_accumulation_does_not_change_the_update(tmp_path, batch, accumulation):
    """Rows hold 2 to 6 labelled tokens, and 26 rows end in an uneven window."""
    expected = train(tmp_path, per_device_train_batch_size=batch * accumulation, gradient_accumulation_steps=1)
    found = train(tmp_path, per_device_train_batch_size=batch, gradient_accumulation_steps=accumulation)
    torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-12)


def test_surgery_changes_the_training(tmp_path):
    with pytest.raises(AssertionError):
        torch.testing.assert_close(train(tmp_path), train(tmp_path, surgery="none"), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("plain_arguments", [False, True])
@pytest.mark.parametrize("dropout", [0.0, 0.1])
def test_without_oracles_equals_trainer_to_the_bit(tmp_path, plain_arguments, dropout):
    settings = {"max_steps": 8, "optim": "adamw_torch", "max_grad_norm": 1.0}
    net = {"hidden_dropout_prob": dropout, "dtype": torch.float32}
    stock = train(tmp_path, stock=True, net=model(**net), **settings)
    if plain_arguments:
        trainer = make_trainer(tmp_path, stock=True, net=model(**net), cls=GradientMixTrainer, **settings)
        trainer.train()
        ours = weights(trainer.model)
    else:
        ours = train(
            tmp_path, net=model(**net), oracles=None, train=[{**r, "language": "en"} for r in MIXED], **settings
        )
    assert all(torch.equal(ours[name], stock[name]) for name in stock)


@pytest.mark.parametrize("off", [{"surgery": "none"}, {"surgery_probability": 0.0}])
def test_surgery_off_equals_trainer_to_the_bit(tmp_path, off):
    stock, ours = train(tmp_path, stock=True), train(tmp_path, **off)
    assert all(torch.equal(ours[name], stock[name]) for name in stock)


def test_oracles_that_never_conflict_leave_every_bit(tmp_path):
    """The oracle is the mixed batch itself, under dropout: its pass must not touch any random stream."""
    net = {"hidden_dropout_prob": 0.1, "dtype": torch.float32}
    one_batch = {"per_device_train_batch_size": len(MIXED), "max_steps": 4, "optim": "adamw_torch"}
    same = {"de": [{**row, "language": "de"} for row in MIXED]}
    trainer = make_trainer(tmp_path, net=model(**net), oracles=same, **one_batch)
    trainer.train()
    stock = train(tmp_path, stock=True, net=model(**net), **one_batch)
    assert trainer.surgery_statistics.to_dict()["conflict_rate"] == 0
    assert all(torch.equal(weight, stock[name]) for name, weight in weights(trainer.model).items())


def test_frozen_parameters_stay_and_get_no_gradient(tmp_path):
    net = model()
    net.bert.embeddings.requires_grad_(False)
    before = weights(net)
    after = train(tmp_path, net=net)
    moved = {name for name in before if not torch.equal(before[name], after[name])}
    assert not any(name.startswith("bert.embeddings") for name in moved)
    assert "classifier.weight" in moved


# One pulls towards the first label, the other towards the second.
SOURCE_8 = [{**row, "labels": [0] * 6} for row in SOURCE[:8]]
OPPOSED = {"de": [{**row, "labels": [1] * 6} for row in SHOTS["de"]]}


class WithUnusedPart(torch.nn.Module):
    """A module before the head that no batch, or only the oracle's, passes through."""

    def __init__(self, used_by=None):
        super().__init__()
        torch.manual_seed(0)
        self.embedding = torch.nn.Embedding(32, 8, dtype=torch.float64)
        self.sometimes = torch.nn.Linear(8, 8, dtype=torch.float64)
        self.head = torch.nn.Linear(8, 3, dtype=torch.float64)
        self.used_by = used_by

    def forward(self, input_ids, labels=None):
        hidden = self.embedding(input_ids)
        if len(input_ids) == self.used_by:
            hidden = hidden + self.sometimes(hidden)
        logits = self.head(hidden)
        return {"loss": torch.nn.functional.cross_entropy(logits.flatten(0, 1), labels.flatten()), "logits": logits}


@pytest.mark.parametrize("used_by", [None, 4, 8], ids=["nobody", "oracle", "mixed batch"])
def test_parameter_without_gradient_on_one_side_shifts_no_other(tmp_path, used_by):
    """The authors' offset bug gave every parameter after one without gradient the values of another."""
    net = WithUnusedPart(used_by)
    trainer = make_trainer(tmp_path, net=net, train=SOURCE_8, oracles=OPPOSED, max_steps=1)
    before = weights(net)
    seen = {}

    def remember(name):
        def hook(p):
            seen.setdefault(name, []).append(p.grad.clone())

        return hook

    for name, p in net.named_parameters():
        p.register_post_accumulate_grad_hook(remember(name))
    trainer.train()
    change = {name: (before[name] - w) / 1e-2 for name, w in weights(net).items()}
    conflict = trainer.surgery_statistics.to_dict()["conflict_rate"]
    assert conflict == 1
    mixed, oracle = ({n: grads[i] for n, grads in seen.items() if len(grads) > 1} for i in (0, 1))
    dot = sum((mixed[n] * oracle[n]).sum() for n in mixed)
    square = sum(oracle[n].square().sum() for n in mixed)
    for name in ("embedding.weight", "head.weight", "head.bias"):
        torch.testing.assert_close(change[name], mixed[name] - dot / square * oracle[name], rtol=1e-6, atol=1e-9)
    if used_by == 8:
        torch.testing.assert_close(change["sometimes.weight"], seen["sometimes.weight"][0], rtol=1e-6, atol=1e-9)
    else:
        assert not change["sometimes.weight"].any()


class Tied(WithUnusedPart):
    def __init__(self):
        super().__init__()
        self.twin = torch.nn.Linear(8, 32, bias=False, dtype=torch.float64)
        self.twin.weight = self.embedding.weight
        self.embedding.weight.data *= 0.01  # all hidden states alike: the labels alone decide on a conflict

    def forward(self, input_ids, labels=None):
        logits = self.twin(1 + self.embedding(input_ids))
        return {"loss": torch.nn.functional.cross_entropy(logits.flatten(0, 1), labels.flatten())}


def test_tied_weights_count_once(tmp_path):
    net = Tied()
    before = copy.deepcopy(net)
    one_batch = {"train": SOURCE_8, "oracles": OPPOSED, "max_steps": 1}
    trainer = make_trainer(tmp_path, net=net, **one_batch)
    trainer.train()
    mixed, oracle = (gradient(before, examples)["embedding.weight"] for examples in (SOURCE_8, OPPOSED["de"]))
    dot = (mixed * oracle).sum()
    assert dot < 0
    expected = before.embedding.weight - 1e-2 * (mixed - dot / oracle.square().sum() * oracle)
    torch.testing.assert_close(net.embedding.weight, expected, rtol=1e-9, atol=1e-12)
    assert net.twin.weight is net.embedding.weight


def test_clipping_comes_after_surgery(tmp_path):
    trainer = make_trainer(tmp_path, max_steps=1, max_grad_norm=1e-3, logging_steps=1)
    before = weights(trainer.model)
    trainer.train()
    after = weights(trainer.model)
    moved = torch.stack([(after[n] - before[n]).norm() for n in before]).norm()
    assert moved == pytest.approx(1e-2 * 1e-3, rel=1e-3)
    # The logged norm is that of the gradient that was clipped: the projected one.
    unclipped = make_trainer(tmp_path, max_steps=1, logging_steps=1)
    start = weights(unclipped.model)
    unclipped.train()
    full = torch.stack([(w - start[n]).norm() for n, w in weights(unclipped.model).items()]).norm() / 1e-2
    assert trainer.state.log_history[0]["grad_norm"] == pytest.approx(float(full), rel=1e-6)


def test_log_has_conflict_rate_and_cosine_in_every_training_entry(tmp_path):
    trainer = make_trainer(tmp_path)
    trainer.train()
    entries = [entry for entry in trainer.state.log_history if "loss" in entry]
    assert len(entries) == 3
    for entry in entries:
        assert 0 <= entry["surgery/conflict_rate"] <= 1
        assert -1 <= entry["surgery/cosine"] <= 1
    total = trainer.surgery_statistics.to_dict()
    assert total["steps"] == 6
    assert sum(language["draws"] for language in total["languages"].values()) == 6
    assert total["cosine"] == pytest.approx(sum(entry["surgery/cosine"] for entry in entries) / 3)


def test_oracles_are_found_in_the_language_column_of_the_training_set(tmp_path):
    trainer = make_trainer(tmp_path, oracles=None)
    trainer.train()
    assert set(trainer.surgery_statistics.to_dict()["languages"]) <= {"de", "sw"}
    by_dict = train(tmp_path)
    assert all(torch.equal(weight, by_dict[name]) for name, weight in weights(trainer.model).items())


def test_large_oracle_batches_are_cut_like_the_training_batch(tmp_path):
    """Ten shots, micro-batches of 4: no pass is larger than those of the training."""
    largest = []

    class Watched(WithUnusedPart):
        def forward(self, input_ids, labels=None):
            largest.append(len(input_ids))
            return super().forward(input_ids, labels)

    shots = {"de": rows("de", 10)}
    settings = {"per_device_train_batch_size": 4, "gradient_accumulation_steps": 4, "max_steps": 1}
    trainer = make_trainer(tmp_path, net=Watched(), oracles=shots, **settings)
    trainer.train()
    assert sorted(largest[-3:]) == [3, 3, 4]
    assert max(largest) == 4
