"""The text of a card: numbers and sentences that the template puts in their place."""

import re
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any

from jinja2 import Environment, StrictUndefined

from hf_mixtrain.cards.comparison import Comparison, Row, compare
from hf_mixtrain.cards.descriptions import TASK_NOTES, DataFacts, citations, describe_method
from hf_mixtrain.cards.metadata import BaseModel, model_name
from hf_mixtrain.cards.usage import FolderFacts, plain_usage, recipe, shots_checksum, usage
from hf_mixtrain.escaping import markdown, markdown_block, markdown_code
from hf_mixtrain.methods import METHODS
from hf_mixtrain.shot_count import ALL_SHOTS, ShotsByLanguage
from hf_mixtrain.source_languages import sources_of

Results = Mapping[str, Any]


def card_text(
    results: Results,
    siblings: Sequence[Results],
    data: DataFacts,
    base: BaseModel,
    folder: FolderFacts,
    license: str | None = None,
) -> str:
    """Fill the template of the package.

    Args:
        results: The cell.
        siblings: Other cells of the grid.
        data: What the task says of its data sets.
        base: The model it started from.
        folder: What stands in the cell's folder.
        license: Licence of the model, if it is known.

    Returns:
        Markdown without metadata. The same arguments give the same text: no dates, no paths.
    """
    environment = Environment(
        trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True, undefined=StrictUndefined
    )
    template = environment.from_string((files(__package__) / "card.md.jinja").read_text(encoding="utf-8"))
    sources = [markdown(data.language_names.get(code, code)) for code in sources_of(results)]
    comparison = compare(results, siblings)
    sentences = describe_method(results["method"], {**data.defaults, **results["settings"]})
    if len(sources) > 1:
        sentences = [sentence.replace("the source language", "the source languages") for sentence in sentences]
    return template.render(
        name=model_name(results),
        results=results,
        shots=bool(results["shot_ids"]),
        shots_phrase=_shots_phrase(results, data),
        title=markdown(data.title),
        base_link=_base_link(base, results),
        base_note=_base_note(base, results),
        source_name=" and ".join([", ".join(sources[:-1]), sources[-1]] if sources[1:] else sources),
        method_title=METHODS[results["method"]].title,
        method_text=" ".join(sentences) + f" Source: {METHODS[results['method']].source}.",
        citations=citations(results["method"]),
        folder=folder,
        labels=[markdown(label) for label in folder.labels],
        parts=[markdown_code(part) for part in folder.parts],
        files=[(_code_cell(file), digest) for file, digest in folder.sha256.items()],
        usage=usage(data.kind, pairs=data.is_pairs),
        plain_usage=plain_usage(data.kind, _label_piece(results), pairs=data.is_pairs),
        plain_note=", where each label is chosen by itself" if _is_decoded(results, data) else "",
        metric_title=markdown(_capital(data.metric_title(results["metric"]))),
        **_table(comparison, data),
        **_other_scores(results, data),
        data_text=_data_text(results, data),
        shots_text=_shots_text(results, folder),
        checksum=shots_checksum(results["shot_ids"]),
        shot_ids=[
            (markdown(language), ", ".join(map(markdown, ids))) for language, ids in sorted(results["shot_ids"].items())
        ],
        surgery=_surgery(results["surgery"]),
        recipe=markdown_block("# recipe.yaml\n" + recipe(results), "yaml"),
        seconds=_duration(results["train_seconds"]),
        memory=_memory(results["peak_memory_bytes"]),
        versions=_versions(results),
        limits=_limits(results, data, base, comparison, license),
    )


def _table(comparison: Comparison, data: DataFacts) -> dict[str, Any]:
    def cells(row: Row) -> dict[str, str]:
        name = data.language_names.get(row.language)
        return {
            "name": markdown(f"{name} ({row.language})") if name else f"**{row.language}**",
            "shots": str(row.shots),
            "zero_shot": "" if row.zero_shot is None else f"{row.zero_shot:.2f}",
            "score": f"{row.score:.2f}",
            "gain": "" if row.gain is None else f"{row.gain:+.2f}",
            "seeds": f"{row.seeds.mean:.2f} ± {row.seeds.sd:.2f}" if row.seeds.sd is not None else "",
        }

    zero_shot = comparison.zero_shot_seeds
    here = comparison.rows[0].seeds.n
    note = f", seed {zero_shot[0]}" if len(zero_shot) == 1 else f", mean over {len(zero_shot)} seeds"
    return {
        "rows": [cells(row) for row in comparison.rows + comparison.means],
        "has_zero_shot": bool(zero_shot),
        "zero_shot_note": note,
        "has_seeds": here > 1,
        "n_seeds": here,
        "seed_list": ", ".join(map(str, comparison.seeds)),
    }


def _base_link(base: BaseModel, results: Results) -> str:
    if base.hub_id is None:
        return markdown_code(base.name)
    # The revision of an embedded encoder is that of a package, not of the repository.
    revision = None if base.note else results["versions"].get("model_revision")
    return f"[{base.hub_id}](https://huggingface.co/{base.hub_id})" + (
        f" at revision {markdown_code(revision)}," if revision else ""
    )


def _base_note(base: BaseModel, results: Results) -> str:
    revision = results["versions"].get("model_revision")
    return base.note + (f" Version: {markdown_code(revision)}." if base.note and revision else "")


def _other_scores(results: Results, data: DataFacts) -> dict[str, Any]:
    scores = results["scores"]
    names = sorted({name for one in scores.values() for name in one} - {results["metric"]})
    lines = [
        [markdown(f"{data.language_names[language]} ({language})")]
        + [f"{scores[language][name]:.2f}" if name in scores[language] else "–" for name in names]
        for language in results["languages"]
    ]
    return {"other_metrics": [markdown(data.metric_title(name)) for name in names], "other_scores": lines}


def _data_text(results: Results, data: DataFacts) -> str:
    if data.source == "demo":
        origin = "The made-up demo corpus of hf_mixtrain: **these numbers say nothing about real text.**"
    elif data.source != "hub" and not data.is_packaged:
        origin = "Read from local files, not from the Hub."
    elif data.source != "hub":
        origin = "Read from a local folder in the layout of the XTREME benchmark, not from the Hub."
    else:
        origin = " ".join(
            f"{_data_link(name)} at {markdown_code(revision)}." for name, revision in data.revisions.items()
        )
        origin = origin or "From the Hub; its revision was not recorded."
    caps = {"max_source_examples": "source examples for training", "max_eval_examples": "test examples a language"}
    chosen = [
        f"at most {results['settings'][key]} {what}" for key, what in caps.items() if results["settings"].get(key)
    ]
    return origin + (f" A fixed random choice was used: {', '.join(chosen)}." if chosen else "")


def _shots_phrase(results: Results, data: DataFacts) -> str:
    count, languages = results["shots"], sorted(results["shot_ids"])
    counts = [len(results["shot_ids"][language]) for language in languages]
    unit = {"class": " of each class", "entity": " of each type or tag"}.get(data.shots_per, "")
    names = [markdown(data.language_names.get(language, language)) for language in languages]
    if isinstance(count, ShotsByLanguage):
        each_count = [count.by_language[language] for language in languages]
        return f"shots{unit}, " + ", ".join(f"{k} in {name}" for k, name in zip(each_count, names, strict=True))
    if count == ALL_SHOTS and len(names) < 5:
        return "all shots there are, " + ", ".join(f"{n} in {name}" for n, name in zip(counts, names, strict=True))
    if count == ALL_SHOTS:
        return f"all shots there are in {len(names)} target languages, {min(counts)} to {max(counts)} in each"
    where = f"in {', '.join(names)}" if len(names) < 5 else f"in each of {len(names)} target languages"
    each = " each" if 1 < len(names) < 5 else ""
    return f"{count} {'shot' if count == 1 else 'shots'}{unit}{each} {where}"


def _data_link(name: str) -> str:
    is_id = re.fullmatch(r"[\w.-]+/[\w.-]+", name)
    return f"[{name}](https://huggingface.co/datasets/{name})" if is_id else markdown(name)


def _shots_text(results: Results, folder: FolderFacts) -> str:
    total = sum(map(len, results["shot_ids"].values()))
    file = "[shots.json](shots.json) and " if folder.has_shots else ""
    drawn = (
        "all that there are"
        if results["shots"] == ALL_SHOTS
        else f"drawn by hf_mixtrain with seed {results['seed']}; for one seed, those of a smaller K are among those of "
        "a larger"
    )
    return f"Shots: {total} in all, {drawn}. Their ids are below, and in {file}[results.json](results.json)."


def _surgery(surgery: Mapping[str, Any]) -> dict[str, Any] | None:
    if not surgery:
        return None
    text = f"{surgery['steps']} times; in conflict {surgery['conflict_rate']:.1%}, mean cosine {surgery['cosine']:.3f}."
    if surgery.get("skipped"):
        text += f" {surgery['skipped']} times the gradient of the shots was zero or not finite: no surgery then."
    rows = []
    for language, counts in sorted(surgery.get("languages", {}).items()):
        share = f"{counts['conflicts'] / counts['draws']:.1%}" if counts["draws"] else "–"
        rows.append((markdown(language), str(counts["draws"]), share, f"{counts['cosine']:.3f}"))
    return {"text": text, "rows": rows}


def _limits(
    results: Results, data: DataFacts, base: BaseModel, comparison: Comparison, license: str | None
) -> list[str]:
    limits = [f"Tested in {', '.join(map(markdown, data.language_names.values()))}, and in no other language."]
    overall = comparison.means[-1]  # over the targets where there are any
    if overall.gain is not None and overall.gain < 0:
        limits.insert(0, f"{-overall.gain:.2f} points worse than zero-shot ({overall.language}): kept as a result.")
    if data.source != "demo" and data.is_packaged:
        limits += TASK_NOTES.get(results["task"], ())
    if 0 < results["shots"] < ALL_SHOTS:
        limits.append("With so few examples, the choice of shots alone moves the scores.")
    if data.is_packaged and data.source not in ("hub", "demo"):
        limits.append("The data was an excerpt or a copy: compare scores only with runs on the same files.")
    stated = f"Licence: {markdown(license)}." if license else "No licence is stated for this model."
    known = f"That of the base model is {base.license}" if base.license else "That of the base model is not known here"
    limits.append(f"{stated} {known}, and the data has its own: see that you keep both before you use the model.")
    return limits


def _versions(results: Results) -> str:
    # Revisions stand beside the model and the data that they belong to.
    versions = {
        key: value for key, value in results["versions"].items() if not key.endswith(("_revision", "_revisions"))
    }
    return ", ".join(markdown(f"{name} {version}") for name, version in versions.items())


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min {rest:02d} s"


def _memory(count: int) -> str:
    return f"{count / 2**30:.2f} GiB"


def _label_piece(results: Results) -> str:
    """Which word piece carries a word's label; before results had checksums, it was always the first."""
    settings = results["settings"]
    first = settings.get("paper_exact") or not results.get("task_checksum")
    return str(settings.get("label_piece") or ("first" if first else "content"))


def _is_decoded(results: Results, data: DataFacts) -> bool:
    return data.kind == "token-classification" and results["settings"].get("decode") != "argmax"


def _code_cell(text: str) -> str:
    return markdown_code(text).replace("|", r"\|")


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]
