"""Guesses that make verbatim decoding faster: spans that pattern recognisers find without a model."""

from collections.abc import Mapping

from piispan.core import LabelSet, Span, require_extra
from piispan.tagger.redaction.covering import without_overlap

__all__ = ["PatternGuess"]


class PatternGuess:
    """What the pattern recognisers of presidio-analyzer find: cards, IBANs, e-mail and IP addresses, phone numbers, dates, ...

    A guess is put to the model with the text; where it is wrong, the answer is what it would have been without. Made for
    ``VerbatimDecoder(guess=PatternGuess(labels))``.

    Args:
        labels: The decoder's label set.
        names: Label by Presidio's entity type, where the two differ; other entities must be named as a label is, or are left out.
        least_score: Presidio's confidence from which a pattern counts, in [0, 1].
        language: ISO 639 code of the recognisers.

    Raises:
        MissingExtraError: If the ``presidio`` extra is not installed.
    """

    def __init__(self, labels: LabelSet, *, names: Mapping[str, str] | None = None, least_score: float = 0.4, language: str = "en") -> None:
        require_extra("presidio", "presidio_analyzer")
        from presidio_analyzer import PatternRecognizer, RecognizerRegistry

        registry = RecognizerRegistry()
        registry.load_predefined_recognizers(languages=[language])
        self._recognisers = [recogniser for recogniser in registry.recognizers if isinstance(recogniser, PatternRecognizer)]
        self._names = {**{name: name for name in labels.names}, "URL": "DOMAIN_NAME", **(names or {})}
        self._labels, self._least_score = labels, least_score

    def __call__(self, text: str) -> list[Span]:
        """The spans found, flat, sorted and without white space at their edges."""
        spans = []
        for recogniser in self._recognisers:
            for found in recogniser.analyze(text, recogniser.supported_entities, None):
                label = self._names.get(found.entity_type)
                value = text[found.start : found.end]
                if label in self._labels and found.score >= self._least_score and value.strip():
                    start = found.start + len(value) - len(value.lstrip())
                    spans.append(Span(start, start + len(value.strip()), str(label)))
        return without_overlap(spans)
