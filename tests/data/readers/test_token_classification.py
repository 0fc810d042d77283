from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from hf_mixtrain.data import Task, load_task
from hf_mixtrain.data.readers.token_classification import read_tagged
from hf_mixtrain.errors import InputError

LABELS = ("O", "B-PER", "I-PER")
PATH = Path("panx/train-de.tsv")
TASK = Task("own", "Own", "token-classification", ("en", "de"), "f1", LABELS)
# Everything that can be inside a line, such as U+0085 and U+2028, at which `str.splitlines` would cut.
TOKENS = st.text(st.characters(codec="utf-8", exclude_characters="\t\n\r"), max_size=6)
SENTENCES = st.lists(
    st.lists(st.tuples(TOKENS, st.sampled_from(LABELS)), min_size=1, max_size=5), min_size=1, max_size=5
)


def written(rows: dict, labels=LABELS) -> bytes:
    sentences = zip(rows["tokens"], rows["tags"], strict=True)
    blocks = ["\n".join(f"{token}\t{labels[tag]}" for token, tag in zip(*one, strict=True)) for one in sentences]
    return "\n\n".join(blocks).encode() + b"\n"


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@given(sentences=SENTENCES)
def test_what_was_written_is_read_whatever_the_line_ends_and_with_a_byte_order_mark(line_end, mark, sentences):
    sentences = [*sentences, [("Bo", "B-PER")]]  # so that these are tags in IOB2, and not in IOB1
    lines = [line_end.join(f"{token}\t{tag}" for token, tag in sentence) + line_end for sentence in sentences]
    # Whether U+FEFF at the very beginning is a mark or a token cannot be told in these cases.
    assume(sentences[0][0][0] and not sentences[0][0][0].startswith("\ufeff"))
    rows = read_tagged(mark + line_end.join(lines).encode(), PATH, TASK, "de")
    assert rows["tokens"] == [[token for token, _ in sentence] for sentence in sentences]
    assert [[LABELS[tag] for tag in tags] for tags in rows["tags"]] == [[tag for _, tag in s] for s in sentences]


def test_every_real_file_is_written_back_byte_for_byte(xtreme_dir):
    files = [path for folder in ("panx", "udpos", "uner", "masakhaner") for path in (xtreme_dir / folder).glob("*.tsv")]
    assert len(files) == 255
    for path in files:
        task = load_task("udpos" if path.parent.name == "udpos" else "panx")
        assert (
            written(read_tagged(path.read_bytes(), path, task, path.stem.rpartition("-")[2]), task.labels)
            == path.read_bytes()
        ), path


def test_tokens_without_a_visible_character_keep_their_place():
    rows = read_tagged("\ufeff\tO\n\u200b\tB-PER\n\tI-PER\n \tO\n".encode(), PATH, TASK, "de")
    assert rows == {"tokens": [["\ufeff", "\u200b", "", " "]], "tags": [[0, 1, 2, 0]]}


def test_an_entity_may_begin_with_i_in_a_file_whose_others_begin_with_b():
    assert read_tagged(b"Anna\tI-PER\nkam\tO\nBo\tB-PER\n", PATH, TASK, "de")["tags"] == [[2, 0, 1]]


@pytest.mark.parametrize("gap", ["\n", "\n\n\n", " \n", "\n  \r\n\n"])
def test_any_number_of_blank_lines_and_lines_of_spaces_is_one_sentence_end(gap):
    text = f"\n\nAnna\tB-PER\n{gap}kam\tO\n{gap}"
    assert read_tagged(text.encode(), PATH, TASK, "de")["tokens"] == [["Anna"], ["kam"]]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"Anna\tB-PER\nkam O\n", r"panx/train-de\.tsv:2: expected token<TAB>tag, found 'kam O'\. Put one tab"),
        (b"kam\tO\nAnna\tB-PER\tx\n", r"panx/train-de\.tsv:2: expected token<TAB>tag"),
        (b"\n\nAnna\tB-Per\n", r"panx/train-de\.tsv:3: expected a label out of O, B-PER, I-PER, found 'B-Per'"),
        (b"Anna\tB-PER\nM\xfcller\tI-PER\n", r"panx/train-de\.tsv:2: expected UTF-8 text, found the byte 0xfc"),
        (b" \n\n", r"panx/train-de\.tsv: expected sentences, found an empty file"),
    ],
)
def test_an_error_names_file_line_and_remedy(text, message):
    with pytest.raises(InputError, match=message):
        read_tagged(text, PATH, TASK, "de")


def test_columns_of_other_files_are_found_by_number():
    text = b"1\tAnna\t_\tB-PER\n2\tkam\t_\tO\n"
    assert read_tagged(text, PATH, replace(TASK, columns={"tokens": 1, "tags": 3}), "de") == {
        "tokens": [["Anna", "kam"]],
        "tags": [[1, 0]],
    }
    with pytest.raises(InputError, match=r"expected the number of a column.*'tokens'"):
        read_tagged(text, PATH, replace(TASK, columns={"tokens": "tokens"}), "de")
