"""Model cards: made from the results of a run through a template, without network."""

from hf_mixtrain.cards.card import (
    CARD_FILE,
    keep_sections,
    planned_card,
    published_card,
    restore_sections,
    write_card,
)
from hf_mixtrain.cards.comparison import compared
from hf_mixtrain.cards.metadata import model_name
from hf_mixtrain.cards.usage import FolderFacts, folder_facts, recipe

__all__ = [
    "CARD_FILE",
    "FolderFacts",
    "compared",
    "folder_facts",
    "keep_sections",
    "model_name",
    "planned_card",
    "published_card",
    "recipe",
    "restore_sections",
    "write_card",
]
