"""Reading labelled documents, and tokenising the chat examples made of them.

    python benchmarks/data.py                    # 100,000 synthetic documents, about 3 minutes
    python benchmarks/data.py --quick            # 10,000
    python benchmarks/data.py --data FILE        # the documents of a Presidio JSON, over and over, under other ids

Reading: every offset is verified and every document written again, as ``piispan data convert`` does it, in a process of its own, whose
memory is measured. Tokenising: rows of the prompt style ``dialogue``, prompt and answer, under the chat template of the embedded model;
``piispan.core.encode_chats`` against ``apply_chat_template`` for each row, by turns in one process, and the ids compared.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import cycle, islice
from pathlib import Path
from time import perf_counter
from typing import NamedTuple

from piispan.core import Document, LabelSet, Message, encode_chats, get_format, make_prompt
from piispan.core.chat import TEMPLATE_OPTIONS
from piispan.dataset_builder import read_documents, synthesise, write_jsonl

LABELS = LabelSet.load("presidio")
AT_A_TIME = 1000

CONVERT = """
import re, sys, time
from piispan.dataset_builder import iter_documents, write_jsonl
started = time.perf_counter()
count = write_jsonl(iter_documents(sys.argv[1]), sys.argv[2])
seconds = time.perf_counter() - started
# Children inherit ru_maxrss from their parent; VmHWM is their own.
peak = int(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1]) / 1024
print(count, seconds, peak)
"""


class Tokenised(NamedTuple):
    """Seconds of both sides, and whether their ids are the same."""

    ours: float
    theirs: float
    identical: bool


def repeated(made: Sequence[Document], count: int) -> Iterator[Document]:
    """``count`` documents, those of ``made`` over and over."""
    return (replace(document, id=f"{number}-{document.id}") for number, document in enumerate(islice(cycle(made), count)))


def convert(made: Sequence[Document], count: int) -> tuple[float, float]:
    """Documents a second and peak memory in MB of converting a JSONL file."""
    with tempfile.TemporaryDirectory() as folder:
        source, out = Path(folder) / "documents.jsonl", Path(folder) / "converted.jsonl"
        write_jsonl(repeated(made, count), source)
        done = subprocess.run([sys.executable, "-c", CONVERT, str(source), str(out)], capture_output=True, text=True, check=True)
        assert out.read_bytes() == source.read_bytes()
        documents, seconds, peak = map(float, done.stdout.split())
        print(
            f"{documents:,.0f} documents, {source.stat().st_size / 2**20:.0f} MiB: {seconds:.2f} s, {documents / seconds:,.0f} documents/s"
        )
    print(f"memory at most: {peak:.0f} MiB")
    return documents / seconds, peak * 2**20 / 1e6


def tokenise(made: Sequence[Document], count: int) -> Tokenised:
    """Both sides over the same rows, a thousand at a time, by turns."""
    from transformers import AutoTokenizer

    from piispan.tagger import embedded_model

    tokenizer = AutoTokenizer.from_pretrained(embedded_model())
    prompt = make_prompt("dialogue", LABELS, get_format("tagged"))
    ours, theirs, identical, done = 0.0, 0.0, True, 0
    coming = repeated(made, count)
    while documents := list(islice(coming, AT_A_TIME)):
        rows = [prompt.row(document) for document in documents]
        chats: list[list[Message]] = [[*row["prompt"], *row["completion"]] for row in rows]
        started = perf_counter()
        together = encode_chats(tokenizer, chats, add_generation_prompt=False)
        between = perf_counter()
        each = [tokenizer.apply_chat_template(chat, return_dict=True, **TEMPLATE_OPTIONS)["input_ids"] for chat in chats]
        theirs += perf_counter() - between
        ours += between - started
        identical = identical and together == each
        done += len(chats)
    print(f"{done:,} dialogue rows of about {len(together[0])} tokens: {ours:.1f} s, and {theirs:.1f} s by apply_chat_template")
    print(f"ids identical: {identical}")
    return Tokenised(ours, theirs, identical)


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="10,000 documents.")
    parser.add_argument("--data", type=Path, help="Labelled documents of the presidio label set; the project's own synthesis without it.")
    asked = parser.parse_args()
    count = 10_000 if asked.quick else 100_000
    made = list(read_documents(asked.data, labels=LABELS)[0] if asked.data else synthesise(count // 10, seed=1))
    docs_per_s, max_rss_mb = convert(made, count)
    tokenised = tokenise(made, count)
    figures = {
        "docs_per_s": round(docs_per_s),
        "max_rss_mb": round(max_rss_mb),
        "tokenise_ratio": round(tokenised.theirs / tokenised.ours, 1),
        "identical": tokenised.identical,
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
