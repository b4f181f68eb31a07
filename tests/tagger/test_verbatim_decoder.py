"""Verbatim decoding equals step-by-step constrained greedy decoding, whatever the batch, the draft and the guess."""

import random
from collections import deque
from itertools import cycle
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from peft import LoraConfig, get_peft_model
from transformers import FalconConfig, FalconForCausalLM, TrainerCallback

from piispan.core import Document, Span, TooLongError, get_format, make_prompt
from piispan.tagger import GenerateDecoder, Tagger, VerbatimDecoder, VerbatimGeneration, make_decoder
from piispan.tagger.engine import DraftingEngine
from piispan.tagger.verbatim import _decided, _Text
from piispan.tagger.windows import Window
from piispan.trainer_ext import PiiSFTConfig, PiiSFTTrainer
from tests.core.strategies import HOSTILE
from tests.tagger.constrained import (
    LABELS,
    MODELS,
    PROMPT,
    SPELLINGS,
    eager_model,
    random_spans,
    random_text,
    step_by_step,
)
from tests.tiny import tiny_llama, tiny_tokenizer
from tests.trainer_ext.examples import random_rows

TEXTS = ["", "  ", "Ada met Bob <PERSON>.", "x" * 40, "日本 👩‍👩‍👧 e\u0301x", " a b  c\n\nd "]
HOSTILE_RUNS = 50
"""Hostile texts for each of 4 models: 200 in all, and 2,000 by ``make proofs``."""
WIDTHS = [(1, 300), (8, 5000), (1000, 20000), (5, 40), (64, 700), (2, 1)]
"""Draft widths, and most tokens of a batch: from one text to some forty."""


@pytest.mark.proof
@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize(("tag_tokens", "placement"), SPELLINGS)
def test_it_equals_step_by_step_decoding(name: str, tag_tokens, placement, proof_scale: int) -> None:
    rng = random.Random(f"{name} {tag_tokens} {placement}")
    model, tokenizer = eager_model(name, tag_tokens, seed=rng.randrange(100))
    texts = [*TEXTS, *(random_text(rng, 60) for _ in range(9 * proof_scale - len(TEXTS)))]
    if proof_scale > 1:
        texts[-1] = random_text(rng, 10)[:1] + "".join(rng.choice("ab .東") for _ in range(1400))  # about 2,000 tokens
    rng.shuffle(texts)
    decoder = VerbatimDecoder(model, tokenizer, PROMPT, tag_tokens=tag_tokens, placement=placement)
    expected = [step_by_step(model, tokenizer, decoder.grammar, text) for text in texts]
    right = {text: spans for text, (_, spans) in zip(texts, expected, strict=True)}
    guesses = cycle([None, right.__getitem__, lambda text: random_spans(rng, text)])
    found = 0
    for width, tokens in WIDTHS:
        guess = next(guesses)
        options = {"draft_tokens": width, "max_batch_tokens": tokens, "guess": guess, "window_tokens": 4000}
        decoder = VerbatimDecoder(model, tokenizer, PROMPT, tag_tokens=tag_tokens, placement=placement, **options)
        rows = list(decoder._rows(texts, deque()))
        for _ in decoder._engine.steps(rows):
            pass
        assert [row.answer for row in rows] == [answer for answer, _ in expected]
        answers = decoder.decode(texts)
        assert [list(answer.spans or ()) for answer in answers] == [spans for _, spans in expected]
        found = sum(len(answer.spans or ()) for answer in answers)
    assert found > 10  # otherwise nothing was put to the test
    assert len(MODELS) * len(SPELLINGS) * len(texts) == 108 * proof_scale


def test_right_guesses_save_passes_and_wrong_ones_change_nothing() -> None:
    model, tokenizer = eager_model("llama", "special")
    texts = ["Ada Lovelace met Bob at noon in Rome.", "Call 555 or write to x@y.z."]
    plain = VerbatimDecoder(model, tokenizer, PROMPT, tag_tokens="special").decode(texts)
    truth = {text: list(answer.spans or ()) for text, answer in zip(texts, plain, strict=True)}
    guided = VerbatimDecoder(model, tokenizer, PROMPT, tag_tokens="special", guess=truth.__getitem__, draft_tokens=64).decode(texts)
    assert [a.spans for a in guided] == [a.spans for a in plain]
    assert sum(a.passes for a in guided) < sum(a.passes for a in plain) / 2
    assert all(answer.passes == 1 for answer in guided)


@pytest.mark.proof
@pytest.mark.parametrize("name", MODELS)
def test_outputs_are_the_text_with_tags_and_parse_to_the_spans(name: str, proof_scale: int) -> None:
    rng = random.Random(name)
    texts = [*HOSTILE, "x " * (10_000 if proof_scale == 1 else 500_000)]
    while len(texts) < HOSTILE_RUNS * proof_scale:
        texts.append("".join(rng.choice([*HOSTILE, *" a\n"]) for _ in range(rng.randrange(6))))
    tag_tokens = rng.choice(["text", "special"])
    model, tokenizer = eager_model(name, tag_tokens)
    decoder = VerbatimDecoder(model, tokenizer, PROMPT, tag_tokens=tag_tokens, max_batch_tokens=4096 * proof_scale)
    for text, answer in zip(texts, decoder.decode(texts), strict=True):
        parsed = get_format("tagged").parse(answer.output, text, LABELS)
        assert parsed.spans == answer.spans
        assert not any([parsed.malformed, parsed.text_drift, parsed.extraneous_text])
        assert answer.finished
        assert answer.passes >= (len(answer.spans or ()) > 0)


def test_scores_are_the_restricted_probability_of_the_opening_tag() -> None:
    model, tokenizer = eager_model("llama", "text")
    text = "Ada met Bob on Monday."
    decoder = VerbatimDecoder(model, tokenizer, PROMPT)
    (answer,) = decoder.decode([text])
    assert answer.spans
    ids, _ = step_by_step(model, tokenizer, decoder.grammar, text)
    asked = decoder._ask(text)
    logits = model(input_ids=torch.tensor([asked + ids])).logits[0]
    automaton = decoder.grammar.automaton(text)
    state, scores, score = automaton.start, [], 1.0
    for place, token in enumerate(ids):
        allowed = list(automaton.allowed(state).ids)
        share = logits[len(asked) + place - 1][allowed].softmax(0)[allowed.index(token)].item()
        before, state = state, automaton.step(state, token)
        if before.label < 0:
            score = share * (score if before.tag is not None else 1.0)
            scores += [score] if state.label >= 0 else []
    assert [span.score for span in answer.spans] == pytest.approx(scores)


@pytest.mark.parametrize("tag_tokens", ["text", "special"])
def test_tag_bias_finds_more_of_its_label_or_less(tag_tokens) -> None:
    model, tokenizer = eager_model("llama", tag_tokens)
    texts = ["Ada met Bob at noon.", "Call 555."]

    def found(bias: dict[str, float]) -> dict[str, int]:
        answers = VerbatimDecoder(model, tokenizer, PROMPT, tag_tokens=tag_tokens, tag_bias=bias).decode(texts)
        return {name: sum(span.label == name for a in answers for span in a.spans or ()) for name in LABELS.names}

    plain, none = found({}), found(dict.fromkeys(LABELS.names, -1e4))
    assert sum(plain.values()) > 0
    assert sum(none.values()) == 0
    only = found({"US_SSN": 1e4})
    assert only["US_SSN"] > plain["US_SSN"]
    assert only["PERSON"] == only["DATE_TIME"] == 0


def test_bias_of_an_unknown_label_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"tag_bias: unknown label 'PERSONS'.*did you mean PERSON"):
        VerbatimDecoder(*eager_model("llama", "text"), PROMPT, tag_bias={"PERSONS": 1.0})


@pytest.mark.parametrize("name", ["llama", "gemma3"])
def test_long_texts_are_decoded_in_windows_that_cover_them(name: str) -> None:
    model, tokenizer = eager_model(name, "special")
    text = "Ada met Bob. " * 30
    decoder = VerbatimDecoder(model, tokenizer, PROMPT, tag_tokens="special", window_tokens=100, overlap_tokens=20)
    (answer,) = decoder.decode([text])
    Document("whole", text, answer.spans or ())
    parts = [decoder.decode([text[a:b]])[0] for a, b in [(0, 100)]]
    assert answer.spans
    assert answer.passes > parts[0].passes
    assert list(decoder.spans(text)) == list(answer.spans)


def test_spans_come_as_they_are_decided(monkeypatch: pytest.MonkeyPatch) -> None:
    model, tokenizer = eager_model("llama", "special")
    decoder = VerbatimDecoder(model, tokenizer, PROMPT, tag_tokens="special", window_tokens=60, overlap_tokens=10, draft_tokens=8)
    text = "Ada met Bob on Monday. " * 20
    passes: list[int] = []
    forward = decoder._engine.forward
    monkeypatch.setattr(decoder._engine, "forward", lambda *args: (passes.append(1), forward(*args))[1])
    stream = decoder.spans(text)
    first, early = next(stream), len(passes)
    rest = list(stream)
    assert len(passes) > 2 * early  # most of the work was still to come
    assert [first, *rest] == list(decoder.decode([text])[0].spans or ())


def test_a_stream_takes_texts_as_it_goes() -> None:
    model, tokenizer = eager_model("llama", "special")
    decoder = VerbatimDecoder(model, tokenizer, PROMPT, tag_tokens="special", max_batch_tokens=400)
    taken = []

    def texts():
        for number in range(500):
            taken.append(number)
            yield f"Ada {number}"

    stream = decoder.stream(texts())
    first = [next(stream) for _ in range(3)]
    assert len(taken) < 40
    stream.close()
    again = decoder.decode(["Ada 0", "Ada 1", "Ada 2"])
    assert [a.spans for a in again] == [a.spans for a in first]


def test_two_streams_at_once_do_not_meet() -> None:
    model, tokenizer = eager_model("llama", "special")
    decoder = VerbatimDecoder(model, tokenizer, PROMPT, tag_tokens="special", max_batch_tokens=300)
    texts = [f"Ada met Bob {number}." for number in range(12)]
    expected = [answer.spans for answer in decoder.decode(texts)]
    one, other = decoder.stream(texts), decoder.stream(["", *texts])
    next(other)
    decoder.tag_bias = {"PERSON": 50.0}  # for what begins from here on
    together = [(a.spans, b.spans) for a, b in zip(one, other, strict=True)]
    assert [b for _, b in together] == expected  # begun before
    assert [a for a, _ in together] != expected  # begun after


def test_running_out_of_memory_halves_the_batch_and_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    model, tokenizer = eager_model("llama", "special")
    texts = [f"Ada met Bob {number}." for number in range(12)]
    decoder = VerbatimDecoder(model, tokenizer, PROMPT, tag_tokens="special", max_batch_tokens=2048)
    expected = [a.spans for a in decoder.decode(texts)]
    forward, refused = DraftingEngine.forward, []

    def greedy_for_memory(self, ids, *args):
        if len(ids) > 200:
            refused.append(len(ids))
            raise torch.OutOfMemoryError("CUDA out of memory")
        return forward(self, ids, *args)

    monkeypatch.setattr(DraftingEngine, "forward", greedy_for_memory)
    for _ in range(2):  # the next run begins with as much as was asked for
        refused.clear()
        assert [a.spans for a in decoder.decode(texts)] == expected
        assert refused


def test_memory_that_never_suffices_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    decoder = VerbatimDecoder(*eager_model("llama", "text"), PROMPT)

    def never(self, *args):
        raise torch.OutOfMemoryError("CUDA out of memory")

    decoder.decode(["Bob"])  # the prefix is there
    monkeypatch.setattr(DraftingEngine, "forward", never)
    with pytest.raises(OSError, match="memory runs out with a single text"):
        decoder.decode(["Ada"])


def test_a_prompt_without_room_for_texts_is_refused() -> None:
    with pytest.raises(TooLongError, match="context of 300"):
        VerbatimDecoder(tiny_llama(context=300), tiny_tokenizer(), PROMPT)


def test_only_tagged_can_be_decoded_verbatim() -> None:
    prompt = make_prompt("plain", LABELS, get_format("json"))
    with pytest.raises(ValueError, match=r"'json'.*generate"):
        make_decoder("verbatim", tiny_llama(), tiny_tokenizer(), prompt, placement="at_value")
    assert isinstance(make_decoder(None, tiny_llama(), tiny_tokenizer(), prompt, placement="at_value"), GenerateDecoder)
    assert isinstance(make_decoder(None, tiny_llama(), tiny_tokenizer(), PROMPT, placement="at_value"), VerbatimDecoder)


@pytest.mark.parametrize("adapted", [False, True])
def test_it_works_inside_generate(adapted: bool) -> None:
    model, tokenizer = eager_model("llama", "text")
    decoder = VerbatimDecoder(model, tokenizer, PROMPT)
    texts = ["Ada met Bob.", "日本 at noon", ""]
    expected = [step_by_step(model, tokenizer, decoder.grammar, text)[0] for text in texts]
    tokenizer.padding_side = "left"
    rendered = [
        tokenizer.apply_chat_template(PROMPT.messages(text), add_generation_prompt=True, tokenize=True)["input_ids"] for text in texts
    ]
    inputs = tokenizer.pad({"input_ids": rendered}, return_tensors="pt")
    if adapted:
        model = get_peft_model(model, LoraConfig(target_modules="all-linear", task_type="CAUSAL_LM"))  # B is zero: the same model
    output = model.generate(**inputs, custom_generate=VerbatimGeneration(tokenizer, LABELS), sources=texts)
    width = inputs["input_ids"].shape[1]
    assert torch.equal(output[:, :width], inputs["input_ids"])
    for row, answer in zip(output[:, width:].tolist(), expected, strict=True):
        assert row[: len(answer) + 1] == [*answer, tokenizer.eos_token_id]
        assert set(row[len(answer) + 1 :]) <= {tokenizer.pad_token_id}


def test_the_tagger_gives_spans_with_scores_in_order() -> None:
    model, tokenizer = eager_model("llama", "text")
    tagger = Tagger(VerbatimDecoder(model, tokenizer, PROMPT), PROMPT)
    documents = [Document(str(n), text) for n, text in enumerate(["Ada met Bob.", "", "at noon"])]
    seen: list[int] = []
    predictions = tagger.predict(documents, progress=seen.append)
    assert sum(seen) == len(documents)
    assert [p.id for p in predictions] == ["0", "1", "2"]
    assert tagger.tag([d.text for d in documents]) == [list(p.spans) for p in predictions]
    assert all(isinstance(span, Span) and 0 < (span.score or 0) <= 1 for p in predictions for span in p.spans)
    assert all(answer.faithful for answer in tagger.stream(d.text for d in documents))


def test_a_span_across_a_seam_is_not_given_out_before_both_windows_are_decided() -> None:
    long = "PERSON"
    rows = [SimpleNamespace(finished=True, spans=[Span(85, 100, long)]), SimpleNamespace(finished=False, spans=[])]
    entry: Any = SimpleNamespace(text="x" * 200, windows=[Window(0, 100), Window(80, 200)], rows=rows)
    entry.merged = lambda spans: _Text.merged(entry, spans)
    assert _decided(entry) == []
    rows[1].finished, rows[1].spans = True, [Span(5, 40, long)]
    assert _decided(entry) == [Span(85, 120, long)]


def test_a_guess_beyond_the_text_changes_nothing() -> None:
    model, tokenizer = eager_model("llama", "text")
    wild = VerbatimDecoder(model, tokenizer, PROMPT, guess=lambda _: [Span(10, 12, "PERSON"), Span(0, 2, "NOBODY"), Span(1, 9, "PERSON")])
    assert wild.decode(["Ada"])[0].spans == VerbatimDecoder(model, tokenizer, PROMPT).decode(["Ada"])[0].spans


def test_decoding_in_the_middle_of_training_leaves_training_as_it_was(tmp_path) -> None:
    rows, runs = random_rows(16, seed=6), []
    for decodes in (False, True):
        model, tokenizer = tiny_llama().float(), tiny_tokenizer()
        losses: list[float] = []

        class Callback(TrainerCallback):
            def on_step_end(self, args, state, control, decodes=decodes, model=model, tokenizer=tokenizer, **kwargs):
                if decodes:
                    VerbatimDecoder(model, tokenizer, PROMPT).decode(["Ada met Bob."])

            def on_log(self, args, state, control, logs=None, losses=losses, **kwargs):
                losses.extend([logs["loss"]] if "loss" in logs else [])

        config = PiiSFTConfig(tmp_path, use_cpu=True, max_steps=4, logging_steps=1, per_device_train_batch_size=4)
        PiiSFTTrainer(model, config, rows, processing_class=tokenizer, callbacks=[Callback()]).train()
        runs.append(losses)
    assert runs[0] == pytest.approx(runs[1], rel=1e-6)


def test_models_whose_attention_cannot_be_exchanged_are_refused() -> None:
    shape = {"vocab_size": 260, "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4}
    model = FalconForCausalLM(FalconConfig(**shape)).eval()
    with pytest.raises(OSError, match="FalconForCausalLM does not let its attention be exchanged"):
        VerbatimDecoder(model, tiny_tokenizer(), PROMPT)


def test_no_repr_shows_a_text() -> None:
    model, tokenizer = eager_model("llama", "text")
    decoder = VerbatimDecoder(model, tokenizer, PROMPT)
    coming: deque[_Text] = deque()
    (row,) = decoder._rows(["Zebedee"], coming)
    ids = tokenizer.encode("Zebedee")
    for shown in (repr(row), repr(coming), repr(row.draft(9)), repr(row.automaton.units)):
        assert "Zebedee" not in shown
        assert str(ids)[1:-1] not in shown
