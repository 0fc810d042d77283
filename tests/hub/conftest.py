"""Loopback Hubs, folders to push, and programs that talk to a Hub as a user's program does."""

import json
import os
import subprocess
import sys
import textwrap
import zlib
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from hf_mixtrain.cards.usage import plain_usage, usage

from .loopback import LoopbackHub


class Client:
    """Runs programs against a Hub, each in a process of its own: the client reads its settings once, on import."""

    def __init__(self, hub: LoopbackHub, folder: Path, worker: str = "worker.py"):
        self.hub, self.homes = hub, folder
        self.xet = False
        self.token: str | None = None
        self._worker = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name(worker))],
            env=self.environment("worker"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def environment(self, home: str) -> dict[str, str]:
        """Return the environment of a user: of this machine's settings for the Hub, none is left."""
        inherited = {key: value for key, value in os.environ.items() if not key.startswith(("HF_", "HUGGING"))}
        return inherited | {
            "HF_ENDPOINT": self.hub.url,
            "HF_HOME": str(self.homes / home),
            "HF_HUB_DISABLE_XET": "" if self.xet else "1",
            "HF_HUB_DISABLE_TELEMETRY": "1",
            "HF_HUB_DOWNLOAD_TIMEOUT": "2",
            "HF_HUB_ETAG_TIMEOUT": "2",
            "HF_TOKEN": self.token or "",
            "OMP_NUM_THREADS": "1",
        }

    def call(self, program: str, *, home: str = "home", **environment: str) -> dict:
        """Run a program; return its ``status`` and what it printed, ``out`` and ``err``."""
        job = {"program": textwrap.dedent(program), "environment": self.environment(home) | environment}
        self._worker.stdin.write(json.dumps(job) + "\n")
        self._worker.stdin.flush()
        return json.loads(self._worker.stdout.readline())

    def run(self, program: str, *, ok: bool = True, **more: str) -> str:
        """Run a program and return what it printed; with ``ok=False`` it must fail, and its last line is returned."""
        done = self.call(program, **more)
        assert (done["status"] == 0) == ok, done["err"] or done["out"]
        return done["out"].strip() if ok else done["err"].strip().splitlines()[-1]

    def push(self, folder: Path, repo_id: str, *, ok: bool = True, **arguments: object) -> dict | str:
        """Push a folder and return the release; with ``ok=False`` the error's line."""
        result = self.run(
            f"""
            import json
            from hf_mixtrain.hub import push_release
            release = push_release({str(folder)!r}, {repo_id!r}, **{arguments!r})
            print(json.dumps(vars(release)))
            """,
            ok=ok,
        )
        return json.loads(result) if ok else result

    def close(self) -> None:
        self._worker.kill()  # it has nothing to save, and an orderly end takes seconds
        self._worker.communicate()


@pytest.fixture(scope="session")
def any_client(tmp_path_factory):
    """A Hub and a client for the whole session; tests use repositories of their own."""
    hub = LoopbackHub(tmp_path_factory.mktemp("cas"))
    client = Client(hub, tmp_path_factory.mktemp("homes"))
    yield client
    client.close()
    hub.close()


@pytest.fixture(params=["lfs", "xet"])
def client(request, any_client, tmp_path) -> Client:
    """A client with a token and an empty cache, with Xet and without; the Hub has no faults."""
    any_client.hub.forget()
    any_client.token = any_client.hub.account("me")
    any_client.xet = request.param == "xet"
    any_client.homes = tmp_path
    return any_client


@pytest.fixture
def repo_id(request) -> str:
    """The name of a repository that no other test uses."""
    return f"me/model-{zlib.crc32(request.node.nodeid.encode()):08x}"


@pytest.fixture
def folder(tmp_path, request) -> Path:
    """The files of a trained model, and what a training leaves beside them."""
    folder = tmp_path / "cell"
    folder.mkdir()
    config = {"architectures": ["BertForTokenClassification"], "id2label": {"0": "O", "1": "B-PER", "2": "I-PER"}}
    (folder / "config.json").write_text(json.dumps(config))
    # Random, so that Xet cannot make less of it; and of this test alone, so that no test finds the weights uploaded.
    seed = zlib.crc32(request.node.name.encode())
    weights = np.random.default_rng(seed).integers(0, 2**16, 50_000, dtype=np.uint16)
    save_file({"weight": weights}, folder / "model.safetensors")
    (folder / "tokenizer.json").write_text("{}")
    (folder / "README.md").write_text(
        "---\nlibrary_name: transformers\npipeline_tag: token-classification\n---\n\n"
        '# Card\n\n<!-- release -->\nNot yet published.\n<!-- /release -->\n\nmodel="path/to/this/folder"\n'
    )
    (folder / "results.json").write_text("{}")
    (folder / "training_args.bin").write_bytes(b"pickle")
    (folder / "checkpoint-1").mkdir()
    (folder / "checkpoint-1" / "config.json").write_text("{}")
    return folder


@pytest.fixture(scope="session")
def tiny_models(tmp_path_factory) -> Path:
    """Folders `tagging`, `pairs` and `answers`: tiny random models with their tokenizer, labels and card."""
    from transformers import (
        BertConfig,
        BertForQuestionAnswering,
        BertForSequenceClassification,
        BertForTokenClassification,
        BertTokenizer,
    )

    root = tmp_path_factory.mktemp("models")
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *".?abcdefghijklmnopqrstuvwxyz"]
    words += [f"##{letter}" for letter in "abcdefghijklmnopqrstuvwxyz"]
    size = {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 1, "intermediate_size": 8}
    kinds = {
        "tagging": (BertForTokenClassification, "token-classification", ["O", "B-PER", "I-PER"]),
        "pairs": (BertForSequenceClassification, "text-classification", ["entailment", "neutral", "no"]),
        "answers": (BertForQuestionAnswering, "question-answering", []),
    }
    for name, (kind, tag, labels) in kinds.items():
        names = {"id2label": dict(enumerate(labels)), "label2id": {label: row for row, label in enumerate(labels)}}
        config = BertConfig(vocab_size=len(words), **size, **(names if labels else {}))
        kind(config).save_pretrained(root / name)
        BertTokenizer(vocab={word: row for row, word in enumerate(words)}).save_pretrained(root / name)
        program = plain_usage(tag) or usage(tag)
        front = f"---\nlibrary_name: transformers\npipeline_tag: {tag}\n---\n"
        (root / name / "README.md").write_text(f"{front}\n```python\n{program}\n```\n")
    return root
