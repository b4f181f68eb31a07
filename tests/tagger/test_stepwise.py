"""Models that cannot take a token back are decoded step by step, to the same answers."""

import pytest

from piispan.tagger import VerbatimDecoder
from piispan.tagger.stepwise import StepwiseEngine
from tests.tagger.constrained import PROMPT, step_by_step
from tests.tiny import tiny_mamba, tiny_qwen3_next, tiny_tokenizer


@pytest.mark.parametrize("make", [tiny_mamba, tiny_qwen3_next])
def test_recurrent_layers_are_decoded_step_by_step(make) -> None:
    model, tokenizer = make(5), tiny_tokenizer()
    model.get_output_embeddings().weight.data.mul_(20)
    decoder = VerbatimDecoder(model, tokenizer, PROMPT)
    assert isinstance(decoder._engine, StepwiseEngine)
    texts = ["Ada met Bob.", "", "at 東京 <b>"]
    expected = [step_by_step(model, tokenizer, decoder.grammar, text, cached=False)[1] for text in texts]
    assert [list(answer.spans or ()) for answer in decoder.decode(texts)] == expected
    assert sum(map(len, expected)) > 1
