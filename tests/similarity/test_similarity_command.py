import json

import pytest

from hf_mixtrain.commands.main import main


def test_the_command_writes_numbers_and_picture(tmp_path, encoder, monkeypatch, capsys):
    monkeypatch.setenv("HF_MIXTRAIN_CACHE", str(tmp_path / "cache"))
    data = ["--task", "panx", "--data_source", "demo", "--shots", "2", "--languages", "de", "sw"]
    flags = [*data, "--sketch_size", "64", "--device", "cpu"]
    assert main(["similarity", encoder, *flags, "--output", str(tmp_path / "map")]) == 0
    assert capsys.readouterr().out == f"{tmp_path}/map.json\n{tmp_path}/map.png\n"
    numbers = json.loads((tmp_path / "map.json").read_text())
    assert (numbers["languages"], numbers["sketch_size"]) == (["en", "de", "sw"], 64)


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (
            ["--task", "panx"],
            "error: the following arguments are required: checkpoint. See hf-mixtrain similarity --help.",
        ),
        (["model", "--task", "panx", "--shot", "2"], "error: unknown flag --shot. Did you mean --shots?"),
    ],
)
def test_bad_input_is_one_line(argv, message, capsys):
    assert main(["similarity", *argv]) == 2
    assert capsys.readouterr().err == f"{message}\n"


def test_help_ends_with_commands_to_paste(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["similarity", "--help"])
    assert ended.value.code == 0
    text = capsys.readouterr().out
    assert text.startswith("usage: hf-mixtrain similarity")
    assert "--sketch_size" in text
    assert text.rstrip().splitlines()[-1].startswith("  hf-mixtrain similarity")
