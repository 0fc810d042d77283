"""``README.md`` of one cell: written from its results, hand-written sections kept, named after its place on the Hub."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from jinja2 import TemplateError

from hf_mixtrain.cards.descriptions import data_facts
from hf_mixtrain.cards.metadata import base_model, card_data, front_matter
from hf_mixtrain.cards.text import card_text
from hf_mixtrain.cards.usage import FOLDER, FolderFacts, folder_facts
from hf_mixtrain.errors import InputError
from hf_mixtrain.files import atomic_write_text
from hf_mixtrain.results import read_results
from hf_mixtrain.yaml_text import load_yaml

if TYPE_CHECKING:
    from hf_mixtrain.data import Task

CARD_FILE = "README.md"
"""Name of a model card's file."""
_FRONT = re.compile(r"\s*---[ \t]*\r?\n(.*?)^---[ \t]*$", re.DOTALL | re.MULTILINE)


def write_card(
    folder: str | Path,
    results: Mapping[str, Any] | None = None,
    siblings: Sequence[Mapping[str, Any]] = (),
    *,
    license: str | None = None,
    task: "Task | None" = None,
    facts: FolderFacts | None = None,
) -> Path:
    """Write ``README.md`` of a cell: metadata for the Hub, then the text, all from files of the run.

    A card that is there already is replaced, but for what stands between lines ``<!-- keep: NAME -->`` and
    ``<!-- /keep: NAME -->``, and for metadata that this function does not write itself (``widget``, say).

    Args:
        folder: The cell's folder. The card is complete without a model in it.
        results: The cell's results; default: those in ``folder``.
        siblings: Results of other cells of the grid, for the zero-shot column and the spread over seeds.
        license: Licence of the model, as the Hub writes it (``"mit"``); default: that of the data, if it has one.
        task: The task, if it is not one of the package.
        facts: What the folder of the model holds, if it is not ``folder``.

    Returns:
        The path of the card.

    Raises:
        InputError: If the results cannot be used, or the old card cannot be read; the old card is then left as it is.

    Example:
        >>> import tempfile
        >>> cell = dict(task="panx", method="zero-shot", shots=0, seed=1, model="xlm-roberta-base", languages=["en"],
        ...     metric="f1", scores={"en": {"f1": 80.0}}, average=80.0, settings={}, shot_ids={}, versions={},
        ...     train_seconds=1.5, peak_memory_bytes=1, surgery={})
        >>> write_card(tempfile.mkdtemp(), cell).name
        'README.md'
    """
    path = Path(folder) / CARD_FILE
    results = read_results(folder) if results is None else results
    sections, metadata = _old_card(path)
    try:
        data, base = data_facts(results, task), base_model(results["model"])
        front = front_matter(known := card_data(results, data, base, extra=metadata, license=license))
        text = card_text(results, siblings, data, base, facts or folder_facts(folder), known.get("license"))
    except InputError:
        raise
    except (TypeError, ValueError, LookupError, AttributeError, ArithmeticError, TemplateError) as error:
        reason = " ".join(str(error).split())
        raise InputError(
            f"{path}: expected results as a run writes them, found something else ({type(error).__name__}: {reason}). "
            "Run the cell again."
        ) from error
    return atomic_write_text(path, restore_sections(f"---\n{front}\n---\n\n{text}", sections))


def _old_card(path: Path) -> tuple[dict[str, str], dict[str, Any]]:
    if not path.is_file():
        return {}, {}
    try:
        content = path.read_text(encoding="utf-8-sig")
        block = _FRONT.match(content)
        # No `---` block, as in a card written by hand, is a card without metadata and no reason to warn.
        metadata = load_yaml(block[1]) if block else {}
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: expected a model card to be rewritten, found {error}. Correct or move it.") from None
    except yaml.YAMLError as error:
        line = " ".join(str(error).split())
        raise InputError(f"{path}: its metadata is not YAML ({line}). Correct or move the file.") from None
    if not isinstance(metadata, dict) or not all(isinstance(key, str) for key in metadata):
        raise InputError(f"{path}: expected a model card with `key: value` lines between `---`. Correct or move it.")
    return keep_sections(content, path), metadata


_MARKER = re.compile(r"^<!-- (/?)keep: ([\w-]+) -->[ \t]*$", re.MULTILINE)


def keep_sections(text: str, path: str | Path = "README.md") -> dict[str, str]:
    r"""Find the hand-written sections of a card.

    A section is all that stands between a line ``<!-- keep: NAME -->`` and a line ``<!-- /keep: NAME -->``.

    Args:
        text: The card.
        path: Name of the file, for messages.

    Returns:
        ``{name: text between the markers}``, in the order of the card.

    Raises:
        InputError: If a marker has no partner, or a name is used twice; the message names file and line.

    Example:
        >>> keep_sections("# A\n<!-- keep: notes -->\nMine.\n<!-- /keep: notes -->\n")
        {'notes': '\nMine.\n'}
    """
    sections: dict[str, str] = {}
    opened: re.Match[str] | None = None
    for marker in _MARKER.finditer(text):
        closes, name = bool(marker[1]), marker[2]
        place = f"{path}:{text.count(chr(10), 0, marker.start()) + 1}"
        if closes != bool(opened) or (opened and opened[2] != name):
            raise InputError(f"{place}: expected the markers of a kept section in pairs, found {marker[0]!r} alone.")
        if not closes and name in sections:
            raise InputError(f"{place}: the kept section {name!r} is there twice. Give the second another name.")
        if opened:
            sections[name] = text[opened.end() : marker.start()]
        opened = None if closes else marker
    if opened:
        place = f"{path}:{text.count(chr(10), 0, opened.start()) + 1}"
        raise InputError(f"{place}: {opened[0]!r} is never closed. End the section with `<!-- /keep: {opened[2]} -->`.")
    return sections


def restore_sections(text: str, sections: dict[str, str]) -> str:
    r"""Put hand-written sections into a new card, each between its markers; those without a place go to the end.

    Args:
        text: The new card, with markers.
        sections: What `keep_sections` found in the old one.

    Returns:
        The card with the old text between the markers.

    Example:
        >>> restore_sections("<!-- keep: a -->\n<!-- /keep: a -->\n", {"a": "\nOld.\n"})
        '<!-- keep: a -->\nOld.\n<!-- /keep: a -->\n'
    """
    for name, kept in sections.items():
        begin, end = f"<!-- keep: {name} -->", f"<!-- /keep: {name} -->"
        # Whole lines, as they are found: a value on the card may hold the same words.
        opened, closed = (re.search(rf"^{re.escape(marker)}[ \t]*$", text, re.MULTILINE) for marker in (begin, end))
        if opened and closed:
            text = f"{text[: opened.start()]}{begin}{kept}{end}{text[closed.end() :]}"
        else:
            text = f"{text.rstrip()}\n\n{begin}{kept}{end}\n"
    return text


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
