"""The README of a data folder: front matter that ``load_dataset`` reads, and a dataset card from typed facts."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files

import yaml

from piispan.core import LabelSet
from piispan.dataset_builder.publishing.data_rows import row_features
from piispan.dataset_builder.publishing.stated import Stated, language_names
from piispan.dataset_builder.reading.folders import MARKER
from piispan.dataset_builder.splitting.leaks import LeakReport

__all__ = ["CardFacts", "render_card", "size_category"]


@dataclass(frozen=True, slots=True)
class CardFacts:
    """What a dataset card says.

    Args:
        folder: Name of the folder.
        labels: The label set.
        style: Prompt style of the rendered rows.
        digests: SHA-256 of each config's rows, by its name: ``spans``, and the output formats.
        sizes: Bytes of each config's part in memory, by both names.
        documents: Documents of each part, in order.
        support: Spans of each label, by part.
        unwritable: Spans that a format cannot write, by format and label.
        provenance: Documents by how they were made, as each says itself.
        leaks: What of the test stands in training.
        stated: What the user states.
    """

    folder: str
    labels: LabelSet
    style: str
    digests: Mapping[str, str]
    sizes: Mapping[tuple[str, str], int]
    documents: Mapping[str, int]
    support: Mapping[str, Mapping[str, int]]
    unwritable: Mapping[str, Mapping[str, int]]
    provenance: Mapping[str, int]
    leaks: LeakReport
    stated: Stated

    @property
    def title(self) -> str:
        """The name for people."""
        return self.stated.title or self.folder

    @property
    def formats(self) -> tuple[str, ...]:
        """The output formats that have a config."""
        return tuple(name for name in self.digests if name != "spans")

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages by name and code: ``English (en)``."""
        return tuple(f"{language_names()[code]} ({code})" for code in self.stated.languages)


def render_card(facts: CardFacts) -> str:
    """The whole README, front matter first; the same text for the same facts."""
    from jinja2 import Environment, StrictUndefined

    template = (files("piispan.dataset_builder.publishing") / "data_card.md.jinja").read_text("utf-8")
    # Markdown, not HTML: nothing is escaped.
    environment = Environment(undefined=StrictUndefined, autoescape=False, keep_trailing_newline=True)  # noqa: S701
    environment.filters["cell"] = _cell
    body = environment.from_string(template).render(facts=facts, stated=facts.stated, leaks=facts.leaks)
    return f"---\n{yaml.safe_dump(_head(facts), sort_keys=False, allow_unicode=True)}---\n\n{body}"


def _head(facts: CardFacts) -> dict[str, object]:
    stated = facts.stated
    head: dict[str, object] = {"pretty_name": facts.title}
    head |= {"language": list(stated.languages)} if stated.languages else {}
    head |= {"license": stated.licence} if stated.licence else {}
    head |= {"license_name": stated.licence_name} if stated.licence_name else {}
    head |= {"license_link": stated.licence_link} if stated.licence_link else {}
    head |= {"task_categories": ["token-classification", "text-generation"]}
    head |= {"tags": ["pii", "de-identification", "piispan", *(["synthetic"] if stated.synthetic else [])]}
    head |= {"size_categories": [size_category(sum(facts.documents.values()))]}
    head |= {"configs": [_config(facts, name) for name in facts.digests]}
    head |= {"dataset_info": [_info(facts, name) for name in facts.digests]}
    return head | {MARKER: {"labels": facts.labels.name, "labels_hash": facts.labels.hash, "style": facts.style}}


def _config(facts: CardFacts, name: str) -> dict[str, object]:
    data_files = [{"split": part, "path": f"{name}/{part}-*.parquet"} for part in facts.documents]
    # datasets keys its cache by a config's fields and not by its files, and would serve the rows of an older export.
    config: dict[str, object] = {"config_name": name, "data_files": data_files}
    config["description"] = f"SHA-256 of the rows: {facts.digests[name]}"
    return config | ({"default": True} if name == "spans" else {})


def _info(facts: CardFacts, name: str) -> dict[str, object]:
    """Columns and counts, which the Hub and ``load_dataset_builder`` show without reading a file."""
    from datasets import DatasetInfo
    from datasets.info import DatasetInfosDict
    from huggingface_hub import DatasetCardData

    card = DatasetCardData()
    DatasetInfosDict({name: DatasetInfo(features=row_features(chat=name != "spans"))}).to_dataset_card_data(card)
    features = yaml.safe_load(card.to_yaml())["dataset_info"]["features"]
    splits = [{"name": part, "num_bytes": facts.sizes[name, part], "num_examples": count} for part, count in facts.documents.items()]
    return {"config_name": name, "features": features, "splits": splits}


def size_category(rows: int) -> str:
    """The Hub's name for a data set of so many rows: ``1K<n<10K``."""
    bounds = {10**3: "1K", 10**4: "10K", 10**5: "100K", 10**6: "1M", 10**7: "10M", 10**8: "100M", 10**9: "1B"}
    below = "n"
    for bound, shown in bounds.items():
        if rows < bound:
            return f"{below}<{shown}" if below == "n" else f"{below}<n<{shown}"
        below = shown
    return "n>1B"


def _cell(text: str) -> str:
    """A line of text as it can stand in a table."""
    return " ".join(text.split()).replace("\\", "\\\\").replace("|", "\\|")
