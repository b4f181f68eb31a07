"""Documents per second of verbatim decoding against transformers' generation, on one model, in one run.

Peers, each with the same prompts and the same merged weights: ``model.generate`` at its best batch size; ``generate`` with
the keys and values of the shared prompt prefix handed to it; prompt-lookup decoding (which takes one text at a time). The prompt is
``few_shot`` with as many worked examples as make a prefix of 950 tokens; the first peer is met with the short ``plain`` prompt as well.

Before anything is timed, verbatim answers are compared with those of ``generate`` under ``prefix_allowed_tokens_fn`` and the same
automaton, in float32. The last line is JSON.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import torch
from transformers.utils import logging

from piispan.core import Document, LabelSet, Prompt, common_prefix, encode_chat, get_format, make_prompt
from piispan.dataset_builder import fixed_split, read_documents, synthesise
from piispan.runs import Silent, TrainSettings
from piispan.runs.machine import fastest_dtype, hardware
from piispan.runs.training import train_adapter
from piispan.tagger import Decoder, GenerateDecoder, VerbatimDecoder, embedded_model, load_causal_lm

LABELS = LabelSet.load("presidio")
PREFIX = (900, 1000)


@dataclass(frozen=True)
class Subject:
    """A fine-tuned model in one prompt."""

    model: Any
    tokenizer: Any
    prompt: Prompt
    prefix: int


class PlainGenerate(GenerateDecoder):
    """``model.generate`` as anyone would call it: nothing shared between the texts."""

    name = "generate, nothing shared"

    def _prefix(self, asked: Sequence[Sequence[int]]) -> Any:
        return super()._prefix(asked[:1])


class PromptLookup(PlainGenerate):
    """``generate`` with prompt-lookup decoding."""

    name = "prompt lookup"

    def __init__(self, model: Any, tokenizer: Any, prompt: Prompt) -> None:
        super().__init__(model, tokenizer, prompt, batch_size=1)

    def decode(self, texts: Sequence[str], progress: Any = None) -> Any:
        """One answer per text."""
        generate = self._model.generate
        self._model.generate = lambda *args, **kwargs: generate(*args, prompt_lookup_num_tokens=10, **kwargs)
        try:
            return super().decode(texts, progress)
        finally:
            self._model.generate = generate


def prefix_length(tokenizer: Any, prompt: Prompt) -> int:
    """Tokens that the prompts of all texts share."""
    return common_prefix([encode_chat(tokenizer, prompt.messages(text), add_generation_prompt=True) for text in ("a", "1", "<")])


def long_prompt(tokenizer: Any) -> Prompt:
    """``few_shot`` with as many synthetic examples as make a prefix of about 950 tokens."""
    examples = list(synthesise(60, seed=9))
    chosen: list[Document] = []
    for example in sorted(examples, key=lambda document: len(document.text)):
        prompt = Prompt("few_shot", LABELS, get_format("tagged"), (*chosen, example))
        length = prefix_length(tokenizer, prompt)
        if length <= PREFIX[1]:
            chosen.append(example)
        if length >= sum(PREFIX) / 2 - 25:
            break
    return Prompt("few_shot", LABELS, get_format("tagged"), tuple(chosen))


def fine_tuned(prompt_of: Callable[[Any], Prompt], seconds: float) -> Subject:
    """The embedded model after ``seconds`` of training on synthetic documents, its adapter merged."""
    model, tokenizer = load_causal_lm(embedded_model(), dtype=fastest_dtype())
    prompt = prompt_of(tokenizer)
    documents = list(synthesise(4000, seed=1, partition="train"))
    settings = TrainSettings(batch_size=8, learning_rate=2e-3, epochs=1, tag_tokens="text", loss="answer")
    trained = train_adapter(model, tokenizer, documents, prompt, settings, Silent(), deadline=time.perf_counter() + seconds)
    adapted: Any = trained.model
    return Subject(adapted.merge_and_unload().eval(), tokenizer, prompt, prefix_length(tokenizer, prompt))


def documents_per_second(decoder: Decoder, texts: Sequence[str]) -> float:
    """Measured after one text that is not counted."""
    decoder.decode(texts[:1])
    started = time.perf_counter()
    decoder.decode(texts)
    return len(texts) / (time.perf_counter() - started)


def best_generate(subject: Subject, texts: Sequence[str], sizes: Sequence[int], kind: type[GenerateDecoder]) -> tuple[float, int]:
    """The highest rate over batch sizes, and that size."""
    rates = {}
    for size in sizes:
        rates[size] = documents_per_second(kind(subject.model, subject.tokenizer, subject.prompt, batch_size=size), texts)
        print(f"  {kind.name}, batch {size}: {rates[size]:.2f} documents/s", flush=True)
    size = max(rates, key=lambda key: rates[key])
    return rates[size], size


def is_identical(subject: Subject, texts: Sequence[str]) -> bool:
    """Whether ``generate`` under the automaton's rules writes the same tokens, in float32."""
    model = subject.model.float()
    decoder = VerbatimDecoder(model, subject.tokenizer, subject.prompt)
    end = subject.tokenizer.eos_token_id
    same = True
    for text, answer in zip(texts, decoder.decode(texts), strict=True):
        automaton = decoder.grammar.automaton(text)
        asked = encode_chat(subject.tokenizer, subject.prompt.messages(text), add_generation_prompt=True)

        def allowed(_: int, ids: torch.Tensor, automaton: Any = automaton, start: int = len(asked)) -> list[int]:
            state = automaton.start
            for token in ids[start:].tolist():
                state = automaton.step(state, token)
            return list(automaton.allowed(state).ids) or [end]

        output = model.generate(
            torch.tensor([asked]),
            attention_mask=torch.ones(1, len(asked), dtype=torch.long),
            prefix_allowed_tokens_fn=allowed,
            do_sample=False,
            max_new_tokens=8 * len(asked),
            eos_token_id=end,
            pad_token_id=end,
            repetition_penalty=1.0,
        )
        state, spans = automaton.start, []
        for token in output[0, len(asked) : -1].tolist():
            before, state = state, automaton.step(state, token)
            if span := automaton.closed(before, state):
                spans.append(span)
        same &= automaton.finished(state) and tuple(spans) == answer.spans
    subject.model.to(fastest_dtype())
    return same


def rates_by(
    subject: Subject, documents: Sequence[Document], key: Callable[[Document], int], edges: Sequence[int]
) -> list[tuple[str, float]]:
    """Verbatim documents/s for documents in bands of ``key``."""
    found = []
    for low, high in pairwise(edges):
        band = [document.text for document in documents if low <= key(document) < high]
        if len(band) >= 8:
            decoder = VerbatimDecoder(subject.model, subject.tokenizer, subject.prompt)
            found.append((f"{low}" if high == low + 1 else f"{low}-{high - 1}", documents_per_second(decoder, band)))
    return found


def plot(curves: dict[str, list[tuple[str, float]]], path: Path) -> None:
    """Bars of documents/s, a panel for each curve."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    figure, panels = plt.subplots(1, len(curves), figsize=(5 * len(curves), 3.4), layout="constrained")
    for panel, (title, bars) in zip(panels, curves.items(), strict=True):
        drawn = panel.bar([name for name, _ in bars], [rate for _, rate in bars], color="#35608d")
        panel.bar_label(drawn, fmt="%.1f", padding=2)
        panel.set(xlabel=title, ylabel="documents/s")
        panel.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=150)


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="Presidio JSON; without it, synthetic documents.")
    parser.add_argument("--quick", action="store_true", help="Fewer documents and less training: under 5 minutes on two cores.")
    parser.add_argument("--plot", type=Path, default=Path(tempfile.gettempdir()) / "piispan-decoding.png", help="Where the picture goes.")
    asked = parser.parse_args()
    logging.set_verbosity_error()
    logging.disable_progress_bar()

    test = list(
        fixed_split(read_documents(asked.data, labels=LABELS)[0], "random").test
        if asked.data
        else synthesise(400, seed=2, partition="test")
    )
    texts = [document.text for document in test[: 16 if asked.quick else 64]]
    print(f"{hardware()}, {fastest_dtype()}; fine-tuning SmolLM2-135M", flush=True)
    subject = fine_tuned(long_prompt, 40 if asked.quick else 240)
    print(f"prompt prefix of {subject.prefix} tokens", flush=True)
    assert PREFIX[0] <= subject.prefix <= PREFIX[1]
    identical = is_identical(subject, texts[: 3 if asked.quick else 12])
    print(f"identical to constrained generation: {identical}", flush=True)
    assert identical

    decoder = VerbatimDecoder(subject.model, subject.tokenizer, subject.prompt)
    ours = documents_per_second(decoder, texts)
    answers = decoder.decode(texts)
    passes, entities = (sum(counts) / len(texts) for counts in zip(*((a.passes, len(a.spans or ())) for a in answers), strict=True))
    print(f"  verbatim: {ours:.2f} documents/s, {passes:.2f} passes and {entities:.2f} entities per document", flush=True)

    sizes = (8, 16) if asked.quick else (8, 16, 32)
    alone, _ = best_generate(subject, texts, sizes, PlainGenerate)
    cached, _ = best_generate(subject, texts, sizes, GenerateDecoder)
    lookup = documents_per_second(PromptLookup(subject.model, subject.tokenizer, subject.prompt), texts[: len(texts) // 4])
    print(f"  {PromptLookup.name}, batch 1: {lookup:.2f} documents/s", flush=True)

    short = fine_tuned(lambda _: make_prompt("plain", LABELS, get_format("tagged")), 40 if asked.quick else 240)
    decoder_short = VerbatimDecoder(short.model, short.tokenizer, short.prompt)
    ours_short = documents_per_second(decoder_short, texts)
    marked = sum(len(answer.spans or ()) for answer in decoder_short.decode(texts)) / len(texts)
    alone_short, _ = best_generate(short, texts, sizes[-2:], PlainGenerate)
    print(f"  plain prompt: verbatim {ours_short:.2f}, generate {alone_short:.2f} documents/s; {marked:.2f} entities", flush=True)

    by_entities = rates_by(subject, test, lambda document: len(document.spans), [0, 1, 2, 3, 4, 6, 10])
    by_length = rates_by(subject, test, lambda document: len(document.text), [0, 50, 100, 150, 200, 300, 500])
    plot({"entities in the document": by_entities, "characters in the document": by_length}, asked.plot)
    print(f"picture: {asked.plot}", flush=True)
    figures = {
        "ratio_generate": ours / alone,
        "ratio_generate_cached_prefix": ours / cached,
        "ratio_prompt_lookup": ours / lookup,
        "ratio_generate_plain": ours_short / alone_short,
        "passes_per_document": passes,
        "passes_per_entity": passes / entities if entities else None,
        "docs_per_s": ours,
        "prefix_tokens": subject.prefix,
        "identical": identical,
    }
    print(json.dumps({name: round(value, 3) if isinstance(value, float) else value for name, value in figures.items()}))


if __name__ == "__main__":
    main()
