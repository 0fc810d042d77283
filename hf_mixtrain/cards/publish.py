"""A card on its way to the Hub: it names the repository instead of a folder, or the command that publishes it."""

import re

from hf_mixtrain.cards.usage import FOLDER

_RELEASE = re.compile(r"(<!-- release -->\n).*?(\n<!-- /release -->)", re.DOTALL)


def published_card(text: str, repo_id: str, revision: str | None = None) -> str:
    """Return the card as it is uploaded; the file in the folder stays as it is, so it can be pushed elsewhere too.

    Args:
        text: The card of the folder.
        repo_id: Where it goes.
        revision: Tag or branch that users should ask for; None for the main branch.

    Returns:
        The card with the repository in place of the folder, the same for the same arguments.

    Example:
        >>> published_card('pipeline(model="path/to/this/folder")', "me/ner", "v1.0")
        'pipeline(model="me/ner", revision="v1.0")'
    """
    where = f"`{repo_id}`" + (f", revision `{revision}`" if revision else "")
    model = f'"{repo_id}"' + (f', revision="{revision}"' if revision else "")
    return _with_release(text, f"Published as {where}.").replace(FOLDER, model)


def planned_card(text: str, command: str) -> str:
    r"""Return the card of a model that is ready to be published and is not.

    Args:
        text: The card of the folder.
        command: What publishes it.

    Returns:
        The card with that command, the same for the same arguments.

    Example:
        >>> card = "<!-- release -->\nNot yet published.\n<!-- /release -->"
        >>> planned_card(card, "hf-mixtrain push out/cell me/ner").splitlines()[1]
        'Not yet published on the Hub. To publish it: `hf-mixtrain push out/cell me/ner`'
    """
    return _with_release(text, f"Not yet published on the Hub. To publish it: `{command}`")


def _with_release(text: str, sentence: str) -> str:
    return _RELEASE.sub(lambda match: f"{match[1]}{sentence}{match[2]}", text)
