"""Model cards: made from the results of a run through a template, without network."""

from hf_mixtrain.cards.publish import published_card
from hf_mixtrain.cards.write import CARD_FILE, write_card

__all__ = ["CARD_FILE", "published_card", "write_card"]
