from pathlib import Path

import pytest
from datasets import Dataset

from hf_mixtrain.data import FewShotData, Task, load_fewshot, load_task
from hf_mixtrain.errors import InputError

LABELS = ("O", "B-PER")
TAGGING = Task(
    "own", "Own", "token-classification", ("en", "de", "sw"), "f1", LABELS,
    folder={split: f"{split}-{{language}}.tsv" for split in ("train", "dev", "test")},
)  # fmt: skip
NLI = Task(
    "own", "Own", "text-classification", ("en", "de", "sw"), "accuracy", ("no", "yes"), shots_split="dev",
    shots_per="class", parallel=True, folder={split: f"{split}-{{language}}.tsv" for split in ("train", "dev", "test")},
)  # fmt: skip


@pytest.fixture
def tagging(tmp_path) -> Path:
    for language in ("en", "de", "sw"):
        for split in ("train", "dev", "test"):
            sentences = [f"{language}{split}{number}\tB-PER\n" for number in range(12)]
            (tmp_path / f"{split}-{language}.tsv").write_text("\n".join(sentences))
    return tmp_path


@pytest.fixture
def nli(tmp_path) -> Path:
    for language in ("en", "de", "sw"):
        for split in ("train", "dev", "test"):
            rows = [f"{language} {number}\th\t{'no' if number % 2 else 'yes'}\n" for number in range(20)]
            (tmp_path / f"{split}-{language}.tsv").write_text("".join(rows))
    return tmp_path


def numbers(rows) -> set[int]:
    return {int(premise.split()[1]) for premise in rows["premise"]}


def test_a_run_has_the_source_train_set_k_shots_of_each_target_source_dev_and_all_tests(tagging):
    data = load_fewshot(TAGGING, shots=3, seed=1, source=tagging)
    assert data.languages == ["en", "de", "sw"]
    assert (len(data.train), {language: len(rows) for language, rows in data.shots.items()}) == (12, {"de": 3, "sw": 3})
    assert list(data.dev) == ["en"]
    assert list(data.test) == ["en", "de", "sw"]
    assert data.shots["de"]["id"][:] == data.shot_ids["de"]
    assert all(name.startswith("train-de-") for name in data.shot_ids["de"])
    mixed = data.mixed()
    assert sorted(set(mixed["language"])) == ["de", "en", "sw"]
    assert len(mixed) == 12 + 6
    assert set(mixed.features) == {"id", "language", "tokens", "tags"}


def test_shots_depend_on_seed_task_and_language_alone(tagging):
    def shots(**change) -> dict:
        return load_fewshot(TAGGING, **{"shots": 5, "seed": 1, "source": tagging} | change).shot_ids

    everything = shots()
    assert shots(languages=["sw"]) == {"sw": everything["sw"]}
    assert shots(languages=["sw", "de"]) == everything
    assert shots(max_eval_examples=2, max_source_examples=3, target_dev=True) == everything
    assert shots(seed=2) != everything
    assert shots(shots=2) == {language: ids[:2] for language, ids in everything.items()}
    # 12 rows of another language, or more of them, change nothing either.
    (tagging / "train-sw.tsv").write_text("Anna\tB-PER\n\n" * 9)
    assert shots()["de"] == everything["de"]


def test_zero_shot_reads_nothing_of_the_target_but_its_test_set(tagging):
    for name in ("train-de", "dev-de"):
        (tagging / f"{name}.tsv").unlink()
    data = load_fewshot(TAGGING, shots=0, seed=1, source=tagging)
    assert data.languages == ["en", "de", "sw"]
    assert data.shots == {}
    assert len(data.mixed()) == 12


def test_target_dev_is_never_read_unless_it_is_asked_for(tagging):
    (tagging / "dev-de.tsv").write_text("this is no tagged file")
    load_fewshot(TAGGING, shots=3, seed=1, source=tagging)
    with pytest.raises(InputError, match=r"dev-de\.tsv:1"):
        load_fewshot(TAGGING, shots=3, seed=1, source=tagging, target_dev=True)


@pytest.mark.parametrize("languages", [None, ["de", "sw"]])
def test_a_target_without_shots_is_tested_alone_and_one_without_test_is_trained_on_alone(tagging, languages):
    (tagging / "train-de.tsv").unlink()
    (tagging / "test-sw.tsv").unlink()
    data = load_fewshot(TAGGING, shots=1, seed=1, source=tagging, languages=languages)
    assert (data.languages, data.unseen, list(data.shots)) == (["en", "de"], ["de"], ["sw"])
    assert data.targets == ("de", "sw")
    assert set(data.mixed()["language"]) == {"en", "sw"}
    assert load_fewshot(TAGGING, shots=0, seed=1, source=tagging, languages=languages).unseen == []


def test_a_target_without_any_file_must_not_be_asked_for_and_there_must_be_one(tagging):
    (tagging / "train-de.tsv").unlink()
    (tagging / "test-de.tsv").unlink()
    assert load_fewshot(TAGGING, shots=1, seed=1, source=tagging).targets == ("sw",)
    with pytest.raises(InputError, match=r"test-de\.tsv: no such file"):
        load_fewshot(TAGGING, shots=1, seed=1, source=tagging, languages=["sw", "de"])
    (tagging / "train-sw.tsv").unlink()
    (tagging / "test-sw.tsv").unlink()
    with pytest.raises(InputError, match=r"Expected test and train files of languages of 'own', found none"):
        load_fewshot(TAGGING, shots=1, seed=1, source=tagging)


def test_a_language_outside_the_task_can_be_asked_for_if_the_folder_has_it(tagging):
    for split in ("train", "test"):
        (tagging / f"{split}-xx.tsv").write_text("Anna\tB-PER\n")
    assert load_fewshot(TAGGING, shots=1, seed=1, source=tagging, languages=["xx", "de", "xx", "en"]).languages == [
        "en",
        "xx",
        "de",
    ]


def test_another_source_language(tagging):
    data = load_fewshot(TAGGING, shots=1, seed=1, source=tagging, source_language="de")
    assert data.languages == ["de", "en", "sw"]
    assert set(data.train["language"]) == {"de"}


def test_a_cap_takes_the_same_rows_whatever_the_seed_and_keeps_their_order(tagging):
    one, two = (
        load_fewshot(TAGGING, shots=1, seed=seed, source=tagging, max_source_examples=5, max_eval_examples=4)
        for seed in (1, 2)
    )
    assert len(one.train) == 5
    assert [len(rows) for rows in (*one.dev.values(), *one.test.values())] == [4] * 4
    assert one.train["id"][:] == two.train["id"][:]
    assert one.test["sw"]["id"][:] == two.test["sw"]["id"][:]
    places = [int(name.rpartition("-")[2]) for name in one.train["id"]]
    assert places == sorted(places) != list(range(5))
    more = load_fewshot(TAGGING, shots=1, seed=1, source=tagging, max_source_examples=6)
    assert set(one.train["id"]) < set(more.train["id"])
    with pytest.raises(InputError, match=r"must be 1 or more\. Got 0"):
        load_fewshot(TAGGING, shots=1, seed=1, source=tagging, max_source_examples=0)


def test_shots_from_dev_leave_it_and_their_translations_leave_the_dev_sets_of_all_languages(nli):
    data = load_fewshot(NLI, shots=2, seed=1, source=nli, target_dev=True)
    for language in ("de", "sw"):
        assert sorted(data.shots[language]["label"]) == [0, 0, 1, 1]
    shots = numbers(data.shots["de"]) | numbers(data.shots["sw"])
    for language in ("en", "de", "sw"):
        assert numbers(data.dev[language]) == set(range(20)) - shots
    assert len(load_fewshot(NLI, shots=0, seed=1, source=nli).dev["en"]) == 20


def test_translations_are_found_by_their_ids_whatever_their_order():
    def rows(language: str, order) -> Dataset:
        asked = {"question": [f"{language} {n}" for n in order], "context": ["Bonn"] * 8, "answers": [["Bonn"]] * 8}
        return Dataset.from_dict({"id": [f"q{n}" for n in order], **asked})

    task = Task("own", "Own", "question-answering", ("en", "de"), "f1", shots_split="dev", parallel=True)
    orders = {"en": range(8), "de": [5, 1, 7, 0, 3, 2, 6, 4]}
    source = {code: dict.fromkeys(("train", "dev", "test"), rows(code, order)) for code, order in orders.items()}
    data = load_fewshot(task, shots=3, seed=1, source=source, target_dev=True)
    assert len(data.dev["en"]) == len(data.dev["de"]) == 5
    assert not {*data.dev["en"]["id"], *data.dev["de"]["id"]} & {*data.shot_ids["de"]}


def test_it_is_said_where_translations_cannot_be_found(nli, caplog):
    with (nli / "dev-sw.tsv").open("a") as file:
        file.write("sw 20\th\tyes\n")
    data = load_fewshot(NLI, shots=2, seed=1, source=nli)
    assert len(data.dev["en"]) == 16
    assert "The dev rows of en do not go row by row with those of sw" in caplog.text


def test_questions_that_are_shots_have_an_answer_in_their_text(tmp_path):
    task = Task(
        "own",
        "Own",
        "question-answering",
        ("en", "de"),
        "f1",
        folder={s: f"{s}-{{language}}.json" for s in ("train", "test")},
    )
    for name in ("train-en", "test-en", "train-de", "test-de"):
        answers = ['[{"text": "a", "answer_start": 0}]', "[]", '[{"text": "z", "answer_start": 0}]']
        questions = [f'{{"id": "{n}", "question": "q", "answers": {answers[n % 3]}}}' for n in range(12)]
        (tmp_path / f"{name}.json").write_text(
            f'{{"data": [{{"paragraphs": [{{"context": "a b", "qas": [{",".join(questions)}]}}]}}]}}'
        )
    data = load_fewshot(task, shots=4, seed=1, source=tmp_path)
    assert sorted(data.shot_ids["de"], key=int) == ["0", "3", "6", "9"]
    assert data.dev == {}
    assert "en: 4 of 12 training questions are left out" in data.warnings[0]
    assert sorted(data.train["id"], key=int) == ["0", "1", "3", "4", "6", "7", "9", "10"]
    more = load_fewshot(task, shots=5, seed=1, source=tmp_path)
    assert more.shot_ids == data.shot_ids
    assert "de: fewer than 5 shots, found only 4 examples." in more.warnings
    with pytest.raises(InputError, match=r"de: expected at least 5 for 5 shots, found only 4 examples"):
        load_fewshot(task, shots=5, seed=1, source=tmp_path, strict_shots=True)


def test_k_can_count_mentions_of_each_entity_type(xtreme_dir):
    data = load_fewshot("panx", shots=2, seed=1, source=xtreme_dir, languages=["de"], shots_per="entity")
    tags = [data.task.labels[tag] for row in data.shots["de"]["tags"] for tag in row]
    assert min(tags.count(f"B-{kind}") for kind in ("PER", "ORG", "LOC")) >= 2
    assert data.shots_per == "entity"
    with pytest.raises(InputError, match=r"`shots_per` 'class' is not for.*Expected example or entity"):
        load_fewshot("panx", shots=2, seed=1, source=xtreme_dir, languages=["de"], shots_per="class")


@pytest.mark.parametrize(("name", "languages"), [("panx", 40), ("udpos", 30), ("xnli", 4), ("tydiqa", 4)])
def test_every_task_reads_its_languages_from_the_real_folder(xtreme_dir, name, languages):
    data = load_fewshot(name, shots=5, seed=1, source=xtreme_dir)
    assert len(data.languages) == languages
    size = 15 if name == "xnli" else 5
    assert all(len(rows) == size for rows in data.shots.values())
    assert all(len(data.dev[language]) for language in data.dev)
    assert not set(data.mixed()["id"]) & {name for rows in data.test.values() for name in rows["id"]}


@pytest.mark.parametrize("name", ["uner", "masakhaner", "xquad"])
def test_the_example_tasks_run_on_the_real_folder(xtreme_dir, name):
    path = Path(__file__).parents[2] / "recipes" / "tasks" / f"{name}.yaml"
    data = load_fewshot(path, shots=0 if name == "xquad" else 5, seed=1, source=xtreme_dir)
    assert data.languages == list(load_task(path).languages)
    assert isinstance(data, FewShotData)


def test_the_demo_needs_no_folder_and_no_network():
    data = load_fewshot("panx", shots=5, seed=1, source="demo")
    assert len(data.languages) >= 13
    assert data.origin == {}


def test_a_number_of_shots_below_zero_is_refused(tagging):
    with pytest.raises(InputError, match=r"`shots` must be 0 or more\. Got -1"):
        load_fewshot(TAGGING, shots=-1, seed=1, source=tagging)
