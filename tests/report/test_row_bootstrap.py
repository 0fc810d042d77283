import json

import numpy as np
import pytest
from scipy import stats

from hf_mixtrain.metrics import Accuracy, EntityF1, PosTagging, SquadF1
from hf_mixtrain.report import group_results, significance, significance_table
from hf_mixtrain.report.row_bootstrap import add_test_rows, find_predictions, row_counts
from hf_mixtrain.results import find_results, write_results

TAGS = (["B-PER", "I-PER", "O", "B-LOC"], ["O", "O"], ["B-LOC", "O", "B-PER"])
FOUND = (["B-PER", "O", "O", "B-LOC"], ["B-LOC", "O"], ["B-LOC", "O", "B-PER"])
POS = (["NOUN", "NOUN", "VERB"], ["SYM", "SCONJ"])
POS_FOUND = (["NOUN", "VERB", "VERB"], ["SYM", "CCONJ"])


@pytest.mark.parametrize(
    ("metric", "key", "predicted", "gold", "xtreme"),
    [
        (EntityF1, "f1", FOUND, TAGS, False),
        (PosTagging, "f1", POS_FOUND, POS, True),
        (PosTagging, "accuracy", POS_FOUND, POS, True),
        (Accuracy, "accuracy", ["a", "b", "b"], ["a", "b", "c"], False),
        (SquadF1, "f1", ["the old town", "b", ""], [["old city", "town"], ["c"], []], False),
        (SquadF1, "exact_match", ["the old town", "b", ""], [["old city", "town"], ["c"], []], False),
    ],
)
def test_the_counts_of_the_rows_add_up_to_the_score(metric, key, predicted, gold, xtreme):
    rows = [row_counts(key, p, g, xtreme=xtreme) for p, g in zip(predicted, gold, strict=True)]
    right, of = map(sum, zip(*rows, strict=True))
    assert right / of == pytest.approx(metric().compute(predictions=list(predicted), references=list(gold))[key])


def test_a_metric_that_is_no_ratio_of_sums_has_no_counts():
    assert row_counts("macro_f1", "a", "b") is None


ROWS = 100


@pytest.fixture
def study(tmp_path, result):
    """Accuracy of two methods on the same 100 rows; the second is right where the first is, and on some rows more."""
    rng = np.random.default_rng(1)
    for seed in (1, 2, 3):
        right = rng.random(ROWS) < 0.6
        for method, more in (("naive-mix-train", 0.0), ("gradient-mix-train", 0.1 + 0.01 * seed)):
            rows = right | (np.arange(ROWS) < more * ROWS)
            scores = {"de": {"accuracy": 100 * float(rows.mean())}}
            cell = result(method, 5, seed, {"de": scores["de"]["accuracy"]}, metric="accuracy", scores=scores)
            folder = write_results(tmp_path / method / str(seed), cell).parent
            lines = [{"language": "de", "split": "test", "prediction": str(row), "gold": "True"} for row in rows]
            (folder / "predictions.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return tmp_path


def test_the_interval_holds_the_variance_over_seeds_and_that_of_the_mean_over_rows(study):
    group = group_results(find_results(study))[0]
    [pair] = significance(group)
    [wider] = add_test_rows(group, [pair], find_predictions(study))
    assert wider.low_rows < wider.gain < wider.high_rows
    assert significance_table(group, [wider]).header[4:6] == ["95 % CI", "with test rows"]
    assert significance_table(group, [pair]).header[4:6] == ["95 % CI", "p"]
    # The same by hand: differences of a row, averaged over seeds, vary from row to row; their mean has this variance.
    gains = np.zeros(ROWS)
    for seed in (1, 2, 3):
        for method, sign in (("gradient-mix-train", 1), ("naive-mix-train", -1)):
            lines = (study / method / str(seed) / "predictions.jsonl").read_text().splitlines()
            gains += sign * np.array([json.loads(line)["prediction"] == "True" for line in lines]) * 100 / 3
    of_rows, of_seeds = gains.var() / ROWS, pair.sd**2 / 3
    width = (wider.high_rows - wider.low_rows) / 2
    degrees = (of_rows + of_seeds) ** 2 / (of_seeds**2 / 2)
    assert width == pytest.approx(stats.t.ppf(0.975, degrees) * np.sqrt(of_rows + of_seeds), rel=0.1)


def test_without_all_predictions_there_is_no_such_interval(study):
    group = group_results(find_results(study))[0]
    (study / "naive-mix-train" / "2" / "predictions.jsonl").unlink()
    assert add_test_rows(group, significance(group), find_predictions(study)) == significance(group)


def test_predictions_of_other_results_are_not_used(study):
    group = group_results(find_results(study))[0]
    path = study / "naive-mix-train" / "2" / "results.json"
    cell = json.loads(path.read_text())
    cell["scores"]["de"]["accuracy"] = 1.0
    path.write_text(json.dumps(cell))
    assert add_test_rows(group, significance(group), find_predictions(study)) == significance(group)
