"""The paper-exact mode against a straight-line program written after the authors' code (PAPER 1.2, 1.4)."""

import copy
import random

import pytest
import torch

from tests.trainer.tiny import MIXED, SHOTS, arguments, make_trainer, model, train, weights

BATCH, ACCUMULATION, STEPS = 2, 4, 3


def collate(examples):
    return {key: torch.tensor([row[key] for row in examples]) for key in ("input_ids", "labels")}


def straight_line(net, draws, oracle_rows, batches):
    """Flat vectors, running accumulated gradient, projection after every micro-batch, plain SGD."""
    parameters = list(net.parameters())

    def flat():
        return torch.cat([p.grad.flatten() for p in parameters])

    for step in range(STEPS):
        window = batches[step * ACCUMULATION : (step + 1) * ACCUMULATION]
        items = sum((batch["labels"] != -100).sum() for batch in window)
        running = torch.zeros(sum(p.numel() for p in parameters), dtype=torch.float64)
        for micro, batch in enumerate(window):
            net.zero_grad()
            (net(**batch).loss * (batch["labels"] != -100).sum() / items).backward()
            running = running + flat()
            draw = draws[step * ACCUMULATION + micro]
            if draw is not None:
                net.zero_grad()
                language, rows = draw
                net(**collate([oracle_rows[language][row] for row in rows])).loss.backward()
                oracle = flat()
                running = running - torch.clamp(running @ oracle / (oracle @ oracle), max=0) * oracle
        offset = 0
        with torch.no_grad():
            for p in parameters:
                p -= 1e-2 * running[offset : offset + p.numel()].view_as(p)
                offset += p.numel()
    return weights(net)


@pytest.mark.parametrize("probability", [1.0, 0.5])
def test_equals_the_straight_line_program_number_by_number(tmp_path, probability):
    settings = {
        "paper_exact": True,
        "surgery_probability": probability,
        "per_device_train_batch_size": BATCH,
        "gradient_accumulation_steps": ACCUMULATION,
        "max_steps": STEPS,
    }
    net = model()
    trainer = make_trainer(tmp_path, net=copy.deepcopy(net), **settings)
    draws, batches = [], []
    drawn, stepped = trainer._draw, trainer.get_batch_samples

    def watch_draws(micro_step):
        found = drawn(micro_step)
        draws.append((found[0].language, found[0].rows) if found else None)
        return found

    def watch_batches(*args):
        window, items = stepped(*args)
        batches.extend({key: batch[key].clone() for key in ("input_ids", "labels")} for batch in window)
        return window, items

    trainer._draw, trainer.get_batch_samples = watch_draws, watch_batches
    trainer.train()
    assert len(draws) == STEPS * ACCUMULATION
    assert (None in draws) == (probability < 1)
    oracle_rows = {**SHOTS, "en": [row for row in MIXED if row["language"] == "en"]}
    expected = straight_line(net, draws, oracle_rows, batches)
    torch.testing.assert_close(weights(trainer.model), expected, rtol=1e-9, atol=1e-12)


def test_source_is_drawn_in_batches_fixed_before_training_and_shots_as_a_whole(tmp_path):
    trainer = make_trainer(tmp_path, paper_exact=True, per_device_train_batch_size=BATCH)
    draws = [trainer._draw(micro_step)[0] for micro_step in range(300)]
    by_language = {draw.language: set() for draw in draws}
    for draw in draws:
        by_language[draw.language].add(draw.rows)
    assert by_language["de"] == by_language["sw"] == {(0, 1, 2, 3)}
    # min(K, micro-batch) = 2 rows of the 18 in the source.
    assert sorted(row for rows in by_language["en"] for row in rows) == list(range(18))


def test_shots_in_several_batches_as_for_xnli(tmp_path):
    trainer = make_trainer(tmp_path, paper_exact=True, oracle_batch_size=3)
    sizes = {len(trainer._draw(n)[0].rows) for n in range(100) if trainer._draw(n)[0].language != "en"}
    assert sizes == {3, 1}


def test_the_cut_of_a_batch_matters_in_this_mode_alone(tmp_path):
    runs = [
        train(tmp_path, surgery_scope="micro_batch", per_device_train_batch_size=b, gradient_accumulation_steps=8 // b)
        for b in (8, 2)
    ]
    with pytest.raises(AssertionError):
        torch.testing.assert_close(*runs, rtol=1e-6, atol=1e-8)


def test_one_micro_batch_a_step_makes_both_scopes_one(tmp_path):
    torch.testing.assert_close(train(tmp_path, surgery_scope="micro_batch"), train(tmp_path), rtol=0, atol=0)


def test_global_random_stream_decides_nothing(tmp_path):
    args = arguments(tmp_path, paper_exact=True)
    draws = []
    for seed in (1, 2):
        trainer = make_trainer(tmp_path, paper_exact=True)
        random.seed(seed)
        draws.append([trainer._draw(n) for n in range(5)])
    assert draws[0] == draws[1]
    assert args.surgery_scope == "micro_batch"
