"""Guesses that make verbatim decoding faster: spans that Presidio finds without the fine-tuned model."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from piispan.core import LabelSet, Span, require_extra
from piispan.tagger.redaction.covering import without_overlap

if TYPE_CHECKING:
    from presidio_analyzer import AnalyzerEngine, RecognizerResult

__all__ = ["PatternGuess", "PresidioGuess", "labels_by_entity"]

_LABELS_OF_ENTITIES = {"LOCATION": "GPE", "URL": "DOMAIN_NAME"}
"""What Presidio's entities are called in the label set ``presidio``, where the names differ."""


class PatternGuess:
    """What the pattern recognisers of presidio-analyzer find: cards, IBANs, e-mail and IP addresses, dates, ...

    A guess is put to the model with the text; where it is wrong, the answer is what it would have been without. Made for
    ``Tagger.from_pretrained(adapter, guess=PatternGuess(labels))``.

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
        self._names, self._least_score = labels_by_entity(labels, names), least_score

    def __call__(self, text: str) -> list[Span]:
        """The spans found, flat, sorted and without white space at their edges."""
        found = [result for one in self._recognisers for result in one.analyze(text, one.supported_entities, None)]
        return _flat_spans(text, found, self._names, self._least_score)


class PresidioGuess:
    """What a whole ``AnalyzerEngine`` finds: patterns, telephone numbers, and what its NLP model or your own recognisers add.

    Made for ``Tagger.from_pretrained(adapter, guess=PresidioGuess(labels, analyzer=your_analyzer))``: what Presidio is right about is
    then decided in fewer passes, and what it is wrong about is decided as without it.

    Args:
        labels: The decoder's label set.
        analyzer: Your engine. By default one of Presidio's predefined recognisers without an NLP model, which loads nothing: it raises no
            score by the words around a value, and finds no names.
        names: Label by Presidio's entity type, where the two differ; other entities must be named as a label is, or are left out.
        least_score: Presidio's confidence from which a result counts, in [0, 1].
        language: ISO 639 code of the texts, one that the engine supports.

    Raises:
        MissingExtraError: If the ``presidio`` extra is not installed.
        ValueError: If the engine does not support the language.
    """

    def __init__(
        self,
        labels: LabelSet,
        *,
        analyzer: "AnalyzerEngine | None" = None,
        names: Mapping[str, str] | None = None,
        least_score: float = 0.4,
        language: str = "en",
    ) -> None:
        require_extra("presidio", "presidio_analyzer")
        self._analyzer = _analyzer_without_model(language) if analyzer is None else analyzer
        if language not in self._analyzer.supported_languages:
            known = ", ".join(self._analyzer.supported_languages)
            raise ValueError(f"the analyzer does not support the language {language!r}; it supports: {known}")
        self._names, self._least_score, self._language = labels_by_entity(labels, names), least_score, language

    def __call__(self, text: str) -> list[Span]:
        """The spans found, flat, sorted and without white space at their edges."""
        # Presidio warns of every entity that it is asked for and does not know.
        entities = sorted(self._names.keys() & set(self._analyzer.get_supported_entities(self._language)))
        if not entities:
            return []
        found = self._analyzer.analyze(text, self._language, entities=entities, score_threshold=self._least_score)
        return _flat_spans(text, found, self._names, self._least_score)


def _analyzer_without_model(language: str) -> "AnalyzerEngine":
    from presidio_analyzer import AnalyzerEngine
    from presidio_analyzer.nlp_engine import NoOpNlpEngine

    engine = NoOpNlpEngine(models=[{"lang_code": language, "model_name": ""}])
    return AnalyzerEngine(nlp_engine=engine, supported_languages=[language])


def labels_by_entity(labels: LabelSet, names: Mapping[str, str] | None = None) -> dict[str, str]:
    """The labels of the set, by the entity types of Presidio that stand for them.

    Args:
        labels: The label set.
        names: Label by entity type, where the two differ; before that of the name, or of what the label set ``presidio`` calls it.
    """
    known = {**_LABELS_OF_ENTITIES, **{name: name for name in labels.names}, **(names or {})}
    return {entity: label for entity, label in known.items() if label in labels}


def _flat_spans(text: str, results: "Iterable[RecognizerResult]", names: Mapping[str, str], least_score: float) -> list[Span]:
    """Presidio's results of at least this score as spans: flat, sorted, without white space at their edges.

    Results that overlap become one span under the label of the longest, of equally long ones under that of the best score.
    """
    counted = [found for found in sorted(results, key=lambda result: -result.score) if found.score >= least_score]
    spans = [Span.trimmed(text, found.start, found.end, names[found.entity_type]) for found in counted if found.entity_type in names]
    return without_overlap([span for span in spans if span])
