import logging

import pytest

from hf_mixtrain.experiment.progress import Progress


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def said(caplog):
    caplog.set_level(logging.INFO, logger="hf_mixtrain.experiment")
    return lambda: [message.strip() for message in caplog.messages]


def test_time_left_is_in_proportion_to_the_work_left(said):
    clock = Clock()
    progress = Progress({"a": 10.0, "b": 30.0}, cells=2, clock=clock)
    progress.cell("first")
    progress.say("training")
    progress.begin("a", "training")
    clock.now = 20.0
    progress.step(5, 10)
    progress.end()
    progress.cell("second")
    assert said() == ["[1/2] first", "training", "training: 5 of 10, about 2 min left", "[2/2] second, about 60 s left"]


def test_work_that_was_done_before_shortens_the_time_left_only():
    clock = Clock()
    progress = Progress({"a": 10.0, "b": 30.0, "c": 10.0}, cells=1, clock=clock)
    progress.known("b")
    progress.begin("a", "training")
    clock.now = 20.0
    progress.end()
    assert progress.left() == "about 20 s left"


def test_steps_are_said_now_and_then(said):
    clock = Clock()
    progress = Progress({"a": 1.0}, cells=1, clock=clock)
    progress.begin("a", "training")
    for step in range(1, 101):
        clock.now += 1.0
        progress.step(step, 100)
    assert 5 <= len(said()) <= 8
