"""Text and tags as separate segments of tokens: one tokenisation for training and decoding, and the automaton over it."""

from piispan.core.segments.answers import Decision, continuation, gold_decisions, read_spans, spelt_tag
from piispan.core.segments.automaton import Automaton, Choice, State, TagGrammar
from piispan.core.segments.encoding import SegmentEncoder, Unit
from piispan.core.segments.special import add_tag_tokens
from piispan.core.segments.tags import CLOSING_TOKEN, TagNode, tag_token_names

__all__ = [
    "CLOSING_TOKEN",
    "Automaton",
    "Choice",
    "Decision",
    "SegmentEncoder",
    "State",
    "TagGrammar",
    "TagNode",
    "Unit",
    "add_tag_tokens",
    "continuation",
    "gold_decisions",
    "read_spans",
    "spelt_tag",
    "tag_token_names",
]
