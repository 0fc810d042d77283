import json

import pytest
from datasets import ClassLabel, Dataset, Features, List, Value
from huggingface_hub import constants

from hf_mixtrain.data import Task, load_fewshot, load_task, open_source
from hf_mixtrain.errors import InputError

COMMIT = "0123456789abcdef0123456789abcdef01234567"
TEXT = Value("string")


@pytest.fixture
def hub(tmp_path, monkeypatch, empty_cache):
    """The client's own cache, with files as if they had been fetched; this machine is offline."""
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))

    def put(repository: str, name: str, rows: dict, features: dict):
        folder = tmp_path / "hub" / f"datasets--{repository.replace('/', '--')}"
        (folder / "refs").mkdir(parents=True, exist_ok=True)
        (folder / "refs" / "main").write_text(COMMIT)
        path = folder / "snapshots" / COMMIT / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Dataset.from_dict(rows, features=Features(features)).to_parquet(path)

    return put


def wikiann(hub, language, words, split="test", part="00000-of-00001", names=("O", "B-PER")):
    rows = {
        "tokens": words,
        "ner_tags": [[1] * len(row) for row in words],
        "langs": [[language] * len(row) for row in words],
    }
    features = {"tokens": List(TEXT), "ner_tags": List(ClassLabel(names=list(names))), "langs": List(TEXT)}
    hub("unimelb-nlp/wikiann", f"{language}/{split}-{part}.parquet", rows, features)


def test_columns_are_mapped_ids_made_and_all_parts_of_a_split_read_in_order(hub):
    wikiann(hub, "de", [["Otto"]], part="00001-of-00002")
    wikiann(hub, "de", [["Anna"], ["Kim", "Li"]], part="00000-of-00002")
    source = open_source("hub", load_task("panx"))
    rows = source.read("de", "test")
    assert rows["tokens"][:] == [["Anna"], ["Kim", "Li"], ["Otto"]]
    assert rows["id"][:] == ["test-de-0", "test-de-1", "test-de-2"]
    assert [rows.features["tags"].feature.int2str(tags) for tags in rows["tags"]] == [
        ["B-PER"],
        ["B-PER"] * 2,
        ["B-PER"],
    ]
    assert source.origin == {"unimelb-nlp/wikiann": COMMIT}


def test_label_numbers_are_understood_by_the_names_that_the_file_gives(hub):
    wikiann(hub, "sw", [["Juma"]], names=("B-LOC", "B-ORG"))
    rows = open_source("hub", load_task("panx")).read("sw", "test")
    assert rows.features["tags"].feature.int2str(rows["tags"][0]) == ["B-ORG"]


def test_label_numbers_without_names_are_understood_by_the_task(hub):
    rows = {"premise": ["a"] * 3, "hypothesis": ["b"] * 3, "label": [0, 1, 2]}
    features = {"premise": TEXT, "hypothesis": TEXT, "label": Value("int64")}
    hub("facebook/xnli", "de/validation-00000-of-00001.parquet", rows, features)
    found = open_source("hub", load_task("xnli")).read("de", "dev")
    assert found.features["label"].int2str(found["label"]) == ["entailment", "neutral", "contradiction"]
    assert found.features["label"].names == list(load_task("xnli").labels)


def test_the_language_of_a_question_is_told_by_its_id(hub):
    answers = {"text": ["b"], "answer_start": [2]}
    ids = ["english-1-0", "swahili-2-1", "english-3-0"]
    rows = {"id": ids, "title": ["t"] * 3, "context": ["a b"] * 3, "question": ["?"] * 3, "answers": [answers] * 3}
    spans = {"text": List(TEXT), "answer_start": List(Value("int32"))}
    features = {"id": TEXT, "title": TEXT, "context": TEXT, "question": TEXT, "answers": spans}
    hub("google-research-datasets/tydiqa", "secondary_task/validation-00000-of-00001.parquet", rows, features)
    source = open_source("hub", load_task("tydiqa"))
    assert source.read("en", "test")["id"][:] == ["english-1-0", "english-3-0"]
    assert source.read("sw", "test")[0]["answers"] == answers
    with pytest.raises(InputError, match=r"tydiqa: expected test rows of 'ko', found none"):
        source.read("ko", "test")


def test_what_was_read_once_is_read_without_its_files(hub, tmp_path, empty_cache):
    wikiann(hub, "de", [["Anna"]])
    source = open_source("hub", load_task("panx"))
    source.read("de", "test")
    (path,) = (tmp_path / "hub").glob("**/*.parquet")
    path.unlink()
    assert source.read("de", "test")["tokens"][:] == [["Anna"]]


def test_a_whole_run_reads_only_the_splits_it_needs_and_says_the_commit(hub):
    for language, splits in {"en": ("train", "validation", "test"), "de": ("train", "test")}.items():
        for split in splits:
            wikiann(hub, language, [["Anna"], ["Otto"], ["Kim"]], split)
    data = load_fewshot("panx", shots=2, seed=1, languages=["de"])
    assert (len(data.mixed()), list(data.dev), list(data.test)) == (5, ["en"], ["en", "de"])
    assert data.origin == {"unimelb-nlp/wikiann": COMMIT}


def test_errors_without_network_say_what_to_do(hub):
    source = open_source("hub", load_task("xnli"))
    with pytest.raises(
        InputError, match=r"Expected the data set 'facebook/xnli' on the Hub.*HF_HUB_OFFLINE.*folder or 'demo'"
    ):
        source.read("de", "test")
    wikiann(hub, "de", [["Anna"]])
    with pytest.raises(
        InputError, match=r"expected files sw/test-\*\.parquet, found none at commit 0123456789ab.*offline"
    ):
        open_source("hub", load_task("panx")).read("sw", "test")


def test_errors_name_languages_splits_and_keys():
    source = open_source("hub", load_task("xnli"))
    with pytest.raises(
        InputError, match=r"Expected a language in the task 'xnli': en, ar.*Found 'swa'\. Did you mean 'sw'"
    ):
        source.read("swa", "test")
    assert source.has("sw", "dev")
    assert not source.has("xx", "dev")
    task = Task("own", "Own", "question-answering", ("en",), "f1", hub={"repository": "a/b"})
    with pytest.raises(InputError, match=r"Add `hub:` with `repository:` and `files:`"):
        open_source("hub", task)
    task = Task(
        "own", "Own", "question-answering", ("en",), "f1", hub={"repository": "a/b", "files": "x", "splits": {}}
    )
    with pytest.raises(InputError, match=r"has no train rows on the Hub"):
        open_source("hub", task).read("en", "train")


def line(number, form, tag, head):
    return "\t".join([str(number), form, "_", tag, "_", "_", str(head), "_", "_", "_"]) + "\n"


def test_treebanks_of_a_language_are_joined_in_the_order_of_their_files(tmp_path, empty_cache):
    for name, word in {
        "de_gsd-ud-train": "gut",
        "de_hdt-ud-train-a": "neu",
        "de_hdt-ud-train-b": "alt",
        "de_pud-ud-test": "da",
    }.items():
        (tmp_path / f"{name}.conllu").write_text(line(1, word, "ADJ", 0))
    hub = {
        "url": f"{tmp_path}/{{prefix}}-ud-{{part}}.conllu",
        "treebanks": json.loads('{"de": ["German-PUD test", "German-HDT train-a train-b dev", "German-GSD"]}'),
    }
    task = Task("own", "Own", "token-classification", ("de", "sw"), "f1", ("ADJ",), hub=hub)
    source = open_source("hub", task)
    assert source.read("de", "train")["tokens"][:] == [["gut"], ["neu"], ["alt"]]
    assert source.languages() == ["de"]
    assert list(source.origin) == ["Universal Dependencies"]
    (tmp_path / "de_gsd-ud-train.conllu").unlink()
    assert len(source.read("de", "train")) == 3  # from the cache
    with pytest.raises(InputError, match=r"Expected to fetch .*de_gsd-ud-test\.conllu.*HF_HUB_OFFLINE"):
        source.read("de", "test")
    with pytest.raises(InputError, match=r"Expected a language in the task 'own': de\. Found 'sw'"):
        source.read("sw", "train")


def test_every_language_of_udpos_has_train_and_test_treebanks_and_all_but_kazakh_dev():
    task = load_task("udpos")
    source = open_source("hub", task)
    assert source.languages() == list(task.languages)
    assert all(source.has(language, split) for language in task.languages for split in ("train", "test"))
    assert [language for language in task.languages if not source.has(language, "dev")] == ["kk"]
    assert source._urls("zh", "test")[0] == (
        "https://raw.githubusercontent.com/UniversalDependencies/UD_Chinese-CFL/r2.7/zh_cfl-ud-test.conllu"
    )
