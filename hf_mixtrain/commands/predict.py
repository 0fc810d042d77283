"""``predict``: spans, labels or answers for ordinary text."""

import io
import sys
from collections.abc import Sequence

from hf_mixtrain.commands.messages import set_up_messages
from hf_mixtrain.commands.parser import CommandParser


def command_parser() -> CommandParser:
    """Return the parser of the command line."""
    parser = CommandParser(
        "predict",
        "Label ordinary text: entities, tags of words, classes or answers. A model for pairs of texts reads JSON Lines "
        "with `text` and `text_pair`, a model for questions JSON Lines with `question` and `context`.",
        "hf-mixtrain predict out/panx/naive-mix-train/k5/seed1 texts.txt --format html --output texts.html\n"
        "echo 'Wangari Maathai was born in Nyeri.' | hf-mixtrain predict out/panx/naive-mix-train/k5/seed1 -",
    )
    parser.add_argument("model", help="folder of a cell, or folder or Hub name of any trained model")
    parser.add_argument("input", help="a text file, one text a line, JSON Lines, or - for standard input")
    parser.add_argument("--output", help="the file to write (default: standard output)")
    parser.add_argument(
        "--format", choices=("jsonl", "conll", "html"), default="jsonl", help="form of the output (default: jsonl)"
    )
    parser.add_argument("--batch_size", type=int, default=32, help="texts in one batch (default: 32)")
    return parser


def main(argv: Sequence[str]) -> int:
    """Predict the texts of a file; `InputError` if model or texts cannot be used."""
    arguments = command_parser().parse_args(argv)
    set_up_messages()
    from hf_mixtrain.files import atomic_write_text, require_writable_file
    from hf_mixtrain.prediction.command import predictions_as_text

    if arguments.output:  # before the work
        require_writable_file(arguments.output)
    text = predictions_as_text(
        arguments.model, arguments.input, output_format=arguments.format, batch_size=arguments.batch_size
    )
    if arguments.output:
        atomic_write_text(arguments.output, text)
        return 0
    # In UTF-8 whatever the terminal's encoding is: the texts come from anywhere.
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")
    print(text, end="", flush=True)
    return 0
