"""Every line of shell on the pages is one that a reader can run: its programs, and the flags that ours take."""

import configparser
import importlib
import re
import shlex
import subprocess
import sys

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
    """Return the commands in a line of shell, each as its words, without variables set in front of it."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    found, words = [], []
    for word in [*lexer, ";"]:
        found += [inner for program in re.findall(r"\$\(([^)]*)\)", word) for inner in commands(program)]
        if set(word) <= set("();<>|&"):
            found += [words] if words else []
            words = []
        elif word != "…" and (words or not re.match(r"[A-Z_]+=", word)):
            words.append(word)
    return found


def program_words(command):
    """Return the words after `hf-mixtrain`, or None if the command is that of another program."""
    if command[0] == "hf-mixtrain":
        return command[1:]
    if "run_xtreme_fewshot.py" in command:
        return ["run", *command[command.index("run_xtreme_fewshot.py") + 1 :]]
    return None


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


COMMANDS = [(page, command) for page in PAGES for line in shell_lines(page) for command in commands(line)]
CASES = [
    pytest.param(words, id=f"{page}: {' '.join(words)[:60]}")
    for page, command in COMMANDS
    if (words := program_words(command)) is not None
]
OTHERS = [
    pytest.param(command, id=f"{page}: {' '.join(command)[:60]}")
    for page, command in COMMANDS
    if program_words(command) is None
]


@pytest.mark.parametrize("words", CASES)
def test_the_program_takes_a_line_of_the_pages(words, here, monkeypatch):
    monkeypatch.chdir(here)
    check(words)


def test_most_pages_with_commands_are_read():
    pages = {page for page, command in COMMANDS if program_words(command) is not None}
    assert {"README.md", "docs/start.md", "docs/running.md", "docs/hub.md", "docs/tutorials/own-data.md"} <= pages
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
    (words,) = [words for command in commands(line) if (words := program_words(command)) is not None]
    with pytest.raises(InputError):
        check(words)


def check_pip(words):
    (requirement,) = [word for word in words if "[" in word]
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg")
    extras = set(re.search(r"\[([\w,]+)\]", requirement)[1].split(","))
    assert words[0] == "install"
    assert extras <= set(setup["options.extras_require"])
    assert all((ROOT / words[place + 1]).is_file() for place, word in enumerate(words) if word == "-c")


def check_python(words):
    if words[0] == "-m":
        assert words[1] in ("venv", "benchmarks")
        if words[1] == "benchmarks":
            # A case of no known kind ends at once; all flags before are read.
            command = [sys.executable, "-m", "benchmarks", *words[2:], "--help"]
            done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stderr
    else:
        assert (ROOT / words[0]).is_file()


def check_script(words):
    assert (ROOT / words[0]).is_file()


def check_mkdocs(words):
    assert words[0] in ("build", "serve")


# What a command of another program is checked for; a program that is not here makes a test fail.
PROGRAMS = {
    "pip": check_pip,
    "python": check_python,
    "python3": check_python,
    "sbatch": check_script,
    "mkdocs": check_mkdocs,
    **dict.fromkeys(["echo", "eval", "export", ".", "hf", "ruff", "mypy", "pytest"], len),
}


@pytest.mark.parametrize("command", OTHERS)
def test_a_line_of_another_program_is_one_that_can_be_run(command):
    program, *words = command
    assert program in PROGRAMS, "name the program in PROGRAMS, with a check of its words"
    PROGRAMS[program](words)


# The changelog names files of its time.
@pytest.mark.parametrize("page", [page for page in PAGES if page != "CHANGELOG.md"])
def test_recipes_and_examples_that_a_page_names_are_there(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    named = [name for name in _FILE.findall(text) if not any(part.isupper() for part in name.split("/"))]
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_help_names_every_command(capsys):
    main(["help"])
    usage = capsys.readouterr().out
    assert {words[0] for case in CASES for words in case.values} <= set(re.findall(r"^  (\w+)", usage, re.MULTILINE))
