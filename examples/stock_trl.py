"""Our rows in a stock ``SFTTrainer``, and verbatim decoding behind it.

    python examples/stock_trl.py [STEPS]

Nothing of ``trainer_ext`` but the rows is used, so every option of TRL works as ever. What the package's own trainer adds is speed: see
``train_flat.py`` for what it computes.
"""

import sys
import tempfile

import torch
from datasets import Dataset
from peft import LoraConfig
from trl import SFTConfig, SFTTrainer

from piispan.core import LabelSet, get_format, make_prompt
from piispan.core.segments import TagGrammar
from piispan.dataset_builder import synthesise
from piispan.runs import fastest_dtype
from piispan.tagger import Tagger, VerbatimDecoder, embedded_model, load_causal_lm
from piispan.trainer_ext import prepare

steps = int(sys.argv[1]) if len(sys.argv) > 1 else 60

model, tokenizer = load_causal_lm(embedded_model(), dtype=fastest_dtype())
labels = LabelSet.load("presidio")
prompt = make_prompt("plain", labels, get_format("tagged"))

# Rows with input_ids and labels, TRL's contract for prepared data: text and tags apart, loss on the answer and its end of turn.
rows = prepare(synthesise(8 * steps, seed=1), prompt, tokenizer, grammar=TagGrammar(tokenizer, labels)).rows

with tempfile.TemporaryDirectory() as folder:
    trainer = SFTTrainer(
        model,
        SFTConfig(
            folder,
            per_device_train_batch_size=8,
            learning_rate=1e-3,
            max_steps=steps,
            use_cpu=model.device.type == "cpu",
            bf16=model.dtype == torch.bfloat16,  # TRL's default is yes, which some CPUs emulate
            max_length=None,  # TRL cuts longer rows without a word
            logging_steps=10,
            save_strategy="no",
            report_to="none",
        ),
        train_dataset=Dataset.from_list([{"input_ids": row["input_ids"], "labels": row["labels"]} for row in rows]),
        processing_class=tokenizer,
        peft_config=LoraConfig(r=16, lora_alpha=32, target_modules="all-linear", task_type="CAUSAL_LM"),
    )
    trainer.train()

tagger = Tagger(VerbatimDecoder(trainer.model.eval(), tokenizer, prompt), prompt)
for text in ("Dear Ms. Ann Banks, your card ending in 4242 is blocked.", "Ask Tom Reed (t.reed@example.com) before 3 May 2024."):
    print(tagger.redact([text])[0])
