"""Windows hold every character; their merged spans are what one look at the whole text would give."""

import time
import timeit
from bisect import bisect_left
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from piispan.core import CoverageError, Span
from piispan.tagger.windows import Window, cut_windows, merge_windows

LABELS = ["PERSON", "AGE"]
PIECES = ["a", "aaa", "aaaaaaaaa", "😀", "。", " ", ".", ". ", '!" ', "\n", "\r\n", "\n\n"]


def characters(text: str) -> range:
    return range(len(text))


@st.composite
def sizes(draw: st.DrawFn, least: int = 2, least_overlap: int = 0) -> tuple[int, int]:
    size = draw(st.integers(max(least, least_overlap + 1), 24))
    return size, draw(st.integers(least_overlap, size - 1))


@st.composite
def tokenized_texts(draw: st.DrawFn, most_repeats: int = 1) -> tuple[str, list[int]]:
    text = "".join(draw(st.lists(st.sampled_from(PIECES), max_size=30)))
    starts = sorted({0, *draw(st.sets(st.integers(0, max(0, len(text) - 1))))}) if draw(st.booleans()) else list(characters(text))
    return text, [start for start in starts if text for _ in range(draw(st.integers(1, most_repeats)))]


@st.composite
def flat_spans(draw: st.DrawFn, start: int, end: int, most: int = 8) -> list[Span]:
    edges = sorted(draw(st.sets(st.integers(start, end), max_size=2 * most)))
    pairs = [pair for pair in pairwise(edges) if draw(st.booleans())]
    return [Span(left, right, draw(st.sampled_from(LABELS)), draw(st.floats(0, 1))) for left, right in pairs]


@st.composite
def windows_with_spans(draw: st.DrawFn) -> tuple[int, list[Window], list[list[Span]]]:
    text, starts = draw(tokenized_texts())
    size, overlap = draw(sizes())
    windows = cut_windows(text, starts, size=size, overlap=overlap)
    return len(text), windows, [draw(flat_spans(window.start, window.end)) for window in windows]


@given(tokenized_texts(most_repeats=3), sizes(least=3))
def test_windows_hold_every_character_and_at_most_size_tokens(given_text, given_size) -> None:
    (text, starts), (size, overlap) = given_text, given_size
    windows = cut_windows(text, starts, size=size, overlap=overlap)
    assert windows[0].start == 0
    assert windows[-1].end == len(text)
    for window in windows:
        assert bisect_left(starts, window.end) - bisect_left(starts, window.start) <= size
        assert {window.start, window.end} <= {0, *starts, len(text)}
    for left, right in pairwise(windows):
        assert left.start < right.start <= left.end < right.end
    assert (len(windows) == 1) == (len(starts) <= size)


@given(tokenized_texts(), sizes())
def test_neighbours_share_the_overlap_and_windows_are_neither_short_nor_many(given_text, given_size) -> None:
    (text, starts), (size, overlap) = given_text, given_size
    windows = cut_windows(text, starts, size=size, overlap=overlap)
    for left, right in pairwise(windows):
        shared = bisect_left(starts, left.end) - bisect_left(starts, right.start)
        assert overlap <= shared <= overlap + overlap // 2
        assert bisect_left(starts, left.end) - bisect_left(starts, left.start) >= size - size // 4
    assert len(windows) <= 1 + 4 * len(starts) / (size - overlap)


@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("aaaaaaaaaaaaaaaaa\n\na. a a\naaa", 19),
        ("aaaaaaaaaaaaaaaaa\r\n \r\na. aaaaa", 22),
        ("aaaaaaaaaaaaaaaaa. a aaaaaaaaa", 19),
        ("aaaaaaaaaaaaaaaaa\na aaaaaaaaaa", 18),
        ('aaaaaaaaaaaaaaaa!" a aaaaaaaaa', 19),
        ("aaaaaaaaaaaaaaaaa。a aaaaaaaaaa", 18),
        ("aaaaaaaaaaaaaaaaaa aa.aaaaaaaaa", 19),
        ("a.\n\naaaaaaaaaaaaaaaaaaaaaaaaaaa", 22),
    ],
)
def test_a_window_ends_at_the_best_break_of_its_last_quarter(text, end) -> None:
    assert cut_windows(text, characters(text), size=22, overlap=0)[0] == Window(0, end)


def test_a_break_counts_whichever_side_of_the_white_space_tokens_start() -> None:
    text = "aa aa. aa aa"
    assert cut_windows(text, [0, 3, 5, 7, 10], size=4, overlap=0)[0].end == 7
    assert cut_windows(text, [0, 2, 5, 6, 9], size=4, overlap=0)[0].end == 6


def test_a_window_starts_at_the_best_break_just_before_the_overlap() -> None:
    text = "aaa. aaaaaaaa aaaaaaa"
    assert cut_windows(text, characters(text), size=16, overlap=8) == [Window(0, 14), Window(5, 21)]
    text = "aaa. a aaaaaa aaaaaaa"
    assert cut_windows(text, characters(text), size=16, overlap=7) == [Window(0, 14), Window(5, 21)]
    text = "aaa. aaaaaaaa aaaaaaa"
    assert cut_windows(text, characters(text), size=16, overlap=4) == [Window(0, 14), Window(10, 21)]


def test_breaks_never_hold_a_window_back() -> None:
    text = "a\naaaaa\naaaa"  # the end at 8 is the best of the second window too
    assert cut_windows(text, characters(text), size=8, overlap=4) == [Window(0, 8), Window(2, 10), Window(6, 12)]
    text = "😀aaa aaaa"  # the overlap would start inside the first character
    assert cut_windows(text, [0, 0, 0, *range(1, 9)], size=8, overlap=6) == [Window(0, 5), Window(1, 9)]


def test_short_and_empty_texts_are_one_window() -> None:
    assert cut_windows("", [], size=2, overlap=1) == [Window(0, 0)]
    assert cut_windows("  ", [], size=2, overlap=1) == [Window(0, 2)]
    assert cut_windows("😀b", [0, 0, 0, 1], size=4, overlap=3) == [Window(0, 2)]
    assert cut_windows(" Ada", [1], size=2, overlap=1) == [Window(0, 4)]


def test_a_break_inside_a_token_leaves_the_one_before() -> None:
    starts = [*range(13), *range(15, 20)]  # one token goes across the second sentence's end
    assert cut_windows("aaaaaaaaa. b. cccccc", starts, size=13, overlap=0)[0] == Window(0, 11)


def test_no_cut_inside_a_character_of_several_tokens() -> None:
    assert cut_windows("😀😀😀", [0, 0, 0, 1, 1, 1, 2, 2, 2], size=4, overlap=3) == [Window(0, 1), Window(1, 2), Window(2, 3)]
    with pytest.raises(ValueError, match=r"at most size \(2\) tokens may start at one offset, was: 3 at 1"):
        cut_windows("a😀", [0, 1, 1, 1], size=2, overlap=1)


@pytest.mark.parametrize(
    ("starts", "size", "overlap", "message"),
    [
        ([0], 1, 0, "size must be at least 2 tokens, was: 1"),
        ([0], 4, 4, r"overlap must be at least 0 and below size \(4\), was: 4"),
        ([0], 4, -1, r"overlap must be at least 0 and below size \(4\), was: -1"),
        ([0, 2, 1], 4, 1, "token_starts must ascend within the text of 3 characters, was: 1 after 2"),
        ([0, 3], 4, 1, "token_starts must ascend within the text of 3 characters, was: 3 after 0"),
    ],
)
def test_what_cannot_be_cut_is_refused(starts, size, overlap, message) -> None:
    with pytest.raises(ValueError, match=message):
        cut_windows("abc", starts, size=size, overlap=overlap)


@pytest.mark.timed
@pytest.mark.parametrize("characters_repeated", ["a", " ", ".", "\n", ")", "。", "Ada. "])
def test_a_megabyte_is_cut_within_a_second(characters_repeated) -> None:
    text = (characters_repeated * 1_000_000)[:1_000_000]
    starts = characters(text)
    seconds = timeit.repeat(lambda: cut_windows(text, starts, size=512, overlap=64), timer=time.process_time, repeat=3, number=1)
    assert min(seconds) < 1
    assert cut_windows(text, starts, size=512, overlap=64)[-1].end == len(text)


@pytest.mark.timed
def test_time_does_not_grow_with_the_overlap() -> None:
    text = "a" * 100_000
    starts = characters(text)
    assert len(cut_windows(text, starts, size=5_000, overlap=4_999)) == 95_001
    seconds = timeit.repeat(lambda: cut_windows(text, starts, size=5_000, overlap=4_999), timer=time.process_time, repeat=3, number=1)
    assert min(seconds) < 1


@given(st.data(), tokenized_texts(), sizes(least_overlap=1))
def test_windows_that_find_what_lies_inside_them_give_it_all_once(data, given_text, given_size) -> None:
    (text, starts), (size, overlap) = given_text, given_size
    spans = data.draw(flat_spans(0, len(text), most=20))
    gold = [span for span in spans if bisect_left(starts, span.end) - bisect_left(starts, span.start + 1) + 1 < overlap]
    windows = cut_windows(text, starts, size=size, overlap=overlap)
    found = [[span for span in gold if window.start <= span.start and span.end <= window.end] for window in windows]
    merged = merge_windows(len(text), windows, found)
    assert merged == gold
    assert [span.score for span in merged] == [span.score for span in gold]


@given(windows_with_spans())
def test_merged_spans_are_flat_sorted_and_of_edges_that_were_found(given_case) -> None:
    length, windows, spans = given_case
    merged = merge_windows(length, windows, spans)
    assert all(left.end <= right.start for left, right in pairwise(merged))
    found = [span for each in spans for span in each]
    assert {span.start for span in merged} <= {span.start for span in found}
    assert {span.end for span in merged} <= {span.end for span in found}
    assert {(span.label, span.score) for span in merged} <= {(span.label, span.score) for span in found}


@given(windows_with_spans())
def test_what_a_window_finds_between_or_across_its_seams_is_not_lost(given_case) -> None:
    length, windows, spans = given_case
    merged = merge_windows(length, windows, spans)
    seams = [0, *((left.end + right.start) // 2 for left, right in pairwise(windows)), length]
    for found, (seam, next_seam) in zip(spans, pairwise(seams), strict=True):
        for span in found:
            if seam < span.end and span.start < next_seam:
                assert any(span.overlaps(other) for other in merged)


@given(windows_with_spans())
def test_spans_away_from_the_overlaps_stay_as_they_are(given_case) -> None:
    length, windows, spans = given_case
    merged = merge_windows(length, windows, spans)
    for place, found in enumerate(spans):
        start = windows[place - 1].end if place else 0
        end = windows[place + 1].start if place + 1 < len(windows) else length
        assert all(span in merged for span in found if start <= span.start and span.end <= end)


WINDOWS = [Window(0, 20), Window(10, 30)]  # the seam is 15


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        pytest.param([(11, 14)], [(11, 14)], [(11, 14)], id="both, left of the seam"),
        pytest.param([(16, 19)], [(16, 19)], [(16, 19)], id="both, right of the seam"),
        pytest.param([(13, 18)], [(13, 18)], [(13, 18)], id="both, across the seam"),
        pytest.param([(13, 18)], [], [(13, 18)], id="left alone, across the seam"),
        pytest.param([], [(13, 18)], [(13, 18)], id="right alone, across the seam"),
        pytest.param([(16, 18)], [(12, 17)], [(12, 17)], id="right across the seam, left after it"),
        pytest.param([(16, 18)], [(11, 13)], [], id="each on the other's side"),
        pytest.param([(11, 17)], [(16, 19)], [(11, 17)], id="left stays"),
        pytest.param([(12, 20)], [(12, 24)], [(12, 24)], id="cut off, the longer wins"),
        pytest.param([(12, 20)], [(11, 24)], [(11, 24)], id="cut off, the longer starts earlier"),
        pytest.param([(5, 20)], [(10, 24)], [(5, 24)], id="cut off by both windows, joined"),
        pytest.param([(12, 20)], [(18, 22)], [(12, 22)], id="cut off, nothing found is given up"),
        pytest.param([(8, 12), (13, 20)], [(11, 24)], [(8, 12), (13, 24)], id="cut off, its neighbour stays"),
        pytest.param([(12, 19)], [(12, 24)], [(12, 19)], id="longer, but not cut off"),
        pytest.param([(12, 20)], [(20, 24)], [(12, 20), (20, 24)], id="only touching"),
        pytest.param([(12, 20)], [(13, 16)], [(12, 20)], id="cut off, but nothing reaches further"),
    ],
)
def test_two_windows(left, right, expected) -> None:
    spans = [[Span(start, end, "PERSON") for start, end in found] for found in (left, right)]
    assert merge_windows(30, WINDOWS, spans) == [Span(start, end, "PERSON") for start, end in expected]


def test_a_span_cut_off_is_joined_with_its_own_label_only() -> None:
    assert merge_windows(30, WINDOWS, [[Span(12, 20, "PERSON")], [Span(12, 24, "AGE")]]) == [Span(12, 20, "PERSON")]


def test_a_span_cut_off_more_than_once_grows_to_its_end() -> None:
    windows = [Window(0, 10), Window(4, 14), Window(8, 18)]
    spans = [[Span(5, 10, "AGE", 0.1)], [Span(5, 14, "AGE", 0.2)], [Span(9, 17, "AGE", 0.3)]]
    merged = merge_windows(18, windows, spans)
    assert [(span.start, span.end, span.score) for span in merged] == [(5, 17, 0.2)]


def test_a_window_may_find_nothing_between_two_that_do() -> None:
    windows = [Window(0, 10), Window(2, 11), Window(4, 12)]
    assert merge_windows(12, windows, [[Span(5, 10, "AGE")], [], [Span(5, 12, "AGE")]]) == [Span(5, 12, "AGE")]


@pytest.mark.parametrize(
    ("windows", "gaps"),
    [([], "0:30"), ([Window(2, 10), Window(10, 20), Window(21, 30)], "0:2, 20:21"), ([Window(0, 29)], "29:30")],
)
def test_characters_in_no_window_are_an_error(windows, gaps) -> None:
    with pytest.raises(CoverageError, match=f"^no window covers the characters {gaps} of a text of 30$"):
        merge_windows(30, windows, [[] for _ in windows])


def test_windows_out_of_order_or_without_spans_are_refused() -> None:
    with pytest.raises(ValueError, match="windows must ascend"):
        merge_windows(30, WINDOWS[::-1], [[], []])
    with pytest.raises(ValueError, match="zip"):
        merge_windows(30, WINDOWS, [[]])
    assert merge_windows(0, [], []) == merge_windows(0, [Window(0, 0)], [[]]) == []
