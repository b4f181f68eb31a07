"""The YAML block at the head of a card: what the Hub indexes and leaderboards read."""

import re
from typing import TYPE_CHECKING

from piispan.model_card.facts import CardFacts
from piispan.model_card.rows import FINDING, HALLUCINATION

if TYPE_CHECKING:
    from huggingface_hub import EvalResult, ModelCardData

__all__ = ["card_data", "eval_results", "hub_base_model"]

# The adapter is loaded by AutoPeftModelForCausalLM. With pipeline_tag token-classification the Hub's own snippet,
# pipeline("token-classification"), would put a fresh random head on the base and tag nonsense; so the pipeline is
# text-generation, and the task is named where it does no harm: in the tags and in the model-index.
_PIPELINE = "text-generation"
_TASK = "token-classification"
_TAGS = ["piispan", "pii", "de-identification", "named-entity-recognition", _TASK, "lora"]

# The Hub refuses a model-index whose data set type is not of this form.
_NOT_IN_TYPE = re.compile(r"[^A-Za-z0-9._-]+")


def card_data(facts: CardFacts) -> "ModelCardData":
    """The metadata of a card; ``model-index`` is always there."""
    from huggingface_hub import ModelCardData

    base = hub_base_model(facts)
    return ModelCardData(
        language=list(facts.languages),
        license=facts.base_licence,
        base_model=base,
        base_model_relation=("finetune" if facts.sidecar.merged else "adapter") if base else None,
        library_name="transformers" if facts.sidecar.merged else "peft",
        pipeline_tag=_PIPELINE,
        tags=list(_TAGS),
        datasets=[facts.data.hub_id] if facts.data.hub_id else None,
        metrics=["precision", "recall", "f1"],
        model_name=facts.model_name,
        eval_results=eval_results(facts),
    )


def eval_results(facts: CardFacts) -> "list[EvalResult]":
    """The adapter's measured shares as plain floats between 0 and 1; figures that are ``None`` are left out."""
    from huggingface_hub import EvalResult

    measured, data = facts.measured_after, facts.data
    titles = FINDING | HALLUCINATION
    return [
        EvalResult(
            task_type=_TASK,
            task_name="PII tagging",
            dataset_type=data.hub_id or _NOT_IN_TYPE.sub("-", data.name).strip("-") or "unnamed",
            dataset_name=data.name,
            dataset_split=data.split,
            dataset_revision=data.revision,
            metric_type=key,
            metric_name=titles[key],
            metric_value=figure,
            metric_config=measured.signature,
        )
        for key in titles
        if (figure := measured.figures[key]) is not None
    ]


def hub_base_model(facts: CardFacts) -> str | None:
    """The base model's Hub id, or ``None`` for a local base of which nobody said which revision it is: its name may be a folder's."""
    sidecar = facts.sidecar
    return None if sidecar.base_weights == "local" and sidecar.base_revision is None else sidecar.base_model
