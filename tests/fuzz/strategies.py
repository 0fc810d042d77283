"""Inputs of any kind: values of JSON and YAML, and good files that were damaged."""

import json

from hypothesis import strategies as st

TEXT = st.one_of(
    st.text(max_size=12),
    st.sampled_from(["", "en", "../x", "<script>", "=1+1", "\x1b[31m", "\ud800", "\u202e", "a|b", "nan", "x" * 5000]),
)
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), TEXT, st.sampled_from([10**400, -1, 2**63, 1e308])
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(TEXT, inner, max_size=4)),
    max_leaves=12,
)
# Forms that end badly in a reader that trusts its library.
YAML = st.sampled_from(
    [
        "a: 2024-02-31", "a: 2024-13-01T99:00:00Z", "!!python/object/apply:os.system [x]", "a: !mine 1", "&a [*a]",
        "a: &a {b: *a}", "[" * 3000, "a: " * 50, "? [a, b]\n: c", "? {a: b}\n: c", "a: " + "9" * 5000, "\t- a",
        "%YAML 9",
        "a: .inf", "<<: 1", "a: {<<: [1]}", "- a\nb: c", "a: 0x", "a: 1:99:99", "\ufeffa: 1", "a: \x00", "---\n---\n",
        "\n".join([f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" if i else "a0: &a0 [x]" for i in range(12)]),
    ]
)  # fmt: skip


@st.composite
def damaged(draw, good: bytes) -> bytes:
    """A file with bytes cut out, put in or changed, at places of any kind."""
    data = bytearray(good)
    for _ in range(draw(st.integers(1, 4))):
        at, end = sorted(draw(st.tuples(st.integers(0, len(data)), st.integers(0, len(data)))))
        match draw(st.sampled_from(["cut", "put", "change", "end"])):
            case "cut":
                del data[at : min(end, at + 40)]
            case "put":
                data[at:at] = draw(st.binary(max_size=8))
            case "change":
                data[at : at + 1] = draw(st.binary(min_size=1, max_size=1))
            case "end":
                del data[end:]
    return bytes(data)


@st.composite
def altered(draw, good: dict) -> dict:
    """A value like a good one, with some parts replaced by others, missing or new, at any depth."""
    value = json.loads(json.dumps(good))
    for _ in range(draw(st.integers(1, 3))):
        place = value
        while True:
            keys = list(place) if isinstance(place, dict) else list(range(len(place)))
            if not keys:
                break
            key = draw(st.sampled_from(keys))
            if isinstance(place[key], dict | list) and draw(st.booleans()):
                place = place[key]
                continue
            if draw(st.integers(0, 4)):
                place[key] = draw(VALUES)
            else:
                del place[key]
            break
        if isinstance(place, dict) and not draw(st.integers(0, 4)):
            place[draw(TEXT)] = draw(VALUES)
    return value


def as_json(value: object) -> bytes:
    """The value in JSON, with what Python writes and JSON does not know."""
    return json.dumps(value).encode()
