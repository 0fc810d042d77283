"""Model cards: made from the results of a run through a template, without network."""

from hf_mixtrain.cards.compare import compared
from hf_mixtrain.cards.facts import FolderFacts, folder_facts, model_name
from hf_mixtrain.cards.keep import keep_sections, restore_sections
from hf_mixtrain.cards.publish import planned_card, published_card
from hf_mixtrain.cards.usage import recipe
from hf_mixtrain.cards.write import CARD_FILE, write_card

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
