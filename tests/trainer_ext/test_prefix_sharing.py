"""Packed rows behind a shared prefix give the loss and the gradients of the padded batch."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn.functional import scaled_dot_product_attention

from piispan.core import FormatError, ModelError
from piispan.trainer_ext import (
    IGNORED,
    PiiSFTConfig,
    PiiSFTTrainer,
    PrefixLayout,
    PrefixSharingCollator,
    beside_prefix,
    first_fit_decreasing,
    group_by_length,
    loss_items,
    use_shared_prefix_attention,
)
from piispan.trainer_ext.beside_prefix import attend_beside_prefix
from tests.tiny import tiny_gemma3, tiny_llama, tiny_mistral, tiny_qwen3, tiny_tokenizer
from tests.trainer_ext.examples import random_rows

MODELS = [tiny_llama, tiny_qwen3, tiny_gemma3, tiny_mistral]


@given(st.lists(st.integers(1, 60), max_size=40))
def test_groups_hold_every_document_once_by_length_and_an_eighth_of_padding_at_most(lengths) -> None:
    groups = group_by_length(lengths)
    order = [index for members in groups for index in members]
    assert sorted(order) == list(range(len(lengths)))
    assert [lengths[i] for i in order] == sorted(lengths)
    for members in groups:
        filled, padded = sum(lengths[i] for i in members), len(members) * lengths[members[-1]]
        assert padded - filled <= padded / 8


def _loss_of_packed(model, rows) -> torch.Tensor:
    batch = PrefixSharingCollator(257)(rows)
    use_shared_prefix_attention(model)
    targets = batch.pop("labels")[:, 1:]
    logits = model(**batch).logits[:, :-1]
    return torch.nn.functional.cross_entropy(logits[targets != IGNORED], targets[targets != IGNORED])


def _loss_of_padded(model, rows) -> torch.Tensor:
    width = max(len(row["input_ids"]) for row in rows)
    gaps = [width - len(row["input_ids"]) for row in rows]
    ids = torch.tensor([row["input_ids"] + [257] * gap for row, gap in zip(rows, gaps, strict=True)])
    labels = torch.tensor([row["labels"] + [IGNORED] * gap for row, gap in zip(rows, gaps, strict=True)])
    mask = torch.tensor([[1] * (width - gap) + [0] * gap for gap in gaps])
    model.set_attn_implementation("sdpa")
    logits, targets = model(input_ids=ids, attention_mask=mask).logits[:, :-1], labels[:, 1:]
    return torch.nn.functional.cross_entropy(logits[targets != IGNORED], targets[targets != IGNORED])


@pytest.mark.parametrize("documents", [1, 2, 7, 64])
@pytest.mark.parametrize("make", MODELS, ids=lambda make: make.__name__)
def test_loss_and_gradients_equal_those_of_the_padded_batch(make, documents) -> None:
    model, rows = make(seed=1), random_rows(documents, seed=documents)
    gradients = []
    for measure in (_loss_of_packed, _loss_of_padded):
        model.zero_grad()
        loss = measure(model, rows)
        loss.backward()
        gradients.append([loss.detach(), *(parameter.grad.clone() for parameter in model.parameters())])
    for ours, reference in zip(*gradients, strict=True):
        torch.testing.assert_close(ours, reference, rtol=1e-4, atol=1e-7)  # RMSNorm works in float32 whatever the model


LAYOUTS = {
    "mixed": PrefixLayout(5, ((2, 3), (1, 4))),
    "no prefix": PrefixLayout(0, ((2, 3), (3, 1))),
    "one token": PrefixLayout(7, ((1, 1),)),
    "short prefix": PrefixLayout(1, ((4, 9),)),
}


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
@pytest.mark.parametrize("heads", [(4, 4), (4, 2), (6, 1)], ids=str)
@pytest.mark.parametrize("scores_at_once", [1, 7, 40, 10**6])
@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16], ids=str)
def test_attention_beside_the_prefix_is_attention_under_its_mask(layout, heads, scores_at_once, dtype, monkeypatch) -> None:
    monkeypatch.setattr(beside_prefix, "_SCORES_AT_ONCE", scores_at_once)
    torch.manual_seed(0)
    given = [torch.randn(1, n, layout.width, 8).to(dtype) for n in (*heads, heads[1])]
    exact = [tensor.double().requires_grad_() for tensor in given]
    owners, last = [0] * layout.prefix, 0
    for count, width in layout.groups:
        owners += [last + 1 + n for n in range(count) for _ in range(width)]
        last += count
    document = torch.tensor(owners)
    order = torch.arange(layout.width)
    seen = ((document[:, None] == document) | (document == 0)) & (order[:, None] >= order)
    expected = scaled_dot_product_attention(*exact, attn_mask=seen, enable_gqa=True, scale=0.3).transpose(1, 2)
    found = attend_beside_prefix(*(tensor.requires_grad_() for tensor in given), layout, 0.3)
    weights = torch.randn_like(found)
    wanted = [expected, *torch.autograd.grad(expected, exact, weights.double())]
    with torch.autocast("cpu", torch.bfloat16):  # must change nothing
        ours = [found, *torch.autograd.grad(found, given, weights)]
    most = 1e-12 if dtype == torch.float64 else 1e-2
    for one, reference in zip(ours, wanted, strict=True):
        assert (one.double() - reference).norm() <= most * reference.norm() + 1e-12


def test_large_scores_are_as_exact_as_those_of_the_fused_kernel() -> None:
    """The logarithm of a sum of weights is large where scores are; one bfloat16 number would not hold it."""
    torch.manual_seed(0)
    layout = PrefixLayout(40, ((3, 30),))
    given = [torch.randn(1, 2, layout.width, 16).to(torch.bfloat16) for _ in range(3)]
    given[0][..., 0] += 100
    given[1][..., 0] += 20  # every score is some 500 larger
    gradients = {}
    for dtype in (torch.bfloat16, torch.float64):
        inputs = [tensor.to(dtype).requires_grad_() for tensor in given]
        out = attend_beside_prefix(*inputs, layout, 0.25)
        gradients[dtype] = torch.autograd.grad(out, inputs, torch.ones_like(out).cumsum(1) / 100)
    for ours, reference in zip(gradients[torch.bfloat16], gradients[torch.float64], strict=True):
        assert (ours.double() - reference).norm() <= 0.05 * reference.norm()


def test_a_document_is_blind_to_its_neighbours_in_the_row() -> None:
    model = tiny_llama(seed=2)
    rows = random_rows(3, seed=5)
    changed = [rows[0], {**rows[1], "input_ids": [*rows[1]["input_ids"][:-1], 7]}, rows[2]]
    collate = PrefixSharingCollator(257)
    use_shared_prefix_attention(model)
    outputs = []
    for members in (rows, changed):
        batch = collate(members)
        batch.pop("labels")
        outputs.append(model(**batch).logits)
    differing = (outputs[0] - outputs[1]).abs().amax(-1)[0] > 1e-6
    assert differing.sum() == 1


def test_rows_without_anything_in_common_are_packed_all_the_same() -> None:
    rows = random_rows(2, prefix=0, seed=3)
    packed = _loss_of_packed(tiny_llama(), rows)
    torch.testing.assert_close(packed, _loss_of_padded(tiny_llama(), rows))


def test_shapes_and_layout() -> None:
    rows = random_rows(6)
    batch = PrefixSharingCollator(257)(rows)
    layout = batch["prefix_layout"]
    assert layout.prefix == 30
    assert sum(count for count, _ in layout.groups) == 6
    assert all(batch[name].shape == (1, layout.width) for name in ("input_ids", "labels", "position_ids"))
    assert (batch["labels"] != IGNORED).sum() == sum(label != IGNORED for row in rows for label in row["labels"])


def test_without_a_layout_the_model_is_what_it_was() -> None:
    model = tiny_llama()
    ids, mask = torch.tensor([[1, 2, 3, 4], [5, 6, 257, 257]]), torch.tensor([[1, 1, 1, 1], [1, 1, 0, 0]])
    before = model(input_ids=ids, attention_mask=mask).logits
    use_shared_prefix_attention(model)
    assert model(input_ids=ids, attention_mask=mask).logits.equal(before)


def test_a_model_that_keeps_the_layout_from_its_layers_is_refused() -> None:
    model = tiny_llama()
    use_shared_prefix_attention(model)
    batch = PrefixSharingCollator(257)(random_rows(2))
    with pytest.raises(ModelError, match="without its layout"):
        model(input_ids=batch["input_ids"], position_ids=batch["position_ids"], attention_mask=batch["attention_mask"])


def test_a_prefix_that_bears_loss_is_shared_and_counts_once_for_each_document() -> None:
    rows = [{"id": str(i), "input_ids": [1, 2, 3, i], "labels": [1, 2, 3, i]} for i in range(4, 7)]
    batch = PrefixSharingCollator(257)(rows)
    assert batch["prefix_layout"].prefix == 2
    assert batch["input_ids"].tolist() == [[1, 2, 3, 4, 3, 5, 3, 6]]
    assert batch["labels"].tolist() == [[IGNORED, 2, 3, 4, IGNORED, 5, IGNORED, 6]]
    assert batch["weights"].tolist() == [3, 3, 1, 1, 1]
    assert loss_items(batch) == 9


@pytest.mark.parametrize("prefix", [0, 1, 30])
@pytest.mark.parametrize("documents", [1, 5])
@pytest.mark.parametrize("weight", [0.1, 1.0])
def test_weighted_loss_on_the_prompt_is_that_of_each_row_alone(weight, documents, prefix, tmp_path) -> None:
    rows = random_rows(documents, prefix=prefix, seed=4)
    model = tiny_llama(seed=3)
    total, count = torch.zeros((), dtype=torch.float64), 0.0
    weighted = []
    for row in rows:
        weights = [weight if label == IGNORED else 1.0 for label in row["labels"]]
        ids = torch.tensor([row["input_ids"]])
        losses = torch.nn.functional.cross_entropy(model(input_ids=ids).logits[0, :-1], ids[0, 1:], reduction="none")
        total = total + (losses * torch.tensor(weights[1:])).sum()
        count += sum(weights[1:])
        weighted.append({**row, "labels": row["input_ids"], "weights": weights})
    expected = total / count
    wanted = torch.autograd.grad(expected, list(model.parameters()))
    config = PiiSFTConfig(tmp_path, use_cpu=True)
    trainer = PiiSFTTrainer(model, config, weighted, processing_class=tiny_tokenizer())
    batch = trainer.data_collator(weighted)
    assert batch["prefix_layout"].prefix == (len(rows[0]["input_ids"]) - 1 if documents == 1 else max(prefix - 1, 0))
    loss = trainer.compute_loss(model, batch)
    torch.testing.assert_close(loss.double(), expected, rtol=1e-5, atol=0)
    for ours, right in zip(torch.autograd.grad(loss, list(model.parameters())), wanted, strict=True):
        assert (ours - right).norm() <= 1e-5 * right.norm()


@given(st.lists(st.integers(1, 60), max_size=40), st.integers(1, 100))
def test_bins_hold_every_document_once_and_no_more_than_fits(sizes, room) -> None:
    bins = first_fit_decreasing(sizes, room)
    assert sorted(index for members in bins for index in members) == list(range(len(sizes)))
    for members in bins:
        assert sum(sizes[index] for index in members) <= room or len(members) == 1
    loads = [sum(sizes[index] for index in members) for members in bins]
    assert all(left + right > room for number, left in enumerate(loads) for right in loads[number + 1 :])


def test_recurrent_layers_are_refused() -> None:
    model = tiny_llama()
    model.config.layer_types = ["full_attention", "linear_attention"]
    with pytest.raises(FormatError, match="recurrent layers cannot share a prompt prefix; use trl's SFTTrainer"):
        use_shared_prefix_attention(model)
