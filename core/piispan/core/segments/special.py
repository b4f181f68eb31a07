"""Tags as tokens of their own, added to a model and its tokenizer."""

from typing import Any

from piispan.core.labels import LabelSet
from piispan.core.segments.encoding import SegmentEncoder
from piispan.core.segments.tags import tag_token_names

__all__ = ["add_tag_tokens"]


def add_tag_tokens(model: Any, tokenizer: Any, labels: LabelSet) -> list[int]:
    """Add the special tag tokens of a label set, in place, and return their ids in the order of ``tag_token_names``.

    The embedding of each begins as the mean of those of the tokens that would spell it. What training makes of it is saved with the
    adapter (PEFT's ``trainable_token_indices``), so a base that gets its tokens here takes the adapter's rows when it is loaded.

    Args:
        model: A causal language model.
        tokenizer: Its tokenizer.
        labels: The label set.
    """
    names = tag_token_names(labels)
    encoder = SegmentEncoder(tokenizer)
    spelt = [list(encoder.fragment(name)) for name in names]
    tokenizer.add_tokens(names, special_tokens=True)
    ids: list[int] = tokenizer.convert_tokens_to_ids(names)
    if max(ids) >= model.get_input_embeddings().num_embeddings:
        model.resize_token_embeddings(max(ids) + 1, mean_resizing=False)
    embeddings = {id(layer.weight): layer for layer in (model.get_input_embeddings(), model.get_output_embeddings())}
    for layer in embeddings.values():
        weights = layer.weight.data
        for token, pieces in zip(ids, spelt, strict=True):
            weights[token] = weights[pieces].mean(0)
    return ids
