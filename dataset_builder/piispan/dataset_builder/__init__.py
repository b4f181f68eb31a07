"""Labelled documents: read them, make synthetic ones, split them, write them as data folders for ``load_dataset``."""

from typing import TYPE_CHECKING, Any

from piispan.dataset_builder.partitions import Partition
from piispan.dataset_builder.publishing.export import Export, export_folder
from piispan.dataset_builder.publishing.export_files import ExportCard, changed_configs, export_card_faults, export_files, read_export_card
from piispan.dataset_builder.publishing.registration import RegistrationError, register
from piispan.dataset_builder.publishing.sample import export_sample, sample_split
from piispan.dataset_builder.publishing.stated import Stated
from piispan.dataset_builder.reading.json_files import json_line
from piispan.dataset_builder.reading.label_maps import load_label_map
from piispan.dataset_builder.reading.readers import OnError, Reader, iter_documents, iter_rows, json_lines, read_documents
from piispan.dataset_builder.reading.reports import ReadReport, Reject
from piispan.dataset_builder.reading.rows import Ends, Reading
from piispan.dataset_builder.reading.tokens import token_documents
from piispan.dataset_builder.splitting.leaks import LeakReport, leak_report
from piispan.dataset_builder.splitting.split_folders import (
    how_split,
    is_split_folder,
    note_split,
    read_part,
    read_split,
    split_files,
    warn_of_shared_texts,
)
from piispan.dataset_builder.splitting.splits import Split, SplitKind, fixed_split
from piispan.dataset_builder.splitting.stats import DataStats, data_stats, draw_stats
from piispan.dataset_builder.splitting.stratified import SplitBy, StratifiedSplit, split_documents
from piispan.dataset_builder.synthesis.documents import synthesise
from piispan.dataset_builder.synthesis.frames import settings
from piispan.dataset_builder.synthesis.labelling import default_labels, fitting_settings, known_labels
from piispan.dataset_builder.synthesis.remaking import not_synthesised
from piispan.dataset_builder.writers import write_jsonl

if TYPE_CHECKING:
    from piispan.dataset_builder.publishing.builder import PiispanBuilder, PiispanConfig

__all__ = [
    "DataStats",
    "Ends",
    "Export",
    "ExportCard",
    "LeakReport",
    "OnError",
    "Partition",
    "PiispanBuilder",
    "PiispanConfig",
    "ReadReport",
    "Reader",
    "Reading",
    "RegistrationError",
    "Reject",
    "Split",
    "SplitBy",
    "SplitKind",
    "Stated",
    "StratifiedSplit",
    "changed_configs",
    "data_stats",
    "default_labels",
    "draw_stats",
    "export_card_faults",
    "export_files",
    "export_folder",
    "export_sample",
    "fitting_settings",
    "fixed_split",
    "how_split",
    "is_split_folder",
    "iter_documents",
    "iter_rows",
    "json_line",
    "json_lines",
    "known_labels",
    "leak_report",
    "load_label_map",
    "not_synthesised",
    "note_split",
    "read_documents",
    "read_export_card",
    "read_part",
    "read_split",
    "register",
    "sample_split",
    "settings",
    "split_documents",
    "split_files",
    "synthesise",
    "token_documents",
    "warn_of_shared_texts",
    "write_jsonl",
]

_OF_DATASETS = ("PiispanBuilder", "PiispanConfig")
"""Names whose module imports ``datasets``, which takes a second."""


def __getattr__(name: str) -> Any:
    if name not in _OF_DATASETS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from piispan.dataset_builder.publishing import builder

    return getattr(builder, name)
