import pytest

from hf_mixtrain.data import Task, load_task, open_source
from hf_mixtrain.errors import InputError

LABELS = ("O", "B-PER")
FOLDER = {split: f"own/{split}-{{language}}.tsv" for split in ("train", "dev", "test")}
TASK = Task("own", "Own", "token-classification", ("en", "sw", "de"), "f1", LABELS, folder=FOLDER)


@pytest.fixture
def folder(tmp_path):
    for name in ("train-en", "dev-en", "test-en", "train-de", "test-de", "train-xx", "test-pt-br", "notes"):
        (tmp_path / "own").mkdir(exist_ok=True)
        (tmp_path / "own" / f"{name}.tsv").write_text("Anna\tB-PER\n\nkam\tO\n")
    return tmp_path


def test_languages_are_found_from_the_files_those_of_the_task_first(folder):
    assert open_source(folder, TASK).languages() == ["en", "de", "pt-br", "xx"]


def test_rows_say_which_file_line_and_language_they_are_from(folder):
    rows = open_source(folder, TASK).read("de", "train")
    assert rows["id"][:] == ["train-de-0", "train-de-1"]
    assert rows["language"][:] == ["de", "de"]
    assert rows.features["tags"].feature.names == list(LABELS)


def test_a_file_that_was_read_once_is_read_from_the_cache_until_it_changes(folder, empty_cache):
    source = open_source(str(folder), TASK)
    source.read("de", "train")
    (made,) = (empty_cache / "rows").glob("*.arrow")
    before = made.stat().st_mtime_ns
    assert source.read("de", "train")["tokens"][:] == [["Anna"], ["kam"]]
    assert made.stat().st_mtime_ns == before
    (folder / "own" / "train-de.tsv").write_text("Otto\tB-PER\n")
    assert source.read("de", "train")["tokens"][:] == [["Otto"]]


def test_other_labels_do_not_find_the_rows_of_these(folder):
    open_source(folder, TASK).read("de", "train")
    turned = Task("own", "Own", "token-classification", ("en", "de"), "f1", LABELS[::-1], folder=FOLDER)
    assert open_source(folder, turned).read("de", "train")["tags"][:] == [[0], [1]]


@pytest.mark.parametrize(
    ("language", "split", "message"),
    [
        (
            "sw",
            "train",
            r"own/train-sw\.tsv: no such file\. Expected a language with train rows: en, de, xx\. Found 'sw'",
        ),
        ("German", "train", r"train-German\.tsv: no such file.*Did you mean 'de'\?"),
        ("de", "dev", r"own/dev-de\.tsv: no such file\. Expected a language with dev rows: en\."),
    ],
)
def test_a_missing_file_is_named_with_the_languages_that_are_there(folder, language, split, message):
    with pytest.raises(InputError, match=message):
        open_source(folder, TASK).read(language, split)


def test_the_source_language_may_have_files_of_its_own(folder):
    (folder / "big-en.tsv").write_text("Otto\tB-PER\n")
    task = Task(
        "own", "Own", TASK.kind, TASK.languages, "f1", LABELS, folder=FOLDER, source_folder={"train": "big-en.tsv"}
    )
    source = open_source(folder, task)
    assert source.read("en", "train")["tokens"][:] == [["Otto"]]
    assert source.read("en", "dev")["tokens"][:] == [["Anna"], ["kam"]]
    assert open_source(folder, task, "de").read("de", "train")["tokens"][:] == [["Otto"]]


def test_repeated_ids_get_numbers_so_that_each_row_has_one_of_its_own(tmp_path, caplog):
    task = Task("own", "Own", "token-classification", ("de",), "f1", LABELS, folder={"test": "{language}.jsonl"})
    row = '{"id": "%s", "tokens": ["a"], "tags": ["O"]}\n'
    (tmp_path / "de.jsonl").write_text("".join(row % name for name in ("7", "7#2", "8", "7", "7")))
    assert open_source(tmp_path, task).read("de", "test")["id"][:] == ["7", "7#2", "8", "7#3", "7#4"]
    assert "2 of 5 ids are repeats" in caplog.text


def test_a_folder_or_a_layout_that_is_missing_is_named(tmp_path):
    with pytest.raises(InputError, match=r"nowhere: expected a folder with data, 'hub' or 'demo'"):
        open_source(tmp_path / "nowhere", TASK)
    with pytest.raises(InputError, match=r"Add `folder:`"):
        open_source(tmp_path, Task("own", "Own", "question-answering", ("de",), "f1"))


def test_the_demo_has_named_entities_only():
    assert open_source("demo", load_task("panx")).languages()[0] == "en"
    with pytest.raises(InputError, match=r"Expected the task 'panx' for the demo data.*Found 'xnli'"):
        open_source("demo", load_task("xnli"))


def test_dev_rows_that_are_carved_out_of_train_share_no_text_with_it(xtreme_dir):
    source = open_source(xtreme_dir, load_task("tydiqa"))
    train, dev = source.read("en", "train"), source.read("en", "dev")
    assert not set(train["context"]) & set(dev["context"])
    assert len(train) + len(dev) == 3000
    assert 250 < len(dev) < 350
    assert source.has("ko", "dev")
    assert not source.has("te", "dev")
    assert len(source.read("ko", "test")) == 276
