"""Tables of what was measured, from the JSON alone."""

import statistics
from collections.abc import Iterable
from typing import Any

from benchmarks.case import Case
from benchmarks.statistics import ratio

__all__ = ["to_markdown"]


def to_markdown(report: dict[str, Any]) -> str:
    """Return the tables.

    Args:
        report: ``machine`` and ``results``, as `benchmarks.__main__` writes them.

    Example:
        >>> machine = {"processor": "P", "cores": 2, "threads": 1, "load": 0.5, "accelerator": None, "versions": {}}
        >>> result = {"seconds": {"plain B": [1.0, 1.0], "ours": [2.0, 2.0]}}
        >>> result["cpu_seconds"] = result["seconds"]
        >>> entry = {"kind": "step", "case": Case(variants=("plain B", "ours")).to_json(), "result": result}
        >>> print(to_markdown({"machine": machine, "results": [entry]}).splitlines()[-1])
        | ours | 2000 | 2.00 [2.00, 2.00] | 2.00 [2.00, 2.00] | 2 |
    """
    machine = report["machine"]
    versions = ", ".join(f"{name} {version}" for name, version in machine["versions"].items())
    device = f", {machine['accelerator']}" if machine["accelerator"] else ""
    lines = [
        f"{machine['processor']}{device}, {machine['cores']} cores, {machine['threads']} threads; "
        f"load at the start {machine['load']}; {versions}.",
    ]
    by_kind = {kind: [entry for entry in report["results"] if entry["kind"] == kind] for kind in _TABLES}
    for kind, entries in by_kind.items():
        if entries:
            lines += ["", *_TABLES[kind](entries)]
    return "\n".join(lines) + "\n"


def _steps(entries: list[dict[str, Any]]) -> Iterable[str]:
    yield "## Steps"
    for entry in entries:
        case, result = Case.from_json(entry["case"]), entry["result"]
        first = _reference(case.variants)
        yield from ("", f"### {case.title}", "")
        yield f"| variant | ms | / {first} | / {first}, CPU time | n |"
        yield "|---|---:|---:|---:|---:|"
        for name in case.variants:
            wall, cpu = result["seconds"], result["cpu_seconds"]
            yield (
                f"| {name} | {1000 * statistics.median(wall[name]):.0f} | {ratio(wall[name], wall[first])} "
                f"| {ratio(cpu[name], cpu[first])} | {len(wall[name])} |"
            )


def _products(entries: list[dict[str, Any]]) -> Iterable[str]:
    yield from ("## Inner products of two gradients", "")
    yield "| model | tensors | way | ms | / foreach | / foreach, CPU time | n |"
    yield "|---|---:|---|---:|---:|---:|---:|"
    for entry in entries:
        case, result = entry["case"], entry["result"]
        wall, cpu = result["seconds"], result["cpu_seconds"]
        for name in wall:
            yield (
                f"| {case['shape']}, {case['precision']} | {result['tensors']} | {name} "
                f"| {1000 * statistics.median(wall[name]):.1f} | {ratio(wall[name], wall['foreach'])} "
                f"| {ratio(cpu[name], cpu['foreach'])} | {len(wall[name])} |"
            )


def _memory(entries: list[dict[str, Any]]) -> Iterable[str]:
    yield from ("## Memory over the model, in gradient sets", "")
    yield "| case | variant | sets | over plain B | MiB |"
    yield "|---|---|---:|---:|---:|"
    plain = {_apart(entry): entry["result"]["sets"] for entry in entries if "plain B" in entry["case"]["variants"]}
    for entry in entries:
        title, name = _apart(entry), entry["case"]["variants"][0]
        sets, mebibytes = entry["result"]["sets"], entry["result"]["bytes"] / 2**20
        over = f"{sets - plain[title]:+.2f}" if title in plain else ""
        yield f"| {title} | {name} | {sets:.2f} | {over} | {mebibytes:.0f} |"


def _evaluation(entries: list[dict[str, Any]]) -> Iterable[str]:
    yield from ("## Evaluation", "")
    yield "| model, data | sentences | mean tokens | sentences/s | static padding | ratio | ratio, CPU time | n |"
    yield "|---|---:|---:|---:|---:|---:|---:|---:|"
    for entry in entries:
        result = entry["result"]
        wall, cpu, count = result["seconds"], result["cpu_seconds"], sum(result["sentences"])
        yield (
            f"| {entry['case']['shape']}, {entry['case']['precision']}, {result['source']} | {count} "
            f"| {result['tokens']:.1f} | {count / sum(wall['ours']):.1f} | {count / sum(wall['static padding']):.1f} "
            f"| {ratio(wall['static padding'], wall['ours'])} | {ratio(cpu['static padding'], cpu['ours'])} "
            f"| {len(wall['ours'])} |"
        )


def _data(entries: list[dict[str, Any]]) -> Iterable[str]:
    for entry in entries:
        result = entry["result"]
        yield from (f"## Data pipeline, {result['source']}, {result['sentences']} sentences", "")
        yield "| part | sentences/s | times as fast as the loop | the same in CPU time | n |"
        yield "|---|---:|---:|---:|---:|"
        loop, cpu_loop = result["seconds"]["loop over rows"], result["cpu_seconds"]["loop over rows"]
        for name, wall in result["seconds"].items():
            yield (
                f"| {name} | {result['sentences'] / statistics.median(wall):.0f} | {ratio(loop, wall)} "
                f"| {ratio(cpu_loop, result['cpu_seconds'][name])} | {len(wall)} |"
            )


def _reference(variants: tuple[str, ...]) -> str:
    """What a step is compared with: the same rows in one pass, or where they cannot be cut, in passes of their own."""
    return next((name for name in ("plain B+K", "plain B, K") if name in variants), variants[0])


def _apart(entry: dict[str, Any]) -> str:
    case = entry["case"]
    return f"{case['shape']}, B={case['rows']}, K={case['shots']}, {case['tokens']} tokens, {case['precision']}"


_TABLES = {"step": _steps, "products": _products, "memory": _memory, "evaluation": _evaluation, "data": _data}
