"""The plainest verbatim decoder there can be: one text, one token at a time."""

import random
from collections.abc import Callable

import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from piispan.core import LabelSet, Span, TagPlacement, TagTokens, encode_chat, get_format, make_prompt
from piispan.core.segments import TagGrammar
from tests.tiny import tiny_gemma3, tiny_llama, tiny_mistral, tiny_qwen3, tiny_tokenizer
from tests.vocabularies import add_tag_tokens

LABELS = LabelSet.load("presidio").subset(["PERSON", "US_SSN", "DATE_TIME"])
PROMPT = make_prompt("plain", LABELS, get_format("tagged"))
MODELS: dict[str, Callable[[int], PreTrainedModel]] = {
    "llama": tiny_llama,
    "qwen3": tiny_qwen3,
    "gemma3": tiny_gemma3,
    "mistral": tiny_mistral,
}


def eager_model(name: str, tag_tokens: TagTokens, seed: int = 3) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """A model with random weights, scaled so that it writes many tags, in float64."""
    tokenizer = tiny_tokenizer()
    if tag_tokens == "special":
        add_tag_tokens(tokenizer, LABELS)
    model = MODELS[name](seed)
    model.resize_token_embeddings(len(tokenizer) + 3, mean_resizing=False)
    with torch.no_grad():
        model.get_output_embeddings().weight.mul_(20)
    return model, tokenizer


def step_by_step(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, grammar: TagGrammar, text: str, *, cached: bool = True
) -> tuple[list[int], list[Span]]:
    """Answer and spans of constrained greedy decoding, over the model's own cache or without one."""
    automaton = grammar.automaton(text)
    state, answer, spans = automaton.start, [], []
    new = encode_chat(tokenizer, PROMPT.messages(text), add_generation_prompt=True)
    cache = None
    while not automaton.finished(state):
        allowed = automaton.allowed(state).ids
        token = allowed[0]
        if len(allowed) > 1:
            with torch.inference_mode():
                output = model(input_ids=torch.tensor([new]), past_key_values=cache, use_cache=cached, logits_to_keep=1)
            logits, cache = output.logits[0, -1], output.past_key_values if cached else None
            new = [] if cached else new
            token = max(allowed, key=lambda candidate: logits[candidate].item())
        before, state = state, automaton.step(state, token)
        answer.append(token)
        new = [*new, token]
        if span := automaton.closed(before, state):
            spans.append(span)
    return answer, spans


def random_text(rng: random.Random, longest: int) -> str:
    return "".join(rng.choice("aB .<\n東é") for _ in range(rng.randrange(longest + 1)))


def random_spans(rng: random.Random, text: str) -> list[Span]:
    """Flat spans at random places, trimmed."""
    spans, position = [], 0
    while position < len(text) - 2:
        start, end = position + rng.randrange(3), position + rng.randrange(3, 9)
        value = text[start:end]
        if value.strip():
            start += len(value) - len(value.lstrip())
            spans.append(Span(start, start + len(value.strip()), rng.choice(LABELS.names)))
        position = end + rng.randrange(12)
    return spans


SPELLINGS: list[tuple[TagTokens, TagPlacement]] = [("text", "before_space"), ("special", "before_space"), ("text", "at_value")]
