"""Sentence embeddings with gradient surgery: a trainer of sentence-transformers, through the mixin.

Needs sentence-transformers 6: pip install sentence-transformers. The pairs are made up: what the weather is like, and
what people do then. English has 40 of them, German and Swahili 5 each.
"""

import argparse
from dataclasses import dataclass

from datasets import Dataset
from sentence_transformers import (
    SentenceTransformer,
    SentenceTransformerTrainer,
    SentenceTransformerTrainingArguments,
)
from sentence_transformers.sentence_transformer.losses import MultipleNegativesRankingLoss
from sentence_transformers.sentence_transformer.modules import Pooling, Transformer

from hf_mixtrain import GradientMixMixin, GradientMixTrainingArguments
from hf_mixtrain.encoders import resolve_model


@dataclass
class MixedArguments(GradientMixTrainingArguments, SentenceTransformerTrainingArguments):
    """The arguments of sentence-transformers, plus those of surgery."""


class MixedTrainer(GradientMixMixin, SentenceTransformerTrainer):
    """A trainer of embeddings with surgery: the mixin goes first."""


parser = argparse.ArgumentParser()
parser.add_argument("--model", default="embedded:multilingual-e5-small", help="a Hub name, a folder, or embedded:NAME")
parser.add_argument("--epochs", type=float, default=5)
parser.add_argument("--output_dir", default="out/embeddings")
options = parser.parse_args()

PAIRS = {
    "en": [
        ("It rains in {}.", "In {}, people open their umbrellas."),
        ("It snows in {}.", "In {}, children go out with a sledge."),
        ("It is hot in {}.", "In {}, everybody wants an ice cream."),
        ("There is fog in {}.", "In {}, drivers switch on their lights."),
        ("There is a storm in {}.", "In {}, the ferries stay in the harbour."),
    ],
    "de": [
        ("Es regnet in {}.", "In {} spannt man die Schirme auf."),
        ("Es schneit in {}.", "In {} holen die Kinder ihre Schlitten."),
        ("Es ist heiß in {}.", "In {} wollen alle ein Eis."),
        ("Es ist neblig in {}.", "In {} machen die Autos das Licht an."),
        ("Es stürmt in {}.", "In {} bleiben die Fähren im Hafen."),
    ],
    "sw": [
        ("Mvua inanyesha {}.", "Watu wa {} wanafungua miavuli."),
        ("Theluji inaanguka {}.", "Watoto wa {} wanateleza nje."),
        ("Kuna joto {}.", "Watu wa {} wanataka aiskrimu."),
        ("Kuna ukungu {}.", "Madereva wa {} wanawasha taa."),
        ("Kuna dhoruba {}.", "Meli za {} zinabaki bandarini."),
    ],
}
TRAIN = {"en": ["Oslo", "Bergen", "Riga", "Turku", "Visby", "Gdynia", "Kiel", "Narva"], "de": ["Kiel"], "sw": ["Tanga"]}
TEST = {"en": "Hull", "de": "Emden", "sw": "Lamu"}

rows = [
    {"anchor": weather.format(place), "positive": then.format(place), "language": language}
    for language, places in TRAIN.items()
    for place in places
    for weather, then in PAIRS[language]
]
encoder = Transformer(str(resolve_model(options.model)), max_seq_length=32)
model = SentenceTransformer(modules=[encoder, Pooling(encoder.get_embedding_dimension())])

trainer = MixedTrainer(
    model=model,
    args=MixedArguments(
        output_dir=options.output_dir, num_train_epochs=options.epochs, per_device_train_batch_size=10,
        learning_rate=5e-5, report_to="none", save_strategy="no", disable_tqdm=True, dataloader_pin_memory=False,
    ),
    train_dataset=Dataset.from_list(rows),
    loss=MultipleNegativesRankingLoss(model),
)  # fmt: skip


def report(when: str) -> None:
    """For each language, how many weathers there are whose nearest sentence is the right one."""
    for language, place in TEST.items():
        weathers, thens = zip(*PAIRS[language], strict=True)
        first, second = (model.encode([text.format(place) for text in texts]) for texts in (weathers, thens))
        nearest = model.similarity(first, second).argmax(dim=1).tolist()
        right = sum(found == number for number, found in enumerate(nearest))
        print(f"{when}  {language}  {right} of {len(nearest)} found")


report("before")
trainer.train()
report("after ")
print(trainer.surgery_statistics.to_dict())
