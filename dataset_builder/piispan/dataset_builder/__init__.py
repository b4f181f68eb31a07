"""Labelled documents: read them, make synthetic ones, split them, write them as data folders for ``load_dataset``."""

from piispan.dataset_builder.export import Export, check_licence, export_folder
from piispan.dataset_builder.frames import settings
from piispan.dataset_builder.label_maps import load_label_map
from piispan.dataset_builder.leaks import LeakReport, leak_report
from piispan.dataset_builder.partitions import Partition
from piispan.dataset_builder.readers import OnError, Reader, iter_documents, iter_rows, json_lines, read_documents
from piispan.dataset_builder.reports import ReadReport, Reject
from piispan.dataset_builder.rows import Ends, Reading
from piispan.dataset_builder.sample import export_sample, sample_split
from piispan.dataset_builder.splits import Split, SplitKind, fixed_split
from piispan.dataset_builder.stats import DataStats, data_stats, draw_stats
from piispan.dataset_builder.stratified import SplitBy, StratifiedSplit, split_documents
from piispan.dataset_builder.synthesis import synthesise
from piispan.dataset_builder.tokens import token_documents
from piispan.dataset_builder.writers import write_jsonl

__all__ = [
    "DataStats",
    "Ends",
    "Export",
    "LeakReport",
    "OnError",
    "Partition",
    "ReadReport",
    "Reader",
    "Reading",
    "Reject",
    "Split",
    "SplitBy",
    "SplitKind",
    "StratifiedSplit",
    "check_licence",
    "data_stats",
    "draw_stats",
    "export_folder",
    "export_sample",
    "fixed_split",
    "iter_documents",
    "iter_rows",
    "json_lines",
    "leak_report",
    "load_label_map",
    "read_documents",
    "sample_split",
    "settings",
    "split_documents",
    "synthesise",
    "token_documents",
    "write_jsonl",
]
