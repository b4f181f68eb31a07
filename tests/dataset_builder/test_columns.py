"""Token and tag columns in every scheme, read as seqeval and conlleval read them."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from seqeval.metrics.sequence_labeling import get_entities

from piispan.core import DataError, Span
from piispan.dataset_builder import read_documents, token_documents

SECRET = "Quarterstaff"
TAGS = st.sampled_from(["O", *(f"{prefix}-{label}" for prefix in "BIES" for label in ("PERSON", "GPE"))])


def written(tmp_path: Path, content: str | bytes, name: str = "gold.bio") -> Path:
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


@pytest.mark.parametrize(
    "tags",
    [
        ("B-PERSON", "I-PERSON", "B-PERSON", "O", "B-GPE"),  # IOB2
        ("I-PERSON", "I-PERSON", "B-PERSON", "O", "I-GPE"),  # IOB1
        ("B-PERSON", "E-PERSON", "S-PERSON", "O", "S-GPE"),  # BIOES
        ("B-PERSON", "L-PERSON", "U-PERSON", "O", "U-GPE"),  # BILOU
    ],
)
def test_the_schemes_say_the_same(tmp_path, tags) -> None:
    lines = [f"{token} NN {tag}" for token, tag in zip(("Ada", "Lovelace", "Eve", "in", "Rome"), tags, strict=True)]
    documents, report = read_documents(written(tmp_path, "-DOCSTART- -X- O\n\n" + "\n".join(lines) + "\n\nNothing NN O\n"))
    assert documents[0].text == "Ada Lovelace Eve in Rome"
    assert documents[0].spans == (Span(0, 12, "PERSON"), Span(13, 16, "PERSON"), Span(20, 24, "GPE"))
    assert [document.id for document in documents] == ["sentence-00001", "sentence-00002"]
    assert report.spans == {"PERSON": 2, "GPE": 1}


@given(tags=st.lists(TAGS, min_size=1, max_size=12))
def test_mentions_are_those_of_seqeval(tmp_path_factory, tags) -> None:
    path = written(tmp_path_factory.mktemp("columns"), "".join(f"x\t{tag}\n" for tag in tags))
    (document,), _ = read_documents(path)
    # One letter a token: token n stands at character 2 n. seqeval's ends are inclusive.
    assert document.spans == tuple(Span(2 * first, 2 * last + 1, label) for label, first, last in get_entities(tags))


def test_comments_blank_tokens_of_tabs_and_line_ends(tmp_path) -> None:
    content = "\ufeff# id = 1\r\n#\tO\r\nNew York\tB-GPE\r\n \t\r\n\r\nx\tO"
    (first, second), _ = read_documents(written(tmp_path, content, "gold.CONLL"))
    assert (first.text, first.spans, second.text) == ("# New York", (Span(2, 10, "GPE"),), "x")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (f"{SECRET} B-PERSON\n{SECRET}\n", "line 2: not a token and a tag in 2 columns"),
        (f"x O\n\n{SECRET} X-PERSON\n", "line 3: not a token and a tag in 2 columns"),
        (f"x O\n{SECRET} NN O\n", "line 2: not a token and a tag in 2 columns"),
        (b"x O\n\nQuarter\xffstaff O\n", "line 3: not UTF-8"),
        ("\n\n", "no documents in the file"),
    ],
)
def test_a_bad_line_is_named_and_not_shown(tmp_path, content, message) -> None:
    path = written(tmp_path, content)
    with pytest.raises(DataError) as caught:
        read_documents(path)
    assert message in str(caught.value)
    assert SECRET not in str(caught.value)


def test_bad_sentences_can_be_left_out(tmp_path) -> None:
    documents, report = read_documents(written(tmp_path, "a O\n\nb\n\nc O\n"), on_error="skip")
    assert [document.id for document in documents] == ["sentence-00001", "sentence-00003"]
    assert [reject.number for reject in report.rejects] == [3]


def test_columns_that_are_numbered_or_under_another_name_are_named(tmp_path) -> None:
    with pytest.raises(DataError, match="line 1: the first column numbers the tokens"):
        read_documents(written(tmp_path, "1 Ada B-PERSON\n2 Lovelace I-PERSON\n"))
    with pytest.raises(DataError, match="token and tag columns need a file ending such as"):
        read_documents(written(tmp_path, "Ada B-PERSON\n", "gold.tsv"))


def test_any_file_can_be_read_as_columns(tmp_path) -> None:
    assert read_documents(written(tmp_path, "a O\n", "gold.txt"), reader="columns")[0][0].text == "a"
    with pytest.raises(DataError, match="no such file"):
        read_documents(tmp_path / "none.bio")


def test_the_original_spacing_is_kept_where_the_file_has_it(tmp_path) -> None:
    content = (
        "# sent_id = 1\n# text = Ada  (36),\tof Rome.\n"
        "Ada\t_\tB-PERSON\n(\tSpaceAfter=No\tO\n36\tSpaceAfter=No\tB-AGE\n)\t_\tO\n,\t_\tO\nof\t_\tO\nRome\t_\tB-GPE\n.\t_\tO\n\n"
        "Eve\tSpaceAfter=No|X=1\tB-PERSON\n's\t_\tO\ncat\tSpaceAfter=No\tO\n.\t_\tO\n\n"
        "# text = \n\nNo\t_\tO\none\t_\tO\n"
    )
    (first, second, third), _ = read_documents(written(tmp_path, content, "gold.conll"))
    assert first.text == "Ada  (36),\tof Rome."
    assert [first.value(span) for span in first.spans] == ["Ada", "36", "Rome"]
    assert (second.text, second.spans) == ("Eve's cat.", (Span(0, 3, "PERSON"),))
    assert third.text == "No one"


@pytest.mark.parametrize("text", [f"Ada {SECRET} 36", f"Ada 36 {SECRET}", "Ada"])
def test_a_text_of_other_words_is_refused(tmp_path, text) -> None:
    with pytest.raises(DataError, match=r"line 2: (token 2 is not the next word|the text that is given with the tokens goes on)") as caught:
        read_documents(written(tmp_path, f"# text = {text}\nAda B-PERSON\n36 B-AGE\n"))
    assert SECRET not in str(caught.value)


@given(
    st.lists(st.tuples(st.text(st.characters(categories=["L", "N", "P"]), min_size=1, max_size=4), st.sampled_from(["", " ", "  "]), TAGS))
)
def test_tokens_and_their_text_give_the_spans_of_the_text(pieces) -> None:
    row = {"tokens": [word for word, _, _ in pieces], "ner_tags": [tag for _, _, tag in pieces]}
    text = "".join(word + space for word, space, _ in pieces)
    (whole,), (joined,) = (list(token_documents([row | more])) for more in ({"text": text}, {}))
    assert whole.text == text
    assert [span.label for span in whole.spans] == [span.label for span in joined.spans]
    assert ["".join(whole.value(span).split()) for span in whole.spans] == ["".join(joined.value(span).split()) for span in joined.spans]


def test_sentences_of_an_article_are_a_group(tmp_path) -> None:
    article = "-DOCSTART- -X- O\n\na NN O\n\nb NN O\n\n"
    documents, _ = read_documents(written(tmp_path, "x NN O\n\n" + article * 2, "gold.conllu"))
    assert [document.group for document in documents] == [None, *["document-00001"] * 2, *["document-00002"] * 2]
    assert len({document.id for document in documents}) == 5
