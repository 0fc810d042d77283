"""``evaluate``: scores of any model on any files."""

from collections.abc import Sequence

from hf_mixtrain.commands.messages import set_up_messages
from hf_mixtrain.commands.parser import CommandParser


def command_parser() -> CommandParser:
    """Return the parser of the command line."""
    parser = CommandParser(
        "evaluate",
        "Score a trained model on the files of a task, language by language, as a grid scores its cells.",
        "hf-mixtrain evaluate out/panx/naive-mix-train/k5/seed1 --task panx --data_source demo --languages de sw\n"
        "hf-mixtrain evaluate ORG/MODEL --task task.yaml --data_source DATA --predictions out/predictions.jsonl",
    )
    parser.add_argument("model", help="folder of a cell, or folder or Hub name of any trained model")
    parser.add_argument("--task", required=True, help="panx, udpos, tydiqa, xnli, or a YAML file of your own")
    parser.add_argument("--data_source", default="hub", help="hub (default), demo, or a folder in XTREME's layout")
    parser.add_argument(
        "--languages", nargs="+", metavar="CODE", help="languages to evaluate (default: all that have rows)"
    )
    parser.add_argument(
        "--source_language", default="en", help="the source language, or several as en,de (default: en)"
    )
    parser.add_argument(
        "--split", choices=("train", "dev", "test"), default="test", help="which rows to evaluate (default: test)"
    )
    parser.add_argument(
        "--decode",
        choices=("argmax", "legal", "transitions"),
        help="how tags are chosen (default: as decoding.json beside the model says)",
    )
    parser.add_argument("--max_eval_examples", type=int, metavar="N", help="evaluate at most N rows of each language")
    parser.add_argument("--batch_size", type=int, default=32, help="rows in one batch (default: 32)")
    parser.add_argument(
        "--predictions",
        metavar="PATH",
        help="write the predictions: to a .jsonl file, or to a folder in XTREME's layout",
    )
    parser.add_argument("--output", metavar="FILE", help="write the scores to a file such as results.json")
    return parser


def main(argv: Sequence[str]) -> int:
    """Score a model language by language; `InputError` if model or data cannot be used or do not fit."""
    arguments = vars(command_parser().parse_args(argv))
    set_up_messages()
    from hf_mixtrain.files import require_writable_file
    from hf_mixtrain.prediction.evaluate import evaluate_model
    from hf_mixtrain.prediction.score_table import score_table, write_scores

    output, model = arguments.pop("output"), arguments.pop("model")
    if output:  # before the work
        require_writable_file(output)
    results = evaluate_model(model, **arguments)
    if output:
        write_scores(output, results)
    print(score_table(results))
    return 0
