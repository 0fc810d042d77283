"""Model cards: made from the results of a run through a template, without network."""

from hf_mixtrain.cards.facts import model_name
from hf_mixtrain.cards.keep import keep_sections, restore_sections
from hf_mixtrain.cards.publish import published_card
from hf_mixtrain.cards.write import CARD_FILE, write_card

__all__ = ["CARD_FILE", "keep_sections", "model_name", "published_card", "restore_sections", "write_card"]
