"""Every `hf-mixtrain` line on the pages is one that the program takes: the command, its flags and their values."""

import importlib
import re
import shlex

import pytest
import yaml

from hf_mixtrain.commands.main import main
from hf_mixtrain.commands.quick_check import check_words
from hf_mixtrain.commands.run import parse_settings
from hf_mixtrain.errors import InputError
from tests.docs.pages import PAGES, ROOT, shell_lines

_FOLDERS = ("recipes", "examples", "reproduction", "benchmarks", "model_cards")
_FILE = re.compile(rf"(?<![\w/])((?:{'|'.join(_FOLDERS)})/[\w./-]*\w)")


def commands(line):
    """Return the commands of the program in a line of shell, each as the words after `hf-mixtrain`."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    found, words = [], []
    for word in [*lexer, ";"]:
        found += [inner for program in re.findall(r"\$\((hf-mixtrain [^)]*)\)", word) for inner in commands(program)]
        if set(word) <= set("();<>|&"):
            if words[:1] == ["hf-mixtrain"]:
                found.append(words[1:])
            elif "run_xtreme_fewshot.py" in words:
                found.append(["run", *words[words.index("run_xtreme_fewshot.py") + 1 :]])
            words = []
        elif word != "…":
            words.append(word)
    return found


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    """A checkout of the project, with the files that the pages call the reader's own."""
    folder = tmp_path_factory.mktemp("checkout")
    for name in _FOLDERS:
        (folder / name).symlink_to(ROOT / name)
    (folder / "task.yaml").write_text((ROOT / "hf_mixtrain" / "data" / "tasks" / "panx.yaml").read_text())
    (folder / "project").mkdir()
    for name in ("recipe.yaml", "study.yaml", "project/recipe.yaml"):
        (folder / name).write_text(yaml.safe_dump({"task": "panx", "shots": [5], "seeds": [1, 2, 3]}))
    return folder


def check(words):
    command, *rest = words
    if command == "run":
        check_words(rest)
        parse_settings(rest)
    else:
        importlib.import_module(f"hf_mixtrain.commands.{command}").command_parser().parse_args(rest)


CASES = [
    pytest.param(words, id=f"{page}: {' '.join(words)[:60]}")
    for page in PAGES
    for line in shell_lines(page)
    for words in commands(line)
]


@pytest.mark.parametrize("words", CASES)
def test_the_program_takes_a_line_of_the_pages(words, here, monkeypatch):
    monkeypatch.chdir(here)
    check(words)


def test_most_pages_with_commands_are_read():
    pages = [page for page in PAGES if any(map(commands, shell_lines(page)))]
    assert {"README.md", "docs/start.md", "docs/running.md", "docs/hub.md", "docs/tutorials/own-data.md"} <= set(pages)
    assert len(CASES) > 40


@pytest.mark.parametrize(
    "line",
    [
        "hf-mixtrain run recipe.yaml --no_such_flag 1",
        "hf-mixtrain run quickstart --method no-such-method",
        "hf-mixtrain run recipes/panx/none.yaml",
        "echo text | hf-mixtrain predict out/cell - --format pdf",
        "cd out && hf-mixtrain report . --over seeds",
        'eval "$(hf-mixtrain completion powershell)"',
        "accelerate launch run_xtreme_fewshot.py recipe.yaml --surgery some",
    ],
)
def test_a_line_with_a_mistake_would_be_found(line, here, monkeypatch):
    monkeypatch.chdir(here)
    (words,) = commands(line)
    with pytest.raises(InputError):
        check(words)


@pytest.mark.parametrize("page", PAGES)
def test_recipes_and_examples_that_a_page_names_are_there(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    named = [name for name in _FILE.findall(text) if not any(part.isupper() for part in name.split("/"))]
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_help_names_every_command(capsys):
    main(["help"])
    usage = capsys.readouterr().out
    assert {words[0] for case in CASES for words in case.values} <= set(re.findall(r"^  (\w+)", usage, re.MULTILINE))
