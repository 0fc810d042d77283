"""``push``: upload the folder of a finished cell."""

import os
import shlex
from collections.abc import Sequence

from hf_mixtrain.commands.parser import CommandParser
from hf_mixtrain.errors import InputError
from hf_mixtrain.files import portable_path
from hf_mixtrain.results import read_results


def command_parser() -> CommandParser:
    """Return the parser of the command line."""
    parser = CommandParser(
        "push",
        "Upload model, tokenizer, card and results as one commit, after a search for pickles and access tokens. The "
        "token comes from HF_TOKEN or `hf auth login`.",
        "hf-mixtrain push out/panx/gradient-mix-train/k5/seed1 me/panx-5 --dry_run\n"
        "hf-mixtrain push out/panx/gradient-mix-train/k5/seed1 me/panx-5 --tag v1.0",
    )
    parser.add_argument("folder", help="folder of a finished cell")
    parser.add_argument("repository", help="name/model, or model in your account; made if it is missing")
    parser.add_argument("--revision", help="branch (default: main)")
    parser.add_argument("--tag", help="name for the commit, such as v1.0")
    parser.add_argument("--private", action="store_true", default=None, help="make a new repository private")
    parser.add_argument("--create_pr", action="store_true", help="open a pull request instead of committing")
    parser.add_argument("--message", help="title of the commit")
    parser.add_argument(
        "--registry", help="YAML file that lists releases: add this one, so that hf-mixtrain download finds it"
    )
    parser.add_argument("--model_cards", help="folder for a copy of the card, results and shots")
    parser.add_argument("--dry_run", action="store_true", help="check the folder and stop; needs no network")
    return parser


def main(argv: Sequence[str]) -> int:
    """Push a folder to the Hub as one commit; `InputError` if it cannot be released, or the Hub refuses."""
    arguments = command_parser().parse_args(argv)
    if arguments.model_cards and not arguments.registry:
        raise InputError("--model_cards needs --registry: the card says what the registry says. Add --registry FILE.")
    # Imported where it is used: help should not wait for it.
    from hf_mixtrain.hub import export_release, push_release, register

    release = push_release(
        arguments.folder,
        arguments.repository,
        revision=arguments.revision,
        tag=arguments.tag,
        private=arguments.private,
        create_pr=arguments.create_pr,
        dry_run=arguments.dry_run,
        message=arguments.message,
    )
    if arguments.registry:
        again = [_from_here(word) for word in argv if word != "--dry_run"]
        command = f"hf-mixtrain push {shlex.join(again)}"
        entry = register(arguments.registry, read_results(arguments.folder), release, command)
        if arguments.model_cards:
            export_release(arguments.folder, arguments.model_cards, entry)
    if arguments.dry_run:
        print(f"{len(release.sha256)} files can be pushed to {release.repo_id}:")
        for name in sorted(release.sha256):
            print(f"  {name}")
    else:
        print(release.url if release.changed else f"{release.url}: nothing has changed")
    return 0


def _from_here(word: str) -> str:
    """A path as the registry may have it: relative to where the command is run, and nothing of the machine above."""
    if not os.path.isabs(word):
        return word
    relative = os.path.relpath(word)
    return portable_path(word) if relative.startswith("..") else relative
