"""``report``: tables and figures again, from the results files alone."""

from collections.abc import Sequence

from hf_mixtrain.commands.parser import CommandParser
from hf_mixtrain.errors import InputError
from hf_mixtrain.results import find_results


def command_parser() -> CommandParser:
    """Return the parser of the command line."""
    parser = CommandParser(
        "report",
        "Read every results.json below folders, or files of results, and write report.md, report.html, report.csv, "
        "scores.csv, report.tex and figures/.",
        "hf-mixtrain report out\n"
        "hf-mixtrain report study --baseline gradient-mix-train --languages de sw zh --to study/first-half\n"
        "hf-mixtrain report reproduction/study.jsonl --plan 1.0",
    )
    parser.add_argument(
        "paths",
        nargs="+",
        metavar="PATH",
        help="the --output_dir of a run, a folder with several, or a .jsonl file with a results.json a line",
    )
    parser.add_argument(
        "--baseline",
        metavar="METHOD",
        help="compare all methods with this one (default: naive-mix-train, else zero-shot)",
    )
    parser.add_argument("--all_pairs", action="store_true", help="compare every two methods, not each with one")
    parser.add_argument("--languages", nargs="+", metavar="CODE", help="report on these test languages only")
    parser.add_argument(
        "--plan",
        type=float,
        metavar="POINTS",
        help="say how many seeds a difference of POINTS needs (80 %% power), and write no report",
    )
    parser.add_argument(
        "--to", metavar="FOLDER", help="folder for the report (default: the first PATH; for FILE.jsonl, a folder FILE)"
    )
    return parser


def main(argv: Sequence[str]) -> int:
    """Write the report of folders and show its outcome; `InputError` if there are no results, or a file is broken."""
    arguments = command_parser().parse_args(argv)
    from hf_mixtrain.report import format_answer, format_table, report_contents, write_report

    if arguments.plan is not None and not arguments.plan > 0:
        raise InputError(f"--plan must be above 0. Got {arguments.plan:g}. Give a difference in points, such as 1.0.")
    chosen = {key: getattr(arguments, key) for key in ("baseline", "all_pairs", "languages")}
    results = find_results(*arguments.paths)
    if arguments.plan is not None:
        print(format_answer(report_contents(results, **chosen), arguments.plan))
        return 0
    path = write_report(*arguments.paths, **chosen, to=arguments.to)
    print(format_table(results, languages=arguments.languages))
    print(f"\n{format_answer(report_contents(results, **chosen))}")
    print(f"\nReport: {path} (and {path.with_suffix('.html').name})")
    return 0
