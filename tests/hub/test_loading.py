"""Pushed models are loaded and used by programs of their own, as users have them."""

import shutil
import subprocess
import sys

import pytest

from hf_mixtrain.errors import InputError
from hf_mixtrain.hub import load_checkpoint


def user_program(client, program, **environment):
    """Run a program in a new interpreter that imports everything itself."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        env=client.environment("fresh") | environment,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize("client", ["xet"], indirect=True)  # as it is installed; two interpreters cost enough
def test_a_pipeline_needs_the_name_alone_and_works_offline_again(client, tiny_models, repo_id):
    client.push(tiny_models / "tagging", repo_id, tag="v1.0")
    program = f"""
from transformers import pipeline
tagger = pipeline(model={repo_id!r}, revision="v1.0")
tagger("abc def")
print(tagger.task, tagger.model.config.id2label)
"""
    first = user_program(client, program)
    assert first == "token-classification {0: 'O', 1: 'B-PER', 2: 'I-PER'}"
    client.hub.forget()
    again = program.replace("pipeline(model", "pipeline('token-classification', model")
    assert user_program(client, again, HF_HUB_OFFLINE="1") == first
    assert client.hub.requests == []


@pytest.mark.parametrize("name", ["tagging", "pairs", "answers"])
def test_the_program_on_the_card_runs(client, tiny_models, repo_id, name):
    client.push(tiny_models / name, repo_id, tag="v1.0")
    card = client.hub.files(repo_id)["README.md"].decode()
    program = card.split("```python\n")[1].split("```")[0]
    assert f'"{repo_id}", revision="v1.0"' in program
    client.run(program)


def test_the_loader_gives_the_same_model(client, tiny_models, repo_id):
    client.push(tiny_models / "pairs", repo_id)
    output = client.run(
        f"""
        import torch
        from hf_mixtrain.hub import load_checkpoint
        results = []
        for name in ({str(tiny_models / "pairs")!r}, {repo_id!r}):
            model, tokenizer, folder = load_checkpoint(name)
            with torch.no_grad():
                results.append(model(**tokenizer("abc", "def", return_tensors="pt")).logits)
        print(model.training, torch.equal(*results), type(model).__name__)
        """
    )
    assert output == "False True BertForSequenceClassification"


def test_one_of_several_models_is_chosen_by_language(client, tiny_models, repo_id, tmp_path):
    for language in ("de", "sw"):
        shutil.copytree(tiny_models / "tagging", tmp_path / "cell" / language)
    shutil.move(tmp_path / "cell" / "de" / "README.md", tmp_path / "cell" / "README.md")
    client.push(tmp_path / "cell", repo_id)
    folder = client.run(
        f"from hf_mixtrain.hub import load_checkpoint as l; print(l({repo_id!r}, language='sw').folder)"
    )
    assert folder.endswith("/sw")
    with pytest.raises(InputError, match="Set `language`: de, sw"):
        load_checkpoint(tmp_path / "cell")


def test_a_folder_without_a_model_is_named(tmp_path):
    with pytest.raises(InputError, match=r"no config\.json in it"):
        load_checkpoint(tmp_path)
    (tmp_path / "config.json").write_text('{"architectures": ["BertModelOfMine"]}')
    with pytest.raises(InputError, match="no model class 'BertModelOfMine'"):
        load_checkpoint(tmp_path)
