"""The ways a date is written: patterns whose groups are the parts that change."""

import re
from functools import cache

from piispan.tagger.surrogates.month_names import month_pattern

__all__ = ["date_patterns"]

_ORDINAL = r"(?:st|nd|rd|th)"
_DAY = r"(?<!\d)(?P<day>\d{1,2})"
_DASH = r"\s?[-–—]\s?"
_NO_CLOCK = r"(?![\d:]|\s?[ap]\.?m\b)"
_YEAR = rf"(?P<year>\d{{4}}|['’]?\d{{2}}){_NO_CLOCK}"
_HAN_DIGIT = "〇○零一二三四五六七八九十"


@cache
def date_patterns() -> tuple[re.Pattern[str], ...]:
    """Patterns of dates, the fullest first, to be tried in this order.

    Groups: ``year``, ``month`` (digits), ``name`` (a month's name), ``day``, ``ordinal``, ``day2`` and ``ordinal2`` (the end of a range),
    ``first`` and ``second`` (day and month in an order to be found out), ``year2`` (the end of a range of years).
    """
    name = f"(?P<name>{month_pattern()})"
    ordinal = rf"(?P<ordinal>{_ORDINAL})?"
    second_day = rf"(?P<day2>\d{{1,2}})(?P<ordinal2>{_ORDINAL})?"
    written = (
        r"(?<!\d)(?P<year>\d{4})\s?[年년]\s?(?P<month>\d{1,2})\s?[月월]\s?(?P<day>\d{1,2})(?=\s?[日号號일])",
        rf"(?P<year>[{_HAN_DIGIT}]{{4}})年(?P<month>[{_HAN_DIGIT}]{{1,2}})月(?P<day>[{_HAN_DIGIT}]{{1,3}})(?=[日号號])",
        r"(?<![\d/.-])(?P<year>\d{4})(?P<sep>\s?[-/.]\s?)(?P<month>\d{1,2})(?P=sep)(?P<day>\d{1,2})(?!\d)",
        r"(?<![\d/.-])(?P<first>\d{1,2})(?P<sep>\s?[-/.]\s?)(?P<second>\d{1,2})(?P=sep)(?P<year>\d{4}|\d{2})(?!\d)",
        r"(?<!\d)(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})(?!\d)",
        rf"{_DAY}{ordinal}(?:{_DASH}|\s(?:to|and|until)\s){second_day}\s(?:of\s)?{name}(?:\.?,?\s{_YEAR})?",
        rf"{name}\.?\s{_DAY}{ordinal}(?:{_DASH}|\s(?:to|and|until)\s){second_day}(?!\d)(?:,?\s{_YEAR})?",
        rf"{_DAY}{ordinal}\.?(?:\s|-|/)?(?:(?:of|de)\s)?{name}\.?(?:(?:,?\s(?:of\s|de\s|del\s)?|[-/.]){_YEAR})?",
        rf"{name}\.?[\s-]?{_DAY}{ordinal}(?!\d)(?:(?:,?\s|,|-){_YEAR})?",
        rf"{name}\.?(?:,?\s(?:of\s|de\s)?|[-/])(?P<year>\d{{4}}|['’]\d{{2}})(?!\d)",
        name,
        r"(?<!\d)(?P<year>\d{4})\s?[年년]\s?(?P<month>\d{1,2})(?=\s?[月월])",
        r"(?<!\d)(?P<month>\d{1,2})\s?[月월]\s?(?P<day>\d{1,2})(?=\s?[日号號일])",
        r"(?<!\d)(?P<month>\d{1,2})(?=\s?[月월])",
        r"(?<![\d/.-])(?P<month>\d{1,2})[-/.](?P<year>\d{4})(?![\d/])",
        r"(?<![\d/.-])(?P<year>\d{4})(?P<dash>[-–/])(?P<year2>\d{2})(?![\d/-])",
        r"(?<![\d/.-])(?P<first>\d{1,2})/(?P<second>\d{1,2})(?![\d/])",
        r"(?<![\d/.-])(?P<first>\d{1,2})\.(?P<second>\d{1,2})\.(?!\d)",
    )
    return tuple(re.compile(pattern, re.IGNORECASE) for pattern in written)
