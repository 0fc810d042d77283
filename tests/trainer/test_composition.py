"""The mixin in front of other trainers: Seq2SeqTrainer and TRL's SFTTrainer."""

from dataclasses import dataclass

import pytest
import torch
from datasets import Dataset
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    AutoModelForSeq2SeqLM,
    Seq2SeqTrainer,
    Seq2SeqTrainingArguments,
)

from hf_mixtrain import GradientMixMixin, GradientMixTrainingArguments
from tests.trainer.tiny import MIXED, SHOTS, arguments

PAIRS = [
    {"input_ids": row["input_ids"], "labels": row["input_ids"][::-1], "language": row["language"]} for row in MIXED
]


def test_with_seq2seq_trainer(tmp_path):
    @dataclass
    class Arguments(GradientMixTrainingArguments, Seq2SeqTrainingArguments):
        pass

    class MixedSeq2SeqTrainer(GradientMixMixin, Seq2SeqTrainer):
        pass

    config = AutoConfig.for_model("t5", vocab_size=32, d_model=16, d_kv=8, d_ff=16, num_layers=1, num_heads=2,
                                  decoder_start_token_id=0, pad_token_id=0)  # fmt: skip
    args = arguments(tmp_path, cls=Arguments, predict_with_generate=True, per_device_eval_batch_size=4)
    net = AutoModelForSeq2SeqLM.from_config(config)
    trainer = MixedSeq2SeqTrainer(net, args, train_dataset=PAIRS, eval_dataset=PAIRS[:4])
    trainer.train()
    assert trainer.surgery_statistics.to_dict()["steps"] == 6
    assert trainer.predict(PAIRS[:4], max_length=5).predictions.shape[0] == 4


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
def test_with_trls_sft_trainer_whose_counters_see_the_mixed_batch_alone(tmp_path, tiny_tokenizer):
    trl = pytest.importorskip("trl", reason="needs trl")

    @dataclass
    class Arguments(GradientMixTrainingArguments, trl.SFTConfig):
        pass

    class MixedSFTTrainer(GradientMixMixin, trl.SFTTrainer):
        pass

    config = AutoConfig.for_model("llama", vocab_size=32, hidden_size=16, intermediate_size=16, num_hidden_layers=1,
                                  num_attention_heads=2, num_key_value_heads=2, pad_token_id=0)  # fmt: skip
    texts = Dataset.from_list([{"text": " ".join(f"w{i % 28}" for i in row["input_ids"])} for row in MIXED])
    shots = [{"input_ids": row["input_ids"], "labels": row["input_ids"]} for row in SHOTS["de"]]
    counts = {}
    for surgery in ("stochastic", "none"):
        torch.manual_seed(0)
        args = arguments(tmp_path, cls=Arguments, surgery=surgery, max_length=8, bf16=False)
        net = AutoModelForCausalLM.from_config(config)
        trainer = MixedSFTTrainer(net, args, train_dataset=texts, processing_class=tiny_tokenizer,
                                  oracle_dataset={"de": shots})  # fmt: skip
        trainer.train()
        counts[surgery] = trainer._total_train_tokens, [entry.get("num_tokens") for entry in trainer.state.log_history]
        assert trainer.surgery_statistics.to_dict()["steps"] == (6 if surgery == "stochastic" else 0)
    assert counts["stochastic"] == counts["none"]
