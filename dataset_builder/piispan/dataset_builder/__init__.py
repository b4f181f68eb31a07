"""Labelled documents: read them, make synthetic ones, split them, write them as data folders for ``load_dataset``."""

from piispan.dataset_builder.export import Export, check_licence, export_folder
from piispan.dataset_builder.frames import settings
from piispan.dataset_builder.partitions import Partition
from piispan.dataset_builder.readers import OnError, Reader, iter_documents, iter_rows, json_lines, read_documents
from piispan.dataset_builder.reports import ReadReport, Reject
from piispan.dataset_builder.sample import export_sample, sample_split
from piispan.dataset_builder.splits import Split, SplitKind, fixed_split
from piispan.dataset_builder.synthesis import synthesise
from piispan.dataset_builder.writers import write_jsonl

__all__ = [
    "Export",
    "OnError",
    "Partition",
    "ReadReport",
    "Reader",
    "Reject",
    "Split",
    "SplitKind",
    "check_licence",
    "export_folder",
    "export_sample",
    "fixed_split",
    "iter_documents",
    "iter_rows",
    "json_lines",
    "read_documents",
    "sample_split",
    "settings",
    "synthesise",
    "write_jsonl",
]
