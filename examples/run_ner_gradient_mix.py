"""Named entities with gradient surgery: English sentences and five of each target language, mixed."""

import argparse

import numpy as np
from transformers import (
    AutoModelForTokenClassification,
    AutoTokenizer,
    DataCollatorForTokenClassification,
)

from hf_mixtrain import GradientMixTrainer, GradientMixTrainingArguments
from hf_mixtrain.data import load_fewshot
from hf_mixtrain.encoders import resolve_model
from hf_mixtrain.metrics import EntityF1

parser = argparse.ArgumentParser()
parser.add_argument("--model", default="embedded:multilingual-e5-small", help="a Hub name, a folder, or embedded:NAME")
parser.add_argument("--languages", nargs="+", default=["de", "sw"])
parser.add_argument("--epochs", type=float, default=3)
parser.add_argument("--output_dir", default="out/run-ner-gradient-mix")
options = parser.parse_args()

data = load_fewshot("panx", shots=5, seed=1, languages=options.languages, source="demo")
labels = data.task.labels
encoder = resolve_model(options.model)
tokenizer = AutoTokenizer.from_pretrained(encoder)
model = AutoModelForTokenClassification.from_pretrained(encoder, id2label=dict(enumerate(labels)))


def encode(rows):
    """Tokenise sentences; the first piece of each word carries its label."""
    encoded = tokenizer(rows["tokens"], is_split_into_words=True, truncation=True, max_length=128)
    encoded["labels"] = []
    for row, tags in enumerate(rows["tags"]):
        words = encoded.word_ids(row)
        first = [word is not None and word not in words[:place] for place, word in enumerate(words)]
        encoded["labels"].append([tags[word] if keep else -100 for word, keep in zip(words, first, strict=True)])
    return encoded


def entity_f1(prediction):
    """Score the predicted tags of all words."""
    guesses, gold = np.argmax(prediction.predictions, axis=-1), prediction.label_ids
    pairs = [(row[keep], want[keep]) for row, want in zip(guesses, gold, strict=True) if len(keep := want != -100)]
    named = [[[labels[tag] for tag in tags] for tags in side] for side in zip(*pairs, strict=True)]
    return EntityF1().compute(predictions=named[0], references=named[1])


train = data.mixed().map(encode, batched=True, remove_columns=["id", "tokens", "tags"])  # the language column stays
args = GradientMixTrainingArguments(
    output_dir=options.output_dir, num_train_epochs=options.epochs, learning_rate=2e-4, report_to="none",
    save_strategy="no", disable_tqdm=True, dataloader_pin_memory=False,
)  # fmt: skip
trainer = GradientMixTrainer(
    model=model,
    args=args,
    train_dataset=train,
    data_collator=DataCollatorForTokenClassification(tokenizer),
    processing_class=tokenizer,
    compute_metrics=entity_f1,
)
trainer.train()
for language, rows in data.test.items():
    test = rows.map(encode, batched=True, remove_columns=rows.column_names)
    print(f"{language}  F1 {100 * trainer.evaluate(test)['eval_f1']:.1f}")
print(trainer.surgery_statistics.to_dict())  # conflicts and cosines, by language
