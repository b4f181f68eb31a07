"""Training examples per second with the shared prompt prefix against a stock ``SFTTrainer``, on the same ids, labels and adapter.

Stock is TRL's trainer with loss on the answer only, the better of padded batches and packing. The prompt is ``few_shot`` with as many
worked examples as make a prefix of 950 tokens, and the short ``plain`` one. Each measurement runs in a process of its own, so that its
peak memory is its own. Where memory does not hold a stock trainer's batch, it is given half of it at a time, twice as often, until it
does. Gradients of both ways are compared in float32 first. The last line is JSON.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

import torch
from transformers.utils import logging

sys.path.insert(0, str(Path(__file__).parent))
from decoding import LABELS, PREFIX, long_prompt

from piispan.core import Prompt, get_format, make_prompt
from piispan.core.segments import TagGrammar
from piispan.dataset_builder import fixed_split, read_documents, synthesise
from piispan.runs.machine import fastest_dtype, hardware, peak_memory_mib
from piispan.tagger import embedded_model, load_causal_lm
from piispan.trainer_ext import (
    IGNORED,
    PiiSFTConfig,
    PiiSFTTrainer,
    PrefixSharingCollator,
    TokenRow,
    labelled_scores,
    lora_preset,
    prepare,
    statistics,
    use_shared_prefix_attention,
)

PACKED_LENGTH = 4096


def prepared(data: str | None, style: str, count: int, dtype: torch.dtype) -> tuple[Any, Any, list[TokenRow]]:
    """Model, tokenizer and the rows of ``count`` training documents."""
    model, tokenizer = load_causal_lm(embedded_model(), dtype=dtype)
    prompt: Prompt = long_prompt(tokenizer) if style == "long" else make_prompt("plain", LABELS, get_format("tagged"))
    documents = fixed_split(read_documents(data, labels=LABELS)[0], "random").train if data else tuple(synthesise(count, seed=1))
    rows = prepare(documents[:count], prompt, tokenizer, grammar=TagGrammar(tokenizer, LABELS)).rows
    return model, tokenizer, rows


def measure(kind: str, style: str, batch: int, parts: int, steps: int, data: str | None) -> dict[str, float]:
    """One epoch of ``steps`` batches, each in ``parts``, after one step that is not counted."""
    from datasets import Dataset
    from trl import SFTTrainer

    dtype = fastest_dtype()
    model, tokenizer, rows = prepared(data, style, batch * (steps + 1), dtype)
    warm, timed = rows[:batch], rows[batch:]
    options: dict[str, Any] = {
        "per_device_train_batch_size": batch // parts,
        "gradient_accumulation_steps": parts,
        "num_train_epochs": 1,
        "bf16": dtype == torch.bfloat16,
        "use_cpu": not torch.cuda.is_available(),
    }
    if kind == "packed":
        options |= {"packing": True, "max_length": PACKED_LENGTH}
        packs = max(round(batch * mean_length(rows) / PACKED_LENGTH), 1)
        options |= {"per_device_train_batch_size": 1, "gradient_accumulation_steps": packs}
    seconds = []
    with tempfile.TemporaryDirectory() as scratch:
        for part in (warm, timed):
            torch.manual_seed(0)
            config = PiiSFTConfig(scratch, **options)
            common: Any = {"processing_class": tokenizer, "peft_config": lora_preset() if not seconds else None}
            if kind == "shared":
                trainer: Any = PiiSFTTrainer(model, config, part, **common)
            else:
                stock = Dataset.from_list([{"input_ids": row["input_ids"], "labels": row["labels"]} for row in part])
                trainer = SFTTrainer(model, config, train_dataset=stock, **common)
            started = time.perf_counter()
            trainer.train()
            seconds.append(time.perf_counter() - started)
            model = trainer.model
    return {"examples_per_s": len(timed) / seconds[1], "peak_mib": peak_memory_mib(), "prefix": statistics(rows)["prefix"]}


def mean_length(rows: list[TokenRow]) -> float:
    """Tokens of a row on average."""
    return statistics(rows)["tokens"] / len(rows)


def in_its_own_process(kind: str, style: str, batch: int, steps: int, data: str | None) -> dict[str, float]:
    """``measure``, elsewhere, in as few parts as memory allows."""
    parts = 1
    while True:
        options = [kind, style, str(batch), str(parts), str(steps), *(["--data", data] if data else [])]
        done = subprocess.run([sys.executable, __file__, "--measure", *options], check=False, stdout=subprocess.PIPE, text=True)
        if done.returncode == 0:
            break
        if parts == batch or kind != "padded":
            raise SystemExit(f"{kind} at batch {batch} ended with {done.returncode}")
        parts *= 2
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    how = f"{kind} in {parts} parts" if parts > 1 else kind
    print(f"  {style} prompt, batch {batch}, {how}: {found['examples_per_s']:.3f} examples/s, {found['peak_mib']:,.0f} MiB", flush=True)
    return found


def largest_gradient_difference(data: str | None) -> float:
    """Largest relative difference of a LoRA matrix's gradient, shared prefix against padded batch, in float32."""
    from peft import get_peft_model

    model, tokenizer, rows = prepared(data, "plain", 6, torch.float32)
    torch.manual_seed(0)
    adapted: Any = get_peft_model(model, lora_preset())
    for name, parameter in adapted.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(parameter, std=0.02)
    width = max(len(row["input_ids"]) for row in rows)

    def padded(key: str, fill: int) -> torch.Tensor:
        return torch.tensor([[*values, *[fill] * (width - len(values))] for values in ([*row[key]] for row in rows)])  # type: ignore[literal-required]

    def gradients(loss: torch.Tensor) -> list[torch.Tensor]:
        adapted.zero_grad()
        loss.backward()
        return [parameter.grad.clone() for parameter in adapted.parameters() if parameter.requires_grad]

    ids = padded("input_ids", tokenizer.eos_token_id)
    mask = torch.tensor([[1] * len(row["input_ids"]) + [0] * (width - len(row["input_ids"])) for row in rows])
    reference = gradients(adapted(input_ids=ids, attention_mask=mask, labels=padded("labels", IGNORED)).loss)
    use_shared_prefix_attention(model)
    scores, targets, _ = labelled_scores(adapted, dict(PrefixSharingCollator(0)(rows)))
    ours = gradients(torch.nn.functional.cross_entropy(scores, targets))
    return max(((a - b).norm() / b.norm()).item() for a, b in zip(ours, reference, strict=True))


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", help="Presidio JSON; without it, synthetic documents.")
    parser.add_argument("--quick", action="store_true", help="Batch 8 only, a step of each: under 5 minutes on two cores.")
    parser.add_argument("--measure", nargs=5, metavar=("KIND", "STYLE", "BATCH", "PARTS", "STEPS"), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    warnings.simplefilter("ignore")
    if asked.measure:
        kind, style, *numbers = asked.measure
        print(json.dumps(measure(kind, style, *map(int, numbers), data=asked.data)))
        return

    difference = largest_gradient_difference(asked.data)
    print(f"{hardware()}, {fastest_dtype()}; gradients differ by {difference:.1e} at most, in float32", flush=True)
    figures: dict[str, float] = {}
    batches = {"long": (8,) if asked.quick else (8, 32), "plain": (8,)}
    for style, sizes in batches.items():
        for batch in sizes:
            ours = in_its_own_process("shared", style, batch, 1 if asked.quick else 4, asked.data)
            kinds = ("padded",) if asked.quick or batch > 8 else ("padded", "packed")
            stock = [in_its_own_process(kind, style, batch, 1, asked.data) for kind in kinds]
            best = max(stock, key=lambda found: found["examples_per_s"])
            name = {"long": "", "plain": "_plain"}[style] + ("" if batch == 8 else f"_batch_{batch}")
            figures[f"ratio_examples_per_s{name}"] = ours["examples_per_s"] / best["examples_per_s"]
            figures[f"ratio_peak_memory{name}"] = ours["peak_mib"] / min(found["peak_mib"] for found in stock)
            assert style == "plain" or PREFIX[0] <= ours["prefix"] <= PREFIX[1]
    print(json.dumps({**{name: round(value, 3) for name, value in figures.items()}, "max_grad_rel_diff": difference}))


if __name__ == "__main__":
    main()
