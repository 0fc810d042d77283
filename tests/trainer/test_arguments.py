"""Settings: the paper's behaviour by default, and errors that name the setting and the way out."""

import pytest
from transformers import HfArgumentParser

from hf_mixtrain import GradientMixTrainingArguments
from hf_mixtrain.errors import InputError


def make(**changes):
    return GradientMixTrainingArguments(output_dir="out", use_cpu=True, **changes)


def test_defaults_are_the_papers():
    args = make()
    assert (args.surgery, args.surgery_scope, args.surgery_probability) == ("stochastic", "optimizer_step", 1.0)
    assert (args.oracle_batch_size, args.oracle_include_source, args.oracle_languages_per_step) == (None, False, 1)
    assert (args.language_column, args.source_language, args.paper_exact) == ("language", "en", False)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"oracle_batch_size": 0}, r"oracle_batch_size.*1 or more.*Got 0.*surgery='none'"),
        ({"surgery_probability": 1.5}, r"surgery_probability.*between 0 and 1.*Got 1.5.*surgery='none'"),
        ({"oracle_languages_per_step": 0}, r"oracle_languages_per_step.*1 or more.*Got 0"),
        ({"surgery": "pcgradd"}, r"surgery.*stochastic, none, pcgrad.*Got 'pcgradd'"),
        ({"surgery_scope": "epoch"}, r"surgery_scope.*optimizer_step, micro_batch.*Got 'epoch'"),
        ({"paper_exact": True, "surgery": "upgrad"}, r"paper_exact.*one projection.*upgrad.*paper_exact=False"),
    ],
)
def test_error_names_the_setting_and_the_way_out(changes, message):
    with pytest.raises(InputError, match=message):
        make(**changes)


def test_paper_exact_is_one_name_for_three_settings():
    args = make(paper_exact=True)
    assert (args.surgery_scope, args.oracle_include_source) == ("micro_batch", True)


def test_every_field_can_be_a_flag():
    flags = [
        "--output_dir",
        "out",
        "--use_cpu",
        "--surgery",
        "upgrad",
        "--oracle_batch_size",
        "3",
        "--paper_exact",
        "no",
    ]
    (args,) = HfArgumentParser(GradientMixTrainingArguments).parse_args_into_dataclasses(flags)
    assert (args.surgery, args.oracle_batch_size, args.paper_exact) == ("upgrad", 3, False)


def test_survives_being_written_and_read():
    args = make(surgery_probability=0.1, oracle_languages_per_step=2)
    again = HfArgumentParser(GradientMixTrainingArguments).parse_dict(args.to_dict() | {"use_cpu": True})[0]
    assert (again.surgery_probability, again.oracle_languages_per_step) == (0.1, 2)
