"""The shell completes commands, flags and values: bash is asked as it asks when somebody presses Tab."""

import os
import subprocess
import sys

import pytest

from hf_mixtrain.commands.main import main
from hf_mixtrain.commands.recipe import recipe_names
from hf_mixtrain.commands.run_help import flags_of_run
from hf_mixtrain.data import list_tasks
from hf_mixtrain.methods import METHODS
from tests.commands.test_quick_answers import SLOW

# `hf-mixtrain`, and which of the slow libraries it had imported when it answered the shell.
PROGRAM = f"""#!{sys.executable}
import os, sys
from hf_mixtrain.commands.main import main
def leave(status, exit=os._exit):
    open(os.environ["IMPORTED"], "w").write(" ".join(name for name in {SLOW!r} if name in sys.modules))
    exit(status)
os._exit = leave
sys.exit(main())
"""
TAB = """
eval "$(hf-mixtrain completion bash)"
complete -p hf-mixtrain >/dev/null || exit 1
COMP_LINE=$1 COMP_POINT=${#1} COMP_TYPE=9
_python_argcomplete hf-mixtrain
printf '%s\\n' "${COMPREPLY[@]}"
"""


@pytest.fixture
def tab(tmp_path):
    """Type a line into bash, press Tab, and return the words that it offers."""
    folder = tmp_path / "bin"
    folder.mkdir()
    program = folder / "hf-mixtrain"
    program.write_text(PROGRAM)
    program.chmod(0o755)
    imported = tmp_path / "imported.txt"
    environment = {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}", "IMPORTED": str(imported)}
    environment["PYTHONPATH"] = os.pathsep.join(sys.path)
    here = tmp_path / "here"
    here.mkdir()
    for name in ("mine.yaml", "notes.txt"):
        (here / name).touch()

    def press(line):
        command = ["bash", "--norc", "-c", TAB, "bash", line]
        done = subprocess.run(command, cwd=here, env=environment, capture_output=True, text=True, check=True)
        assert imported.read_text() == ""
        return [word.strip() for word in done.stdout.splitlines() if word]

    return press


def test_commands_are_completed(tab):
    assert {"init", "run", "predict", "evaluate", "report", "help"} <= set(tab("hf-mixtrain "))
    assert tab("hf-mixtrain ev") == ["evaluate"]
    assert tab("hf-mixtrain help ev") == ["evaluate"]


def test_recipes_of_the_package_and_files_come_after_run(tab):
    assert set(tab("hf-mixtrain run ")) == {*recipe_names(), "mine.yaml"}
    assert tab("hf-mixtrain run mi") == ["mine.yaml"]


def test_every_flag_of_a_run_is_offered(tab):
    assert {f"--{name}" for name in flags_of_run()} <= set(tab("hf-mixtrain run --"))
    assert tab("hf-mixtrain run quickstart --seeds 1-5 --learning_ra") == ["--learning_rate"]


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("run --method ", {*METHODS}),
        ("run quickstart --method zero-shot mix", {"mix-ft"}),
        ("run --task ", {*list_tasks(), "mine.yaml"}),
        ("run --decode ", {"argmax", "legal", "transitions"}),
        ("run --decode=l", {"legal"}),
        ("run --surgery ", {"stochastic", "none", "pcgrad", "upgrad", "cagrad", "gradvac"}),
        ("run --bf16 ", {"true", "false"}),
        ("run --shots a", {"all"}),
        ("run --data_source de", {"demo"}),
        ("run --task xnli --languages s", {"sw"}),
        ("run quickstart --languages s", {"sw"}),
        ("evaluate out --decode t", {"transitions"}),
        ("evaluate out --task panx --languages z", {"zh"}),
        ("predict model notes.txt --format ", {"jsonl", "conll", "html"}),
        ("report out --baseline naive", {"naive-mix-train"}),
        ("push --dry", {"--dry_run"}),
        ("similarity --sk", {"--sketch_size"}),
        ("completion ", {"bash", "zsh", "fish"}),
        ("init n", {"notes.txt"}),
    ],
)
def test_values_that_are_choices_are_completed(tab, line, offered):
    # With `--flag=`, bash has the part before the sign already.
    assert set(tab(f"hf-mixtrain {line}")) == offered


def test_a_line_with_a_mistake_is_no_error(tab):
    assert tab("hf-mixtrain rnu --meth") == []
    assert tab("hf-mixtrain run --task none-such --languages ") == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_lines_for_a_shell_name_the_program(shell, capsys):
    assert main(["completion", shell]) == 0
    assert "hf-mixtrain" in capsys.readouterr().out
