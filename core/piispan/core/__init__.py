"""The types every room speaks: spans, documents, labels, errors, output formats, prompts, the sidecar."""

from piispan.core.errors import (
    DataError,
    DocumentError,
    FormatError,
    LabelError,
    MissingExtraError,
    ModelError,
    PiispanError,
    SidecarError,
    SpanError,
    TooLongError,
)
from piispan.core.formats.base import Mention, OutputFormat, Parsed, Problem
from piispan.core.labels import SAFE_HARBOR_CATEGORIES, Label, LabelSet
from piispan.core.predictions import Prediction, read_predictions, write_predictions
from piispan.core.sidecar import SIDECAR_NAME, Sidecar
from piispan.core.spans import Document, Span

__all__ = [
    "SAFE_HARBOR_CATEGORIES",
    "SIDECAR_NAME",
    "DataError",
    "Document",
    "DocumentError",
    "FormatError",
    "Label",
    "LabelError",
    "LabelSet",
    "Mention",
    "MissingExtraError",
    "ModelError",
    "OutputFormat",
    "Parsed",
    "PiispanError",
    "Prediction",
    "Problem",
    "Sidecar",
    "SidecarError",
    "Span",
    "SpanError",
    "TooLongError",
    "read_predictions",
    "write_predictions",
]
