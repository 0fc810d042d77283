"""Reader for questions and answers in the JSON form of SQuAD v1.1, as TyDiQA, XQuAD and others have it."""

from pathlib import Path
from typing import Any

from hf_mixtrain.data.readers.answer_spans import placed_answers
from hf_mixtrain.data.readers.json_rows import load_json
from hf_mixtrain.data.readers.label_values import no_labels
from hf_mixtrain.data.readers.languages_in_file import rows_by_id
from hf_mixtrain.errors import InputError


def read_squad(content: bytes, path: Path, language: str = "") -> dict[str, list[Any]]:
    """Read questions, each with its context and answers.

    Args:
        content: The file's bytes.
        path: Its path, for messages.
        language: The language wanted, where the ids say it, as in TyDiQA's own files. Default: every question is.

    Returns:
        Columns ``id``, ``context``, ``question`` and ``answers``; ``answer_start`` counts Unicode characters.

    Raises:
        InputError: If the file is no JSON of this form; it names the line, or the place in the structure.

    Example:
        >>> text = (b'{"data": [{"paragraphs": [{"context": "Bonn am Rhein", "qas": [{"id": "1", "question": "Where?",'
        ...         b' "answers": [{"text": "Rhein", "answer_start": 8}]}]}]}]}')
        >>> read_squad(text, Path("dev.json"))["answers"]
        [{'text': ['Rhein'], 'answer_start': [8]}]
    """
    rows: dict[str, list[Any]] = {"id": [], "context": [], "question": [], "answers": []}
    articles = _get(load_json(content, path), "data", list, f"{path}")
    for article_number, article in enumerate(articles):
        place = f"{path}: data[{article_number}]"
        for number, paragraph in enumerate(_get(article, "paragraphs", list, place)):
            context = _get(paragraph, "context", str, f"{place}.paragraphs[{number}]")
            for question_number, question in enumerate(_get(paragraph, "qas", list, f"{place}.paragraphs[{number}]")):
                where = f"{place}.paragraphs[{number}].qas[{question_number}]"
                rows["id"].append(str(_get(question, "id", (str, int), where)))
                rows["context"].append(context)
                rows["question"].append(_get(question, "question", str, where))
                answers = _answers(question, where)
                rows["answers"].append(placed_answers(context, answers, f"{where} ({rows['id'][-1]})"))
    if not rows["id"]:
        raise InputError(f"{path}: expected questions, found none. Check how the file was made.")
    if not any(answers["text"] for answers in rows["answers"]) and b'"is_impossible"' not in content:
        raise no_labels(path)
    if (kept := rows_by_id(rows["id"], path, language)) != range(len(rows["id"])):
        return {name: [values[row] for row in kept] for name, values in rows.items()}
    return rows


def is_squad(content: bytes) -> bool:
    """Whether a JSON file has paragraphs with questions in them, and not a row for each question."""
    return b'"paragraphs"' in content


def _answers(question: Any, where: str) -> list[Any]:
    """Return the answers of a question; SQuAD v2.0 marks those that are not to be found in the text."""
    if question.get("is_impossible") is True:
        return []
    answers: list[Any] = _get(question, "answers", list, where)
    return answers


def _get(holder: Any, key: str, kind: type | tuple[type, ...], where: str) -> Any:
    value = holder.get(key) if isinstance(holder, dict) else None
    if not isinstance(value, kind):
        found = list(holder) if isinstance(holder, dict) and value is None else value if value is not None else holder
        raise InputError(
            f"{where}: expected {key!r} as in SQuAD v1.1 files (data > paragraphs > context, qas > id, question, "
            f"answers), found {found!r:.60}. Correct the file."
        )
    return value
