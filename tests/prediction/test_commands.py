"""``hf-mixtrain predict`` and ``hf-mixtrain evaluate``, as users call them."""

import io
import json
import subprocess
import sys
from html.parser import HTMLParser

import pytest

import hf_mixtrain
from hf_mixtrain.commands.main import main
from hf_mixtrain.results import read_results


class _Stdin:
    def __init__(self, content):
        self.buffer = io.BytesIO(content)


def lines(text):
    return [json.loads(line) for line in text.splitlines()]


def test_one_text_a_line_gives_one_object_a_line(trained, tmp_path, capsys):
    (tmp_path / "texts.txt").write_text("Ann visits York.\r\n\n王伟去北京。\u2028x\n", encoding="utf-8", newline="")
    assert main(["predict", str(trained), str(tmp_path / "texts.txt")]) == 0
    found = [json.loads(line) for line in capsys.readouterr().out.split("\n") if line]
    texts = ["Ann visits York.", "", "王伟去北京。\u2028x"]
    assert found == hf_mixtrain.predict(trained, texts)


def test_standard_input_json_lines_and_output_files(trained, tmp_path, monkeypatch, capsys):
    rows = [{"text": "Ann visits\nYork."}, {"text": ""}]
    content = "\n".join(map(json.dumps, rows)).encode()
    monkeypatch.setattr("sys.stdin", _Stdin(b"\xef\xbb\xbf" + content))
    assert main(["predict", str(trained), "-"]) == 0
    shown = capsys.readouterr().out
    assert [found["text"] for found in lines(shown)] == [row["text"] for row in rows]
    (tmp_path / "rows.json").write_bytes(content)
    assert main(["predict", str(trained), str(tmp_path / "rows.json"), "--output", str(tmp_path / "a/b.jsonl")]) == 0
    assert (tmp_path / "a/b.jsonl").read_text(encoding="utf-8") == shown


def test_conll_has_a_word_and_a_tag_a_line(trained, tmp_path, capsys):
    (tmp_path / "texts.txt").write_text("Ann visits York.\n\nBob\n")
    assert main(["predict", str(trained), str(tmp_path / "texts.txt"), "--format", "conll"]) == 0
    blocks = capsys.readouterr().out.split("\n\n")
    assert [line.split("\t")[0] for line in blocks[0].split("\n")] == ["Ann", "visits", "York", "."]
    assert blocks[0].split("\n")[0] == "Ann\tB-PER"
    assert len(blocks) == 3


def test_html_shows_spans_and_no_tag_of_the_text(trained, tmp_path):
    text = "<script>alert(1)</script> & Ann visits York ."
    (tmp_path / "texts.txt").write_text(text)
    output = tmp_path / "page.html"
    assert (
        main(["predict", str(trained), str(tmp_path / "texts.txt"), "--format", "html", "--output", str(output)]) == 0
    )

    class Reader(HTMLParser):
        tags, marked, inside = [], [], 0

        def handle_starttag(self, tag, attrs):
            self.tags.append(tag)
            self.inside = tag == "mark"

        def handle_data(self, data):
            if self.inside:
                self.marked.append(data)
                self.inside = 0

    reader = Reader()
    reader.feed(output.read_text(encoding="utf-8"))
    assert "script" not in reader.tags
    assert {"Ann", "York"} <= set(reader.marked)


def test_pairs_and_questions_from_lines_and_json(classifier, reader, tmp_path, capsys):
    (tmp_path / "pairs.txt").write_text("Ann\tYork\nBob\tHull\n")
    assert main(["predict", str(classifier(pairs=True)), str(tmp_path / "pairs.txt")]) == 0
    assert [found["text_pair"] for found in lines(capsys.readouterr().out)] == ["York", "Hull"]
    question = {"question": "Where?", "context": "Ann visits York ."}
    (tmp_path / "questions.jsonl").write_text(json.dumps(question))
    assert main(["predict", str(reader), str(tmp_path / "questions.jsonl")]) == 0
    (found,) = lines(capsys.readouterr().out)
    assert found["question"] == "Where?"
    for model in (classifier(pairs=False), reader):
        kind = "texts.txt" if model != reader else "questions.jsonl"
        (tmp_path / "texts.txt").write_text("Ann <b>\n")
        assert main(["predict", str(model), str(tmp_path / kind), "--format", "html"]) == 0
        assert "<b>\n" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("content", "flags", "said"),
    [
        (None, [], "cannot be read (No such file or directory)"),
        (b"", [], "expected one text a line, found nothing"),
        (b" \n\n", [], "expected one text a line, found nothing"),
        (b"Ann\n\xff\xfe\n", [], "texts:2: expected text in UTF-8"),
        (b'{"text": "a"}\nnot json\n', [], "texts:2: expected a JSON object a line"),
        (b'{"text": "a"}\n{"txt": "b"}\n', [], "texts:2: expected `text`, found txt"),
        (b'{"question": "a", "context": "b"}\n', [], "texts:1: expected `text`"),
        (b"Ann\n", ["--batch_size", "0"], "`batch_size` must be 1 or more"),
        (b"Ann\n", ["--format", "xml"], "invalid choice: 'xml'"),
    ],
)
def test_bad_input_is_one_line(trained, tmp_path, capsys, content, flags, said):
    if content is not None:
        (tmp_path / "texts").write_bytes(content)
    assert main(["predict", str(trained), str(tmp_path / "texts"), *flags]) == 2
    error = capsys.readouterr().err.rstrip("\n")
    assert said in error
    assert "\n" not in error


def test_conll_of_a_classifier_and_a_broken_decoding_file_are_refused(classifier, tmp_path, capsys):
    (tmp_path / "texts").write_text("Ann\n")
    folder = classifier(pairs=False)
    assert main(["predict", str(folder), str(tmp_path / "texts"), "--format", "conll"]) == 2
    assert "use jsonl or html" in capsys.readouterr().err
    kept = json.loads((folder / "decoding.json").read_text())
    for broken in (
        '{"task": "x"}',
        "[" * 100_000,
        json.dumps(kept | {"settings": {}}),
        json.dumps(kept | {"settings": {"max_length": -1}}),
        json.dumps(kept | {"settings": {"max_length": 1e400}}),
        json.dumps(kept | {"kind": "sorcery"}),
    ):
        (folder / "decoding.json").write_text(broken)
        assert main(["predict", str(folder), str(tmp_path / "texts")]) == 2, broken[:99]
        assert "decoding.json: expected how the model is to be read" in capsys.readouterr().err
    (folder / "decoding.json").unlink()
    (folder / "decoding.json").mkdir()
    assert main(["predict", str(folder), str(tmp_path / "texts")]) == 2
    assert "decoding.json: expected a file, found a folder" in capsys.readouterr().err


def test_a_reader_that_stops_early_is_no_error(trained, tmp_path):
    (tmp_path / "texts").write_text("Ann visits York.\n" * 300)
    command = [sys.executable, "-m", "hf_mixtrain", "predict", str(trained), str(tmp_path / "texts")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait() == 0


def test_evaluate_gives_the_scores_of_the_report(trained, results, data_dir, tmp_path, capsys):
    flags = ["--task", "panx", "--data_source", str(data_dir)]
    output, predictions = tmp_path / "again.json", tmp_path / "predictions.jsonl"
    more = ["--output", str(output), "--predictions", str(predictions)]
    assert main(["evaluate", str(trained), *flags, *more]) == 0
    again = read_results(output)
    for key in ("scores", "scores_argmax", "average", "method", "shots", "seed"):
        assert again[key] == results[key], key
    table = capsys.readouterr().out
    assert f"{results['scores']['zh']['f1']:.2f}" in table
    rows = lines(predictions.read_text(encoding="utf-8"))
    assert len(rows) == 20 * 5
    assert all(len(row["tokens"]) == len(row["prediction"]) == len(row["gold"]) for row in rows)
    assert main(["evaluate", str(trained), *flags, "--languages", "de", "--predictions", str(tmp_path / "x")]) == 0
    assert [path.name for path in (tmp_path / "x/panx").iterdir()] == ["test-de.tsv"]


def test_evaluate_decodes_as_it_is_told(trained, results, data_dir, tmp_path):
    flags = ["--task", "panx", "--data_source", str(data_dir), "--output", str(tmp_path / "r.json")]
    assert main(["evaluate", str(trained), *flags, "--decode", "argmax"]) == 0
    assert read_results(tmp_path / "r.json")["scores"] == results["scores_argmax"]


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--task", "xnli", "--data_source", "demo"], "xnli"),
        (["--task", "panx", "--data_source", "demo", "--languages", "xx"], "xx"),
        (["--task", "panx", "--data_source", "no/such"], "no such folder"),
    ],
)
def test_what_cannot_be_evaluated_is_one_line(trained, capsys, flags, said):
    assert main(["evaluate", str(trained), *flags]) == 2
    assert said in capsys.readouterr().err


def test_a_model_of_another_kind_is_refused(classifier, reader, data_dir, capsys):
    for model in (classifier(pairs=False), reader):
        assert main(["evaluate", str(model), "--task", "panx", "--data_source", str(data_dir)]) == 2
        assert "expected a model for token-classification" in capsys.readouterr().err
