from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hf_mixtrain.data import Task, load_task, open_source
from hf_mixtrain.data.features.question_answering import answer_features, windows

SPACES = st.sampled_from(["", " ", "  ", "\n", "\u3000"])
PARTS = st.lists(
    st.one_of(st.sampled_from(["Bonn", "in", "東京", "ü", "\u200b", "?"]), st.text("abc", min_size=1, max_size=4)),
    min_size=1,
    max_size=40,
)


def features_of(rows, tokenizer, max_length=24, doc_stride=6, max_question_length=8) -> list[dict]:
    batch = {name: [row[name] for row in rows] for name in ("context", "question", "answers")}
    lengths = {"doc_stride": doc_stride, "max_question_length": max_question_length}
    return list(answer_features(batch, 0, tokenizer, max_length, **lengths))


def span(feature: dict) -> tuple[int, int] | None:
    """The characters from the first to the last token of the answer, None if the window is without it."""
    if not feature["start_positions"]:
        assert not feature["end_positions"]
        return None
    return feature["offset_mapping"][feature["start_positions"]][0], feature["offset_mapping"][
        feature["end_positions"]
    ][1]


@given(parts=PARTS, spaces=st.lists(SPACES, min_size=40, max_size=40), data=st.data())
def test_the_answer_tokens_cover_the_answer_and_no_other_token(tokenizer, parts, spaces, data):
    pieces = [piece for pair in zip(parts, spaces, strict=False) for piece in pair]
    context = "".join(pieces)
    first = data.draw(st.integers(0, len(parts) - 1))
    last = data.draw(st.integers(first, min(first + 3, len(parts) - 1)))
    start, text = len("".join(pieces[: 2 * first])), "".join(pieces[2 * first : 2 * last + 1])
    row = {"context": context, "question": "in Bonn?", "answers": {"text": [text], "answer_start": [start]}}
    found = features_of([row], tokenizer)
    for feature in found:
        assert len(feature["input_ids"]) == len(feature["offset_mapping"]) == len(feature["max_context"]) <= 24
        place = span(feature)
        if place is None:
            continue
        inside = [[s, e] for s, e in feature["offset_mapping"] if s >= 0 and max(s, start) < min(e, start + len(text))]
        assert place == (inside[0][0], inside[-1][1])
        # White space alone can be missing at the ends, as no token stands for it.
        assert text.strip() in context[place[0] : place[1]] or "\u200b" in text
    # Each token of the text is in the middle of exactly one window.
    best = [
        tuple(offset)
        for feature in found
        for offset, is_best in zip(feature["offset_mapping"], feature["max_context"], strict=True)
        if is_best
    ]
    assert best == sorted(best)
    every = tokenizer(context, add_special_tokens=False, return_offsets_mapping=True)["offset_mapping"]
    assert len(best) == len(every)


@pytest.mark.parametrize(
    ("task", "split", "rows"), [("xquad", "test", 9520), ("tydiqa", "train", 3700), ("tydiqa", "test", 1693)]
)
def test_on_all_real_questions_the_answer_tokens_say_the_answer(xtreme_dir, words, task, split, rows):
    folder = {"test": "xquad/xquad.{language}.json"} if task == "xquad" else load_task(task).folder
    source = open_source(xtreme_dir, Task(task, task, "question-answering", (), "f1", folder=folder))
    seen = exact = 0
    for language in source.languages():
        dataset = source.read(language, split)
        contexts, answers = dataset["context"][:], dataset["answers"][:]
        found = set()
        for feature in answer_features(dataset[:], 0, words, 384, doc_stride=128, max_question_length=64):
            place = span(feature)
            if place is None:
                continue
            found.add(feature["row"])
            text, start = answers[feature["row"]]["text"][0], answers[feature["row"]]["answer_start"][0]
            ends = {end for _, end in feature["offset_mapping"]}
            begins = {begin for begin, _ in feature["offset_mapping"]}
            said = contexts[feature["row"]][place[0] : place[1]]
            assert text.strip() in said
            # The answer's own characters, wherever it begins and ends with a token.
            if start in begins and start + len(text) in ends:
                assert said == text
                exact += 1
        seen += len(dataset)
        assert len(found) >= 0.99 * len(dataset)  # an answer longer than a window is in none
    assert seen == rows
    assert exact > 0.75 * rows  # in Korean, words go on after the answer


def test_a_window_without_the_whole_answer_points_at_the_first_token(bert):
    row = {"context": "a " * 30 + "b", "question": "c", "answers": {"text": ["b"], "answer_start": [60]}}
    found = features_of([row], bert, max_length=16)
    assert [span(feature) for feature in found[:-1]] == [None] * (len(found) - 1)
    assert span(found[-1]) == (60, 61)


@pytest.mark.parametrize("answers", [{"text": [], "answer_start": []}, {"text": ["z"], "answer_start": [-1]}])
def test_a_question_without_an_answer_in_its_text_points_at_the_first_token(bert, answers):
    (feature,) = features_of([{"context": "a b", "question": "c", "answers": answers}], bert)
    assert span(feature) is None


def test_the_layout_is_question_then_text_as_the_tokenizer_writes_pairs(tokenizer):
    row = {"context": "Bonn in Bonn", "question": "in?", "answers": {"text": ["in"], "answer_start": [5]}}
    (feature,) = features_of([row], tokenizer, max_length=48)
    pair = tokenizer("in?", "Bonn in Bonn")
    assert {name: feature[name] for name in pair} == dict(pair)
    assert [offset == [-1, -1] for offset in feature["offset_mapping"]] == [
        place != 1 for place in pair.sequence_ids(0)
    ]
    assert span(feature) == (5, 7)


def test_a_long_question_is_cut_and_never_takes_all_the_room(bert):
    row = {"context": "a b", "question": "c " * 50, "answers": {"text": ["a"], "answer_start": [0]}}
    (feature,) = features_of([row], bert, max_question_length=8)
    assert bert.convert_ids_to_tokens(feature["input_ids"]).count("c") == 8
    (feature,) = features_of([row], bert, max_length=12, max_question_length=64)
    assert span(feature) == (0, 1)


def test_a_text_without_tokens_has_one_feature(bert):
    (feature,) = features_of([{"context": " ", "question": "c", "answers": {"text": [], "answer_start": []}}], bert)
    assert feature["max_context"] == [False] * len(feature["input_ids"])


@given(st.integers(0, 60), st.integers(1, 20), st.integers(1, 20))
def test_windows_cover_the_text_and_begin_a_stride_apart(tokens, room, stride):
    found = windows(tokens, room, stride)
    assert {token for start, stop in found for token in range(start, stop)} == set(range(tokens))
    assert found[-1][1] == tokens
    assert all(stop - start <= room for start, stop in found)
    assert all(after[0] - before[0] == min(stride, room) for before, after in pairwise(found))
