"""Labelled documents: read them, make synthetic ones, split them, write them as data folders for ``load_dataset``."""

from typing import TYPE_CHECKING

from piispan.core import lazy_names

if TYPE_CHECKING:
    from piispan.dataset_builder.partitions import Partition
    from piispan.dataset_builder.publishing.builder import PiispanBuilder, PiispanConfig
    from piispan.dataset_builder.publishing.export import Export, export_folder
    from piispan.dataset_builder.publishing.export_files import (
        ExportCard,
        changed_configs,
        export_card_faults,
        export_files,
        read_export_card,
    )
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
    from piispan.dataset_builder.splitting.splits import Split, SplitKind, fixed_split, whole_groups
    from piispan.dataset_builder.splitting.stats import DataStats, data_stats, draw_stats
    from piispan.dataset_builder.splitting.stratified import SplitBy, StratifiedSplit, split_documents
    from piispan.dataset_builder.synthesis.documents import synthesise
    from piispan.dataset_builder.synthesis.frames import settings
    from piispan.dataset_builder.synthesis.labelling import default_labels, default_language, fitting_settings, known_labels
    from piispan.dataset_builder.synthesis.remaking import not_synthesised
    from piispan.dataset_builder.writers import write_jsonl

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
    "default_language",
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
    "whole_groups",
    "write_jsonl",
]

_MODULES = {
    "DataStats": "splitting.stats",
    "Ends": "reading.rows",
    "Export": "publishing.export",
    "ExportCard": "publishing.export_files",
    "LeakReport": "splitting.leaks",
    "OnError": "reading.readers",
    "Partition": "partitions",
    "PiispanBuilder": "publishing.builder",
    "PiispanConfig": "publishing.builder",
    "ReadReport": "reading.reports",
    "Reader": "reading.readers",
    "Reading": "reading.rows",
    "RegistrationError": "publishing.registration",
    "Reject": "reading.reports",
    "Split": "splitting.splits",
    "SplitBy": "splitting.stratified",
    "SplitKind": "splitting.splits",
    "Stated": "publishing.stated",
    "StratifiedSplit": "splitting.stratified",
    "changed_configs": "publishing.export_files",
    "data_stats": "splitting.stats",
    "default_labels": "synthesis.labelling",
    "default_language": "synthesis.labelling",
    "draw_stats": "splitting.stats",
    "export_card_faults": "publishing.export_files",
    "export_files": "publishing.export_files",
    "export_folder": "publishing.export",
    "export_sample": "publishing.sample",
    "fitting_settings": "synthesis.labelling",
    "fixed_split": "splitting.splits",
    "how_split": "splitting.split_folders",
    "is_split_folder": "splitting.split_folders",
    "iter_documents": "reading.readers",
    "iter_rows": "reading.readers",
    "json_line": "reading.json_files",
    "json_lines": "reading.readers",
    "known_labels": "synthesis.labelling",
    "leak_report": "splitting.leaks",
    "load_label_map": "reading.label_maps",
    "not_synthesised": "synthesis.remaking",
    "note_split": "splitting.split_folders",
    "read_documents": "reading.readers",
    "read_export_card": "publishing.export_files",
    "read_part": "splitting.split_folders",
    "read_split": "splitting.split_folders",
    "register": "publishing.registration",
    "sample_split": "publishing.sample",
    "settings": "synthesis.frames",
    "split_documents": "splitting.stratified",
    "split_files": "splitting.split_folders",
    "synthesise": "synthesis.documents",
    "token_documents": "reading.tokens",
    "warn_of_shared_texts": "splitting.split_folders",
    "whole_groups": "splitting.splits",
    "write_jsonl": "writers",
}
__getattr__, __dir__ = lazy_names(__name__, _MODULES)
