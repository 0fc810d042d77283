from hf_mixtrain.experiment import summary_table

BASE = {"task": "panx", "metric": "f1", "languages": ["en", "de", "sw"]}


def cell(method, shots, seed, en, de, sw):
    scores = {language: {"f1": value} for language, value in zip(("en", "de", "sw"), (en, de, sw), strict=True)}
    return {**BASE, "method": method, "shots": shots, "seed": seed, "scores": scores, "average": (en + de + sw) / 3}


def test_several_seeds_give_mean_and_sample_standard_deviation():
    results = [cell("mix-ft", 5, 1, 90, 60, 50), cell("mix-ft", 5, 2, 80, 62, 54), cell("zero-shot", 0, 1, 90, 40, 20)]
    assert summary_table(results).splitlines() == [
        "panx, f1",
        "language  zero-shot K=0    mix-FT K=5",
        "en                90.00  85.00 ± 7.07",
        "de                40.00  61.00 ± 1.41",
        "sw                20.00  52.00 ± 2.83",
        "targets           30.00  56.50 ± 2.12",
        "all               50.00  66.00 ± 0.94",
        "mean ± sample sd over 1–2 seeds",
    ]


def test_a_language_that_a_cell_lacks_is_shown_as_missing():
    other = {**cell("mix-ft", 5, 1, 90, 60, 50), "languages": ["en", "de"]}
    del other["scores"]["sw"]
    line = summary_table([cell("zero-shot", 0, 1, 90, 40, 20), other]).splitlines()[4]
    assert line.split() == ["sw", "20.00", "—"]


def test_no_results_give_no_table():
    assert summary_table([]) == ""
