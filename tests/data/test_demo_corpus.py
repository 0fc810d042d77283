"""The demo corpus: it is what its patterns say, and its test side is new to whoever has read its train side."""

import re
from importlib.resources import files
from itertools import chain

import pytest
import yaml

from hf_mixtrain.data.demo.build import LABELS, SIZES, SOURCE_SIZES, build_corpus, build_language

DEMO = files("hf_mixtrain.data") / "demo"
LANGUAGES = sorted(path.name[:-5] for path in (DEMO / "patterns").iterdir())
TAGS = {"O"} | {f"{prefix}-{label}" for prefix in "BI" for label in LABELS}
SCRIPTS = {
    "Latin": "de", "Cyrillic": "ru", "Greek": "el", "Arabic": "ar", "Hebrew": "he", "Devanagari": "hi",
    "Bengali": "bn", "Thai": "th", "Han": "zh", "Kana": "ja", "Hangul": "ko",
}  # fmt: skip


def read(split, language):
    text = (DEMO / "panx" / f"{split}-{language}.tsv").read_text(encoding="utf-8")
    return [[tuple(line.split("\t")) for line in block.splitlines()] for block in text.split("\n\n")]


def describe(language):
    return yaml.safe_load((DEMO / "patterns" / f"{language}.yaml").read_text(encoding="utf-8"))


def entities(sentences):
    """Names with their label, as (label, tokens)."""
    found = []
    for token, tag in chain.from_iterable(sentences):
        if tag[0] == "B":
            found.append((tag[2:], (token,)))
        elif tag[0] == "I":
            found[-1] = (found[-1][0], (*found[-1][1], token))
    return found


@pytest.fixture(scope="module")
def built():
    return build_corpus()


def test_files_are_what_the_patterns_give_byte_for_byte(built):
    stored = {path.name: path.read_bytes() for path in (DEMO / "panx").iterdir()}
    assert stored == {name: text.encode() for name, text in built.items()}


def test_there_are_twelve_target_languages_in_six_scripts_and_more():
    assert len(LANGUAGES) - 1 >= 12
    assert set(SCRIPTS.values()) <= set(LANGUAGES)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("split", ["train", "dev", "test"])
def test_layout_is_that_of_xtreme(language, split):
    raw = (DEMO / "panx" / f"{split}-{language}.tsv").read_bytes()
    assert b"\r" not in raw
    assert b"\n\n\n" not in raw
    assert raw.endswith(b"\n")
    assert not raw.endswith(b"\n\n")
    for sentence in read(split, language):
        previous = "O"
        for token, tag in sentence:
            assert token
            assert not re.search(r"\s", token)
            assert tag in TAGS
            assert tag[0] != "I" or previous[2:] == tag[2:], f"{sentence} has {tag} after {previous}"
            previous = tag


@pytest.mark.parametrize("language", LANGUAGES)
def test_sizes_are_those_of_the_table_and_no_sentence_comes_twice(language):
    sizes = SOURCE_SIZES if language == "en" else SIZES
    seen = []
    for split, size in sizes.items():
        sentences = read(split, language)
        assert len(sentences) == size
        seen += [" ".join(token for token, _ in sentence) for sentence in sentences]
    assert len(set(seen)) == len(seen)


@pytest.mark.parametrize("language", LANGUAGES)
def test_names_of_test_do_not_occur_in_train_or_dev(language):
    known = {name for _, name in entities(read("train", language) + read("dev", language))}
    assert not known & {name for _, name in entities(read("test", language))}


@pytest.mark.parametrize("language", LANGUAGES)
def test_words_in_the_lists_of_names_differ_between_train_and_test(language):
    description = describe(language)
    train, test = (
        {name: set(re.split(r"[,/]\s*", text)) for name, text in description[side].items() if name != "patterns"}
        for side in ("train", "test")
    )
    assert not set().union(*train.values()) & set().union(*test.values())


@pytest.mark.parametrize("language", LANGUAGES)
def test_sentence_patterns_differ_between_train_and_test(language):
    train, test = (
        {re.sub(r"\{[^}]*\}", "{}", line).strip() for line in describe(language)[side]["patterns"].splitlines()}
        for side in ("train", "test")
    )
    assert not train & test


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("splits", [("train", "dev"), ("test",)])
def test_sentences_are_varied(language, splits):
    sentences = [sentence for split in splits for sentence in read(split, language)]
    counts = [sum(tag[0] == "B" for _, tag in sentence) for sentence in sentences]
    assert {0, 1, 2} <= set(counts), "some sentences have no name, some one, some two"
    starts = sum(sentence[0][1] != "O" for sentence in sentences)
    assert starts < 0.6 * len(sentences)
    found = entities(sentences)
    for label in LABELS:
        assert sum(name[0] == label for name in found) >= len(found) / 8


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_name_stands_in_a_pattern_without_its_label(language):
    """A slot of names, such as {city}, is only used in brackets or through a list with a label."""
    description = describe(language)
    names = {"first", "last", "city", "country", "company", "family", "given", "land", "place", "water", "province"}
    for side in ("train", "test"):
        plain = re.sub(r"\[[^\]]*\]", "", description[side]["patterns"])
        assert not names & {slot.split(".")[0].split(":")[0] for slot in re.findall(r"\{([^}]*)\}", plain)}


@pytest.mark.parametrize("language", LANGUAGES)
def test_readme_has_the_right_counts(language):
    splits = [read(split, language) for split in SIZES]
    everything = list(chain.from_iterable(splits))
    counts = [*map(len, splits), sum(map(len, everything)), len(entities(everything))]
    rows = (DEMO / "README.md").read_text(encoding="utf-8").splitlines()
    [row] = [row for row in rows if row.startswith(f"| {language} |")]
    assert [int(cell) for cell in row.split("|")[4:-1]] == counts


def test_corpus_is_small(built):
    assert sum(len(text.encode()) for text in built.values()) < 600_000


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("Hi {PER} .", [("Hi", "O"), ("Ana", "B-PER"), ("Li", "I-PER"), (".", "O")]),
        ("{PER}'s", [("Ana", "B-PER"), ("Li's", "I-PER")]),
        ("pre{PER}", [("preAna", "B-PER"), ("Li", "I-PER")]),
        ("[ORG {PER} Ltd] {place:in}", [("Ana", "B-ORG"), ("Li", "I-ORG"), ("Ltd", "I-ORG"), ("Romae", "O")]),
    ],
)
def test_pattern_gives_tokens_and_tags(pattern, expected, monkeypatch):
    monkeypatch.setattr("hf_mixtrain.data.demo.build.SIZES", {"train": 1, "dev": 0, "test": 1})
    side = {"patterns": pattern, "PER": "Ana Li", "place": "Roma/Romae"}
    assert build_language("xx", {"cases": "nom in", "common": {}, "train": side, "test": side})["test"] == [expected]


def test_tokens_are_characters_where_the_file_says_so(monkeypatch):
    monkeypatch.setattr("hf_mixtrain.data.demo.build.SIZES", {"train": 1, "dev": 0, "test": 1})
    side = {"patterns": "在{LOC}。", "LOC": "北京"}
    built = build_language("xx", {"tokens": "characters", "common": {}, "train": side, "test": side})
    assert built["train"] == [[("在", "O"), ("北", "B-LOC"), ("京", "I-LOC"), ("。", "O")]]


def test_too_few_patterns_are_an_error_that_says_so():
    side = {"patterns": "Always the same ."}
    with pytest.raises(ValueError, match=r"xx: expected 34 different sentences, found 1\. Add patterns\."):
        build_language("xx", {"common": {}, "train": side, "test": side})
