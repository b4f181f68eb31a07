"""Real tokenizers and small ones of each kind: byte-level, NFC-normalising, SentencePiece with byte fallback."""

import shutil
from functools import cache
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
from transformers import AutoTokenizer, LlamaTokenizer, PreTrainedTokenizerBase, PreTrainedTokenizerFast

from piispan.core import LabelSet
from piispan.core.segments import tag_token_names
from piispan.dataset_builder import synthesise
from piispan.tagger import embedded_model
from tests.tiny import CHAT_TEMPLATE, tiny_tokenizer

QWEN_WORDS = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"  # as in Qwen's files
)
MISTRAL_TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}{% if message['role'] == 'user' %}{{ '[INST] ' + message['content'] + ' [/INST]' }}"
    "{% else %}{{ message['content'] + eos_token }}{% endif %}{% endfor %}"
)


@cache
def qwen_like() -> PreTrainedTokenizerFast:
    """Byte-level BPE behind NFC and Qwen's pattern, trained on synthetic documents."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.NFC()
    words = pre_tokenizers.Split(Regex(QWEN_WORDS), "isolated")
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([words, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=1500,
        special_tokens=["<|im_start|>", "<|im_end|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator([d.text for d in synthesise(200, seed=4)] + ["</PERSON> <DATE_TIME>"] * 20, trainer)
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token="<|im_start|>", eos_token="<|im_end|>", pad_token="<|im_end|>")
    fast.chat_template = CHAT_TEMPLATE
    return fast


@cache
def mistral() -> PreTrainedTokenizerBase:
    """The vocabulary of Mistral-7B-Instruct-v0.2, from the mistral-common package, under its chat template."""
    with TemporaryDirectory() as folder:
        shutil.copy(str(files("mistral_common") / "data" / "tokenizer.model.v1"), Path(folder) / "tokenizer.model")
        tokenizer = LlamaTokenizer.from_pretrained(folder, legacy=True)
    tokenizer.chat_template = MISTRAL_TEMPLATE
    return tokenizer


@cache
def smollm2() -> PreTrainedTokenizerBase:
    """The embedded model's."""
    return AutoTokenizer.from_pretrained(embedded_model())


def by_name(name: str) -> PreTrainedTokenizerBase:
    """One of ``NAMES``."""
    return {"bytes": tiny_tokenizer, "qwen": qwen_like, "mistral": mistral, "smollm2": smollm2}[name]()


NAMES = ("bytes", "qwen", "mistral", "smollm2")


def add_tag_tokens(tokenizer: PreTrainedTokenizerBase, labels: LabelSet) -> PreTrainedTokenizerBase:
    """The tokenizer with the special tag tokens of a label set."""
    tokens = [AddedToken(name, special=True, normalized=False) for name in tag_token_names(labels)]
    tokenizer.add_tokens(tokens, special_tokens=True)
    return tokenizer
