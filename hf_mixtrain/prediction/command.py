"""From a file of texts to a file of predictions."""

from hf_mixtrain.prediction.formats import check_format, to_conll, to_html, to_jsonl
from hf_mixtrain.prediction.inputs import check_inputs, read_inputs
from hf_mixtrain.prediction.model import load_model
from hf_mixtrain.prediction.predict import predict_items, tag_words


def predictions_as_text(model: str, path: str, *, output_format: str = "jsonl", batch_size: int = 32) -> str:
    """Predict the texts of a file.

    Args:
        model: See `hf_mixtrain.predict`.
        path: A text file, JSON Lines, or ``-`` for standard input.
        output_format: ``"jsonl"``, ``"conll"`` or ``"html"``.
        batch_size: See `hf_mixtrain.predict`.

    Raises:
        InputError: If model or texts cannot be used.
    """
    values, places = read_inputs(path)
    loaded = load_model(model, batch_size=batch_size)
    kind = loaded.reading.kind
    check_format(output_format, kind)
    items = check_inputs(values, kind, pairs=loaded.reading.pairs, places=places)
    if output_format == "conll":
        tagged = zip(items, tag_words(loaded, items), strict=True)
        return to_conll([[(item.text[start:end], tag) for (start, end), tag, _ in words] for item, words in tagged])
    predictions = predict_items(loaded, items)
    return to_html(predictions) if output_format == "html" else to_jsonl(predictions)
