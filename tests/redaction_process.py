"""A redaction in a process of its own, which a test can kill: ``python -m tests.redaction_process IN OUT [--tiny] [option=value ...]``."""

import sys
from dataclasses import dataclass
from pathlib import Path

from piispan.core import LabelSet, PiispanError, get_format, make_prompt
from piispan.runs import ChunkSize, Outputs, redact_corpus
from piispan.tagger import RedactionKey, Tagger, VerbatimDecoder
from tests.stub_tagger import StubSource

KEY = b"0123456789abcdef0123456789abcdef"


@dataclass(frozen=True)
class TinySource:
    """A tiny random model, decoded verbatim: it tags what it likes, and the same each time."""

    labels = LabelSet.load("presidio").subset(["PERSON", "PHONE_NUMBER"])

    def load(self) -> Tagger:
        import torch

        from tests.tiny import tiny_llama, tiny_tokenizer

        torch.set_num_threads(1)
        prompt = make_prompt("plain", self.labels, get_format("tagged"))
        return Tagger(
            VerbatimDecoder(tiny_llama(3).float(), tiny_tokenizer(), prompt, tag_bias=dict.fromkeys(self.labels.names, -0.3)), prompt
        )

    def facts(self) -> dict[str, object]:
        return {"name": "tiny"}


def main(arguments: list[str]) -> int:
    source, out = map(Path, arguments[:2])
    given = dict(one.split("=", 1) for one in arguments[2:] if "=" in one)
    vault = Path(given["vault"]) if "vault" in given else None
    try:
        run = redact_corpus(
            TinySource() if "--tiny" in arguments else StubSource(),
            source,
            Outputs.beside(out, vault=vault),
            policy=given.get("policy", "replace"),
            key=RedactionKey(KEY) if vault else None,
            chunk_size=ChunkSize(int(given.get("chunk", "16"))),
            resume=True,
        )
    except PiispanError as error:
        sys.stderr.write(f"piispan: {error}\n")
        return 2
    return 3 if run.tally.quarantined else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
