"""The types every room speaks: spans, documents, labels, errors, output formats, prompts, the sidecar."""

from piispan.core.adapter_files import (
    ADAPTER_CONFIG,
    ADAPTER_WEIGHTS,
    CARD_FACTS,
    check_adapter_files,
    files_sha256,
    is_read,
    read_adapter_config,
    sha256_of_files,
)
from piispan.core.architecture import attention_windows, context_length, exchange_attention, forgets_no_keys, refuse_packed_row
from piispan.core.chat import ChatTokenizer, common_prefix, encode_chat, end_of_turn
from piispan.core.chat_batches import encode_chats
from piispan.core.errors import (
    CalibrationError,
    CoverageError,
    DataError,
    DocumentError,
    FormatError,
    LabelError,
    MissingExtraError,
    ModelError,
    PiispanError,
    PiispanWarning,
    RedactionError,
    SidecarError,
    SpanError,
    TooLongError,
)
from piispan.core.extras import require_extra
from piispan.core.files import replacing, replacing_folder
from piispan.core.formats import FORMATS, Mention, OutputFormat, Parsed, Problem, get_format
from piispan.core.hub import hub_errors, hub_reason
from piispan.core.labels import SAFE_HARBOR_CATEGORIES, Label, LabelSet
from piispan.core.lazy import lazy_names
from piispan.core.licences import is_licence_id
from piispan.core.messages import Message, Row
from piispan.core.offsets import OffsetUnit, code_points_at
from piispan.core.predictions import Prediction, read_predictions, write_predictions
from piispan.core.prompts import OWN_STYLE, STYLES, Prompt, is_style, make_prompt
from piispan.core.quantization import NF4, Quantization
from piispan.core.sidecar import HUB_ID, SIDECAR_NAME, BaseWeights, LabelSampling, Loss, Sidecar, TagPlacement, TagTokens, Tokenisation
from piispan.core.spans import Document, Span
from piispan.core.words import TOKEN, WORD
from piispan.core.worked_examples import check_not_tested, choose_examples, shipped_examples
from piispan.core.yaml_files import read_yaml

__all__ = [
    "ADAPTER_CONFIG",
    "ADAPTER_WEIGHTS",
    "CARD_FACTS",
    "FORMATS",
    "HUB_ID",
    "NF4",
    "OWN_STYLE",
    "SAFE_HARBOR_CATEGORIES",
    "SIDECAR_NAME",
    "STYLES",
    "TOKEN",
    "WORD",
    "BaseWeights",
    "CalibrationError",
    "ChatTokenizer",
    "CoverageError",
    "DataError",
    "Document",
    "DocumentError",
    "FormatError",
    "Label",
    "LabelError",
    "LabelSampling",
    "LabelSet",
    "Loss",
    "Mention",
    "Message",
    "MissingExtraError",
    "ModelError",
    "OffsetUnit",
    "OutputFormat",
    "Parsed",
    "PiispanError",
    "PiispanWarning",
    "Prediction",
    "Problem",
    "Prompt",
    "Quantization",
    "RedactionError",
    "Row",
    "Sidecar",
    "SidecarError",
    "Span",
    "SpanError",
    "TagPlacement",
    "TagTokens",
    "Tokenisation",
    "TooLongError",
    "attention_windows",
    "check_adapter_files",
    "check_not_tested",
    "choose_examples",
    "code_points_at",
    "common_prefix",
    "context_length",
    "encode_chat",
    "encode_chats",
    "end_of_turn",
    "exchange_attention",
    "files_sha256",
    "forgets_no_keys",
    "get_format",
    "hub_errors",
    "hub_reason",
    "is_licence_id",
    "is_read",
    "is_style",
    "lazy_names",
    "make_prompt",
    "read_adapter_config",
    "read_predictions",
    "read_yaml",
    "refuse_packed_row",
    "replacing",
    "replacing_folder",
    "require_extra",
    "sha256_of_files",
    "shipped_examples",
    "write_predictions",
]
