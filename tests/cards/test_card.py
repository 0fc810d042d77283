"""Cards, whole and in parts."""

import json
import re
from pathlib import Path

import pytest
import yaml
from huggingface_hub import ModelCard
from markdown_it import MarkdownIt

from hf_mixtrain.cards import published_card, write_card
from hf_mixtrain.data import Task, load_task
from hf_mixtrain.errors import InputError
from hf_mixtrain.results import write_results

EXPECTED = Path(__file__).parent / "expected.md"


def front_matter(path):
    return yaml.safe_load(path.read_text(encoding="utf-8").split("---\n")[1])


def test_the_whole_card(cell, zero_shot, other_seed, folder):
    card = write_card(folder, cell, [zero_shot, other_seed, cell])
    assert card.read_text(encoding="utf-8") == EXPECTED.read_text(encoding="utf-8")


def test_the_card_of_a_folder_is_made_from_its_results_file(cell, folder, tmp_path):
    write_results(folder, cell)
    assert write_card(folder).read_text() == write_card(tmp_path, cell).read_text()


def test_metadata_has_the_means_and_one_score_of_each_language(cell, folder):
    metadata = front_matter(write_card(folder, cell))
    (entry,) = metadata["model-index"][0]["results"]
    assert entry["dataset"] == {
        "type": "unimelb-nlp/wikiann",
        "name": "Named entities (PAN-X, from WikiANN)",
        "split": "test",
        "revision": "b" * 40,
    }
    assert [(score["name"], score["value"]) for score in entry["metrics"]] == [
        ("F1 (seqeval) (mean over 3 languages)", 70.54),
        ("F1 (seqeval) (mean over 2 target languages)", 65.75),
        ("F1 (seqeval) (en)", 80.13),
        ("F1 (seqeval) (de)", 70.0),
        ("F1 (seqeval) (sw)", 61.5),
    ]
    assert {key: metadata[key] for key in ("language", "library_name", "pipeline_tag", "base_model")} == {
        "language": ["de", "en", "sw"],
        "library_name": "transformers",
        "pipeline_tag": "token-classification",
        "base_model": "intfloat/multilingual-e5-small",
    }
    assert metadata["datasets"] == ["unimelb-nlp/wikiann"]


def test_metadata_is_what_the_client_reads_back(cell, folder):
    results = ModelCard.load(write_card(folder, cell)).data.eval_results
    assert [one.metric_value for one in results] == [70.54, 65.75, 80.13, 70.0, 61.5]


def test_the_licence_is_the_one_given_or_that_of_the_data_and_never_the_base_models(cell, folder):
    assert "license" not in front_matter(write_card(folder, cell))
    assert "No licence is stated for this model. That of the base model is mit" in (folder / "README.md").read_text()
    assert front_matter(write_card(folder, cell, license="cc-by-4.0"))["license"] == "cc-by-4.0"
    assert "license" not in front_matter(write_card(folder, cell))
    assert front_matter(write_card(folder, cell | {"task": "xnli"}))["license"] == "cc-by-nc-4.0"


def test_the_metadata_of_48_languages_is_short(cell, folder):
    languages = load_task("panx").languages
    scores = {language: {"f1": 50.0, "precision": 50.0, "recall": 50.0} for language in languages}
    cell |= {"languages": list(languages), "scores": scores, "shot_ids": {code: ["a"] for code in languages[1:]}}
    lines = write_card(folder, cell).read_text().split("---\n")[1].splitlines()
    assert len(languages) == 48
    assert len(lines) < 150


def test_only_codes_that_the_hub_knows_are_languages(cell, folder):
    codes = ["en", "zh-Hant", "pt_br", "quy", "xx", "German", "train1"]
    cell |= {"languages": codes, "scores": {code: {"f1": 1.0} for code in codes}, "shot_ids": {}}
    assert front_matter(write_card(folder, cell))["language"] == ["en", "pt", "quy", "zh"]


@pytest.mark.parametrize("source", ["hub", "/home/me/data"])
def test_a_task_of_ones_own_has_no_word_of_other_peoples_data(cell, folder, source):
    task = Task(name="mine", title="My labels", kind="token-classification", languages=("en", "de", "sw"), metric="f1")
    cell["settings"]["data_source"] = source
    text = write_card(folder, cell | {"task": "mine"}, task=task).read_text()
    for word in ("xtreme", "XTREME", "PAN-X", "WikiANN", "Wikipedia"):
        assert word not in text.replace("run_xtreme_fewshot.py", "")


NASTY = "<script>alert(1)</script> | `x` *y* [z](http://a)\n# =cmd()\x1b[31m <!-- keep: notes -->"


def test_values_of_any_kind_are_text_on_the_card_and_it_can_be_rewritten(cell, folder):
    task = Task(name="mine", title=NASTY, kind="token-classification", languages=("en",), metric="f1")
    config = {"id2label": {"0": "O", "1": NASTY}}
    (folder / "config.json").write_text(json.dumps(config))
    cell |= {
        "task": NASTY, "model": NASTY, "languages": ["en", NASTY], "metric": NASTY, "shot_ids": {NASTY: [NASTY]},
        "scores": {code: {NASTY: 1.0, "b": 2.0} for code in ("en", NASTY)}, "versions": {NASTY: NASTY},
        "settings": {NASTY: NASTY}, "surgery": {},
    }  # fmt: skip
    card = write_card(folder, cell, task=task)
    text = card.read_text()
    assert write_card(folder, cell, task=task).read_text() == text
    body = text.split("---\n", 2)[2]
    html = MarkdownIt("commonmark", {"html": True}).enable("table").render(body)
    assert "<script" not in html
    assert "http://a" not in "".join(re.findall(r'href="([^"]*)"', html))
    assert "\x1b" not in body


def test_a_task_of_ones_own_can_be_given(cell, folder):
    task = Task(name="mine", title="My labels", kind="token-classification", languages=("en", "de", "sw"), metric="f1")
    text = write_card(folder, cell | {"task": "mine"}, task=task).read_text()
    assert "**My labels**: " in text


def test_data_that_is_not_from_the_hub_is_not_linked(cell, folder):
    cell["settings"]["data_source"] = "/home/somebody/xtreme"
    card = write_card(folder, cell)
    assert "datasets" not in front_matter(card)
    assert "wikiann" not in card.read_text()
    assert "somebody" not in card.read_text()


def test_selection_on_target_dev_data_is_said_whoever_asked_for_it(cell, folder):
    assert "No development set of a target language is used." in write_card(folder, cell).read_text()
    cell["settings"]["select_on"] = "target-dev"
    text = write_card(folder, cell).read_text()
    assert "No development set of a target language is used." not in text
    assert "chosen on a **development set of the target language**" in text


def test_models_for_each_language_are_named(cell, tmp_path):
    for language in ("de", "sw"):
        (tmp_path / language).mkdir()
        (tmp_path / language / "config.json").write_text("{}")
    assert "they are in the folders `de`, `sw`." in write_card(tmp_path, cell | {"method": "ord-fs"}).read_text()


def test_scores_on_made_up_data_say_so(cell, folder):
    cell["settings"]["data_source"] = "demo"
    text = write_card(folder, cell).read_text()
    assert "say nothing about real text" in text
    assert "PAN-X" not in text
    assert "type: demo" in text


@pytest.mark.parametrize(
    ("languages", "settings", "words"),
    [
        ("de", {}, "2 shots in German,"),
        ("de sw", {"shots_per": "class"}, "2 shots of each class each in German, Swahili,"),
        ("de sw fr es it", {}, "2 shots in each of 5 target languages,"),
    ],
)
def test_the_first_sentence_says_what_the_shots_were(cell, folder, languages, settings, words):
    cell["languages"] = ["en", *languages.split()]
    cell["scores"] = {language: {"f1": 1.0} for language in cell["languages"]}
    cell["shot_ids"] = {language: ["x", "y"] for language in languages.split()}
    cell["settings"] = settings
    assert words in write_card(folder, cell).read_text()


def test_scores_of_single_labels_are_in_the_text_alone(cell, folder):
    cell["scores"]["de"]["f1_PER"] = 33.0
    text = write_card(folder, cell).read_text()
    assert "F1 (seqeval) of PER" in text
    assert "f1_PER" not in text


def test_a_model_worse_than_zero_shot_says_so(cell, zero_shot, folder):
    assert "worse than zero-shot" not in write_card(folder, cell, [zero_shot]).read_text()
    better = zero_shot | {"scores": {code: {"f1": 99.5} for code in zero_shot["scores"]}}
    assert (
        "points worse than zero-shot (mean, target languages): kept as a result."
        in write_card(folder, cell, [better]).read_text()
    )


def test_zero_shot_card_has_neither_shots_nor_gain(zero_shot, other_seed, folder):
    text = write_card(folder, zero_shot, [zero_shot, other_seed]).read_text()
    assert "shots.json" not in text
    assert "gain" not in text
    assert "few-shot" not in front_matter(folder / "README.md")["tags"]


def test_a_run_whose_weights_were_not_kept_says_so(cell, tmp_path):
    text = write_card(tmp_path, cell).read_text()
    assert "weights of this run were not kept" in text
    assert "from_pretrained" not in text


def test_hand_written_sections_and_metadata_survive_a_rewrite(cell, zero_shot, folder):
    card = write_card(folder, cell)
    text = card.read_text().replace("<!-- keep: notes -->\n", "<!-- keep: notes -->\nCheck {{ names }} by hand.\n")
    text = re.sub("widget:\n- .*\n", "widget:\n- text: Hallo\n", text) + "\nLost.\n"
    card.write_text(text + "<!-- keep: thanks -->\nTo all.\n<!-- /keep: thanks -->\n")
    rewritten = write_card(folder, cell, [zero_shot]).read_text()
    assert "Check {{ names }} by hand." in rewritten
    assert rewritten.endswith("<!-- keep: thanks -->\nTo all.\n<!-- /keep: thanks -->\n")
    assert "Lost." not in rewritten
    assert front_matter(card)["widget"] == [{"text": "Hallo"}]
    assert write_card(folder, cell, [zero_shot]).read_text() == rewritten


@pytest.mark.parametrize(
    ("old", "message"),
    [
        ("---\na: [\n---\n", "README.md: its metadata is not YAML"),
        ("---\n- a\n---\n", "README.md: expected a model card"),
        ("# Mine\n<!-- keep: notes -->\n", "README.md:2: .* never closed"),
    ],
)
def test_a_card_that_cannot_be_read_is_left_alone(cell, folder, old, message):
    (folder / "README.md").write_text(old)
    with pytest.raises(InputError, match=message) as error:
        write_card(folder, cell)
    assert "\n" not in str(error.value)
    assert (folder / "README.md").read_text() == old


def test_unknown_method_and_broken_model_configuration_are_named(cell, folder):
    with pytest.raises(InputError, match="unknown method 'magic'"):
        write_card(folder, cell | {"method": "magic"})
    (folder / "config.json").write_text("{")
    with pytest.raises(InputError, match=r"config\.json: not a model configuration"):
        write_card(folder, cell)


def test_the_published_card_names_the_repository_and_no_folder(cell, folder):
    text = write_card(folder, cell).read_text()
    published = published_card(text, "me/ner", "v1.0")
    assert "path/to" not in published
    assert "Not yet published" not in published
    assert 'load_model("me/ner", revision="v1.0")' in published
    assert published_card(published, "me/ner", "v1.0") == published
