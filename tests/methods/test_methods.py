import pytest

from hf_mixtrain.methods import METHODS

PAPER = ["zero-shot", "ord-fs-dev", "ord-fs", "mix-ft", "naive-mix-train", "gradient-mix-train"]


def test_the_papers_methods_come_first_and_additions_are_marked():
    assert list(METHODS)[:6] == PAPER
    assert [name for name, method in METHODS.items() if method.in_paper] == PAPER


@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
def test_names_and_stages_are_consistent(method):
    assert METHODS[method.name] is method
    assert method.stages
    # A model for one language can only come at the end, and only shots tell languages apart.
    assert not any(stage.per_language for stage in method.stages[:-1])
    assert all(stage.train_on == "shots" for stage in method.stages if stage.per_language)
    # Nothing to weigh or to project on where there are only source rows or only shots.
    assert all(stage.train_on == "mixed" for stage in method.stages if stage.surgery or stage.order != "shuffled")


def test_only_one_method_looks_at_target_dev_data():
    assert [name for name, method in METHODS.items() if method.uses_target_dev] == ["ord-fs-dev"]


def test_only_zero_shot_needs_no_shots():
    assert [name for name, method in METHODS.items() if not method.uses_shots] == ["zero-shot"]


def test_surgery_is_all_that_separates_the_two_mixed_methods():
    (naive,), (gradient,) = METHODS["naive-mix-train"].stages, METHODS["gradient-mix-train"].stages
    assert {**vars(naive), "surgery": True} == vars(gradient)


def test_methods_that_adapt_begin_with_the_zero_shot_model():
    (source,) = METHODS["zero-shot"].stages
    assert all(METHODS[name].stages[0] == source for name in ("ord-fs-dev", "ord-fs", "mix-ft"))
