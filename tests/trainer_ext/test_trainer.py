"""``PiiSFTTrainer`` is TRL's trainer with the same loss, and saves nothing it should not."""

from contextlib import nullcontext

import pytest
import torch
from datasets import Dataset
from transformers import EarlyStoppingCallback, TrainerCallback
from trl import SFTTrainer

from piispan.core import FormatError, TooLongError
from piispan.trainer_ext import IGNORED, PiiSFTConfig, PiiSFTTrainer, lora_preset
from tests.tiny import tiny_llama, tiny_tokenizer
from tests.trainer_ext.examples import random_rows


class Losses(TrainerCallback):
    def __init__(self) -> None:
        self.values: list[float] = []

    def on_log(self, args, state, control, logs=None, **kwargs) -> None:
        if "loss" in logs:
            self.values.append(logs["loss"])


def _config(folder, **changes):
    defaults = {"use_cpu": True, "per_device_train_batch_size": 4, "max_steps": 6, "logging_steps": 1, "learning_rate": 1e-2}
    return PiiSFTConfig(folder, **{**defaults, **changes})


def test_a_trajectory_equals_that_of_the_stock_trainer_on_the_same_rows(tmp_path) -> None:
    rows = random_rows(24, seed=4)
    ours, stock = Losses(), Losses()
    config = _config(tmp_path, max_steps=20)
    trainer = PiiSFTTrainer(tiny_llama().float(), config, rows, processing_class=tiny_tokenizer(), callbacks=[ours])
    trainer.train()
    reference = SFTTrainer(
        model=tiny_llama().float(),
        args=config,
        train_dataset=Dataset.from_list([{k: row[k] for k in ("input_ids", "labels")} for row in rows]),
        processing_class=tiny_tokenizer(),
        callbacks=[stock],
    )
    reference.train()
    assert len(ours.values) == 20
    assert ours.values == pytest.approx(stock.values, rel=1e-4)
    assert ours.values[-1] < ours.values[0]


def test_gradient_accumulation_gives_the_steps_of_the_large_batch(tmp_path) -> None:
    rows, runs = random_rows(16, seed=6), []
    for changes in ({"per_device_train_batch_size": 8}, {"per_device_train_batch_size": 2, "gradient_accumulation_steps": 4}):
        losses = Losses()
        config = _config(tmp_path, max_steps=2, **changes)
        PiiSFTTrainer(tiny_llama().float(), config, rows, processing_class=tiny_tokenizer(), callbacks=[losses]).train()
        runs.append(losses.values)
    assert runs[0] == pytest.approx(runs[1], rel=1e-4)


def test_several_goes_and_checkpointed_activations_give_the_steps_of_the_large_batch(tmp_path) -> None:
    rows, runs = random_rows(16, seed=6), []
    for changes in ({}, {"gradient_checkpointing": True}, {"max_tokens": 60}):
        losses = Losses()
        config = _config(tmp_path, max_steps=2, per_device_train_batch_size=8, **changes)
        trainer = PiiSFTTrainer(tiny_llama().float(), config, rows, rows[:8], processing_class=tiny_tokenizer(), callbacks=[losses])
        trainer.train()
        runs.append([*losses.values, trainer.evaluate()["eval_loss"]])
    assert len(trainer.data_collator(rows[:8])["rest"]) >= 2
    assert runs[0] == pytest.approx(runs[1], rel=1e-4)
    assert runs[0] == pytest.approx(runs[2], rel=1e-4)


def test_full_sequence_loss_is_that_of_the_stock_trainer(tmp_path) -> None:
    rows = [{**row, "labels": row["input_ids"]} for row in random_rows(24, seed=4)]
    ours, stock = Losses(), Losses()
    PiiSFTTrainer(tiny_llama().float(), _config(tmp_path), rows, processing_class=tiny_tokenizer(), callbacks=[ours]).train()
    SFTTrainer(
        model=tiny_llama().float(),
        args=_config(tmp_path),
        train_dataset=Dataset.from_list([{k: row[k] for k in ("input_ids", "labels")} for row in rows]),
        processing_class=tiny_tokenizer(),
        callbacks=[stock],
    ).train()
    assert ours.values == pytest.approx(stock.values, rel=1e-4)


def test_the_best_checkpoint_by_a_score_is_loaded_in_the_end_and_training_stops_early(tmp_path) -> None:
    given = iter([0.2, 0.8, 0.5, 0.4, 0.9])
    seen = []

    def score(model) -> dict[str, float]:
        seen.append(model.lm_head.weight.detach().clone())
        return {"f1": next(given)}

    rows = random_rows(8)
    config = _config(
        tmp_path,
        max_steps=5,
        eval_strategy="steps",
        eval_steps=1,
        save_strategy="steps",
        save_steps=1,
        load_best_model_at_end=True,
        metric_for_best_model="f1",
    )
    stopping = [EarlyStoppingCallback(early_stopping_patience=2)]
    model = tiny_llama().float()
    trainer = PiiSFTTrainer(model, config, rows, rows[:4], processing_class=tiny_tokenizer(), callbacks=stopping, score=score)
    trainer.train()
    assert trainer.state.global_step == len(seen) == 4
    assert trainer.state.best_metric == 0.8
    assert trainer.model.lm_head.weight.equal(seen[1])
    assert {"eval_f1", "eval_loss"} <= {key for entry in trainer.state.log_history for key in entry}


def test_only_the_adapter_is_trained(tmp_path) -> None:
    config = _config(tmp_path, max_steps=1, save_strategy="steps", save_steps=1)
    trainer = PiiSFTTrainer(
        tiny_llama().float(), config, random_rows(8), processing_class=tiny_tokenizer(), peft_config=lora_preset(rank=2, alpha=4)
    )
    trainer.train()
    trained = [name for name, parameter in trainer.model.named_parameters() if parameter.requires_grad]
    assert trained
    assert all("lora_" in name for name in trained)
    assert (tmp_path / "checkpoint-1" / "adapter_model.safetensors").is_file()


@pytest.mark.parametrize("changes", [{}, {"gradient_checkpointing": True}, {"max_tokens": 60}], ids=str)
def test_in_bfloat16_what_goes_into_the_adapter_is_not_cast_and_cast_back(tmp_path, monkeypatch, changes) -> None:
    weights, types = [], []
    for cast_back in (True, False):
        with monkeypatch.context() as patch:
            if cast_back:
                patch.setattr("piispan.trainer_ext.trainer.adapter_casts_left_to_autocast", lambda _, active: nullcontext())
            trainer, seen = _trained_in_bfloat16(tmp_path, lora_preset(rank=2, alpha=4, tag_tokens=[5, 6]), **changes)
        types.append(seen)
        weights.append({name: value for name, value in trainer.model.named_parameters() if value.requires_grad})
    assert types == [{torch.float32}, {torch.bfloat16}]
    assert all(torch.equal(value, weights[1][name]) for name, value in weights[0].items())
    adapted = trainer.accelerator.unwrap_model(trainer.model, keep_fp32_wrapper=False)
    assert adapted(torch.tensor([[1, 2, 3]])).logits.isfinite().all()  # outside of training, nothing else casts


@pytest.mark.parametrize(
    "adapter", [lora_preset("dora", rank=2, alpha=4), lora_preset(rank=2, alpha=4, dropout=0.1)], ids=["dora", "dropout"]
)
def test_what_computes_with_the_input_itself_still_casts_it(tmp_path, adapter) -> None:
    _, seen = _trained_in_bfloat16(tmp_path, adapter)
    assert seen == {torch.float32}


def _trained_in_bfloat16(folder, adapter, **changes) -> tuple[PiiSFTTrainer, set[torch.dtype]]:
    """A trainer after its steps, and the types of what went into an adapter layer."""
    config = _config(folder, bf16=True, **changes)
    trainer = PiiSFTTrainer(tiny_llama().bfloat16(), config, random_rows(8), processing_class=tiny_tokenizer(), peft_config=adapter)
    seen: set[torch.dtype] = set()
    layer = next(module for name, module in trainer.model.named_modules() if name.endswith("v_proj.lora_A.default"))
    layer.register_forward_pre_hook(lambda _, inputs: seen.add(inputs[0].dtype))
    trainer.train()
    return trainer, seen


def test_tokens_are_counted_as_tokens(tmp_path) -> None:
    trainer = PiiSFTTrainer(tiny_llama().float(), _config(tmp_path, max_steps=1), random_rows(4), processing_class=tiny_tokenizer())
    trainer.train()
    assert trainer._total_train_tokens == trainer.data_collator(random_rows(4))["input_ids"].numel()


def test_nothing_to_train_on_and_recurrent_layers_are_refused(tmp_path) -> None:
    with pytest.raises(FormatError, match="no documents to train on"):
        PiiSFTTrainer(tiny_llama(), _config(tmp_path), [], processing_class=tiny_tokenizer())
    model = tiny_llama()
    model._is_stateful = True
    with pytest.raises(FormatError, match="recurrent layers cannot share"):
        PiiSFTTrainer(model, _config(tmp_path), random_rows(2), processing_class=tiny_tokenizer())


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"max_length": 32}, "document '0': [0-9]+ tokens, and max_length=32 would cut its answer"),
        ({"label_smoothing_factor": 0.1}, "does not do label_smoothing_factor"),
        ({"loss_type": "dft"}, "does not do loss_type"),
        ({"eval_packing": True}, "does not do eval_packing"),
    ],
)
def test_what_would_change_the_rows_or_the_loss_unseen_is_refused(tmp_path, changes, message) -> None:
    with pytest.raises((FormatError, TooLongError), match=message):
        PiiSFTTrainer(tiny_llama(), _config(tmp_path, **changes), random_rows(4), processing_class=tiny_tokenizer())


def test_a_trainers_folder_is_not_pushed(tmp_path) -> None:
    with pytest.raises(FormatError, match="publish the adapter with piispan push"):
        PiiSFTTrainer(tiny_llama(), _config(tmp_path, push_to_hub=True), random_rows(2), processing_class=tiny_tokenizer())
    trainer = PiiSFTTrainer(tiny_llama(), _config(tmp_path), random_rows(2), processing_class=tiny_tokenizer())
    with pytest.raises(FormatError, match="publish the adapter with piispan push"):
        trainer.push_to_hub()


def test_rows_of_two_kinds_are_refused(tmp_path) -> None:
    rows = random_rows(4)
    mixed = [*rows, {**rows[0], "weights": [1.0] * 3}]
    with pytest.raises(FormatError, match="rows with and without choices or weights cannot be trained together"):
        PiiSFTTrainer(tiny_llama(), _config(tmp_path), mixed, processing_class=tiny_tokenizer())


def test_evaluation_loss_is_reported_too(tmp_path) -> None:
    rows = random_rows(6)
    trainer = PiiSFTTrainer(tiny_llama().float(), _config(tmp_path), rows, processing_class=tiny_tokenizer())
    batch = trainer.data_collator(rows)
    with torch.no_grad():
        trainer.model.eval()
        loss, outputs = trainer.compute_loss(trainer.model, batch, return_outputs=True)
    assert torch.isfinite(loss)
    assert outputs.logits.shape[1] == (batch["labels"] != IGNORED).sum()


class Rates(TrainerCallback):
    """The learning rates of a training, and how many of its steps have begun."""

    def __init__(self) -> None:
        self.values: list[float] = []
        self.begun = 0

    def on_step_begin(self, args, state, control, **kwargs) -> None:
        self.begun += 1

    def on_log(self, args, state, control, logs=None, **kwargs) -> None:
        if "learning_rate" in logs:
            self.values.append(logs["learning_rate"])


def test_the_learning_rate_follows_the_time_there_is(tmp_path) -> None:
    """As many steps as there is time for go through the whole schedule, however many were planned."""
    rows, by_steps, by_time, faster = random_rows(32, seed=2), Rates(), Rates(), Rates()

    def trained(rates: Rates, **options: object) -> None:
        config = _config(tmp_path, max_steps=8, warmup_steps=0.25, lr_scheduler_type="cosine")
        PiiSFTTrainer(tiny_llama().float(), config, rows, processing_class=tiny_tokenizer(), callbacks=[rates], **options).train()

    trained(by_steps)
    trained(by_time, elapsed=lambda: by_time.begun / 8)
    assert by_time.values == pytest.approx(by_steps.values, abs=1e-6)
    trained(faster, elapsed=lambda: faster.begun / 4)  # half the time for the same plan
    assert faster.values[:4] == pytest.approx(by_steps.values[::2], abs=1e-6)
    assert faster.values[4:] == [0.0] * 4
