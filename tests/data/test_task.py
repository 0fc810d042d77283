from pathlib import Path

import pytest

from hf_mixtrain.data import LANGUAGES, Task, list_tasks, load_task
from hf_mixtrain.errors import InputError

RECIPES = sorted((Path(__file__).parents[2] / "recipes" / "tasks").glob("*.yaml"))
OWN = "name: own\nkind: text-classification\nlanguages: [en, de]\nmetric: accuracy\nlabels: ['no', 'yes']\n"


@pytest.mark.parametrize(("name", "languages"), [("panx", 48), ("udpos", 35), ("tydiqa", 9), ("xnli", 15)])
def test_a_task_of_the_paper_has_all_its_languages_english_first(name, languages):
    task = load_task(name)
    assert task.name == name
    assert task.languages[0] == "en"
    assert len(task.languages) == languages
    assert set(task.languages) <= LANGUAGES.keys()
    assert {"max_length", "learning_rate", "num_train_epochs"} <= task.defaults.keys()


def test_label_ids_are_those_that_the_contract_names():
    assert load_task("panx").labels == ("O", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC")
    assert load_task("xnli").labels == ("contradiction", "entailment", "neutral")
    assert len(load_task("udpos").labels) == 17
    assert load_task("tydiqa").labels == ()


def test_every_language_of_the_real_data_has_a_name_a_family_and_a_script(xtreme_dir):
    codes = {path.stem.rpartition("-")[2] for path in xtreme_dir.glob("*/test-*.tsv")}
    codes |= {path.name.split(".")[1] for path in (xtreme_dir / "xquad").glob("*.json")}
    assert codes <= LANGUAGES.keys()
    assert all(code == language.code and all(language) for code, language in LANGUAGES.items())


def test_a_code_with_a_region_or_a_script_is_its_base_language():
    assert LANGUAGES["pt-BR"] == ("pt-BR", "Portuguese (BR)", "Romance", "Latin")
    assert [LANGUAGES[code].script for code in ("zh-Hans", "sr-Latn", "sr_Cyrl")] == ["Han", "Latin", "Cyrillic"]
    assert "pt-BR" in LANGUAGES
    assert "xx-BR" not in LANGUAGES
    with pytest.raises(KeyError):
        LANGUAGES["xx"]


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_the_example_tasks_can_be_read(path):
    assert load_task(path).name == path.stem


def test_a_task_of_ones_own_needs_a_yaml_file_and_no_code(tmp_path):
    path = tmp_path / "own.yaml"
    path.write_text("\ufeff" + OWN, encoding="utf-8")
    task = load_task(str(path))
    assert (task.title, task.labels, task.languages) == ("own", ("no", "yes"), ("en", "de"))


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("langauges: [en]", r"own\.yaml: expected one of name, title.*found 'langauges'\. Did you mean 'languages'\?"),
        ("languages: [en, no]", r"expected text in `languages`, found False\. Put it in quotes"),
        ("languages: [en, en]", r"expected each entry of `languages` once, found 'en' again"),
        ("labels: [a, 1]", r"expected text in `labels`, found 1"),
        ("labels: []", r"expected `labels` for every kind but question-answering"),
        ("kind: token-clasification", r"expected `kind` to be one of.*Did you mean 'token-classification'"),
        ("shots_per: sentence", r"expected `shots_per` to be one of example, class, entity"),
        ("columns: [a]", r"expected `columns` to be a block"),
        ("columns: {tokens: 0}", r"expected columns of text-classification.*Found 'tokens'"),
        ("folder: {validation: a}", r"expected train, dev or test in `folder`, found 'validation'"),
        ("folder: {train: a.tsv}", r"expected \{language\} in each path of `folder`.*source_folder"),
        ("dev_from_train: 1.5", r"expected `dev_from_train` from 0 to below 1"),
        (
            "hub: {repositry: a/b}",
            r"expected one of repository, .* in `hub`\. Found 'repositry'\. Did you mean 'repository'",
        ),
        ("labels: [a, 'b", r"own\.yaml:\d+: expected YAML"),
        ("title: Own\ntitle: Other", r"own\.yaml: expected YAML, found 'title' twice in one block"),
        ("parallel: maybe", r"expected `parallel` to be true or false, found 'maybe'"),
        ("defaults: {max_length: long}", r"expected `max_length` in `defaults` to be a whole number, 8 or more"),
        (
            "defaults: {global_batch_size: 0}",
            r"expected `global_batch_size` in `defaults` to be a whole number, 1 or more",
        ),
    ],
)
def test_a_mistake_in_the_file_is_named(tmp_path, line, message):
    path = tmp_path / "own.yaml"
    key = line.partition(":")[0]
    others = [one for one in OWN.splitlines(keepends=True) if not one.startswith(f"{key}:")]
    path.write_text("".join(others) + line + "\n")
    with pytest.raises(InputError, match=message):
        load_task(path)


def test_what_is_missing_is_named(tmp_path):
    path = tmp_path / "own.yaml"
    for text, message in [("name: own\n", "expected `kind:`"), ("7\n", "expected `name:`, `kind:`")]:
        path.write_text(text)
        with pytest.raises(InputError, match=message):
            load_task(path)
    with pytest.raises(InputError, match=r"nowhere\.yaml: expected the YAML file of a task.*Check the path"):
        load_task(tmp_path / "nowhere.yaml")


def test_a_task_that_is_not_there_comes_with_those_that_are():
    with pytest.raises(InputError, match=r"panx, tydiqa, udpos, xnli.*Found 'tydi'\. Did you mean 'tydiqa'\?"):
        load_task("tydi")
    assert list_tasks() == ["panx", "tydiqa", "udpos", "xnli"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"kind": "classification"}, "`kind`.*Did you mean 'text-classification'"),
        ({"shots_split": "test"}, "`shots_split` of the task 'own' to be one of train, dev"),
        ({"problem_type": "multi"}, "`problem_type`"),
        ({"labels": "ab"}, "Expected texts in `labels`"),
        ({"labels": ("a", "a")}, "Expected each of `labels` of the task 'own' once"),
        ({"defaults": {"max_length": None}}, "`max_length` in `defaults`"),
    ],
)
def test_a_task_made_in_python_is_checked_too(change, message):
    values = {"kind": "text-classification", "languages": ["en"], "metric": "accuracy", "labels": ["a", "b"]} | change
    with pytest.raises(InputError, match=message):
        Task("own", "Own", **values)
