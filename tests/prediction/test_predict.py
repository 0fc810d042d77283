"""From ordinary text to spans, labels and answers."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import hf_mixtrain
from hf_mixtrain.data import load_task, open_source
from hf_mixtrain.errors import InputError
from hf_mixtrain.prediction import load_model

from .joining import joined_rows, span_f1

TEXTS = [
    "Ann visits York.",
    "",
    "  Jean-Luc visits\tHull .",
    "王伟去北京。",
    "สมชายไปเลย",
    "(Bob)",
    "Ann\u00a0visits York",
]


@pytest.fixture(scope="module")
def model(trained):
    return load_model(trained)


@pytest.mark.parametrize("language", ["en", "de", "fr", "zh", "th"])
def test_sentences_joined_to_ordinary_text_score_as_in_the_report(model, results, data_dir, language):
    texts, gold = joined_rows(open_source(data_dir, load_task("panx")).read(language, "test"))
    score = results["scores"][language]["f1"]
    assert score > 80  # there is something to lose
    within = 5 if language in ("zh", "th") else 2
    assert span_f1(hf_mixtrain.predict(model, texts), gold) == pytest.approx(score, abs=within)


def test_entities_have_the_texts_own_offsets(model):
    first, empty, spaced, chinese, thai, bracket, _ = hf_mixtrain.predict(model, TEXTS)
    assert [(e["text"], e["label"]) for e in first["entities"]] == [("Ann", "PER"), ("York", "LOC")]
    assert empty == {"text": "", "entities": []}
    assert [e["text"] for e in spaced["entities"]] == ["Jean-Luc", "Hull"]
    assert [e["text"] for e in chinese["entities"]] == ["王伟", "北京"]
    assert [e["text"] for e in thai["entities"]] == ["สมชาย", "เลย"]
    assert [bracket["text"][e["start"] : e["end"]] == e["text"] for e in bracket["entities"]] == [True]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25, deadline=None)
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=40), max_size=4))
def test_any_text_has_a_prediction_with_places_inside_it(model, texts):
    found = hf_mixtrain.predict(model, texts)
    assert [prediction["text"] for prediction in found] == texts
    for prediction in found:
        ends = 0
        for entity in prediction["entities"]:
            assert ends <= entity["start"] < entity["end"] <= len(prediction["text"])
            assert entity["text"] == prediction["text"][entity["start"] : entity["end"]]
            assert 0 <= entity["score"] <= 1
            ends = entity["end"]


def test_a_text_is_predicted_the_same_alone_and_among_others(model):
    together = hf_mixtrain.predict(model, TEXTS)
    for text, expected in zip(TEXTS, together, strict=True):
        (alone,) = hf_mixtrain.predict(model, text)
        assert [(e["start"], e["label"]) for e in alone["entities"]] == [
            (e["start"], e["label"]) for e in expected["entities"]
        ]


def test_no_text_gives_no_prediction_and_no_text_is_kept_on_disk(model, tmp_path, monkeypatch):
    monkeypatch.setenv("HF_MIXTRAIN_CACHE", str(tmp_path / "cache"))
    assert hf_mixtrain.predict(model, []) == []
    hf_mixtrain.predict(model, ["Ann visits York."])
    assert not (tmp_path / "cache").exists()


def test_a_long_text_is_read_to_its_end(model):
    text = "Ann visits York . " * 100
    (found,) = hf_mixtrain.predict(model, [text])
    assert found["entities"][-1]["start"] > len(text) - 12


def test_a_model_without_decoding_json_is_read_word_by_word(trained, tmp_path):
    for path in trained.iterdir():
        if path.suffix in (".json", ".safetensors") and path.name not in ("decoding.json", "results.json"):
            (tmp_path / path.name).write_bytes(path.read_bytes())
    loaded = load_model(str(tmp_path))
    assert loaded.reading.label_piece == "first"
    assert loaded.reading.decoding is None
    (found,) = hf_mixtrain.predict(loaded, ["Ann visits York."])
    assert {"Ann", "York"} <= {e["text"] for e in found["entities"]}


def test_tags_without_beginnings_are_words_with_their_tags(trained, tmp_path):
    for path in trained.iterdir():
        if path.suffix in (".json", ".safetensors") and path.name not in ("decoding.json", "results.json"):
            (tmp_path / path.name).write_bytes(path.read_bytes())
    config = json.loads((tmp_path / "config.json").read_text())
    config["id2label"] = {number: f"T{number}" for number in config["id2label"]}
    config["label2id"] = {name: int(number) for number, name in config["id2label"].items()}
    (tmp_path / "config.json").write_text(json.dumps(config))
    (found,) = hf_mixtrain.predict(str(tmp_path), ["Ann visits York."])
    assert [token["text"] for token in found["tokens"]] == ["Ann", "visits", "York", "."]
    assert {token["label"][0] for token in found["tokens"]} == {"T"}


def test_classifiers_give_every_label_a_probability(classifier):
    (single,) = hf_mixtrain.predict(classifier(pairs=False), ["Ann visits York."])
    assert sum(single["scores"].values()) == pytest.approx(1, abs=1e-5)
    assert single["score"] == single["scores"][single["label"]] == max(single["scores"].values())
    assert "text_pair" not in single
    pairs = [("Ann", "York"), {"text": "Bob", "text_pair": "Hull"}, {"premise": "Bob", "hypothesis": "Hull"}]
    found = hf_mixtrain.predict(classifier(pairs=True), pairs)
    assert [prediction["text_pair"] for prediction in found] == ["York", "Hull", "Hull"]
    assert found[1] == found[2]


def test_answers_are_cut_out_of_the_context(reader):
    context = "In May , Ann visits York ."
    (found,) = hf_mixtrain.predict(reader, [{"question": "Where?", "context": context}])
    assert list(found) == ["question", "context", "answer", "start", "end", "score"]
    assert found["answer"] == context[found["start"] : found["end"]]
    assert 0 < found["score"] <= 1
    (empty,) = hf_mixtrain.predict(reader, [("Where?", "")])
    assert (empty["answer"], empty["start"], empty["end"], empty["score"]) == ("", 0, 0, 0.0)


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        ([7], r"texts\[0\]: expected `text`, found 7"),
        (["a", None], r"texts\[1\]: expected `text`, found None"),
        ([{"question": "a"}], r"expected `text`, found question"),
        ([("a", "b")], r"this model reads `text`\. Found one text too many"),
        (["\ud83d"], "half of a surrogate pair"),
    ],
)
def test_inputs_that_do_not_fit_are_named(model, texts, said):
    with pytest.raises(InputError, match=said):
        hf_mixtrain.predict(model, texts)


def test_models_that_cannot_be_used_are_refused(trained, tmp_path, tokenizer):
    encoder = trained.parents[4] / "encoder"
    with pytest.raises(InputError, match=r"expected a model for tagging, classification or questions"):
        load_model(encoder)
    (tmp_path / "de").mkdir()
    (tmp_path / "de" / "config.json").write_text("{}")
    with pytest.raises(InputError, match=r"found one for each of de.*Give one of these folders"):
        load_model(tmp_path)
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=r"found no config\.json"):
        load_model(tmp_path / "empty")
    with pytest.raises(InputError, match=r"no/such: "):
        load_model("no/such")
    with pytest.raises(InputError, match=r"`batch_size` must be 1 or more"):
        load_model(trained, batch_size=0)
