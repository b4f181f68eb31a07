"""Time and memory as the work grows."""

import time
import tracemalloc
from collections.abc import Iterator

import pytest

from piispan.tagger import VerbatimDecoder
from tests.tagger.constrained import PROMPT, eager_model


def seconds_per_character(decoder: VerbatimDecoder, characters: int) -> float:
    text = ("Ada met Bob on Monday in Rome. " * (characters // 31 + 1))[:characters]
    times = []
    for _ in range(3):
        started = time.process_time()
        decoder.decode([text])
        times.append(time.process_time() - started)
    return min(times) / characters


@pytest.mark.timed
@pytest.mark.proof
def test_time_per_character_stays_flat(proof_scale: int) -> None:
    """From 1,000 characters to 10,000, and to 100,000 by ``make proofs``."""
    model, tokenizer = eager_model("llama", "special")
    decoder = VerbatimDecoder(model, tokenizer, PROMPT, tag_tokens="special", tag_bias=dict.fromkeys(PROMPT.labels.names, -3.0))
    decoder.decode(["Ada met Bob."])
    assert seconds_per_character(decoder, 10_000 * proof_scale) < 1.5 * seconds_per_character(decoder, 1000)


@pytest.mark.proof
def test_memory_of_a_stream_does_not_grow_with_it(proof_scale: int) -> None:
    """10,000 documents, and 100,000 by ``make proofs``: what is held after a tenth of them is held at the end."""
    model, tokenizer = eager_model("llama", "special")
    decoder = VerbatimDecoder(model, tokenizer, PROMPT, tag_tokens="special", tag_bias=dict.fromkeys(PROMPT.labels.names, -50.0))
    count = 10_000 * proof_scale

    def texts() -> Iterator[str]:
        return (f"Ada {number}" for number in range(count))

    tracemalloc.start()
    try:
        for number, _ in enumerate(decoder.stream(texts())):
            if number == count // 10:
                early, _ = tracemalloc.get_traced_memory()
        late, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert number == count - 1
    assert late < early + 2_000_000
