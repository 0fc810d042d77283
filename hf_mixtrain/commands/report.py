"""``report``: tables and figures again, from the results files alone."""

from collections.abc import Sequence

from hf_mixtrain.commands.parser import CommandParser
from hf_mixtrain.report import format_table, write_report
from hf_mixtrain.results import find_results

__all__ = ["main"]


def main(argv: Sequence[str]) -> int:
    """Write the report of a folder and show the tables per language.

    Args:
        argv: The command's arguments.

    Returns:
        0.

    Raises:
        InputError: If the folder has no results, or a file is broken.
    """
    parser = CommandParser(
        "report",
        "Write report.md, report.csv, report.tex and figures/ from all results.json below a folder.",
        "hf-mixtrain report out\nhf-mixtrain report out/panx",
    )
    parser.add_argument("out", help="the --output_dir of a run, or a folder with several")
    arguments = parser.parse_args(argv)
    path = write_report(arguments.out)
    print(format_table(find_results(arguments.out)))
    print(f"\nReport: {path}")
    return 0
