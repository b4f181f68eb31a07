"""Tiny chat models and a tokenizer, made on the spot: byte-level, random weights, float64."""

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import (
    Gemma3ForCausalLM,
    Gemma3TextConfig,
    LlamaConfig,
    LlamaForCausalLM,
    MambaConfig,
    MambaForCausalLM,
    MistralConfig,
    MistralForCausalLM,
    PretrainedConfig,
    PreTrainedModel,
    PreTrainedTokenizerFast,
    Qwen3Config,
    Qwen3ForCausalLM,
    Qwen3NextConfig,
    Qwen3NextForCausalLM,
)

CHAT_TEMPLATE = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)


def tiny_tokenizer() -> PreTrainedTokenizerFast:
    """Byte-level BPE without merges; pad equals end of turn, as in SmolLM2."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer = Tokenizer(models.BPE({character: i for i, character in enumerate(alphabet)}, []))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token="<|im_start|>", eos_token="<|im_end|>", pad_token="<|im_end|>")
    fast.chat_template = CHAT_TEMPLATE
    return fast


SHAPE = {
    "vocab_size": 260,
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "bos_token_id": 256,
    "eos_token_id": 257,
    "pad_token_id": 257,
    "attn_implementation": "sdpa",
}
"""Two layers, four heads of two key-value heads, 32 dimensions."""


def _made(model_class: type, config: PretrainedConfig, seed: int) -> PreTrainedModel:
    torch.manual_seed(seed)
    return model_class(config).double().eval()


def tiny_llama(seed: int = 0, *, context: int = 8192, hidden: int = 32) -> PreTrainedModel:
    """Full attention."""
    shape = {**SHAPE, "hidden_size": hidden, "intermediate_size": 2 * hidden}
    return _made(LlamaForCausalLM, LlamaConfig(max_position_embeddings=context, **shape), seed)


def tiny_qwen3(seed: int = 0) -> PreTrainedModel:
    """Full attention with norms on queries and keys."""
    return _made(Qwen3ForCausalLM, Qwen3Config(head_dim=8, **SHAPE), seed)


def tiny_mistral(seed: int = 0) -> PreTrainedModel:
    """A sliding window of 20 tokens in every layer."""
    return _made(MistralForCausalLM, MistralConfig(sliding_window=20, **SHAPE), seed)


def tiny_gemma3(seed: int = 0) -> PreTrainedModel:
    """One layer with a sliding window of 16 tokens, one without."""
    kinds = ["sliding_attention", "full_attention"]
    config = Gemma3TextConfig(head_dim=8, query_pre_attn_scalar=8, sliding_window=16, layer_types=kinds, **SHAPE)
    return _made(Gemma3ForCausalLM, config, seed)


def tiny_mamba(seed: int = 0) -> PreTrainedModel:
    """State-space layers only."""
    return _made(MambaForCausalLM, MambaConfig(vocab_size=260, hidden_size=32, num_hidden_layers=2, state_size=4), seed)


def tiny_qwen3_next(seed: int = 0) -> PreTrainedModel:
    """One gated delta net, one layer of attention."""
    config = Qwen3NextConfig(
        head_dim=8,
        layer_types=["linear_attention", "full_attention"],
        linear_num_key_heads=2,
        linear_num_value_heads=2,
        linear_key_head_dim=8,
        linear_value_head_dim=8,
        num_experts=0,
        mlp_only_layers=[0, 1],
        **SHAPE,
    )
    return _made(Qwen3NextForCausalLM, config, seed)
