"""``similarity``: the cosines between the gradients of languages at a checkpoint."""

from collections.abc import Sequence

from hf_mixtrain.commands.messages import set_up_messages
from hf_mixtrain.commands.parser import CommandParser


def command_parser() -> CommandParser:
    """Return the parser of the command line."""
    parser = CommandParser(
        "similarity",
        "Show which languages pull a model in the same direction: a heat map (PNG) and a file (JSON) with the cosine "
        "between the gradients of every two languages, before and after surgery.",
        "hf-mixtrain similarity out/panx/gradient-mix-train/k5/seed1 --task panx --data_source demo\n"
        "hf-mixtrain similarity embedded:multilingual-e5-small --task panx --data_source DATA --languages de sw zh",
    )
    parser.add_argument("checkpoint", help="folder or Hub name of a model or an encoder")
    parser.add_argument("--task", required=True, help="panx, udpos, tydiqa, xnli, or a YAML file of your own")
    parser.add_argument("--data_source", default="hub", help="hub (default), demo, or a folder in XTREME's layout")
    parser.add_argument(
        "--shots",
        default="5",
        help="labelled examples of each language to compute its gradient from (default: 5), or all, or de=5,sw=20",
    )
    parser.add_argument("--seed", type=int, default=1, help="seed of the shots (default: 1)")
    parser.add_argument("--languages", nargs="+", help="target languages (default: all of the task)")
    parser.add_argument(
        "--source_language", default="en", help="the source language, or several as en,de (default: en)"
    )
    parser.add_argument("--max_length", type=int, help="longest input in word pieces (default: the task's)")
    parser.add_argument("--batch_size", type=int, default=8, help="rows in one batch (default: 8)")
    parser.add_argument(
        "--sketch_size",
        type=int,
        help="compare random sketches of this size instead of whole gradients: less memory, with a known error",
    )
    parser.add_argument("--device", help="such as cpu or cuda (default: the accelerator if there is one)")
    parser.add_argument(
        "--output", default="similarity", help="path of the two files, without .json and .png (default: similarity)"
    )
    return parser


def main(argv: Sequence[str]) -> int:
    """Compare the gradients of languages; `InputError` if checkpoint or data are missing or not as expected."""
    arguments = command_parser().parse_args(argv)
    set_up_messages()
    from hf_mixtrain.similarity import checkpoint_similarity

    for path in checkpoint_similarity(**vars(arguments)):
        print(path)
    return 0
