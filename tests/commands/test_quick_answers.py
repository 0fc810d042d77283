"""What a user mistypes or asks first is answered at once: without torch, transformers and datasets."""

import re
import subprocess
import sys

import pytest

import hf_mixtrain
from hf_mixtrain.commands.main import main
from hf_mixtrain.commands.recipe import recipe_names
from hf_mixtrain.experiment.run_arguments import RunArguments

SLOW = ("torch", "transformers", "datasets", "pandas", "scipy")
PROGRAM = f"""
import sys
from hf_mixtrain.commands.main import main
status = main(sys.argv[1:])
print("status", status, "imported", *[name for name in {SLOW!r} if name in sys.modules])
"""


def answer(*argv):
    """The exit status, what was imported of the slow libraries, and what was said."""
    done = subprocess.run([sys.executable, "-c", PROGRAM, *argv], capture_output=True, text=True, check=True)
    *said, last = done.stdout.splitlines()
    status, imported = re.fullmatch(r"status (\d) imported ?(.*)", last).groups()
    return int(status), imported, "\n".join([*said, done.stderr.strip()])


@pytest.mark.parametrize(
    ("argv", "status", "said"),
    [
        ("", 0, "usage: hf-mixtrain COMMAND"),
        ("--help", 0, "usage: hf-mixtrain COMMAND"),
        ("help", 0, "usage: hf-mixtrain COMMAND"),
        ("help run", 0, "--surgery_probability"),
        ("run --help", 0, "--learning_rate"),
        ("--version", 0, hf_mixtrain.__version__),
        ("run --version", 0, hf_mixtrain.__version__),
        ("rnu", 2, "unknown command 'rnu'. Did you mean 'run'?"),
        ("quickstart", 2, "To run it: hf-mixtrain run quickstart"),
        ("run quikstart", 2, "Did you mean 'quickstart'?"),
        ("run quickstart --shotss 5", 2, "unknown flag --shotss. Did you mean --shots?"),
        ("run quickstart --learning_rat 1", 2, "unknown flag --learning_rat. Did you mean --learning_rate?"),
        ("run --task pan-x", 2, "Did you mean 'panx'?"),
        ("run --task panx --method mix-tf", 2, "Did you mean 'mix-ft'?"),
        ("run --task panx --select_on best", 2, "--select_on: unknown value 'best'. Expected one of last, source-dev"),
        ("run --task panx --seeds one", 2, "--seeds: invalid int value: 'one'"),
        ("run --task panx --seeds 5-1", 2, "--seeds: expected a range such as 1-5. Got '5-1'."),
        ("run --task panx --languages de,sw", 2, "expected spaces between values: --languages de sw. Got 'de,sw'."),
        ("report out --languags de", 2, "unknown flag --languags. Did you mean --languages?"),
        ("report out --languages=de,sw", 2, "expected spaces between values: --languages de sw."),
        ("status nowhere", 2, "nowhere: no such folder."),
        ("push nowhere", 2, "required"),
        ("predict --nowhere", 2, "error: "),
    ],
)
def test_nothing_slow_is_imported_for_an_answer_that_needs_none(argv, status, said):
    found, imported, text = answer(*argv.split())
    assert (found, imported) == (status, "")
    assert said in text


def test_every_flag_of_a_run_is_in_its_help(capsys):
    main(["run", "--help"])
    shown = set(re.findall(r"--(\w+)", capsys.readouterr().out))
    assert shown >= set(RunArguments.__dataclass_fields__)


def test_the_module_and_the_script_tell_the_version_too():
    for program in (["-m", "hf_mixtrain"], ["run_xtreme_fewshot.py"]):
        done = subprocess.run([sys.executable, *program, "--version"], capture_output=True, text=True, check=True)
        assert done.stdout.startswith(f"hf_mixtrain {hf_mixtrain.__version__} (Python 3.")


def test_flags_read_from_the_source_are_those_of_the_classes():
    from hf_mixtrain import GradientMixTrainingArguments
    from hf_mixtrain.commands.declared import surgery_flags, training_flags

    assert {*surgery_flags(), *training_flags()} == set(GradientMixTrainingArguments.__dataclass_fields__)


def test_ranges_are_the_numbers_in_them():
    from hf_mixtrain.commands.run import parse_settings

    run = parse_settings(["--task", "panx", "--seeds", "1-3", "7", "--shots=1-2"]).run
    assert (run.seeds, run.shots) == ([1, 2, 3, 7], [1, 2])


@pytest.mark.parametrize("name", recipe_names())
def test_every_recipe_of_the_package_runs_by_its_name(name):
    from hf_mixtrain.commands.run import parse_settings

    assert parse_settings([name]).task
