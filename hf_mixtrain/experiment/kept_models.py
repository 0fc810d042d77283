"""``--save_models best``: of each method and K, only the seed with the best average keeps its models."""

from collections.abc import Iterable
from pathlib import Path

from hf_mixtrain.errors import InputError
from hf_mixtrain.experiment.cells import Cell
from hf_mixtrain.files import remove
from hf_mixtrain.results import RESULTS_FILE, read_results

# What a cell is without its models.
_STAYS = ("results.json", "README.md", "shots.json", "logs", "predictions.jsonl")


def keep_best_models(cells: Iterable[Cell], output_dir: Path) -> None:
    """Remove the models of all finished cells but the best of each method and K; of equal ones the first stays.

    Several launches may do this at once: who is worse than another now is so later too.

    Args:
        cells: The cells of a grid.
        output_dir: Where they write.
    """
    groups: dict[tuple[str, int], list[tuple[float, Path]]] = {}
    for cell in cells:
        folder = cell.folder(output_dir)
        if (folder / RESULTS_FILE).is_file():
            try:
                average = read_results(folder)["average"]
            except InputError:  # told where cells are checked
                continue
            groups.setdefault((cell.method_name, cell.shots), []).append((average, folder))
    for group in groups.values():
        best = max(average for average, _ in group)
        keep = next(folder for average, folder in group if average == best)
        for _, folder in group:
            if folder != keep:
                for path in folder.iterdir():
                    if path.name not in _STAYS:
                        remove(path)
