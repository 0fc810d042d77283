"""Reader for texts in tables: pairs with a label, single texts with a label, or questions with their answers."""

from collections.abc import Iterator
from pathlib import Path

from hf_mixtrain.data.kinds import KINDS
from hf_mixtrain.data.readers.label_values import no_labels
from hf_mixtrain.data.readers.lines import decode
from hf_mixtrain.data.readers.records import Record
from hf_mixtrain.data.readers.table import cells_of, found_separator, read_table
from hf_mixtrain.data.task import Task
from hf_mixtrain.errors import InputError


def read_texts(content: bytes, path: Path, task: Task, *, separator: str = "\t") -> Iterator[Record]:
    r"""Yield the rows of a table by the names of raw columns.

    They stand as ``columns`` says, or as XTREME has them: ``premise<TAB>hypothesis<TAB>label``.

    Args:
        content: The file's bytes.
        path: Its path, for messages.
        task: Its kind, labels and ``columns``: where the raw columns are, as numbers counted from 0, or, for a file
            whose first line is a header, as names. Without ``hypothesis`` the texts are single.
        separator: What stands between fields.

    Yields:
        Where each row is, and the row.

    Raises:
        InputError: If a line has too few or too many fields.

    Example:
        >>> task = Task("t", "t", "text-classification", ("en",), "accuracy", ("no", "yes"))
        >>> list(read_texts(b"Good.\tyes\n", Path("dev-en.tsv"), task))
        [('dev-en.tsv:1', {'premise': 'Good.', 'label': 'yes'})]
    """
    kind = KINDS[task.kind]
    columns = task.columns
    separator = found_separator(content, path, separator)
    if columns and (missing := [name for name in (kind.texts[0], kind.gold) if name not in columns]):
        raise InputError(f"{path}: expected {missing[0]!r} in `columns` of the task, found nothing. Add it.")
    usual = kind.columns
    if not columns and kind.gold == "label":
        usual = _usual_columns(content, path, task, separator)
    yield from read_table(content, path, columns, separator=separator, usual=usual, quoted=task.quoted)


def _usual_columns(content: bytes, path: Path, task: Task, separator: str) -> tuple[str, ...]:
    """Return the columns of a table without a header: those of pairs, or of single texts if it has two."""
    pairs = KINDS[task.kind].columns
    lines = [line for line in decode(content, path).split("\n") if line.strip()]
    widths = {len(cells_of(line.removesuffix("\r"), separator)) for line in lines}
    if widths == {1} and len(lines) > 1:
        raise no_labels(path)
    if widths != {len(pairs) - 1}:
        return pairs
    known = {*task.labels, *map(str, task.label_map)}
    lasts = {cells_of(line.removesuffix("\r"), separator)[-1] for line in lines}
    if lasts <= known | {"label"} or task.problem_type != "single_label_classification":
        return ("premise", "label")
    if lasts & known:
        return pairs
    raise no_labels(path)
