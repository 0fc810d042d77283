"""``python -m benchmarks --preset quick --output FOLDER``."""

import argparse
import json
import time
from pathlib import Path

from benchmarks.launch import measure
from benchmarks.machine import machine
from benchmarks.presets import KINDS, PRESETS, measurements
from benchmarks.report import to_markdown

__all__ = ["main"]


def main(arguments: list[str] | None = None) -> None:
    """Measure, and write ``benchmark.json`` and ``benchmark.md`` after every case.

    Args:
        arguments: Flags; those of the command line if None.
    """
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--preset", choices=list(PRESETS), default="quick", help="what is measured (default: quick)")
    parser.add_argument("--only", choices=KINDS, help="measure only this")
    parser.add_argument("--case", default="", help="measure only cases whose title has this text in it")
    parser.add_argument("--output", type=Path, default=Path("out/benchmarks"), help="folder (default: out/benchmarks)")
    flags = parser.parse_args(arguments)
    flags.output.mkdir(parents=True, exist_ok=True)
    results: list[dict] = []
    report = {"preset": flags.preset, "machine": machine(), "results": results}
    todo = measurements(flags.preset, flags.only, flags.case)
    for number, measurement in enumerate(todo, start=1):
        start = time.perf_counter()
        result = measure(measurement)
        results.append({"kind": measurement.kind, "case": measurement.case.to_json(), "result": result})
        (flags.output / "benchmark.json").write_text(json.dumps(report, indent=1) + "\n")
        (flags.output / "benchmark.md").write_text(to_markdown(report))
        seconds = time.perf_counter() - start
        print(f"{number}/{len(todo)} {measurement.kind}: {measurement.case.title}: {seconds:.0f} s", flush=True)
    print(to_markdown(report))


if __name__ == "__main__":
    main()
