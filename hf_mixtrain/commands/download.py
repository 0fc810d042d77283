"""``download``: fetch a released model, checked by its hashes."""

from collections.abc import Sequence

from hf_mixtrain.commands.parser import CommandParser


def command_parser() -> CommandParser:
    """Return the parser of the command line."""
    parser = CommandParser(
        "download",
        "Fetch a model from the Hub into the cache, check every file by its hash, and print the folder.",
        "hf-mixtrain download me/panx-5\nhf-mixtrain download me/panx-5 --revision v1.0",
    )
    parser.add_argument("name", help="name of a released checkpoint, or any repository name/model")
    parser.add_argument("--revision", help="branch, tag or commit of a repository (default: main)")
    parser.add_argument("--registry", help="YAML file that lists releases (default: that of the package)")
    return parser


def main(argv: Sequence[str]) -> int:
    """Fetch a model into the cache and print its folder; `InputError` if there is none, or it cannot be fetched."""
    arguments = command_parser().parse_args(argv)
    from hf_mixtrain.hub import download

    print(download(arguments.name, arguments.revision, registry=arguments.registry))
    return 0
