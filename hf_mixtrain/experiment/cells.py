"""The cells of a grid: which there are, where they live, and which are finished."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from pathlib import Path

from hf_mixtrain.experiment.run_arguments import RunArguments
from hf_mixtrain.methods import METHODS, Method


@dataclass(frozen=True, order=True)
class Cell:
    """One training: a method, K and a seed, on one task.

    Example:
        >>> Cell("panx", "mix-ft", 5, 1).folder("out").as_posix()
        'out/panx/mix-ft/k5/seed1'
    """

    task: str
    method_name: str
    shots: int
    seed: int

    def __str__(self) -> str:
        return f"{self.task} {self.method_name} k{self.shots} seed{self.seed}"

    @property
    def method(self) -> Method:
        """The cell's method."""
        return METHODS[self.method_name]

    def folder(self, output_dir: str | Path) -> Path:
        """Where the cell writes, below the grid's ``output_dir``."""
        return Path(output_dir, self.task, self.method_name, f"k{self.shots}", f"seed{self.seed}")


def grid(run: RunArguments, task: str) -> list[Cell]:
    """Return all cells, seed by seed, so that what is finished early can be compared.

    Args:
        run: Which methods, K and seeds; a value that is given twice counts once.
        task: Name of the task.

    Returns:
        The cells; zero-shot has one for each seed, with K = 0.

    Example:
        >>> for cell in grid(RunArguments(method=["zero-shot", "mix-ft"], shots=[1, 5], seeds=[1]), "panx"):
        ...     print(cell)
        panx zero-shot k0 seed1
        panx mix-ft k1 seed1
        panx mix-ft k5 seed1
    """
    cells = (
        Cell(task, method, shots if METHODS[method].uses_shots else 0, seed)
        for seed in run.seeds
        for shots in run.shots
        for method in run.method
    )
    # K = 0 first, then as the user ordered K and the methods.
    return sorted(dict.fromkeys(cells), key=lambda cell: (run.seeds.index(cell.seed), cell.shots > 0))


def share(works: Mapping[Cell, Mapping[Hashable, float]], index: int, count: int) -> list[Cell]:
    """Return the cells of one of ``count`` launches that have folders of their own, so that all take about as long.

    Args:
        works: The pieces of work of each cell with their costs; a piece that cells share is done once in each folder.
        index: Which launch, from 0.
        count: How many there are.

    Example:
        >>> source, first, second = (Cell("panx", method, 5, 1) for method in ("zero-shot", "ord-fs", "mix-ft"))
        >>> works = {source: {"s": 9.0}, first: {"s": 9.0, "a": 1.0}, second: {"b": 5.0}}
        >>> [[cell.method_name for cell in share(works, index, 2)] for index in (0, 1)]
        [['zero-shot', 'ord-fs'], ['mix-ft']]
    """
    done: list[set[Hashable]] = [set() for _ in range(count)]
    totals = [0.0] * count
    own: set[Cell] = set()
    for cell in sorted(works, key=lambda cell: -sum(works[cell].values())):
        after = [
            total + sum(cost for work, cost in works[cell].items() if work not in its)
            for total, its in zip(totals, done, strict=True)
        ]

        def longest(launch: int, after: list[float] = after) -> tuple[float, float, float]:
            # How long the slowest takes then; of equal ones, where the least is added, as shared work is there.
            return max([*totals, after[launch]]), after[launch] - totals[launch], after[launch]

        least = min(range(count), key=longest)
        totals[least] = after[least]
        done[least] |= works[cell].keys()
        if least == index:
            own.add(cell)
    return [cell for cell in works if cell in own]
