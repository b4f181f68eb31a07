"""What redacting a corpus costs beside decoding: reading, replacing, sealing, writing, journal, digests and manifest.

    python benchmarks/redaction.py                   # about 6 minutes: the embedded model, as it comes
    python benchmarks/redaction.py --quick           # fewer documents
    python benchmarks/redaction.py --model ADAPTER --data FILE

The real decoder answers some documents, alone on the machine, and is timed. Then the whole pipeline redacts the same documents, over and
over, in a process of its own whose memory is measured, with those answers in the decoder's place: once by ``replace``, and once by
``surrogate`` with a vault, the dearest. First it is checked that the pipeline writes what ``Redactor`` gives for these answers. Start-up
(imports, and loading the model) is timed on neither side. ``overhead_share`` is that of the dearest. The last line is JSON.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

from piispan.core import LabelSet, Span
from piispan.dataset_builder import read_documents, synthesise
from piispan.runs import Outputs, fastest_dtype, redact_corpus
from piispan.tagger import RedactionKey, Redactor, TaggedText, Tagger

KEY = bytes(range(32))
DEAREST = "surrogate"


class Replayed:
    """Gives the answers that the real decoder gave."""

    def __init__(self, labels: LabelSet, answers: Mapping[str, TaggedText]) -> None:
        self.labels, self._answers = labels, answers

    def stream(self, texts: Iterable[str]) -> Iterator[TaggedText]:
        """The answer of each text."""
        for text in texts:
            yield self._answers[text]


@dataclass(frozen=True)
class ReplayedSource:
    """Loads a ``Replayed`` from a file."""

    path: Path
    labels: LabelSet

    def load(self) -> Replayed:
        """With the answers of the file."""
        rows = json.loads(self.path.read_text("utf-8"))
        return Replayed(self.labels, {text: TaggedText(tuple(Span(*span) for span in spans)) for text, spans in rows})

    def facts(self) -> dict[str, Any]:
        """Nothing."""
        return {"name": "replayed"}


def decoded(model: str, texts: list[str]) -> tuple[LabelSet, list[TaggedText], float]:
    """The labels, the answers, and the seconds that they took."""
    tagger = Tagger.from_pretrained(model, dtype=fastest_dtype())
    list(tagger.stream(texts[:8]))
    started = perf_counter()
    answers = list(tagger.stream(texts))
    return tagger.labels, answers, perf_counter() - started


def pipeline(folder: Path, labels: LabelSet, policy: str) -> None:
    """Redact ``in.jsonl`` and print seconds and peak memory in MiB. Runs in a process of its own."""
    source = ReplayedSource(folder / "answers.json", labels)
    key = RedactionKey(KEY)
    vault = folder / f"{policy}.vault" if policy == DEAREST else None
    warm = folder / f"{policy}-warm.jsonl"
    redact_corpus(source, folder / "few.jsonl", Outputs.beside(warm), policy=policy, key=key)
    started = perf_counter()
    redact_corpus(source, folder / "in.jsonl", Outputs.beside(folder / f"{policy}.jsonl", vault=vault), policy=policy, key=key)
    seconds = perf_counter() - started
    peak = next(int(line.split()[1]) for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    print(seconds, peak / 1024)


def check(folder: Path, labels: LabelSet, texts: list[str], answers: list[TaggedText]) -> bool:
    """Whether the pipeline wrote what ``Redactor`` gives."""
    redactor = Redactor(Replayed(labels, dict(zip(texts, answers, strict=True))), "replace")
    expected = [redaction.text for redaction in redactor.redact(texts)]
    with (folder / "replace.jsonl").open(encoding="utf-8") as lines:
        return all(json.loads(line)["text"] == expected[number % len(expected)] for number, line in enumerate(lines))


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="64 documents decoded and 6,400 redacted, instead of 256 and 51,200")
    parser.add_argument("--model", default="embedded", help="adapter or chat model")
    parser.add_argument("--data", help="Presidio JSON; without it, synthetic documents")
    parser.add_argument("--pipeline", nargs=2, metavar=("FOLDER", "POLICY"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    labels = LabelSet.load("presidio")
    if given.pipeline:
        folder = Path(given.pipeline[0])
        pipeline(folder, LabelSet.from_dict(json.loads((folder / "labels.json").read_text("utf-8"))), given.pipeline[1])
        return
    count, times = (64, 100) if given.quick else (256, 200)
    documents = read_documents(given.data, labels=labels)[0] if given.data else list(synthesise(count, seed=3))
    texts = list(dict.fromkeys(document.text for document in documents))[:count]
    print(f"{len(texts)} documents by the real decoder ({given.model}) ...", flush=True)
    labels, answers, decoding = decoded(given.model, texts)
    per_document = decoding / len(texts)
    print(f"  {len(texts) / decoding:.2f} documents/s, {sum(len(answer.spans) for answer in answers)} spans")
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        rows = [[text, [[span.start, span.end, span.label] for span in answer.spans]] for text, answer in zip(texts, answers, strict=True)]
        (folder / "answers.json").write_text(json.dumps(rows), "utf-8")
        (folder / "labels.json").write_text(json.dumps(labels.to_dict()), "utf-8")
        lines = [json.dumps({"id": number, "text": text}) + "\n" for number, text in enumerate(texts)]
        (folder / "few.jsonl").write_text("".join(lines), "utf-8")
        (folder / "in.jsonl").write_text("".join(lines * times), "utf-8")
        shares, peaks = {}, []
        for policy in ("replace", DEAREST):
            command = [sys.executable, __file__, "--pipeline", place, policy]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            seconds, peak = map(float, done.stdout.split())
            each = seconds / (len(texts) * times)
            shares[policy] = each / per_document
            peaks.append(peak)
            print(f"  {policy}: {1 / each:,.0f} documents/s beside decoding, {100 * shares[policy]:.2f} % of its time, {peak:.0f} MiB")
        same = check(folder, labels, texts, answers)
    print(f"the pipeline writes what Redactor gives: {same}")
    whole = 1 / (per_document * (1 + shares[DEAREST]))
    print(json.dumps({"docs_per_s": round(whole, 3), "overhead_share": round(shares[DEAREST], 5), "max_rss_mb": round(max(peaks))}))


if __name__ == "__main__":
    main()
