"""A fine-tuned adapter as a recogniser of presidio-analyzer.

    from presidio_analyzer import AnalyzerEngine
    from presidio_analyzer.nlp_engine import NoOpNlpEngine
    from piispan.tagger import PiispanRecognizer

    analyzer = AnalyzerEngine(nlp_engine=NoOpNlpEngine(models=[{"lang_code": "en", "model_name": ""}]))
    analyzer.registry.add_recognizer(PiispanRecognizer.from_pretrained("out/adapter"))
    results = analyzer.analyze("Ada lives in Rome.", language="en")

The recogniser needs no tokens, lemmas or entities of an NLP engine, so the engine without a model, as above, will do: it downloads
nothing. Presidio's own recognisers work beside it, but without the words around a value to raise their scores, and without their own
model's names. An ``AnalyzerEngine()`` with its spaCy model works as well. Import the class from ``piispan.tagger``: that names the extra
where presidio-analyzer is missing.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from presidio_analyzer import AnalysisExplanation, EntityRecognizer, RecognizerResult

from piispan.core import RedactionError, Span
from piispan.tagger.redaction.redactor import TextTagger
from piispan.tagger.tagged_text import UNFAITHFUL
from piispan.tagger.tagger import Tagger

if TYPE_CHECKING:
    from presidio_analyzer.nlp_engine import NlpArtifacts

__all__ = ["DEFAULT_SCORE", "PiispanRecognizer"]

DEFAULT_SCORE = 0.85
"""Score of a span that comes without one: what Presidio gives to entities of models that tell none (``NerModelConfiguration``)."""

_LEAST_SCORE = 1e-6
"""``EntityRecognizer.remove_duplicates`` drops results of score zero, and a span that was found must not vanish for its rounding."""


class PiispanRecognizer(EntityRecognizer):
    """Finds what a fine-tuned tagger finds, for ``AnalyzerEngine``, ``BatchAnalyzerEngine`` and, behind them, ``AnonymizerEngine``.

    A result's score is that of the span: with verbatim decoding, the probability of its opening tag. A ``score_threshold`` therefore drops
    what the tagger is unsure of, and recall with it.

    Presidio asks for one text at a time. To redact a corpus, ``Redactor`` decodes many texts together and is faster.

    Args:
        tagger: A ``Tagger``, or anything of its shape. Several recognisers, one for each language, may share one.
        names: Presidio's entity type by label, where it should not be the label's name: ``{"GPE": "LOCATION"}``. Several labels may have
            one entity type.
        supported_language: ISO 639 code of the language for which Presidio asks this recogniser; the tagger itself is not told.
        default_score: Score of a span without one, in (0, 1].

    Raises:
        LabelError: If ``names`` has a label that the tagger does not know.
        ValueError: If ``default_score`` is out of range.
    """

    name: str

    def __init__(
        self,
        tagger: TextTagger,
        *,
        names: Mapping[str, str] | None = None,
        supported_language: str = "en",
        default_score: float = DEFAULT_SCORE,
    ) -> None:
        if not 0 < default_score <= 1:
            raise ValueError(f"default_score must be above 0 and at most 1, was: {default_score}")
        for label in names or {}:
            tagger.labels.require(label, "names: ")
        self.tagger, self.default_score = tagger, default_score
        self._entities = {label: (names or {}).get(label, label) for label in tagger.labels.names}
        super().__init__(list(dict.fromkeys(self._entities.values())), supported_language=supported_language)

    @classmethod
    def from_pretrained(
        cls,
        name: str | Path,
        *,
        names: Mapping[str, str] | None = None,
        supported_language: str = "en",
        operating_point: bool = False,
        device: str | None = None,
        revision: str | None = None,
        base: str | Path | None = None,
    ) -> "PiispanRecognizer":
        """A recogniser from an adapter with its ``piispan.json``.

        For other settings of the tagger, write ``PiispanRecognizer(Tagger.from_pretrained(...))``.

        Args:
            name: Folder or Hub id of the adapter.
            names: Presidio's entity type by label, where the two differ.
            supported_language: ISO 639 code of the language for which Presidio asks this recogniser.
            operating_point: Use the tag bias that was calibrated for this adapter.
            device: ``None`` takes CUDA or MPS when there, else the CPU.
            revision: Commit, branch or tag of ``name`` on the Hub.
            base: Folder or Hub id of the adapter's base; needed when it was trained on a local folder.

        Raises:
            PiispanError: As ``Tagger.from_pretrained`` does: a model that cannot be loaded, a sidecar that cannot be honoured.
            LabelError: If ``names`` has a label that the adapter does not know.
        """
        tagger = Tagger.from_pretrained(name, operating_point=operating_point, device=device, revision=revision, base=base)
        return cls(tagger, names=names, supported_language=supported_language)

    def load(self) -> None:
        """Nothing: the tagger is loaded already. Presidio calls it."""

    def analyze(
        self,
        text: str,
        entities: list[str] | None = None,
        nlp_artifacts: "NlpArtifacts | None" = None,  # noqa: ARG002  (Presidio passes it)
    ) -> list[RecognizerResult]:
        """The text's spans whose entity types are in ``entities``, in the text's order.

        Args:
            text: The text.
            entities: Presidio's entity types that are asked for; all for ``None``.
            nlp_artifacts: Not needed.

        Raises:
            RedactionError: If the answer was cut, malformed or untrue to the text (plain generation only). A span may then be missing,
                and Presidio's results have no place to say so.
            DocumentError: If the text holds a lone surrogate.
        """
        (tagged,) = self.tagger.stream([text])
        if not tagged.faithful:
            raise RedactionError(f"a text of {len(text)} characters: {UNFAITHFUL}; use the decoder 'verbatim'")
        found = [self._result(span) for span in tagged.spans]
        return found if entities is None else [result for result in found if result.entity_type in entities]

    def _result(self, span: Span) -> RecognizerResult:
        score = self.default_score if span.score is None else max(span.score, _LEAST_SCORE)
        return RecognizerResult(
            self._entities[span.label],
            span.start,
            span.end,
            score,
            AnalysisExplanation(self.name, score, textual_explanation=f"Tagged as {span.label} by a fine-tuned chat model"),
            {RecognizerResult.RECOGNIZER_NAME_KEY: self.name, RecognizerResult.RECOGNIZER_IDENTIFIER_KEY: self.id},
        )
