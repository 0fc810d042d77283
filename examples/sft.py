"""Supervised fine-tuning of a causal language model with TRL's `SFTTrainer` and gradient surgery, through the mixin.

Needs TRL: pip install trl. The model here is tiny and random, so that the script runs anywhere in seconds. Name a real
one with --model.
"""

import argparse
from dataclasses import dataclass

from datasets import Dataset
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import AutoModelForCausalLM, AutoTokenizer, LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast
from trl import SFTConfig, SFTTrainer

from hf_mixtrain import GradientMixMixin, GradientMixTrainingArguments


@dataclass
class MixedSFTConfig(GradientMixTrainingArguments, SFTConfig):
    """SFT's arguments, plus those of surgery."""


class MixedSFTTrainer(GradientMixMixin, SFTTrainer):
    """SFT with surgery: the mixin goes first."""


parser = argparse.ArgumentParser()
parser.add_argument("--model", help="a causal language model; default: a tiny random one")
parser.add_argument("--steps", type=int, default=10)
parser.add_argument("--output_dir", default="out/sft")
options = parser.parse_args()

rows = [{"text": f"Question: {n} plus {n}? Answer: {2 * n}.", "language": "en"} for n in range(40)]
rows += [{"text": f"Frage: {n} plus {n}? Antwort: {2 * n}.", "language": "de"} for n in range(3)]
rows += [{"text": f"Swali: {n} jumlisha {n}? Jibu: {2 * n}.", "language": "sw"} for n in range(3)]

if options.model:
    tokenizer = AutoTokenizer.from_pretrained(options.model)
    model = AutoModelForCausalLM.from_pretrained(options.model)
else:
    words = {word for row in rows for word, _ in pre_tokenizers.Whitespace().pre_tokenize_str(row["text"])}
    vocabulary = {word: number for number, word in enumerate(["<pad>", "<unk>", "</s>", *sorted(words)])}
    backend = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    backend.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=backend, pad_token="<pad>", unk_token="<unk>", eos_token="</s>"
    )
    model = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(vocabulary), hidden_size=32, intermediate_size=64, num_hidden_layers=2,
            num_attention_heads=2, pad_token_id=0, eos_token_id=2, bos_token_id=2,
        )
    )  # fmt: skip

trainer = MixedSFTTrainer(
    model=model,
    args=MixedSFTConfig(
        output_dir=options.output_dir, max_steps=options.steps, per_device_train_batch_size=8, learning_rate=1e-3,
        report_to="none", save_strategy="no", disable_tqdm=True, bf16=False, dataloader_pin_memory=False,
    ),
    train_dataset=Dataset.from_list(rows),
    processing_class=tokenizer,
)  # fmt: skip
trainer.train()
print(trainer.surgery_statistics.to_dict())
