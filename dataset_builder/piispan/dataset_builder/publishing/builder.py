"""The ``datasets`` builder: labelled documents of any layout as a data set, without a data folder between.

This module alone imports ``datasets`` at its top, because a builder is a subclass; ``piispan.dataset_builder`` imports it when it is
asked for ``PiispanBuilder``.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from os import PathLike, fspath
from typing import Any, get_args
from warnings import warn

from datasets import BuilderConfig, DatasetInfo, Features, GeneratorBasedBuilder, SplitGenerator, Version
from datasets.builder import Key

from piispan.core import (
    FORMATS,
    DataError,
    Document,
    LabelSet,
    OffsetUnit,
    PiispanWarning,
    Prompt,
    check_not_tested,
    get_format,
    make_prompt,
)
from piispan.dataset_builder.publishing.data_files import plain_paths, stamps_of_texts
from piispan.dataset_builder.publishing.data_rows import chat_row, row_features, span_row
from piispan.dataset_builder.publishing.source_hash import source_hash
from piispan.dataset_builder.reading.label_maps import load_label_map
from piispan.dataset_builder.reading.readers import NoDocumentsError, OnError, Reader, iter_documents, read_documents
from piispan.dataset_builder.reading.reports import ReadReport
from piispan.dataset_builder.reading.rows import Ends, Reading

__all__ = ["PiispanBuilder", "PiispanConfig"]

_VERSION = Version("1.0.0")
"""Of the columns: it changes when they do."""


@dataclass
class PiispanConfig(BuilderConfig):
    """How the data files are read, and what is asked of the model; see ``iter_documents`` and ``make_prompt``.

    Args:
        labels: Label set, by name or as a YAML file; every label must be in it once it is mapped.
        prompt_style: A name of ``STYLES``, or the path of a template; without meaning for ``spans``, as are ``examples``.
        examples: File of worked examples for the prompt.
        reader: Layout of the files.
        label_map: Labels of the files by those wanted, or a YAML file of them.
        offsets: What offsets count.
        ends: Whether ends are exclusive.
        on_error: ``skip`` leaves out rows that cannot be read, and warns with their number.
        group_field: Key of a row's group, where it is not ``group``.
        text_field: Key of a row's text, where the layout leaves it open.
    """

    labels: str | PathLike[str] = "presidio"
    prompt_style: str | PathLike[str] = "plain"
    examples: str | PathLike[str] | None = None
    reader: Reader = "auto"
    label_map: str | PathLike[str] | Mapping[str, str | None] | None = None
    offsets: OffsetUnit = "code_points"
    ends: Ends = "exclusive"
    on_error: OnError = "error"
    group_field: str | None = None
    text_field: str | None = None

    def create_config_id(self, config_kwargs: dict[str, Any], custom_features: Features | None = None) -> str:
        """The config's name in the cache: another one when a label set, map, template or example has changed under the same name."""
        own = {field.name: getattr(self, field.name) for field in fields(PiispanConfig)}
        known, prompt = self.label_set(), self.prompt()
        read = {
            **config_kwargs,
            **{name: value for name, value in own.items() if name not in _OF_DATASETS},
            **dict.fromkeys(_OF_PROMPT),
            "labels": [known.name, known.hash],
            "label_map": sorted(self.mapping().items()),
            "prompt": prompt and prompt.fingerprint,
            "beside": stamps_of_texts(self.data_files or {}),
        }
        identifier: str = super().create_config_id(read, custom_features)
        return identifier

    def label_set(self) -> LabelSet:
        """The label set.

        Raises:
            LabelError: If there is no such set or file.
        """
        return LabelSet.load(fspath(self.labels))

    def mapping(self) -> Mapping[str, str | None]:
        """The label map; empty when there is none.

        Raises:
            DataError: If its file is no such map.
        """
        if self.label_map is None:
            return {}
        if not isinstance(self.label_map, Mapping):
            return load_label_map(fspath(self.label_map))
        if not all(isinstance(name, str) for name in self.label_map) or not all(
            name is None or isinstance(name, str) for name in self.label_map.values()
        ):
            raise DataError("label_map: must map labels, which are strings, to labels or None")
        return self.label_map

    def check(self) -> None:
        """Look at every option, before a file is read.

        Raises:
            DataError: If one is not of those known.
            LabelError: If there is no such label set.
            FormatError: If there is no such prompt style.
        """
        if self.reader not in get_args(Reader) or self.on_error not in get_args(OnError):
            raise DataError(f"reader must be {', '.join(get_args(Reader))} and on_error error or skip")
        Reading(self.label_set(), self.mapping(), self.offsets, self.ends)
        self.prompt()

    def prompt(self) -> Prompt | None:
        """What the rows ask of the model; ``None`` for ``spans``.

        Raises:
            FormatError: If there is no such style.
        """
        if self.name == "spans":
            return None
        labels = self.label_set()
        shown = None if self.examples is None else read_documents(fspath(self.examples), labels=labels)[0]
        return make_prompt(fspath(self.prompt_style), labels, get_format(self.name), shown)


_OF_PROMPT = ("prompt_style", "examples")
"""What the prompt's fingerprint stands for."""
_OF_DATASETS = frozenset(field.name for field in fields(BuilderConfig))


class PiispanBuilder(GeneratorBasedBuilder):
    """Labelled documents as rows of ``datasets``: configs ``spans`` (default), and one for each output format.

    ::

        builder = PiispanBuilder(config_name="tagged", data_files={"train": "notes/*.jsonl"})
        builder.download_and_prepare(num_proc=2)
        data = builder.as_dataset(split="train")
        rows = builder.as_streaming_dataset(split="train")

    The columns are those of a data folder. The cache follows the data files, the options, and the code of this package. Each file is
    one shard. Ids must differ within a file; across files nobody checks.

    Args:
        cache_dir: Where Arrow files are kept; by default where ``datasets`` keeps them.
        dataset_name: Name of the data set in the cache.
        config_name: ``spans``, ``tagged``, ``json``, ``json_values`` or ``bio``.
        hash: State of the code.
        data_files: Paths or globs: one, a list, or a dict of them by split. Local ones only.
        options: What else ``DatasetBuilder`` takes, and the fields of ``PiispanConfig``.

    Raises:
        DataError: If there are no data files, or one is not local. Bad rows raise it while rows are made, with file and row;
            ``datasets`` wraps it in its ``DatasetGenerationError`` when it does not stream.
    """

    VERSION = _VERSION
    BUILDER_CONFIG_CLASS = PiispanConfig
    BUILDER_CONFIGS = [PiispanConfig(name=name, version=_VERSION) for name in ("spans", *FORMATS)]  # noqa: RUF012 -- as datasets has it
    DEFAULT_CONFIG_NAME = "spans"

    def __init__(
        self,
        cache_dir: str | None = None,
        dataset_name: str | None = None,
        config_name: str | None = None,
        hash: str | None = None,  # noqa: A002
        *,
        data_files: Any = None,
        **options: Any,
    ) -> None:
        name, state = dataset_name or "piispan", hash or source_hash()
        super().__init__(cache_dir, name, config_name, state, data_files=plain_paths(data_files), **options)

    def _info(self) -> DatasetInfo:
        config = self._config()
        files = [file for of_split in (config.data_files or {}).values() for file in of_split]
        if not files:
            raise DataError('data_files: needs the files to read, such as data_files="notes/*.jsonl"')
        if any("://" in file for file in files):
            raise DataError("data_files: must be local; download them first, or open a data folder on the Hub with load_dataset")
        config.check()
        return DatasetInfo(features=row_features(chat=config.name != "spans"))

    def _config(self) -> PiispanConfig:
        assert isinstance(self.config, PiispanConfig)  # noqa: S101 -- its type is BuilderConfig for every builder
        return self.config

    def _split_generators(self, dl_manager: object) -> list[SplitGenerator]:  # noqa: ARG002 -- nothing is downloaded
        data_files = self._config().data_files or {}
        wanted = {name: {"files": list(files), "tested": str(name) == "test"} for name, files in data_files.items()}
        return [SplitGenerator(name=name, gen_kwargs=of_split) for name, of_split in wanted.items()]

    def _generate_shards(self, **of_split: Any) -> Iterator[str]:
        yield from of_split["files"]

    def _generate_examples(self, **of_split: Any) -> Iterator[tuple[Key, dict[str, object]]]:
        config, files = self._config(), of_split["files"]
        prompt, labels, label_map = config.prompt(), config.label_set(), config.mapping()
        unwritable: Counter[str] = Counter()
        reports = [ReadReport() for _ in files]
        try:
            for shard, (file, report) in enumerate(zip(files, reports, strict=True)):
                documents = iter_documents(
                    file,
                    reader=config.reader,
                    labels=labels,
                    label_map=label_map,
                    offsets=config.offsets,
                    ends=config.ends,
                    on_error=config.on_error,
                    group_field=config.group_field,
                    text_field=config.text_field,
                    report=report,
                )
                for number, document in enumerate(_whatever_there_is(documents, file, report, config.on_error)):
                    if prompt is not None and of_split["tested"]:
                        check_not_tested(prompt.examples, [document])
                    lost = [] if prompt is None else prompt.format.unwritable(document)
                    unwritable.update(span.label for span in lost)
                    row = span_row(document) if prompt is None else chat_row(prompt, document, lost)
                    yield Key(shard, number), row
        finally:
            _warn_of_losses(config.name, unwritable, dict(zip(files, reports, strict=True)))


def _whatever_there_is(documents: Iterator[Document], file: str, report: ReadReport, on_error: OnError) -> Iterator[Document]:
    """The documents; where bad rows are left out, a file may have no other."""
    try:
        yield from documents
    except NoDocumentsError:
        if on_error == "error":
            raise
        if not report.rejects:
            warn(f"{file}: no documents in the file", PiispanWarning, stacklevel=3)


def _warn_of_losses(config: str, unwritable: Mapping[str, int], reports: Mapping[str, ReadReport]) -> None:
    if unwritable:
        counts = ", ".join(f"{count} {label}" for label, count in sorted(unwritable.items()))
        warn(f"{config} cannot write {sum(unwritable.values())} spans; they are left out: {counts}", PiispanWarning, stacklevel=3)
    rejects = [f"{file}, {reject}" for file, report in reports.items() for reject in report.rejects]
    if rejects:
        warn(f"rows left out that cannot be read: {len(rejects)}; the first is {rejects[0]}", PiispanWarning, stacklevel=3)
