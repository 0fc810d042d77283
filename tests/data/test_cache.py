import os
import stat
from concurrent.futures import ThreadPoolExecutor

import pytest
from datasets import Dataset, Features, List, Value, concatenate_datasets
from hypothesis import given
from hypothesis import strategies as st

from hf_mixtrain.data.cache import cached_dataset, content_hash, key_of

FEATURES = Features({"id": Value("string"), "tokens": List(Value("string"))})
ROWS = st.lists(
    st.tuples(st.text("ab", max_size=2), st.lists(st.text("ab", max_size=2), max_size=2)), min_size=1, max_size=5
)


def dataset(rows) -> Dataset:
    columns = {"id": [row[0] for row in rows], "tokens": [row[1] for row in rows]}
    return Dataset.from_dict(columns, features=FEATURES)


@given(ROWS, ROWS)
def test_two_data_sets_have_one_hash_if_and_only_if_their_rows_are_equal(one, two):
    assert (content_hash(dataset(one)) == content_hash(dataset(two))) == (one == two)
    joined = concatenate_datasets([dataset(one), dataset(two)])
    assert content_hash(joined) == content_hash(dataset(one + two))
    assert content_hash(joined.select(range(len(one)))) == content_hash(dataset(one))


def test_column_types_count_too():
    numbers = [Dataset.from_dict({"n": [1]}, features=Features({"n": Value(kind)})) for kind in ("int32", "int64")]
    assert content_hash(numbers[0]) != content_hash(numbers[1])


def test_what_fails_in_the_making_leaves_nothing_behind(empty_cache):
    def broken():
        yield {"id": ["a"], "tokens": [["b"]]}
        raise RuntimeError("half way")

    with pytest.raises(RuntimeError, match="half way"):
        cached_dataset("rows", key_of("x"), FEATURES, broken)
    assert list((empty_cache / "rows").iterdir()) == []


def test_several_may_make_the_same_at_once(empty_cache):
    def make(number: int) -> list:
        batches = ({"id": [str(row)] * 100, "tokens": [["a"]] * 100} for row in range(50))
        return cached_dataset("rows", key_of("same"), FEATURES, lambda: batches)["id"][:]

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(make, range(4)))
    assert found == [found[0]] * 4
    assert len(found[0]) == 5000
    assert sorted(path.suffix for path in (empty_cache / "rows").iterdir()) == [".arrow", ".sha256"]


def _made(key="x") -> Dataset:
    return cached_dataset("rows", key_of(key), FEATURES, lambda: [{"id": ["a", "b"], "tokens": [["c"], ["d"]]}])


@pytest.mark.parametrize("suffix", [".arrow", ".sha256"])
@pytest.mark.parametrize("damage", ["cut", "flipped", "gone"])
def test_a_damaged_file_is_made_again(empty_cache, caplog, suffix, damage):
    expected = _made()[:]
    (path,) = (empty_cache / "rows").glob(f"*{suffix}")
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    if damage == "gone":
        path.unlink()
    else:
        path.write_bytes(content if damage == "flipped" else content[: len(content) // 2])
    assert _made()[:] == expected
    assert len([message for message in caplog.messages if "damaged" in message]) <= 1
    caplog.clear()
    assert _made()[:] == expected
    assert not caplog.messages


def test_a_folder_in_the_way_is_replaced(empty_cache):
    (empty_cache / "rows" / f"{key_of('x')}.arrow" / "stray").mkdir(parents=True)
    assert _made()["id"][:] == ["a", "b"]


def test_what_is_kept_can_be_read_by_others(empty_cache):
    before = os.umask(0o022)
    try:
        _made()
    finally:
        os.umask(before)
    assert {stat.S_IMODE(path.stat().st_mode) for path in (empty_cache / "rows").iterdir()} == {0o644}
