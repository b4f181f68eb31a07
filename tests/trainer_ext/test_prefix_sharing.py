"""Packed rows behind a shared prefix give the loss and the gradients of the padded batch."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from piispan.trainer_ext import IGNORED, PrefixSharingCollator, first_fit_decreasing
from tests.tiny import tiny_llama
from tests.trainer_ext.examples import random_rows


@given(st.lists(st.integers(1, 60), max_size=40), st.integers(1, 100))
def test_bins_hold_every_item_once_and_no_more_than_their_capacity(lengths, capacity) -> None:
    bins = first_fit_decreasing(lengths, capacity)
    assert sorted(index for members in bins for index in members) == list(range(len(lengths)))
    assert all(len(members) == 1 or sum(lengths[i] for i in members) <= capacity for members in bins)


def _loss_of_packed(model, rows, max_tokens: int) -> torch.Tensor:
    batch = PrefixSharingCollator(257, max_tokens)(rows)
    targets = batch.pop("labels")[:, 1:]
    logits = model(**batch).logits[:, :-1]
    return torch.nn.functional.cross_entropy(logits[targets != IGNORED], targets[targets != IGNORED])


def _loss_of_padded(model, rows) -> torch.Tensor:
    width = max(len(row["input_ids"]) for row in rows)
    gaps = [width - len(row["input_ids"]) for row in rows]
    ids = torch.tensor([row["input_ids"] + [257] * gap for row, gap in zip(rows, gaps, strict=True)])
    labels = torch.tensor([row["labels"] + [IGNORED] * gap for row, gap in zip(rows, gaps, strict=True)])
    mask = torch.tensor([[1] * (width - gap) + [0] * gap for gap in gaps])
    logits, targets = model(input_ids=ids, attention_mask=mask).logits[:, :-1], labels[:, 1:]
    return torch.nn.functional.cross_entropy(logits[targets != IGNORED], targets[targets != IGNORED])


@pytest.mark.parametrize("documents", [1, 2, 7, 33])
@pytest.mark.parametrize("max_tokens", [40, 70, 1000])
def test_loss_and_gradients_equal_those_of_the_padded_batch(documents, max_tokens) -> None:
    model, rows = tiny_llama(seed=1), random_rows(documents, seed=documents)
    gradients = []
    for loss in (_loss_of_packed(model, rows, max_tokens), _loss_of_padded(model, rows)):
        model.zero_grad()
        loss.backward()
        gradients.append([loss.detach(), *(parameter.grad.clone() for parameter in model.parameters())])
    for ours, reference in zip(*gradients, strict=True):
        torch.testing.assert_close(ours, reference, rtol=1e-5, atol=1e-8)  # RMSNorm works in float32 whatever the model


def test_a_document_is_blind_to_its_neighbours_in_the_row() -> None:
    model = tiny_llama(seed=2)
    rows = random_rows(3, seed=5)
    changed = [rows[0], {**rows[1], "input_ids": [*rows[1]["input_ids"][:-1], 7]}, rows[2]]
    collate = PrefixSharingCollator(257, 1000)
    outputs = []
    for members in (rows, changed):
        batch = collate(members)
        batch.pop("labels")
        outputs.append(model(**batch).logits)
    differing = (outputs[0] - outputs[1]).abs().amax(-1)[0] > 1e-6
    assert differing.sum() == 1


def test_rows_without_anything_in_common_are_packed_all_the_same() -> None:
    rows = random_rows(2, prefix=0, seed=3)
    packed = _loss_of_packed(tiny_llama(), rows, 100)
    torch.testing.assert_close(packed, _loss_of_padded(tiny_llama(), rows))


def test_shapes_and_types() -> None:
    batch = PrefixSharingCollator(257, 60)(random_rows(6))
    packed, width = batch["input_ids"].shape
    assert packed > 1
    assert width <= 60
    assert batch["labels"].shape == batch["position_ids"].shape == (packed, width)
    assert batch["attention_mask"].shape == (packed, 1, width, width)
    assert batch["attention_mask"].dtype == torch.bool
    assert batch["attention_mask"].any(-1).all(), "every query must see a key, or its softmax is NaN"
