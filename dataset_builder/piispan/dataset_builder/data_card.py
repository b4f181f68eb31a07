"""The README of a data folder: front matter that ``load_dataset`` reads, and a dataset card from typed facts."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files

import yaml

from piispan.core import LabelSet

__all__ = ["MARKER", "CardFacts", "front_matter", "render_card"]

MARKER = "piispan"
"""Key of the front matter by which a folder is known as an export."""


@dataclass(frozen=True, slots=True)
class CardFacts:
    """What a dataset card says.

    Args:
        title: Name of the data set.
        labels: The label set.
        style: Prompt style of the rendered rows.
        digests: SHA-256 of each config's rows, by its name: ``spans``, and the output formats.
        documents: Documents of each part, in order.
        support: Spans of each label, by part.
        unwritable: Spans that a format cannot write, by format and label.
        licence: Identifier of the licence, as the Hub spells it (``cc0-1.0``), or ``None``.
        how_made: Where the documents come from; Markdown.
    """

    title: str
    labels: LabelSet
    style: str
    digests: Mapping[str, str]
    documents: Mapping[str, int]
    support: Mapping[str, Mapping[str, int]]
    unwritable: Mapping[str, Mapping[str, int]]
    licence: str | None
    how_made: str

    @property
    def formats(self) -> tuple[str, ...]:
        """The output formats that have a config."""
        return tuple(name for name in self.digests if name != "spans")


def render_card(facts: CardFacts) -> str:
    """The whole README, front matter first; the same text for the same facts."""
    from jinja2 import Environment, StrictUndefined

    parts = list(facts.documents)
    configs: list[dict[str, object]] = []
    for name, digest in facts.digests.items():
        data_files = [{"split": part, "path": f"{name}/{part}-*.parquet"} for part in parts]
        # datasets keys its cache by a config's fields and not by its files, and would serve the rows of an older export.
        config: dict[str, object] = {"config_name": name, "data_files": data_files, "description": f"SHA-256 of the rows: {digest}"}
        configs.append(config | ({"default": True} if name == "spans" else {}))
    head: dict[str, object] = {"license": facts.licence} if facts.licence else {}
    head |= {"task_categories": ["token-classification", "text-generation"], "tags": ["pii", "de-identification", "piispan"]}
    head |= {"configs": configs, MARKER: {"labels": facts.labels.name, "labels_hash": facts.labels.hash, "style": facts.style}}
    template = (files("piispan.dataset_builder") / "data_card.md.jinja").read_text("utf-8")
    # Markdown, not HTML: nothing is escaped.
    environment = Environment(undefined=StrictUndefined, autoescape=False, keep_trailing_newline=True)  # noqa: S701
    body = environment.from_string(template).render(facts=facts)
    return f"---\n{yaml.safe_dump(head, sort_keys=False)}---\n\n{body}"


def front_matter(readme: str) -> Mapping[str, object]:
    """The YAML at the head of a README; empty when there is none, or none that can be read."""
    opening, _, rest = readme.partition("---\n")
    head, closing, _ = rest.partition("\n---")
    if opening or not closing:
        return {}
    try:
        found = yaml.safe_load(head)
    except yaml.YAMLError:
        return {}
    return found if isinstance(found, dict) else {}
