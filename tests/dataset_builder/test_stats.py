from pathlib import Path

from piispan.core import Document, Span
from piispan.dataset_builder import data_stats, draw_stats

DOCUMENTS = [
    Document("a", "Mia Lee and mia lee in Rome", (Span(0, 7, "PERSON"), Span(12, 19, "PERSON"), Span(23, 27, "GPE")), "g"),
    Document("b", "none"),
    Document("c", "none", (), "g"),
]


def test_counts() -> None:
    found = data_stats(iter(DOCUMENTS))
    assert found.to_dict() == {
        "documents": 3,
        "without_spans": 2,
        "groups": 1,
        "doubles": 1,
        "characters": {"all": 35, "median": 4, "p95": 27, "longest": 27},
        "spans": {"PERSON": 2, "GPE": 1},
        "values": {"PERSON": 1, "GPE": 1},
    }
    assert data_stats([]).to_dict()["characters"] == {"all": 0, "median": 0, "p95": 0, "longest": 0}


def test_picture(tmp_path: Path) -> None:
    for documents in (DOCUMENTS, []):
        draw_stats(data_stats(documents), tmp_path / "stats.png")
        assert (tmp_path / "stats.png").read_bytes().startswith(b"\x89PNG")
