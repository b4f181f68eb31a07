"""Documents scored per second: all measures of ``piispan.metric`` at once against nervaluate, seqeval and Presidio's ``SpanEvaluator``.

Gold spans and predictions of a middling tagger, all on the edges of tokens, so that IOB2 tags lose nothing. Each peer is given its own form
of the data, made beforehand and not timed. First of all it is checked that they count the same: seqeval and nervaluate (strict, exact,
partial) all of them, Presidio with its merging and fuzzy matching switched off. The last line is JSON.
"""

import argparse
import json
import random
import re
import statistics
import time
from collections.abc import Callable, Sequence
from itertools import islice, pairwise
from typing import Any

from piispan.core import Document, LabelSet, Prediction, Span
from piispan.dataset_builder import read_documents, synthesise
from piispan.metric import Scores, path, score

LABELS = LabelSet.load("presidio")
_TOKEN = re.compile(r"\w+|[^\w\s]")

Tokens = list[tuple[int, int]]


def corpus(data: str | None, count: int) -> tuple[list[Document], list[Prediction], list[Tokens]]:
    """Documents whose spans end at tokens, what a tagger says of them, and the tokens."""
    documents, predictions, tokens = [], [], []
    rng = random.Random(0)
    source = list(read_documents(data, labels=LABELS)[0]) if data else list(synthesise(min(count, 4000), seed=1))
    for number in range(count):
        found = source[number % len(source)]
        places = [(match.start(), match.end()) for match in _TOKEN.finditer(found.text)]
        starts, ends = {start for start, _ in places}, {end for _, end in places}
        gold = tuple(span for span in found.spans if span.start in starts and span.end in ends)
        documents.append(Document(str(number), found.text, gold))
        predictions.append(Prediction(str(number), said_of(gold, places, rng)))
        tokens.append(places)
    return documents, predictions, tokens


def said_of(gold: Sequence[Span], tokens: Tokens, rng: random.Random) -> tuple[Span, ...]:
    """The gold spans as a middling tagger finds them: some lost, some with another label, some an edge off, some invented; flat."""
    spans: list[Span] = []
    for span in gold:
        chance, inside = rng.random(), [token for token in tokens if span.start <= token[0] < span.end]
        if chance < 0.06:
            continue
        start, end = (inside[1][0] if chance < 0.12 and len(inside) > 1 else span.start), span.end
        spans.append(Span(start, end, rng.choice(LABELS.names) if chance > 0.93 else span.label))
    free = [token for token in tokens if not any(span.start < token[1] and token[0] < span.end for span in gold)]
    if free and rng.random() < 0.1:
        spans.append(Span(*rng.choice(free), rng.choice(LABELS.names)))
    return tuple(sorted(spans, key=lambda span: span.start))


def tags_of(spans: Sequence[Span], tokens: Tokens) -> list[str]:
    """IOB2, a tag for each token."""
    tags, open_span = [], iter(spans)
    span = next(open_span, None)
    for start, _ in tokens:
        while span and start >= span.end:
            span = next(open_span, None)
        inside = span is not None and span.start <= start
        tags.append(f"{'B' if start == span.start else 'I'}-{span.label}" if span and inside else "O")
    return tags


def seconds(run: Callable[[], Any], times: int) -> float:
    """Median wall time of ``times`` runs."""
    taken = []
    for _ in range(times):
        started = time.perf_counter()
        run()
        taken.append(time.perf_counter() - started)
    return statistics.median(taken)


def by_nervaluate(documents: Sequence[Document], predictions: Sequence[Prediction]) -> Callable[[], Any]:
    """Its four strategies, overall and by label; its ends are inclusive."""
    from nervaluate import Evaluator

    def rows(spans: Sequence[Span]) -> list[dict[str, Any]]:
        return [{"label": span.label, "start": span.start, "end": span.end - 1} for span in spans]

    gold, predicted = [rows(document.spans) for document in documents], [rows(prediction.spans) for prediction in predictions]
    return lambda: Evaluator(gold, predicted, tags=list(LABELS.names), loader="dict").evaluate()


def by_seqeval(documents: Sequence[Document], predictions: Sequence[Prediction], tokens: Sequence[Tokens]) -> Callable[[], Any]:
    """Strict precision, recall and F1, micro."""
    from seqeval.metrics.v1 import precision_recall_fscore_support
    from seqeval.scheme import IOB2

    gold = [tags_of(document.spans, places) for document, places in zip(documents, tokens, strict=True)]
    predicted = [tags_of(prediction.spans, places) for prediction, places in zip(predictions, tokens, strict=True)]
    return lambda: precision_recall_fscore_support(gold, predicted, average="micro", scheme=IOB2)


def by_presidio(documents: Sequence[Document], predictions: Sequence[Prediction], tokens: Sequence[Tokens]) -> Callable[[], Any]:
    """By label, with exact boundaries and no skip words."""
    import pandas as pd
    from presidio_evaluator.evaluation import SpanEvaluator

    columns: dict[str, list[Any]] = {"sentence_id": [], "token": [], "start_indices": [], "annotation": [], "prediction": []}
    for number, (document, prediction, places) in enumerate(zip(documents, predictions, tokens, strict=True)):
        columns["sentence_id"] += [number] * len(places)
        columns["token"] += [document.text[start:end] for start, end in places]
        columns["start_indices"] += [start for start, _ in places]
        for column, spans in (("annotation", document.spans), ("prediction", prediction.spans)):
            columns[column] += [tag.removeprefix("B-").removeprefix("I-") for tag in tags_of(spans, places)]
    frame = pd.DataFrame(columns)
    evaluator = SpanEvaluator(iou_threshold=1.0, skip_words=[])
    return lambda: evaluator.calculate_score_on_df(frame, beta=1, level="entity")


def same_as_nervaluate(ours: Scores, theirs: dict[str, Any]) -> bool:
    """Counts of three strategies; of types it pairs first come, which differs where a span meets several."""
    return all(
        (one.correct, one.incorrect, one.partial, one.missing, one.spurious)
        == (their.correct, their.incorrect, their.partial, their.missed, their.spurious)
        for one, their in ((ours.semeval[name], theirs["overall"][name]) for name in ("strict", "exact", "partial"))
    )


def apart(documents: Sequence[Document], predictions: Sequence[Prediction], tokens: Sequence[Tokens]) -> list[int]:
    """Documents in which no span stands right behind another of its label: without B and I, those are one to Presidio."""

    def clear(spans: Sequence[Span], places: Tokens) -> bool:
        after = {end: start for (_, end), (start, _) in zip(places, islice(places, 1, None), strict=False)}
        return not any(after.get(left.end) == right.start and left.label == right.label for left, right in pairwise(spans))

    sides = zip(documents, predictions, tokens, strict=True)
    return [number for number, (gold, said, places) in enumerate(sides) if clear(gold.spans, places) and clear(said.spans, places)]


def same_as_presidio(documents: list[Document], predictions: list[Prediction], tokens: list[Tokens]) -> bool:
    """Spans found, gold and predicted, by label: that is true and false positives, and false negatives."""
    chosen = apart(documents, predictions, tokens)
    parts = [[side[number] for number in chosen] for side in (documents, predictions, tokens)]
    theirs, ours = by_presidio(*parts)().per_type, score(parts[0], parts[1], LABELS, resamples=0)
    for name, one in ours.per_label.items():
        found = round((one.recall or 0.0) * one.n)
        said = sum(span.label == name for prediction in parts[1] for span in prediction.spans)
        if (theirs[name].true_positives, theirs[name].num_annotated, theirs[name].num_predicted) != (found, one.n, said):
            return False
    return True


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", help="Presidio JSON, repeated until there are enough; without it, synthetic documents.")
    parser.add_argument("--quick", action="store_true", help="2,000 documents.")
    asked = parser.parse_args()
    count, times = (2_000, 3) if asked.quick else (20_000, 3)
    documents, predictions, tokens = corpus(asked.data, count)
    gold, said = sum(len(document.spans) for document in documents), sum(len(prediction.spans) for prediction in predictions)
    print(f"{count:,} documents, {gold:,} gold and {said:,} predicted spans", flush=True)

    ours = score(documents, predictions, LABELS, resamples=0)
    nervaluate, seqeval = by_nervaluate(documents, predictions), by_seqeval(documents, predictions, tokens)
    presidio = by_presidio(documents, predictions, tokens)
    checks = {
        "nervaluate": same_as_nervaluate(ours, nervaluate()),
        "seqeval": all(abs(one - their) < 1e-12 for one, their in zip((ours.precision, ours.recall, ours.f1), seqeval()[:3], strict=True)),
        "presidio": same_as_presidio(documents[:2000], predictions[:2000], tokens[:2000]),
    }
    print(f"the same figures: {checks}", flush=True)
    assert all(checks.values())

    taken = {"piispan, all measures": seconds(lambda: score(documents, predictions, LABELS, resamples=0), 2 * times + 1)}
    taken["piispan with 1,000 resamples"] = seconds(lambda: score(documents, predictions, LABELS), times)
    taken["seqeval, strict"] = seconds(seqeval, times)
    taken["nervaluate, four strategies"] = seconds(nervaluate, times)
    taken["SpanEvaluator"] = seconds(presidio, 1)
    import evaluate

    module = evaluate.load(path())
    rows = [[{"spans": [span.to_dict() for span in one.spans]} for one in side] for side in (documents, predictions)]
    taken["evaluate.load(...).compute"] = seconds(lambda: module.compute(predictions=rows[1], references=rows[0], resamples=0), times)
    for name, each in taken.items():
        print(f"  {name}: {each:.3f} s, {count / each:,.0f} documents/s", flush=True)
    own = taken["piispan, all measures"]
    result = {
        "ratio_nervaluate": round(taken["nervaluate, four strategies"] / own, 1),
        "ratio_presidio": round(taken["SpanEvaluator"] / own, 1),
        "ratio_seqeval": round(taken["seqeval, strict"] / own, 1),
        "identical": all(checks.values()),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
