"""Training as a run calls it, on a tiny model."""

from dataclasses import replace

import pytest

from piispan.core import Document, FormatError, LabelSet, Span, TooLongError, get_format, make_prompt
from piispan.runs import Silent, TrainSettings
from piispan.runs.step_time import seconds_per_step
from piispan.runs.training import train_adapter
from piispan.trainer_ext import prepare
from tests.tiny import tiny_llama, tiny_tokenizer

LABELS = LabelSet.load("presidio").subset(["PERSON", "AGE"])
PROMPT = make_prompt("plain", LABELS, get_format("tagged"))
DOCUMENTS = [Document(str(i), f"Ada is {i}.", (Span(0, 3, "PERSON"),)) for i in range(12)]


class Recorded(Silent):
    def __init__(self) -> None:
        self.total, self.done, self.notes = 0, 0, []

    def start(self, what: str, total: int, unit: str) -> None:
        self.total = total

    def advance(self, done: int, note: str = "") -> None:
        self.done += done
        self.notes.append(note)


def test_facts_and_progress_say_what_happened() -> None:
    schedule = {"lr_scheduler_type": "linear", "warmup_steps": 0.5, "weight_decay": 0.1}
    settings = TrainSettings(epochs=2, batch_size=4, lora_rank=2, lora_alpha=4, seed=3, **schedule)
    progress = Recorded()
    trained = train_adapter(tiny_llama().float(), tiny_tokenizer(), DOCUMENTS, PROMPT, settings, progress)
    facts = trained.facts
    assert (facts.documents, facts.steps, facts.epochs, facts.seed) == (12, 6, 2.0, 3)
    assert facts.trainable_parameters == sum(p.numel() for p in trained.model.parameters() if p.requires_grad)
    assert facts.schedule == "linear, warm-up 0.5, weight decay 0.1"
    assert "q_proj" in facts.target_modules
    assert not trained.model.training
    assert (progress.total, progress.done) == (6, 6)
    assert all(note.startswith("loss ") for note in progress.notes)


def test_the_same_seed_trains_the_same_adapter() -> None:
    settings = TrainSettings(epochs=1, batch_size=4, lora_rank=2, lora_alpha=4)
    runs = [train_adapter(tiny_llama().float(), tiny_tokenizer(), DOCUMENTS, PROMPT, settings, Silent()).model for _ in range(2)]
    first, second = ({n: p for n, p in model.named_parameters() if "lora_" in n} for model in runs)
    assert all(first[name].equal(second[name]) for name in first)


def test_values_are_drawn_anew_where_that_is_asked_for() -> None:
    names = ("Ada", "Eve", "Bob", "Ida")
    documents = [Document(str(i), f"{names[i % 4]} is {i}.", (Span(0, 3, "PERSON"),)) for i in range(12)]
    settings = TrainSettings(epochs=1.5, batch_size=4, lora_rank=2, lora_alpha=4, mention_replacement=1.0)
    trained = train_adapter(tiny_llama().float(), tiny_tokenizer(), documents, PROMPT, settings, Silent())
    facts = trained.facts
    assert (facts.documents, facts.steps, facts.epochs, facts.mention_replacement) == (12, 5, pytest.approx(5 / 3, abs=0.01), 1.0)
    plain = train_adapter(tiny_llama().float(), tiny_tokenizer(), documents, PROMPT, replace(settings, mention_replacement=0.0), Silent())
    first, second = ({n: p for n, p in one.model.named_parameters() if "lora_B" in n} for one in (trained, plain))
    assert not any(first[name].equal(second[name]) for name in first)


def test_an_answer_that_would_be_cut_stops_the_run_before_the_first_step() -> None:
    with pytest.raises(TooLongError, match="document '0'"):
        train_adapter(tiny_llama(), tiny_tokenizer(), DOCUMENTS, PROMPT, TrainSettings(max_length=50), Silent())


def test_seconds_per_step_leaves_the_model_as_it_was() -> None:
    model = tiny_llama().float()
    before = [parameter.clone() for parameter in model.parameters()]
    rows = prepare(DOCUMENTS, PROMPT, tiny_tokenizer()).rows
    for settings in (TrainSettings(batch_size=6), TrainSettings(batch_size=6, gradient_checkpointing=True, max_tokens=1)):
        assert 0 < seconds_per_step(model, rows, settings) < 60
    assert not model.training
    assert all(old.equal(new) and new.grad is None for old, new in zip(before, model.parameters(), strict=True))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": "xml"}, "no format named 'xml'; known: tagged"),
        ({"prompt_style": "haiku"}, "no prompt style named 'haiku'"),
        ({"epochs": 0}, "epochs must be greater than 0 and finite, was: 0"),
        ({"epochs": float("inf")}, "was: inf"),
        ({"max_length": -1}, "max_length must be greater than 0, was: -1"),
        ({"batch_size": 0}, "batch_size must be greater than 0, was: 0"),
        ({"warmup_steps": -0.1}, "warmup_steps must be at least 0 and finite, was: -0.1"),
        ({"lr_scheduler_type": "zigzag"}, "no lr_scheduler_type named 'zigzag'; known: cosine, "),
        ({"lora_dropout": 1.0}, "lora_dropout must be at least 0 and below 1, was: 1.0"),
        ({"mention_replacement": 1.5}, "mention_replacement must be within 0 and 1, was: 1.5"),
        ({"seed": 2**32}, "seed must be at least 0 and below"),
        ({"learning_rate": float("nan")}, "learning_rate must be greater than 0 and finite, was: nan"),
    ],
)
def test_settings_check_themselves(change, message) -> None:
    with pytest.raises(FormatError, match=message):
        TrainSettings(**change)


@pytest.mark.parametrize(
    ("change", "rate"),
    [
        ({}, 2e-3),
        ({"start": "none"}, 2e-3),
        ({"start": "pretuned-en"}, 1e-3),
        ({"model": "a/b"}, 2e-4),
        ({"model": "a/b", "start": "c"}, 2e-4),
        ({"start": "c", "learning_rate": 0.1}, 0.1),
    ],
)
def test_a_learning_rate_that_is_left_open_goes_by_the_model_and_the_start(change, rate) -> None:
    assert TrainSettings(**change).highest_learning_rate == rate


def test_nothing_is_none_where_there_may_be_none() -> None:
    assert TrainSettings(max_length=0, max_tokens=0, early_stopping_patience=0, save_steps=0) == TrainSettings()


@pytest.mark.parametrize(
    ("change", "decoder", "spelling"),
    [
        ({}, None, ("segments", "before_space", "special", "decisions")),
        ({}, "verbatim", ("segments", "before_space", "special", "decisions")),
        ({}, "generate", ("segments", "before_space", "text", "answer")),
        ({"loss": "decisions"}, "generate", ("segments", "before_space", "text", "decisions")),
        ({"tokenisation": "joint"}, None, ("joint", "at_value", "text", "answer")),
        ({"format": "json"}, None, ("joint", "at_value", "text", "answer")),
    ],
)
def test_what_is_left_open_is_what_the_decoder_can_read(change, decoder, spelling) -> None:
    assert TrainSettings(**change).decodable_by(decoder).spelling == spelling


@pytest.mark.parametrize("change", [{"tag_tokens": "special"}, {"loss": "decisions"}, {"tokenisation": "segments"}])
def test_what_needs_segments_is_refused_without_them(change) -> None:
    with pytest.raises(FormatError, match="segments"):
        TrainSettings(format="json", **change)
