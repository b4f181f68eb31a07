"""Fine-tuning a tagger of personal data from top to bottom, with no trainer and no abstraction.

    python examples/train_flat.py [STEPS]

Four things make it work: text and tags are encoded apart, so that decoding can put them together again; each tag is a token of its own; the
loss falls only where there is something to decide, and only among what may stand there; decoding may write nothing else either.
"""

import sys

import torch
from peft import LoraConfig, get_peft_model

from piispan.core import LabelSet, encode_chat, get_format, make_prompt
from piispan.core.segments import TagGrammar, add_tag_tokens, gold_decisions
from piispan.dataset_builder import synthesise
from piispan.runs import fastest_dtype
from piispan.tagger import Tagger, VerbatimDecoder, embedded_model, load_causal_lm

STEPS = int(sys.argv[1]) if len(sys.argv) > 1 else 60
BATCH = 8
torch.manual_seed(0)

# 1. A chat model, its tokenizer, and a token for each tag. Their rows of the embedding are trained beside the LoRA matrices.
model, tokenizer = load_causal_lm(embedded_model(), device="cpu", dtype=fastest_dtype())
labels = LabelSet.load("presidio")
tags = add_tag_tokens(model, tokenizer, labels)
model = get_peft_model(model, LoraConfig(r=16, lora_alpha=32, target_modules="all-linear", trainable_token_indices=tags))
model.train()

# 2. Documents as tokens. gold_decisions walks the automaton of all answers that repeat the text, and says what was allowed at each token.
prompt = make_prompt("plain", labels, get_format("tagged"))
grammar = TagGrammar(tokenizer, labels, tag_tokens="special")
examples = []
for document in synthesise(STEPS * BATCH, seed=1):
    asked = encode_chat(tokenizer, prompt.messages(document.text), add_generation_prompt=True)
    decisions = gold_decisions(grammar, document)
    ids = asked + [decision.token for decision in decisions]
    # (place whose logits decide, tokens to choose from, the right one among them)
    choices = [
        (len(asked) + i - 1, list(decision.choice.ids), list(decision.choice.ids).index(decision.token))
        for i, decision in enumerate(decisions)
        if len(list(decision.choice.ids)) > 1
    ]
    examples.append((ids, choices))

# 3. Training. Each document is padded to the longest of its batch; the trainer of this package shares the prompt between them instead.
optimizer = torch.optim.AdamW((p for p in model.parameters() if p.requires_grad), lr=1e-3, weight_decay=0.0)
schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=1e-3, total_steps=STEPS, pct_start=0.05)
for step in range(STEPS):
    batch = examples[step * BATCH : (step + 1) * BATCH]
    longest = max(len(ids) for ids, _ in batch)
    input_ids = torch.tensor([ids + [tokenizer.eos_token_id] * (longest - len(ids)) for ids, _ in batch])
    mask = torch.tensor([[1] * len(ids) + [0] * (longest - len(ids)) for ids, _ in batch])
    with torch.autocast("cpu", model.dtype, enabled=model.dtype == torch.bfloat16):
        logits = model(input_ids=input_ids, attention_mask=mask).logits
    decided = [(row, *choice) for row, (_, choices) in enumerate(batch) for choice in choices]
    rows, places, options, right = zip(*decided, strict=True)
    widest = max(map(len, options))
    allowed = torch.tensor([[*ids, *[-1] * (widest - len(ids))] for ids in options])
    scores = logits[list(rows), list(places)].gather(1, allowed.clamp(min=0)).float().masked_fill(allowed < 0, float("-inf"))
    loss = torch.nn.functional.cross_entropy(scores, torch.tensor(right))
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    optimizer.zero_grad()
    schedule.step()
    print(f"step {step + 1} of {STEPS}, loss {loss.item():.3f}", flush=True)

# 4. Tagging: the text's own tokens, and the tags that the model decides on.
tagger = Tagger(VerbatimDecoder(model.eval(), tokenizer, prompt, tag_tokens="special"), prompt)
for text in ("Dear Ms. Ann Banks, your card ending in 4242 is blocked.", "Ask Tom Reed (t.reed@example.com) before 3 May 2024."):
    print(tagger.redact([text])[0])
