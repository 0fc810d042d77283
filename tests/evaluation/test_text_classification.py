"""Labels of pairs."""

import random

from hf_mixtrain.evaluation import evaluate_languages, predict, score_predictions

from .toys import inferences, make_trainer, small_classifier


def test_predictions_are_those_of_the_model_row_by_row(tmp_path, tokenizer, pairs):
    raw = inferences(25)
    model = small_classifier(tokenizer, labels=pairs.labels).eval()
    by_hand = []
    for premise, hypothesis in zip(raw["premise"], raw["hypothesis"], strict=True):
        encoded = tokenizer(premise, hypothesis or None, truncation=True, max_length=24, return_tensors="pt")
        by_hand.append(pairs.labels[model(**encoded).logits[0].argmax().item()])
    assert len(set(by_hand)) > 1
    assert predict(make_trainer(model, tmp_path), pairs, raw, tokenizer) == by_hand


def test_neither_batch_size_nor_order_of_rows_changes_predictions(tmp_path, tokenizer, pairs):
    raw = inferences(25)
    model = small_classifier(tokenizer, labels=pairs.labels)
    expected = predict(make_trainer(model, tmp_path, batch=1), pairs, raw, tokenizer)
    assert predict(make_trainer(model, tmp_path, batch=50), pairs, raw, tokenizer) == expected
    order = random.Random(1).sample(range(25), 25)
    assert predict(make_trainer(model, tmp_path), pairs, raw.select(order), tokenizer) == [expected[i] for i in order]


def test_a_model_with_its_labels_in_another_order_predicts_the_same_names(tmp_path, tokenizer, pairs):
    raw = inferences(25)
    model = small_classifier(tokenizer, labels=pairs.labels)
    expected = predict(make_trainer(model, tmp_path), pairs, raw, tokenizer)
    model.config.id2label = dict(enumerate(["neutral", "contradiction", "entailment"]))
    names = dict(zip(pairs.labels, model.config.id2label.values(), strict=True))
    assert predict(make_trainer(model, tmp_path), pairs, raw, tokenizer) == [names[label] for label in expected]


def test_scores_are_percentages_of_the_rows(tmp_path, tokenizer, pairs):
    raw = inferences(25)
    gold = raw.features["label"].int2str(raw["label"][:])
    assert set(score_predictions(pairs, raw, gold).values()) == {100.0}
    half = [label if row % 5 else "?" for row, label in enumerate(gold)]
    assert score_predictions(pairs, raw, half)["accuracy"] == 80.0
    trainer = make_trainer(small_classifier(tokenizer, labels=pairs.labels), tmp_path)
    scores = evaluate_languages(trainer, pairs, {"en": raw}, tokenizer)
    assert scores["en"] == score_predictions(pairs, raw, predict(trainer, pairs, raw, tokenizer))
