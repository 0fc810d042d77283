"""A card on its way to the Hub: it names the repository instead of a folder."""

import re

from hf_mixtrain.cards.usage import FOLDER

__all__ = ["published_card"]

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
    text = _RELEASE.sub(lambda match: f"{match[1]}Published as {where}.{match[2]}", text)
    return text.replace(FOLDER, model)
