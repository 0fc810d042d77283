"""Train a LoRA adapter with gradient surgery: only the adapter and the head get gradients, and only these are compared.

Needs PEFT: pip install peft.
"""

import argparse

from peft import LoraConfig, TaskType, get_peft_model
from transformers import AutoModelForTokenClassification, AutoTokenizer

from hf_mixtrain import GradientMixTrainer, GradientMixTrainingArguments
from hf_mixtrain.data import data_collator, featurize, load_fewshot
from hf_mixtrain.encoders import resolve_model
from hf_mixtrain.evaluation import evaluate_languages

parser = argparse.ArgumentParser()
parser.add_argument("--model", default="embedded:multilingual-e5-small", help="a Hub name, a folder, or embedded:NAME")
parser.add_argument("--epochs", type=float, default=3)
parser.add_argument("--output_dir", default="out/lora")
options = parser.parse_args()

data = load_fewshot("panx", shots=5, seed=1, languages=["de", "sw"], source="demo")
encoder = resolve_model(options.model)
tokenizer = AutoTokenizer.from_pretrained(encoder)
model = AutoModelForTokenClassification.from_pretrained(encoder, id2label=dict(enumerate(data.task.labels)))
model = get_peft_model(
    model, LoraConfig(task_type=TaskType.TOKEN_CLS, r=16, lora_alpha=32, target_modules=["query", "value"])
)
model.print_trainable_parameters()

trainer = GradientMixTrainer(
    model=model,
    args=GradientMixTrainingArguments(
        output_dir=options.output_dir, num_train_epochs=options.epochs, learning_rate=2e-3, report_to="none",
        save_strategy="no", disable_tqdm=True, dataloader_pin_memory=False,
    ),
    train_dataset=featurize(data.task, data.mixed(), tokenizer, training=True),
    data_collator=data_collator(data.task, tokenizer),
    processing_class=tokenizer,
)  # fmt: skip
trainer.train()
for language, scores in evaluate_languages(trainer, data.task, data.test, tokenizer).items():
    print(f"{language}  F1 {scores['f1']:.1f}")
trainer.save_model(f"{options.output_dir}/adapter")
