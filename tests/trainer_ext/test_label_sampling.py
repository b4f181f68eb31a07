"""Training on some of the labels at a time: what is asked, what is left, and that batches keep their prefix."""

from collections import Counter
from random import Random

import pytest
import torch
from transformers import TrainerCallback

from piispan.core import FormatError, LabelSet, TooLongError, get_format, make_prompt
from piispan.core.segments import TagGrammar, read_spans
from piispan.dataset_builder import synthesise
from piispan.trainer_ext import IGNORED, PiiSFTConfig, PiiSFTTrainer, pass_rows, prepare, sample_labels
from piispan.trainer_ext.passes import PassSampler
from tests.tiny import tiny_llama, tiny_tokenizer

LABELS = LabelSet.load("presidio")
PROMPT = make_prompt("plain", LABELS, get_format("tagged"))
DOCUMENTS = [document for document in synthesise(40, seed=3) if len(document.text) < 90][:18]
BATCH, PASSES = 4, 3


def rows(**options):
    return pass_rows(
        DOCUMENTS, PROMPT, tiny_tokenizer(), **{"label_sampling": "subset", "passes": PASSES, "batch_size": BATCH, "seed": 5, **options}
    )


def asked(row) -> list[str]:
    """The labels of the row's prompt, in its order."""
    prompt = tiny_tokenizer().decode(row["input_ids"]).split("Text:\n")[0]
    return [line[2:].split(":")[0] for line in prompt.splitlines() if line.startswith("- ")]


def answer(row) -> str:
    return tiny_tokenizer().decode([label for label in row["labels"] if label != IGNORED])


def batches(found):
    size = len(found) // PASSES
    passes = [found[number * size : (number + 1) * size] for number in range(PASSES)]
    return [rows[start : start + BATCH] for rows in passes for start in range(0, size, BATCH)]


def test_what_is_asked_for_holds_negatives_of_both_kinds_and_all_labels_too():
    rng = Random(1)
    present = {"PERSON", "AGE", "GPE"}
    drawn = [sample_labels(present, LABELS, rng) for _ in range(2000)]
    assert all(found.names and {*found.names} & present for found in drawn)
    everything = sum(found == LABELS for found in drawn)
    assert 0.2 < everything / 2000 < 0.3
    some = [found for found in drawn if found != LABELS]
    assert sum(bool(present - {*found.names}) for found in some) > 0.5 * len(some)  # occurs, and is not asked for
    assert sum(bool({*found.names} - present) for found in some) > 0.9 * len(some)  # is asked for, and does not occur
    assert len({found.names[0] for found in some}) == len(LABELS)
    shares = Counter(name for found in some for name in found.names)
    assert max(shares.values()) < 1.3 * min(shares.values())
    assert all(len(sample_labels((), LABELS, rng)) for _ in range(100))


@pytest.mark.parametrize("segments", [False, True])
def test_a_batch_asks_for_one_list_and_answers_with_it_alone(segments):
    grammar = TagGrammar(tiny_tokenizer(), LABELS) if segments else None
    found = rows(grammar=grammar)
    assert len(found) == PASSES * len(DOCUMENTS)
    by_id = {document.id: document for document in DOCUMENTS}
    lists = set()
    for batch in batches(found):
        (names,) = {tuple(asked(row)) for row in batch}
        lists.add(names)
        for row in batch:
            document = by_id[row["id"]]
            expected = [document.value(span) for span in document.spans if span.label in names]
            if segments:
                listed = LabelSet("listed", tuple(label for name in names for label in LABELS if label.name == name))
                ids = [label for label in row["labels"] if label != IGNORED]
                spans = read_spans(grammar.for_labels(listed).automaton(document.text), ids[:-2])  # without the end of the turn
                assert [document.value(span) for span in spans] == expected
            parsed = get_format("tagged").parse(answer(row).removesuffix("<|im_end|>\n"), document.text, LABELS)
            assert [document.value(span) for span in parsed.spans] == expected
            assert {span.label for span in parsed.spans} <= set(names)
    assert len(lists) > 4
    size = len(found) // PASSES
    assert all({row["id"] for row in found[n * size : (n + 1) * size]} == by_id.keys() for n in range(PASSES))
    assert [row["id"] for row in found[:size]] != [row["id"] for row in found[size : 2 * size]]


def test_the_same_seed_draws_the_same():
    assert rows() == rows()
    assert rows(seed=6) != rows()


def test_decisions_are_among_the_tags_that_are_asked_for():
    grammar = TagGrammar(tiny_tokenizer(), LABELS)
    whole = prepare(DOCUMENTS, PROMPT, tiny_tokenizer(), grammar=grammar, loss="decisions").rows
    assert max(len(ids) for row in whole for ids in row["choices"]) <= 1 + len(LABELS) + 1
    for row in rows(grammar=grammar, loss="decisions"):
        first = {name[0] for name in asked(row)}
        opening = next(ids for ids in row["choices"])
        assert len(opening) <= 2 + len(first)


def test_a_document_that_does_not_fit_is_named():
    with pytest.raises(TooLongError, match="prompt and answer take"):
        rows(max_length=20)


def test_the_trainer_takes_the_passes_in_turn_batch_by_batch(tmp_path):
    found = rows(passes=2)
    seen: list[list[int]] = []

    class Watching(PiiSFTTrainer):
        def training_step(self, model, inputs, num_items_in_batch=None):
            layout = inputs["prefix_layout"]
            seen.append([layout.prefix, sum(count for count, _ in layout.groups)])
            return super().training_step(model, inputs, num_items_in_batch)

    config = PiiSFTConfig(tmp_path, use_cpu=True, per_device_train_batch_size=BATCH, num_train_epochs=3, logging_steps=1)
    trainer = Watching(tiny_llama().float(), config, found, processing_class=tiny_tokenizer(), passes=2)
    trainer.train()
    half = len(found) // 2
    expected = []
    for start in (0, half, 0):  # the third epoch begins again
        for at in range(start, start + half, BATCH):
            batch = found[at : min(at + BATCH, start + half)]
            prompt = tiny_tokenizer().decode(batch[0]["input_ids"]).split("Text:\n")[0] + "Text:\n"
            expected.append((len(tiny_tokenizer()(prompt)["input_ids"]), len(batch)))
    assert [count for _, count in seen] == [count for _, count in expected]
    assert all(prefix >= least for (prefix, _), (least, count) in zip(seen, expected, strict=True) if count > 1)


def test_a_sampler_of_passes():
    sampler = PassSampler(6, 2)
    assert [list(sampler), len(sampler)] == [[0, 1, 2], 3]
    sampler.set_epoch(1)
    assert list(sampler) == [3, 4, 5]
    sampler.set_epoch(2)
    assert list(sampler) == [0, 1, 2]


def test_passes_of_different_length_are_refused(tmp_path):
    config = PiiSFTConfig(tmp_path, use_cpu=True)
    with pytest.raises(FormatError, match="36 rows cannot hold 5 passes of the same length"):
        PiiSFTTrainer(tiny_llama().float(), config, rows(passes=2), processing_class=tiny_tokenizer(), passes=5)


class Losses(TrainerCallback):
    def __init__(self) -> None:
        self.values: list[float] = []

    def on_log(self, args, state, control, logs=None, **kwargs) -> None:
        self.values += [logs["loss"]] if "loss" in logs else []


def test_a_run_that_goes_on_from_a_checkpoint_takes_the_pass_that_is_due(tmp_path):
    found = rows(passes=2)
    config = {"use_cpu": True, "per_device_train_batch_size": BATCH, "num_train_epochs": 2, "logging_steps": 1, "learning_rate": 1e-2}

    def trained(folder, resume=None):
        torch.manual_seed(0)
        losses = Losses()
        saving = PiiSFTConfig(tmp_path / folder, save_strategy="steps", save_steps=7, **config)
        trainer = PiiSFTTrainer(tiny_llama().float(), saving, found, processing_class=tiny_tokenizer(), passes=2, callbacks=[losses])
        trainer.train(resume_from_checkpoint=resume)
        return losses.values

    whole = trained("a")
    assert len(whole) == 10
    assert trained("b", str(tmp_path / "a" / "checkpoint-7")) == pytest.approx(whole[7:], rel=1e-5)


@pytest.mark.parametrize("options", [{"passes": 0}, {"passes": -1}, {"batch_size": 0}])
def test_passes_and_batches_are_at_least_one(options):
    with pytest.raises(FormatError, match="passes and batch_size must be at least 1"):
        rows(**options)


def test_a_template_that_lists_no_labels_cannot_ask_for_some():
    prompt = make_prompt("jinja", LABELS, get_format("tagged"), template="{% call user() %}Tag names. {{ text }}{% endcall %}")
    with pytest.raises(FormatError, match="does not list its labels"):
        pass_rows(DOCUMENTS, prompt, tiny_tokenizer(), passes=1, batch_size=4, seed=0, label_sampling="subset")


def test_documents_are_counted_once_for_each_epoch(tmp_path):
    found = rows(passes=2)
    config = PiiSFTConfig(tmp_path, use_cpu=True, per_device_train_batch_size=BATCH, num_train_epochs=2)
    trainer = PiiSFTTrainer(tiny_llama().float(), config, found, processing_class=tiny_tokenizer(), passes=2)
    assert trainer.num_examples(trainer.get_train_dataloader()) == len(DOCUMENTS)
