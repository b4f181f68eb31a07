"""The decoder that a name stands for."""

from typing import TYPE_CHECKING, get_args

from piispan.core import FormatError, Loss, Prompt, TagPlacement, TagTokens
from piispan.tagger.decoding import Decoder, DecoderName
from piispan.tagger.drafting import Guess
from piispan.tagger.generation import GenerateDecoder
from piispan.tagger.verbatim import VerbatimDecoder

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

__all__ = ["decoder_name", "make_decoder"]


def decoder_name(
    name: DecoderName | None, format_name: str, *, tag_tokens: TagTokens = "text", loss: Loss = "answer", tag_bias: float = 0.0
) -> DecoderName:
    """The decoder that is used when ``name`` is asked for: without a name, ``verbatim`` for the format ``tagged``, else ``generate``.

    Args and errors are those of ``make_decoder``; no model is needed to ask.
    """
    chosen = name or ("verbatim" if format_name == "tagged" else "generate")
    if chosen not in get_args(DecoderName):
        raise FormatError(f"no decoder named {chosen!r}; known: {', '.join(get_args(DecoderName))}")
    if chosen == "verbatim":
        if format_name != "tagged":
            raise FormatError(f"only the format 'tagged' can be decoded verbatim, was: {format_name!r}; use the decoder 'generate'")
        return chosen
    if tag_bias:
        raise FormatError("plain generation knows no tag bias, so no operating point; use the decoder 'verbatim'")
    if tag_tokens == "special":
        raise FormatError("plain generation cannot write special tag tokens; use the decoder 'verbatim', or train with tags in text")
    if loss == "decisions":
        raise FormatError(
            "trained on decisions, a model has learnt neither to copy nor to stop; use the decoder 'verbatim', or loss 'answer'"
        )
    return chosen


def make_decoder(
    name: DecoderName | None,
    model: "PreTrainedModel",
    tokenizer: "PreTrainedTokenizerBase",
    prompt: Prompt,
    *,
    tag_tokens: TagTokens = "text",
    placement: TagPlacement,
    loss: Loss = "answer",
    tag_bias: float = 0.0,
    batch_size: int = 16,
    max_batch_tokens: int = 4096,
    guess: Guess | None = None,
) -> Decoder:
    """A decoder by name; without one, that of ``decoder_name``.

    Args:
        name: ``verbatim`` or ``generate``.
        model: A causal language model.
        tokenizer: Its tokenizer.
        prompt: Style, labels and output format.
        tag_tokens: How the model was trained to spell tags.
        placement: Where it was trained to put opening tags; joint tokenisation puts them at the value.
        loss: What it was trained on.
        tag_bias: Added to the logits of all opening tags, by ``verbatim`` only.
        batch_size: Texts generated together by ``generate``.
        max_batch_tokens: Most tokens held at a time by ``verbatim``.
        guess: Spans that a text may hold, for ``verbatim`` only; right ones make it faster, and none changes an answer.

    Raises:
        FormatError: If there is no such decoder, or it cannot decode this format, spelling or bias, or takes no guess.
    """
    if decoder_name(name, prompt.format.name, tag_tokens=tag_tokens, loss=loss, tag_bias=tag_bias) == "generate":
        if guess is not None:
            raise FormatError("plain generation takes no guess; use the decoder 'verbatim', or leave the guess out")
        return GenerateDecoder(model, tokenizer, prompt, batch_size=batch_size)
    biases = dict.fromkeys(prompt.labels.names, tag_bias) if tag_bias else {}
    return VerbatimDecoder(
        model,
        tokenizer,
        prompt,
        tag_tokens=tag_tokens,
        placement=placement,
        tag_bias=biases,
        max_batch_tokens=max_batch_tokens,
        guess=guess,
    )
