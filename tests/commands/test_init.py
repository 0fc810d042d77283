"""`init` goes from files as people have them to a task and a recipe that can be run."""

import json
from pathlib import Path

import pytest
import yaml

from hf_mixtrain.commands.init import main
from hf_mixtrain.commands.run import parse_settings
from hf_mixtrain.data import load_fewshot, load_task
from hf_mixtrain.errors import InputError


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def proposed(folder: Path, tmp_path: Path, capsys) -> tuple[dict, dict]:
    assert main([str(folder), "--output", str(tmp_path / "made")]) == 0
    assert "hf-mixtrain run" in capsys.readouterr().out
    return tuple(yaml.safe_load((tmp_path / "made" / name).read_text()) for name in ("task.yaml", "recipe.yaml"))


def sentences(count: int) -> str:
    return "".join(f"Ada{i} NNP B-PER\nKim NNP E-PER\ncame VB O\nBo NNP S-LOC\n\n" for i in range(count))


def test_the_first_journey_needs_files_and_nothing_else(tmp_path, capsys):
    files = {
        "english.conll": sentences(300),
        **{f"{name}.conll": sentences(8) for name in ("swahili", "polish", "thai")},
    }
    folder = write(tmp_path / "my-ner", files)
    task, recipe = proposed(folder, tmp_path, capsys)
    assert task["languages"] == ["english", "polish", "swahili", "thai"]
    assert task["labels"] == ["O", "B-LOC", "I-LOC", "B-PER", "I-PER"]
    assert (recipe["source_language"], recipe["shots"], recipe["num_train_epochs"]) == ("english", [8], 30)
    data = load_fewshot(recipe["task"], shots=8, seed=1, source=folder, source_language="english")
    assert {language: len(rows) for language, rows in data.shots.items()} == {"polish": 8, "swahili": 8, "thai": 8}
    assert 10 < len(data.test["english"]) < 60
    assert len(data.train) + len(data.test["english"]) == 300
    assert not {tokens[0] for tokens in data.test["english"]["tokens"]} & {tokens[0] for tokens in data.train["tokens"]}


@pytest.mark.parametrize(
    ("files", "kind", "labels", "languages"),
    [
        (
            {f"{s}-{c}.tsv": "a b\tc d\tyes\ne f\tg h\tno\n" for s in ("train", "test") for c in ("en", "de")},
            "text-classification",
            ["no", "yes"],
            ["en", "de"],
        ),
        (
            {f"{c}/{s}.jsonl": '{"text": "x y", "label": "pos"}\n{"text": "z", "label": "neg"}\n'
             for s in ("train", "valid") for c in ("de", "fr")},
            "text-classification",
            ["neg", "pos"],
            ["de", "fr"],
        ),
        (
            {"train_en.csv": "text,label\nHi,a\n"}
            | {f"{s}_pt-BR.csv": "text,label\n\"Oi, x\",a\nok,b\n" for s in ("train", "test")},
            "text-classification",
            ["a", "b"],
            ["en", "pt-BR"],
        ),
        (
            {
                "en-train.iob2": "# text = A b\n1\tA\tB-X\t-\n2\tb\tO\t-\n\n1\tC\tB-X\t-\n",
                "de-train.iob2": "1\tA\tI-X\t-\n2\tb\tO\t-\n",
            },
            "token-classification",
            ["O", "B-X", "I-X"],
            ["en", "de"],
        ),
        (
            {
                f"q.{code}.train.json": json.dumps(
                    {"data": [{"paragraphs": [{"context": "a b", "qas": [
                        {"id": "1", "question": "q", "answers": [{"text": "b", "answer_start": 2}]}]}]}]}
                )
                for code in ("en", "sw")
            },
            "question-answering",
            None,
            ["en", "sw"],
        ),
    ],
)  # fmt: skip
def test_kind_languages_and_labels_are_as_in_the_files(tmp_path, capsys, files, kind, labels, languages):
    folder = write(tmp_path / "data", files)
    task, recipe = proposed(folder, tmp_path, capsys)
    assert (task["kind"], task.get("labels"), task["languages"]) == (kind, labels, languages)
    loaded = load_task(recipe["task"])
    from hf_mixtrain.data import open_source

    source = open_source(folder, loaded, languages[0])
    assert all(len(source.read(code, "train")) for code in languages if source.has(code, "train"))


@pytest.mark.parametrize(("flags", "out"), [(["--output", "project"], "project/out"), ([], "out")])
def test_a_run_of_the_recipe_writes_into_the_folder_of_the_recipe(tmp_path, monkeypatch, flags, out):
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "data", {f"train-{code}.tsv": "a\tB-X\nb\tO\n" for code in ("en", "de")})
    main(["data", *flags])
    settings = parse_settings([f"{Path(out).parent}/recipe.yaml"])
    assert settings.output_dir == Path(out)
    assert parse_settings([f"{Path(out).parent}/recipe.yaml", "--output_dir", "other"]).output_dir == Path("other")


def test_files_that_are_there_already_are_not_written_over(tmp_path):
    folder = write(tmp_path / "data", {"train-en.tsv": "a\tB-X\nb\tO\n"})
    (tmp_path / "task.yaml").write_text("mine")
    with pytest.raises(InputError, match=r"task\.yaml: expected no such file, found one"):
        main([str(folder), "--output", str(tmp_path)])
    assert (tmp_path / "task.yaml").read_text() == "mine"


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({}, "expected file names with a language.*found no data file"),
        ({"corpus1.tsv": "a\tB-X\n"}, r"expected file names with a language.*found corpus1\.tsv"),
        ({"train-en.txt": "Only a line of text\n"}, "expected a word and its tag on each line"),
        ({"train-en.tsv": "a\tB-X\nb\tO\n", "train-de.tsv": "a b\tc d\tyes\n"}, "expected files for one kind of task"),
        ({"test-en.tsv": "a\tB-X\nb\tO\n"}, "expected a training file"),
    ],
)
def test_what_is_not_understood_is_said(tmp_path, files, message):
    folder = write(tmp_path / "data", files)
    folder.mkdir(exist_ok=True)
    with pytest.raises(InputError, match=message):
        main([str(folder), "--output", str(tmp_path / "made")])


def test_several_source_languages_are_named_by_the_user(tmp_path, capsys):
    folder = write(tmp_path / "data", {f"train-{code}.conll": sentences(20) for code in ("en", "de", "sw")})
    assert main([str(folder), "--output", str(tmp_path / "made"), "--source_language", "en,de"]) == 0
    assert "source languages en, de" in capsys.readouterr().out
    task, recipe = (yaml.safe_load((tmp_path / "made" / name).read_text()) for name in ("task.yaml", "recipe.yaml"))
    assert task["languages"] == ["en", "de", "sw"]
    assert (recipe["source_language"], recipe["shots"]) == ("en,de", [20])
    loaded = load_task(recipe["task"])
    data = load_fewshot(loaded, shots=2, seed=1, source=folder, source_language=recipe["source_language"])
    assert (list(data.train_by_language), list(data.shots)) == (["en", "de"], ["sw"])
    with pytest.raises(InputError, match="expected a training file of the source language 'fr', found those of"):
        main([str(folder), "--output", str(tmp_path / "other"), "--source_language", "fr"])
