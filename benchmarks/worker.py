"""What a process of its own does: ``python -m benchmarks.worker KIND CASE RESULT``."""

import json
import os
import sys
from pathlib import Path

from benchmarks.case import Case

__all__ = ["main"]


def main(kind: str, case_file: str, result_file: str) -> None:
    """Measure one case and write what was found.

    Args:
        kind: ``"step"``, ``"products"``, ``"memory"``, ``"evaluation"`` or ``"data"``.
        case_file: JSON of the case.
        result_file: Where the first process writes its JSON.
    """
    case = Case.from_json(json.loads(Path(case_file).read_text()))
    if (processes := int(os.environ.get("WORLD_SIZE", "1"))) != case.processes:
        raise RuntimeError(f"{case.title}: started as {processes} processes")
    if kind == "step":
        from benchmarks.steps import measure_steps as measure
    elif kind == "products":
        from benchmarks.products import measure_products as measure
    elif kind == "memory":
        from benchmarks.memory import measure_memory as measure
    elif kind == "evaluation":
        from benchmarks.evaluation import measure_evaluation as measure
    else:
        from benchmarks.pipeline import measure_pipeline as measure
    result = measure(case)
    if os.environ.get("RANK", "0") == "0":
        Path(result_file).write_text(json.dumps(result))


if __name__ == "__main__":
    main(*sys.argv[1:])
