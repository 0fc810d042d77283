"""The model card of one cell, made from its results; it needs no network."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from huggingface_hub import ModelCard
from huggingface_hub.utils import yaml_dump

from hf_mixtrain.cards.base_models import base_model
from hf_mixtrain.cards.facts import FolderFacts, data_facts, folder_facts
from hf_mixtrain.cards.keep import keep_sections, restore_sections
from hf_mixtrain.cards.metadata import card_data
from hf_mixtrain.cards.text import card_text
from hf_mixtrain.errors import InputError
from hf_mixtrain.files import atomic_write_text
from hf_mixtrain.results import read_results

if TYPE_CHECKING:
    from hf_mixtrain.data import Task

CARD_FILE = "README.md"


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
        license: Licence of the model, as the Hub writes it (``"mit"``); default: that of the base model, if known.
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
    data, base = data_facts(results, task), base_model(results["model"], license)
    front = yaml_dump(card_data(results, data, base, extra=metadata), sort_keys=False).strip()
    text = card_text(results, siblings, data, base, facts or folder_facts(folder))
    return atomic_write_text(path, restore_sections(f"---\n{front}\n---\n\n{text}", sections))


def _old_card(path: Path) -> tuple[dict[str, str], dict[str, Any]]:
    if not path.is_file():
        return {}, {}
    try:
        content = path.read_text(encoding="utf-8-sig")
        # No `---` block, as in a card written by hand, is a card without metadata and no reason to warn.
        metadata = ModelCard(content).data.to_dict() if content.lstrip().startswith("---") else {}
    except ValueError as error:
        line = " ".join(str(error).split())
        raise InputError(f"{path}: expected a model card to be rewritten, found {line}. Correct or move it.") from None
    except Exception as error:  # YAML errors of several kinds, each with its own lines
        line = " ".join(str(error).split())
        raise InputError(f"{path}: its metadata is not YAML ({line}). Correct or move the file.") from None
    return keep_sections(content, path), metadata
