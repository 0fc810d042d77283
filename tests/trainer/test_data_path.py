"""Shots go the way that the class has for its training rows: loaders of one's own, TRL, sentence-transformers."""

from dataclasses import dataclass

import pytest
import torch
from datasets import Dataset
from torch.utils.data import DataLoader
from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForSequenceClassification

from hf_mixtrain import GradientMixMixin, GradientMixTrainer, GradientMixTrainingArguments
from hf_mixtrain.errors import InputError
from tests.trainer.tiny import MIXED, SHOTS, arguments, make_trainer, train

RAW = [{"tokens": row["input_ids"], "tags": row["labels"], "language": row["language"]} for row in MIXED]
RAW_SHOTS = {code: [row for row in RAW if row["language"] == code] for code in SHOTS}
TEXTS = [{"text": " ".join(f"w{i % 28}" for i in row["input_ids"]), "language": row["language"]} for row in MIXED]


def collate(examples):
    return {
        "input_ids": torch.tensor([example["tokens"] for example in examples]),
        "labels": torch.tensor([example["tags"] for example in examples]),
    }


class Prepared(torch.utils.data.Dataset):
    def __init__(self, rows):
        self.rows = rows

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, number):
        return {"input_ids": self.rows[number]["tokens"], "labels": self.rows[number]["tags"]}


class OwnCollation(GradientMixTrainer):
    def get_train_dataloader(self):
        return DataLoader(self.train_dataset, batch_size=len(MIXED), shuffle=True, collate_fn=collate)


class OwnPreparation(GradientMixTrainer):
    def get_train_dataloader(self):
        rows = Prepared(self.train_dataset)
        return self.accelerator.prepare(
            DataLoader(rows, batch_size=len(MIXED), shuffle=True, collate_fn=self.data_collator)
        )


class OwnMap(GradientMixTrainer):
    def get_train_dataloader(self):
        rows = self.train_dataset.map(lambda row: {"input_ids": row["tokens"], "labels": row["tags"]})
        rows = rows.shuffle(seed=3).select_columns(["input_ids", "labels"])
        return DataLoader(rows, batch_size=len(MIXED), shuffle=True, collate_fn=self.data_collator)


class Cached(OwnCollation):
    loader = None

    def get_train_dataloader(self):
        self.loader = self.loader or super().get_train_dataloader()
        return self.loader


@pytest.mark.parametrize("oracles", [None, RAW_SHOTS], ids=["from the training set", "given"])
@pytest.mark.parametrize("cls", [OwnCollation, OwnPreparation, OwnMap, Cached])
def test_a_loader_of_ones_own_prepares_the_shots_too(tmp_path, cls, oracles):
    rows = Dataset.from_list(RAW) if cls is OwnMap else RAW
    if oracles and cls is OwnMap:
        oracles = {code: Dataset.from_list(shots) for code, shots in oracles.items()}
    found = train(tmp_path, cls=cls, train=rows, oracles=oracles, remove_unused_columns=False)
    # All rows in every batch: the order in which a loader gives them makes no difference.
    expected = train(tmp_path, train=MIXED, per_device_train_batch_size=len(MIXED))
    torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(
    ("shots", "message"),
    [
        ([{"text": "x"}], r"shots of 'de' must be of the form.*OwnCollation could make no batch.*Columns.*text"),
        ([{"tokens": [1, 2], "text": "x"}], r"shots of 'de'.*KeyError: 'tags'"),
    ],
)
def test_shots_that_make_no_batch_are_refused_before_the_first_step(tmp_path, shots, message):
    trainer = make_trainer(tmp_path, cls=OwnCollation, train=RAW, oracles={"de": shots})
    with pytest.raises(InputError, match=message):
        trainer.train()
    assert trainer.state.global_step == 0


def test_shots_without_labels_are_refused(tmp_path):
    trainer = make_trainer(tmp_path, oracles={"de": [{"input_ids": [1, 2]}]})
    with pytest.raises(InputError, match=r"shots of 'de' must have the labels.*expected labels"):
        trainer.train()


def test_batches_of_ones_own_loader_say_how_large_an_oracle_batch_is(tmp_path):
    seen = []

    class Small(GradientMixTrainer):
        def get_train_dataloader(self):
            return DataLoader(self.train_dataset, batch_size=2, collate_fn=collate)

        def compute_loss(self, model, inputs, *args, **kwargs):
            seen.append(len(inputs["input_ids"]))
            return super().compute_loss(model, inputs, *args, **kwargs)

    train(tmp_path, cls=Small, train=RAW, oracles=RAW_SHOTS, remove_unused_columns=False, max_steps=2)
    assert set(seen) == {2}


def test_a_search_leaves_the_loaders_of_the_accelerator_alone(tmp_path):
    trainer = make_trainer(tmp_path, max_steps=1)
    stock = make_trainer(tmp_path, stock=True, max_steps=1)
    trainer.train()
    stock.train()
    assert len(trainer.accelerator._dataloaders) == len(stock.accelerator._dataloaders)


# ------------------------------------------------------------------------------------------------------------- TRL

SMALL = {"vocab_size": 32, "hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1,
         "num_attention_heads": 2, "num_key_value_heads": 2, "pad_token_id": 0}  # fmt: skip
TEMPLATE = "{% for m in messages %}{{ m['content'] }} {% endfor %}"


def words(row):
    return [f"w{i % 28}" for i in row["input_ids"]]


FORMS = {
    "text": lambda row: {"text": " ".join(words(row))},
    "prompt and completion": lambda row: {"prompt": " ".join(words(row)[:3]), "completion": " ".join(words(row)[3:])},
    "chat": lambda row: {"messages": [{"role": "user", "content": " ".join(words(row)[:3])},
                                      {"role": "assistant", "content": " ".join(words(row)[3:])}]},
}  # fmt: skip


def in_form(form, languages=("en", "de", "sw"), *, with_language=True):
    rows = [row for row in MIXED if row["language"] in languages]
    kept = ({"language": row["language"]} if with_language else {} for row in rows)
    return Dataset.from_list([FORMS[form](row) | more for row, more in zip(rows, kept, strict=True)])


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::UserWarning")
@pytest.mark.parametrize("given", [True, False], ids=["given", "from the training set"])
@pytest.mark.parametrize(
    ("form", "packing"), [("text", False), ("text", True), ("prompt and completion", False), ("chat", False)]
)
def test_trls_sft_trainer_prepares_raw_shots(tmp_path, tiny_tokenizer, form, packing, given):
    trl = pytest.importorskip("trl", reason="needs trl")

    @dataclass
    class Arguments(GradientMixTrainingArguments, trl.SFTConfig):
        pass

    class MixedSFTTrainer(GradientMixMixin, trl.SFTTrainer):
        pass

    tiny_tokenizer.chat_template = TEMPLATE
    torch.manual_seed(0)
    trainer = MixedSFTTrainer(
        AutoModelForCausalLM.from_config(AutoConfig.for_model("llama", **SMALL)),
        arguments(tmp_path, cls=Arguments, max_length=16, bf16=False, max_steps=2, packing=packing),
        train_dataset=in_form(form, with_language=not given),
        processing_class=tiny_tokenizer,
        oracle_dataset={code: in_form(form, (code,)) for code in ("de", "sw")} if given else None,
    )
    trainer.train()
    assert trainer.surgery_statistics.to_dict()["steps"] == 2
    assert trainer.surgery_statistics.to_dict()["skipped"] == 0


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::UserWarning")
def test_trls_reward_trainer_prepares_raw_shots(tmp_path, tiny_tokenizer):
    trl = pytest.importorskip("trl", reason="needs trl")

    @dataclass
    class Arguments(GradientMixTrainingArguments, trl.RewardConfig):
        pass

    class MixedRewardTrainer(GradientMixMixin, trl.RewardTrainer):
        pass

    pairs = [{"chosen": " ".join(words(row)), "rejected": " ".join(words(row)[::-1])} for row in MIXED]
    torch.manual_seed(0)
    config = AutoConfig.for_model("llama", **SMALL, num_labels=1)
    trainer = MixedRewardTrainer(
        AutoModelForSequenceClassification.from_config(config),
        arguments(tmp_path, cls=Arguments, max_length=16, bf16=False, max_steps=2),
        train_dataset=Dataset.from_list(pairs[:18]),
        processing_class=tiny_tokenizer,
        oracle_dataset={"de": Dataset.from_list(pairs[18:22]), "sw": pairs[22:]},
    )
    trainer.train()
    assert trainer.surgery_statistics.to_dict()["steps"] == 2


# --------------------------------------------------------------------------------------------- sentence-transformers

PAIRS = [
    {"anchor": row["text"], "positive": " ".join(row["text"].split()[::-1]), "language": row["language"]}
    for row in TEXTS
]


def encoder(folder, tokenizer):
    from transformers import BertConfig, BertModel

    torch.manual_seed(0)
    config = BertConfig(vocab_size=32, hidden_size=16, num_hidden_layers=1, num_attention_heads=2,
                        intermediate_size=16, max_position_embeddings=32)  # fmt: skip
    BertModel(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return str(folder)


@pytest.fixture
def sentence_transformer(tmp_path, tiny_tokenizer):
    st = pytest.importorskip("sentence_transformers", reason="needs sentence-transformers")
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer

    folder = encoder(tmp_path / "encoder", tiny_tokenizer)
    transformer = Transformer(folder)
    return st.SentenceTransformer(modules=[transformer, Pooling(16)], device="cpu")


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::UserWarning")
@pytest.mark.parametrize("given", [True, False], ids=["given", "from the training set"])
def test_sentence_transformers_take_shots_as_pairs(tmp_path, sentence_transformer, given):
    st = pytest.importorskip("sentence_transformers", reason="needs sentence-transformers")
    from sentence_transformers.sentence_transformer.losses import MultipleNegativesRankingLoss

    @dataclass
    class Arguments(GradientMixTrainingArguments, st.SentenceTransformerTrainingArguments):
        pass

    class MixedTrainer(GradientMixMixin, st.SentenceTransformerTrainer):
        pass

    rows = Dataset.from_list(PAIRS)
    shots = {code: rows.filter(lambda row, code=code: row["language"] == code) for code in ("de", "sw")}
    trainer = MixedTrainer(
        model=sentence_transformer,
        args=arguments(tmp_path, cls=Arguments, max_steps=2),
        train_dataset=rows.remove_columns("language") if given else rows,
        loss=MultipleNegativesRankingLoss(sentence_transformer),
        oracle_dataset=shots if given else None,
    )
    seen = []
    collect = trainer.collect_features
    trainer.collect_features = lambda inputs: seen.append(set(inputs)) or collect(inputs)
    trainer.train()
    assert trainer.surgery_statistics.to_dict()["steps"] == 2
    assert not [key for keys in seen for key in keys if key.startswith("language")]


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::UserWarning")
def test_cross_encoders_take_shots_as_labelled_pairs(tmp_path, tiny_tokenizer):
    pytest.importorskip("sentence_transformers", reason="needs sentence-transformers")
    from sentence_transformers.cross_encoder import (
        CrossEncoder,
        CrossEncoderTrainer,
        CrossEncoderTrainingArguments,
    )
    from transformers import BertConfig, BertForSequenceClassification

    @dataclass
    class Arguments(GradientMixTrainingArguments, CrossEncoderTrainingArguments):
        pass

    class MixedTrainer(GradientMixMixin, CrossEncoderTrainer):
        pass

    torch.manual_seed(0)
    config = BertConfig(vocab_size=32, hidden_size=16, num_hidden_layers=1, num_attention_heads=2,
                        intermediate_size=16, max_position_embeddings=32, num_labels=1)  # fmt: skip
    BertForSequenceClassification(config).save_pretrained(tmp_path / "cross")
    tiny_tokenizer.save_pretrained(tmp_path / "cross")
    rows = [{"a": pair["anchor"], "b": pair["positive"], "label": float(i % 2)} for i, pair in enumerate(PAIRS)]
    trainer = MixedTrainer(
        model=CrossEncoder(str(tmp_path / "cross"), device="cpu"),
        args=arguments(tmp_path, cls=Arguments, max_steps=2),
        train_dataset=Dataset.from_list(rows[:18]),
        oracle_dataset={"de": Dataset.from_list(rows[18:22]), "sw": rows[22:]},
    )
    trainer.train()
    assert trainer.surgery_statistics.to_dict()["steps"] == 2
