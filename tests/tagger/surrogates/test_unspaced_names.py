"""Chinese, Japanese and Korean names in all their forms."""

import pytest

from piispan.tagger.surrogates.locales import names_of
from tests.tagger.surrogates.documents import names


@pytest.mark.parametrize("secret", [b"secret", b"another", b"third"])
def test_chinese_variants_stay_together(secret):
    full, *others = names("王小明", "小明", "王先生", "小王", "老王", "王某", "王某某", "王 小明", "王", "王小明医生", secret=secret)
    surname, given = full[0], full[1:]
    assert len(full) == 3
    assert surname in names_of("zh_CN").surnames
    assert others == [
        *(given, f"{surname}先生", f"小{surname}", f"老{surname}", f"{surname}某", f"{surname}某某", f"{surname} {given}"),
        *(surname, f"{full}医生"),
    ]


def test_compound_surnames_and_double_ones():
    full, surname, wife = names("欧阳娜娜", "欧阳", "陈方安生")
    assert len(full) == 4
    assert full.startswith(surname)
    assert len(surname) == 2
    assert len(wife) == 4


def test_names_taken_over_keep_their_dot():
    full, surname = names("约翰·史密斯", "史密斯")
    assert full.split("·")[1] == surname


def test_chinese_gender():
    assert names("李女士", "李芳")[1][1] in names_of("zh_CN").female


def test_korean():
    full, given, titled, spaced = names("김민수", "민수", "김 씨", "김 민수")
    assert full[1:] == given
    assert titled == f"{full[0]} 씨"
    assert spaced == f"{full[0]} {given}"


def test_japanese():
    full, surname, given, kana = names("山田太郎", "山田さん", "太郎", "タナカ")
    assert surname.endswith("さん")
    assert full == surname[:-2] + given
    assert all("\u30a0" <= char <= "\u30ff" for char in kana)
