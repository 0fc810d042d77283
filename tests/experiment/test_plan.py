from hf_mixtrain.experiment.cells import Cell
from hf_mixtrain.experiment.grid_data import GridData
from hf_mixtrain.experiment.plan import costs, plan

LANGUAGES = ["en", "de", "sw"]


def test_a_method_with_one_model_is_tested_on_all_languages():
    ((chain, tested),) = plan(Cell("panx", "mix-ft", 5, 1), LANGUAGES, LANGUAGES[1:])
    assert tested == LANGUAGES
    assert [stage.train_on for stage in chain.stages] == ["source", "shots"]


def test_every_language_is_tested_once_where_each_has_its_model():
    legs = plan(Cell("panx", "ord-fs", 5, 1), LANGUAGES, LANGUAGES[1:])
    assert sorted(language for _, tested in legs for language in tested) == sorted(LANGUAGES)
    assert {chain.language for chain, _ in legs} == {None, "de", "sw"}


def test_what_comes_before_the_shots_is_the_zero_shot_model_whatever_k_is():
    ((zero, _),) = plan(Cell("panx", "zero-shot", 0, 1), LANGUAGES, LANGUAGES[1:])
    for shots in (1, 5):
        for method in ("ord-fs", "ord-fs-dev", "mix-ft"):
            assert plan(Cell("panx", method, shots, 1), LANGUAGES, LANGUAGES[1:])[-1][0].before == zero
    assert plan(Cell("panx", "mix-ft", 5, 2), LANGUAGES, LANGUAGES[1:])[0][0].before != zero


def test_shared_work_is_counted_once_and_surgery_costs_more(settings_of):
    settings = settings_of("--method", "zero-shot", "mix-ft", "naive-mix-train", "gradient-mix-train")
    grid_data = GridData(settings)

    def total(*methods):
        return sum(
            costs([Cell("panx", m, 0 if m == "zero-shot" else 5, 1) for m in methods], settings, grid_data).values()
        )

    tests = 3 * 12
    assert total("zero-shot") == 48 * 4 * 3 + tests
    assert total("mix-ft") == total("zero-shot") + 10 * 4 * 3
    assert total("zero-shot", "mix-ft") == total("mix-ft") + tests
    assert total("naive-mix-train") == 58 * 4 * 3 + tests
    assert total("gradient-mix-train") > 1.5 * total("naive-mix-train")  # 5 shots to each batch of 8
