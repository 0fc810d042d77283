"""The help says what is so, in words that a user knows."""

import re
from contextlib import suppress

import pytest

from hf_mixtrain.commands.main import main
from hf_mixtrain.commands.run_help import OF_THE_TASK, flags_of_run, run_help
from hf_mixtrain.data import list_tasks, load_task

COMMANDS = [
    "run", "init", "predict", "evaluate", "status", "report", "similarity", "diagnose", "push", "download",
    "completion",
]  # fmt: skip


def entry(flag):
    return " ".join(re.search(rf"^  --{flag} .*?(?=^  -|\n\n)", run_help(), re.MULTILINE | re.DOTALL)[0].split())


def test_a_default_is_called_the_tasks_where_every_task_has_one():
    in_all = set.intersection(*(set(load_task(task).defaults) for task in list_tasks())) & flags_of_run().keys()
    assert in_all >= OF_THE_TASK
    shown = {flag for flag in in_all if re.search(rf"^  --{flag} ", run_help(), re.MULTILINE)}
    assert shown == OF_THE_TASK
    for flag in OF_THE_TASK:
        assert entry(flag).endswith("Default: the task's.")


def test_flags_of_trainer_are_explained_as_a_grid_uses_them():
    assert entry("push_to_hub") == "--push_to_hub Push each finished cell to the Hub."
    assert "{name}, {task}, {method}, {shots}, {seed}" in entry("hub_model_id")


def help_of(command, capsys):
    with suppress(SystemExit):
        main(["help", command])
    return capsys.readouterr().out


@pytest.mark.parametrize("command", COMMANDS)
def test_help_describes_every_flag_and_has_an_example(command, capsys):
    text = help_of(command, capsys)
    entries = re.findall(r"^  (--?\w.*?)(?=^  -|\n\n|\Z)", text, re.MULTILINE | re.DOTALL)
    assert entries
    for one in entries:
        assert re.search(r"(  |\n +)\S", one), f"{one!r} has no description"
    assert re.search(rf"^  .*hf-mixtrain {command}", text, re.MULTILINE)


@pytest.mark.parametrize("command", COMMANDS)
def test_help_has_no_word_that_hides_what_is_meant(command, capsys):
    assert not re.search(r"\blooks? at dev|\bso many|\bof something\b|\boracles\b", help_of(command, capsys))
