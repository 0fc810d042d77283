"""``status``: how far the grids in a folder are."""

import sys
import time
from collections.abc import Sequence

from hf_mixtrain.commands.parser import CommandParser
from hf_mixtrain.errors import InputError
from hf_mixtrain.experiment.status import grid_status, status_text

_CLEAR = "\x1b[H\x1b[2J"


def command_parser() -> CommandParser:
    """Return the parser of the command line."""
    parser = CommandParser(
        "status",
        "Show which cells are finished, running (where, which update, time left), failed (why) and to do.",
        "hf-mixtrain status out\nhf-mixtrain status out --watch\nhf-mixtrain status out --watch --every 60",
    )
    parser.add_argument("output_dir", help="the --output_dir of a run")
    parser.add_argument("--watch", action="store_true", help="keep showing it until nothing is left to do")
    parser.add_argument(
        "--every", type=float, default=10.0, help="with --watch, seconds until it is shown again (default: 10)"
    )
    return parser


def main(argv: Sequence[str]) -> int:
    """Print which cells are finished, running, failed and to do; `InputError` if there is no grid."""
    arguments = command_parser().parse_args(argv)
    if not arguments.every > 0:
        raise InputError(f"--every: expected a number of seconds above 0. Got {arguments.every}.")
    while True:
        cells = grid_status(arguments.output_dir)
        clear = _CLEAR if arguments.watch and sys.stdout.isatty() else ""
        print(f"{clear}{status_text(cells)}", flush=True)
        if not arguments.watch or not any(cell.state in ("running", "to do") for cell in cells):
            return 0
        time.sleep(arguments.every)
