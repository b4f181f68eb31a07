"""The tags of a token classifier stand for the spans that they were made of."""

from pathlib import Path

from piispan.core import Span
from piispan.dataset_builder import synthesise
from piispan.runs.settings import TrainSettings
from piispan.runs.study.token_classifier import TokenClassifier
from tests.tiny import tiny_llama, tiny_tokenizer


def test_spans_come_back_from_their_tags(tmp_path: Path) -> None:
    tiny_llama().float().save_pretrained(tmp_path)
    tiny_tokenizer().save_pretrained(tmp_path)
    classifier = TokenClassifier(TrainSettings(model=str(tmp_path), lora_rank=2))
    whole, every = 0, 0
    for document in synthesise(30, seed=5):
        places = classifier._encoded(document.text)["offset_mapping"]
        tags = [classifier._tags[tag] for tag in classifier._row(document)["labels"]]
        found = classifier._spans(document.text, tags, places)
        tokens = [token for start, end in places if (token := Span.trimmed(document.text, start, end, "O"))]
        edges = {edge for token in tokens for edge in (token.start, token.end)}
        by_tokens = [span for span in document.spans if {span.start, span.end} <= edges]
        assert set(by_tokens) <= set(found)
        assert len(found) == len(document.spans)
        whole, every = whole + len(by_tokens), every + len(document.spans)
    assert whole > 0.9 * every > 50


def test_tags_are_read_as_spans_without_the_white_space_at_their_edges() -> None:
    tags = ["B-AGE", "I-AGE", "B-AGE", "I-TITLE", "O", "I-TITLE", "I-TITLE", "I-TITLE"]
    places = [(0, 2), (2, 4), (4, 6), (6, 8), (8, 9), (9, 11), (11, 11), (11, 13)]
    spans = TokenClassifier._spans("abcdefghi klm", tags, places)
    assert spans == (Span(0, 4, "AGE"), Span(4, 6, "AGE"), Span(6, 8, "TITLE"), Span(10, 11, "TITLE"), Span(11, 13, "TITLE"))
