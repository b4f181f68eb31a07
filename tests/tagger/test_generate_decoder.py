"""Plain generation with the shared prefix equals plain generation of each text alone."""

import pytest
import torch
from presidio_anonymizer.entities import OperatorConfig
from transformers import GenerationConfig

from piispan.core import Document, LabelError, LabelSet, TooLongError, encode_chat, get_format, make_prompt
from piispan.tagger import GenerateDecoder, Tagger
from tests.tiny import tiny_llama, tiny_mistral, tiny_tokenizer

LABELS = LabelSet.load("presidio").subset(["PERSON", "AGE"])
TEXTS = ["Ada is 36", "", "x", "Grace Hopper, aged 85, spoke to Ada.", "日本"]


@pytest.mark.parametrize("batch_size", [1, 2, 5])
def test_shared_prefix_gives_the_answers_of_single_texts(batch_size: int) -> None:
    model, tokenizer = tiny_llama(), tiny_tokenizer()
    prompt = make_prompt("plain", LABELS, get_format("tagged"))
    decoder = GenerateDecoder(model, tokenizer, prompt, batch_size=batch_size)
    for text, decoded in zip(TEXTS, decoder.decode(TEXTS), strict=True):
        asked = torch.tensor([encode_chat(tokenizer, prompt.messages(text), add_generation_prompt=True)])
        config = GenerationConfig(max_new_tokens=decoded.output_tokens, do_sample=False, eos_token_id=257, pad_token_id=257)
        alone = model.generate(asked, attention_mask=torch.ones_like(asked), generation_config=config)[0, asked.shape[1] :].tolist()
        ended = [token for token in alone if token != 257]
        assert decoded.output == tokenizer.decode(ended)


def test_an_answer_s_budget_does_not_depend_on_its_neighbours() -> None:
    """Texts that begin alike share more than the prompt; that is no reason to cut their answers."""
    model, tokenizer = tiny_llama(), tiny_tokenizer()
    prompt = make_prompt("plain", LABELS, get_format("tagged"))
    decoder = GenerateDecoder(model, tokenizer, prompt)
    letters = ["Dear all, this is the same letter head. " * 3 + end for end in ("Ada", "Bob")]
    together, alone = decoder.decode(letters), [decoder.decode([letter])[0] for letter in letters]
    assert [d.output for d in together] == [d.output for d in alone]
    assert [d.output for d in decoder.decode([letters[0]] * 2)] == [alone[0].output] * 2


def test_what_is_no_text_no_document_and_no_label_is_named() -> None:
    prompt = make_prompt("plain", LABELS, get_format("tagged"))
    tagger = Tagger(GenerateDecoder(tiny_llama(), tiny_tokenizer(), prompt), prompt)
    with pytest.raises(TypeError, match="text 2 must be a string, was: NoneType"):
        tagger.redact(["Ada", None])  # type: ignore[list-item]
    with pytest.raises(TypeError, match="predict takes documents"):
        tagger.predict(["Ada"])  # type: ignore[list-item]
    with pytest.raises(LabelError, match=r"operators: unknown label 'PERSN' .* did you mean PERSON"):
        tagger.redact(["Ada"], operators={"PERSN": OperatorConfig("keep")})


def test_a_cut_answer_is_said_to_be_unfinished_and_untrue() -> None:
    model, tokenizer = tiny_llama(), tiny_tokenizer()
    prompt = make_prompt("plain", LABELS, get_format("tagged"))
    decoder = GenerateDecoder(model, tokenizer, prompt)
    decoded = decoder.decode(["Ada is 36"])[0]
    budget = 3 * len("Ada is 36") + 96
    assert (decoded.finished, decoded.output_tokens) in {(False, budget), (True, decoded.output_tokens)}
    assert decoded.finished or not next(Tagger(decoder, prompt).stream(["Ada is 36"])).faithful


def test_answers_that_end_do_not_wait_for_one_that_runs_on() -> None:
    tokenizer, prompt = tiny_tokenizer(), make_prompt("plain", LABELS, get_format("json"))
    model = tiny_llama()
    with torch.no_grad():
        for weights in model.parameters():
            weights.mul_(10)  # answers that differ
    model.generation_config.eos_token_id = [67, 257]  # and some of which end
    texts = ["Ada is 36", "日本", "Zürich 8001!", "x", "Grace Hopper, aged 85, spoke to Ada.", "QQQQ", "..."]
    decoder = GenerateDecoder(model, tokenizer, prompt)
    together, alone = decoder.decode(texts), [decoder.decode([text])[0] for text in texts]
    assert [(d.output, d.output_tokens, d.finished) for d in together] == [(d.output, d.output_tokens, d.finished) for d in alone]
    assert all(0 <= d.passes - d.output_tokens < 16 for d in together), "what has ended leaves its batch within a step"
    usual = 2 * max(len(text.encode()) for text in texts) + 64
    assert {d.finished for d in together if d.output_tokens > usual} == {True, False}, "some go on in a batch of their own"


def test_the_output_head_gets_inputs_that_lie_side_by_side() -> None:
    """Of others PyTorch computes a linear layer with a copy of its weights for each text."""
    model, tokenizer = tiny_llama(), tiny_tokenizer()
    texts_together: set[int] = set()

    def look(_: torch.nn.Module, given: tuple[torch.Tensor, ...]) -> None:
        texts_together.add(len(given[0]))
        assert given[0].is_contiguous()

    model.lm_head.register_forward_pre_hook(look)
    GenerateDecoder(model, tokenizer, make_prompt("plain", LABELS, get_format("tagged"))).decode(TEXTS)
    assert len(TEXTS) in texts_together


def test_penalties_of_the_checkpoint_are_not_applied() -> None:
    tokenizer, prompt = tiny_tokenizer(), make_prompt("plain", LABELS, get_format("tagged"))
    plain, penal = tiny_llama(), tiny_llama()
    penal.generation_config.repetition_penalty = 5.0
    penal.generation_config.no_repeat_ngram_size = 2
    penal.generation_config.num_beams = 3
    answers = [GenerateDecoder(model, tokenizer, prompt).decode(TEXTS) for model in (plain, penal)]
    assert [d.output for d in answers[0]] == [d.output for d in answers[1]]


def test_sliding_windows_are_decoded_as_each_text_alone() -> None:
    model, tokenizer = tiny_mistral(), tiny_tokenizer()
    prompt = make_prompt("plain", LABELS, get_format("tagged"))
    decoder = GenerateDecoder(model, tokenizer, prompt)
    assert [d.output for d in decoder.decode(TEXTS)] == [decoder.decode([text])[0].output for text in TEXTS]


def test_progress_counts_every_text_and_order_is_kept() -> None:
    model, tokenizer = tiny_llama(), tiny_tokenizer()
    prompt = make_prompt("plain", LABELS, get_format("bio"))
    seen: list[int] = []
    documents = [Document(str(i), text) for i, text in enumerate(TEXTS)]
    tagger = Tagger(GenerateDecoder(model, tokenizer, prompt, batch_size=2), prompt)
    predictions = tagger.predict(documents, progress=seen.append)
    assert sum(seen) == len(TEXTS)
    assert [p.id for p in predictions] == [d.id for d in documents]
    assert all(p.seconds > 0 and p.output_tokens and p.passes >= p.output_tokens for p in predictions)


def test_nothing_to_decode() -> None:
    prompt = make_prompt("plain", LABELS, get_format("tagged"))
    assert GenerateDecoder(tiny_llama(), tiny_tokenizer(), prompt).decode([]) == []


def test_a_text_too_long_for_the_context_is_refused_by_number_and_without_its_text() -> None:
    prompt = make_prompt("plain", LABELS, get_format("tagged"))
    decoder = GenerateDecoder(tiny_llama(context=2000), tiny_tokenizer(), prompt)
    with pytest.raises(TooLongError, match="text 1: ") as error:
        decoder.decode(["short", "Zebedee " * 400])
    assert "Zebedee" not in str(error.value)


def test_batch_size_must_be_positive() -> None:
    prompt = make_prompt("plain", LABELS, get_format("tagged"))
    with pytest.raises(ValueError, match="at least 1, was: 0"):
        GenerateDecoder(tiny_llama(), tiny_tokenizer(), prompt, batch_size=0)
