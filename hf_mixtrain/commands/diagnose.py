"""``diagnose``: is surgery worth it on my data?"""

from collections.abc import Sequence

from hf_mixtrain.commands.messages import set_up_messages
from hf_mixtrain.commands.parser import CommandParser


def command_parser() -> CommandParser:
    """Return the parser of the command line."""
    parser = CommandParser(
        "diagnose",
        "Is surgery worth it on my data? Measure at a checkpoint how often batches conflict with the shots, whether "
        "the shots are memorized, and how far an update serves held-out text: as it is, with surgery, and with the "
        "shots repeated instead.",
        "hf-mixtrain diagnose out/panx/naive-mix-train/k5/seed1 --task panx --data_source demo\n"
        "hf-mixtrain diagnose out/panx/naive-mix-train/k5/seed1 --task panx --data_source DATA --languages de sw zh",
    )
    parser.add_argument("checkpoint", help="folder or Hub name of a model or an encoder")
    parser.add_argument("--task", required=True, help="panx, udpos, tydiqa, xnli, or a YAML file of your own")
    parser.add_argument("--data_source", default="hub", help="hub (default), demo, or a folder in XTREME's layout")
    parser.add_argument(
        "--shots", default="5", help="labelled examples of each language (default: 5), or all, or de=5,sw=20"
    )
    parser.add_argument("--seed", type=int, default=1, help="seed of shots and batches (default: 1)")
    parser.add_argument("--languages", nargs="+", help="target languages (default: all of the task)")
    parser.add_argument(
        "--source_language", default="en", help="the source language, or several as en,de (default: en)"
    )
    parser.add_argument("--max_source_examples", type=int, help="most rows of the source (default: all)")
    parser.add_argument("--max_length", type=int, help="longest input in word pieces (default: the task's)")
    parser.add_argument("--batches", type=int, default=8, help="batches to sample (default: 8)")
    parser.add_argument("--batch_size", type=int, default=16, help="rows of a batch (default: 16)")
    parser.add_argument("--held_out", type=int, default=32, help="most test rows of each target language (default: 32)")
    parser.add_argument("--device", help="such as cpu or cuda (default: the accelerator if there is one)")
    parser.add_argument("--output", default="diagnosis.json", help="file of the numbers (default: diagnosis.json)")
    return parser


def main(argv: Sequence[str]) -> int:
    """Measure and print the table; `InputError` if checkpoint or data are missing or not as expected."""
    arguments = command_parser().parse_args(argv)
    set_up_messages()
    from hf_mixtrain.diagnosis import diagnose_checkpoint
    from hf_mixtrain.report.table import to_text

    table = diagnose_checkpoint(**vars(arguments))
    print(to_text(table), table.note, f"Numbers: {arguments.output}", sep="\n\n")
    return 0
