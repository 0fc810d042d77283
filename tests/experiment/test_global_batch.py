import pytest
from hypothesis import given
from hypothesis import strategies as st

from hf_mixtrain.errors import InputError
from hf_mixtrain.experiment.global_batch import divided
from hf_mixtrain.experiment.settings import Settings

COUNTS = st.integers(1, 16)


@given(st.integers(1, 64), COUNTS, COUNTS)
def test_all_processes_and_steps_together_have_the_rows_of_one_update(per_process, most, processes):
    size, batches = divided(per_process * processes, most, processes)
    assert size * batches * processes == per_process * processes
    assert size <= most


def test_rows_that_cannot_be_shared_are_refused():
    with pytest.raises(InputError, match=r"a multiple of the 3 processes .* Got 8\. Use 9, or"):
        divided(8, most=8, processes=3)


def test_the_task_says_the_batch_unless_the_user_does(settings_of):
    def batch(*flags):
        settings = settings_of(*flags)
        return settings.global_batch_size, settings.batch(1), settings.batch(2)

    assert batch() == (8, (8, 1), (4, 1))  # 8 rows at a time, one time
    assert batch("--gradient_accumulation_steps", "3") == (24, (8, 3), (6, 2))


def test_without_accumulation_the_most_that_fits_changes_no_batch(flags):
    from hf_mixtrain.commands.run import parse_settings

    at = flags.index("--gradient_accumulation_steps")
    flags = flags[:at] + flags[at + 2 :]
    settings = parse_settings([*flags, "--per_device_train_batch_size", "4"])
    assert (settings.global_batch_size, settings.batch(1)) == (32, (4, 8))  # the task's 32
    settings = parse_settings([*flags, "--global_batch_size", "16"])
    assert (settings.global_batch_size, settings.batch(1), settings.changed["global_batch_size"]) == (16, (8, 2), 16)
    assert "global_batch_size" not in parse_settings([*flags, "--global_batch_size", "32"]).changed


def test_two_ways_to_say_the_batch_are_refused(settings_of):
    with pytest.raises(InputError, match="Leave one of --global_batch_size and --gradient_accumulation_steps out"):
        settings_of("--global_batch_size", "16")


def test_a_launch_that_cannot_share_the_batch_is_refused_before_anything_is_read(settings_of, monkeypatch):
    monkeypatch.setattr(Settings, "processes", 3)
    with pytest.raises(InputError, match="multiple of the 3 processes"):
        settings_of()
