"""``report``: tables and figures again, from the results files alone."""

from collections.abc import Sequence

from hf_mixtrain.commands.parser import CommandParser
from hf_mixtrain.report import format_table, write_report
from hf_mixtrain.results import find_results


def main(argv: Sequence[str]) -> int:
    """Write the report of a folder and show its tables; `InputError` if it has no results, or a file is broken."""
    parser = CommandParser(
        "report",
        "Write report.md, report.csv, report.tex and figures/ from all results.json below folders, or from files of "
        "results.",
        "hf-mixtrain report study --over gradient-mix-train --languages de sw zh --to study/first-half\n"
        "hf-mixtrain report reproduction/study.jsonl\n"
        "hf-mixtrain report out",
    )
    parser.add_argument(
        "paths",
        nargs="+",
        metavar="PATH",
        help="the --output_dir of a run, a folder with several, or a .jsonl file with a results.json a line",
    )
    parser.add_argument("--over", metavar="ROW", help="compare every row of the tables with this one only")
    parser.add_argument("--languages", nargs="+", metavar="CODE", help="report on these test languages only")
    parser.add_argument(
        "--to", metavar="FOLDER", help="where the report goes; left out: the first PATH, for FILE.jsonl a folder FILE"
    )
    arguments = parser.parse_args(argv)
    path = write_report(*arguments.paths, over=arguments.over, languages=arguments.languages, to=arguments.to)
    print(format_table(find_results(*arguments.paths), languages=arguments.languages))
    print(f"\nReport: {path}")
    return 0
