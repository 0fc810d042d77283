"""Questions without an answer, in test sets of a task whose training questions all have one."""

from collections.abc import Iterable, Mapping

from datasets import Dataset


def unanswerable(training: Iterable[Dataset], test: Mapping[str, Dataset]) -> dict[str, list[str]]:
    """Return the ids of test questions without an answer, if no training question is without one.

    A model that has never seen such a question has not learnt to leave the answer empty.

    Args:
        training: Everything that is trained on: source rows and shots of a question-answering task.
        test: The test rows by language.

    Returns:
        Ids by language, of those that have any. Empty if some training question has no answer.

    Example:
        >>> def rows(*texts):
        ...     answers = [{"text": list(text), "answer_start": [0] * len(text)} for text in texts]
        ...     return Dataset.from_dict({"id": [f"q{n}" for n in range(len(texts))], "answers": answers})
        >>> unanswerable([rows(["Graz"])], {"de": rows(["Linz"], [])}), unanswerable([rows([])], {"de": rows([])})
        ({'de': ['q1']}, {})
    """
    if any(not answers["text"] for rows in training if len(rows) for answers in rows["answers"]):
        return {}
    found = {
        language: [name for name, answers in zip(rows["id"], rows["answers"], strict=True) if not answers["text"]]
        for language, rows in test.items()
        if len(rows)
    }
    return {language: names for language, names in found.items() if names}
