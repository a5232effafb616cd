"""What programs and people export: old encodings, sums between rows, cut files, odd delimiters."""

import gzip
import random
import time

import pytest

from tests.workers.inputs.conftest import faults, table
from workers.inputs import encodings

PLAIN = table()
TEXTS = {
    "cp1251": "Москва;да\nНижний Новгород;нет\nИванов Пётр;город\n",
    "koi8_r": "Москва;да\nСанкт-Петербург;нет\nНижний Новгород;да\n",
    "cp866": "Москва;да\nСанкт-Петербург;нет\n",
    "cp1253": "Αθήνα;ναι\nΘεσσαλονίκη;όχι\nκόκκινο;μπλε\n",
    "shift_jis": "東京都;はい\n大阪;いいえ\n名前と住所;カタカナ\n",
    "euc_jp": "東京都;はい\n大阪;いいえ\n名前と住所;カタカナ\n",
    "gb18030": "北京;是\n上海市浦东新区;否\n我们的数据;红色\n价格;中国\n",
    "big5": "臺北;是\n高雄市;否\n我們的資料;紅色\n價格;中國\n",
    "euc_kr": "서울;예\n부산;아니오\n대한민국 사람;빨강\n",
    "cp1250": "Łódź;małe\nKraków;białko\nżółty;\n",
    "cp1252": "München;Größe\ncafé;naïve “quoted” €\nŒuvre – déjà;£5 m³\n¿qué?;\n",
}


@pytest.mark.parametrize("codec", TEXTS)
def test_encodings_of_before_utf_8_are_told_apart(codec):
    assert encodings.legacy(TEXTS[codec].encode(codec)) == codec
    for wide in ("utf-16-le", "utf-16-be"):
        assert encodings.wide(TEXTS[codec].encode(wide)) == wide
    assert encodings.wide(TEXTS[codec].encode()) is None


@pytest.mark.parametrize("codec", ["cp1251", "shift_jis", "gb18030", "utf-16-le"])
def test_words_in_another_script_are_read(ready, codec):
    word = {"cp1251": "Москва", "shift_jis": "ひらがな", "gb18030": "我们的"}.get(codec, "Łódź")
    sample = ready({"x.csv": PLAIN.replace("red", word).encode(codec)})
    with sample.table() as con:
        assert {c for (c,) in con.execute("SELECT colour FROM rows").fetchall()} == {word, "blue"}
    assert codec in faults(sample)["encoding"]["note"]


def test_a_subtotal_between_rows_is_left_out_and_told(ready):
    rows = [f"item {i},{i}.5,{i % 5},{'ab'[i % 2]}" for i in range(60)]
    rows.insert(20, f"Subtotal,{sum(i + 0.5 for i in range(20))},40,")
    rows.insert(45, f"Total North,{sum(i + 0.5 for i in range(20, 44))},48,")
    rows.append("Summe,1800,120,")
    sample = ready({"x.csv": "\n".join(["name,size,n,label", *rows])}, targets=["label"])
    assert faults(sample)["total_row"]["rows"] == [20, 45, 62]
    with sample.table() as con:
        found = con.execute("SELECT _id, _row, name FROM rows ORDER BY _id").fetchall()
        typed = con.execute("SELECT _id, size FROM typed ORDER BY _id").fetchall()
    assert [one[0] for one in found] == list(range(60))
    assert [one[1] for one in found] == [i for i in range(63) if i not in (20, 45, 62)]
    assert [one[2] for one in found] == [f"item {i}" for i in range(60)]
    assert typed == [(i, i + 0.5) for i in range(60)]


def test_a_last_line_of_sums_without_a_word_is_left_out(ready):
    rows = [f"p{i},{i},{i * 2},{'ab'[i % 2]}" for i in range(1, 41)]
    sample = ready({"x.csv": "\n".join(["who,a,b,label", *rows, ",820,1640,"])}, targets=["label"])
    assert sample.rows == 40
    assert faults(sample)["total_row"]["rows"] == [40]


@pytest.mark.parametrize(
    ("last", "kept"),
    [
        ("all,820,1640,", 40),
        ("p41,820,1640,a", 40),
        ("all,820,1641.5,", 40),
        ("all,820,1700,", 41),
        ("p41,41,82,a", 41),
    ],
)
def test_a_last_line_that_is_called_something_else_must_be_all_sums(ready, last, kept):
    rows = [f"p{i},{i},{i * 2},{'ab'[i % 2]}" for i in range(1, 41)]
    sample = ready({"x.csv": "\n".join(["who,a,b,label", *rows, last])}, targets=["label"])
    assert sample.rows == kept
    assert ("total_row" in faults(sample)) == (kept == 40)


def test_values_that_only_sound_like_sums_stay(ready):
    films = ["Total Recall", "Sum of us", "Mean Girls", "Average Joe", "Media", "Sum"]
    rows = [f"{films[i % 6]},{i % 7},{'ab'[i % 2]}" for i in range(48)]
    sample = ready({"x.csv": "\n".join(["film,stars,label", *rows, "Total Recall,5,a"])})
    assert sample.rows == 49
    assert "total_row" not in faults(sample)


@pytest.mark.parametrize("cut", ["11.25,re", "11", '11.25,"re'])
def test_a_file_cut_within_its_last_line_is_told(ready, cut):
    sample = ready({"x.csv": PLAIN + cut}, targets=["label"])
    assert faults(sample)["truncated"]["rows"] == [40]
    assert "ragged_lines" not in faults(sample)


def test_json_lines_cut_within_the_last_one_are_told(ready):
    lines = "".join(f'{{"a": {i}, "label": "{"xy"[i % 2]}"}}\n' for i in range(30))
    sample = ready({"x.jsonl": lines + '{"a": 4, "la'})
    assert faults(sample)["truncated"]["rows"] == [30]


@pytest.mark.parametrize("delimiter", ["^", "~", "¦", "\x01"])
def test_rare_delimiters_are_read(ready, delimiter):
    sample = ready({"x.csv": table(delimiter=delimiter)})
    assert sample.rows == 40
    assert len(sample.columns) == 3
    assert "delimiter_or_decimal" in faults(sample)


def test_numbers_in_printed_columns_are_read(ready):
    rows = [f"  {i:5d}   {i * 0.5:8.2f}  {i % 2}" for i in range(40)]
    sample = ready({"x.txt": "\n".join([" n   size  label", *rows])})
    assert [c.name for c in sample.columns] == ["n", "size", "label"]
    assert sample.rows == 40


def test_prose_is_no_printed_table(ready):
    rows = [f"the {w} note of the year" for w in ("first", "second", "third", "last") * 10]
    assert len(ready({"x.txt": "\n".join(rows)}).columns) == 1


def test_a_spreadsheets_word_on_its_delimiter_is_no_title(ready):
    sample = ready({"x.csv": "sep=;\n" + table(delimiter=";")})
    assert sample.rows == 40
    assert "title_lines" not in faults(sample)


@pytest.mark.parametrize("gap", ["'", "’", "\u202f", "\u00a0", " "])
def test_every_sign_between_thousands_is_read(ready, gap):
    rows = [f"{i}{gap}{i * 7 % 900 + 100}.5;{'ab'[i % 2]}" for i in range(1, 41)]
    sample = ready({"x.csv": "\n".join(["v;label", *rows])})
    with sample.table() as con:
        assert con.execute("SELECT min(v) FROM typed").fetchone() == (1107.5,)


def test_a_gzip_bomb_is_refused_at_once(refused):
    data = gzip.compress(b"\x00" * 200_000_000, compresslevel=9, mtime=0)
    began = time.monotonic()
    assert "300 times its size" in refused({"x.csv.gz": data})
    assert time.monotonic() - began < 5


def test_a_table_of_equal_rows_packed_small_is_no_bomb(ready):
    data = b"a,b,label\n" + b"0,0,x\n0,1,y\n" * 200_000
    assert ready({"x.csv.gz": gzip.compress(data, mtime=0)}).rows == 400_000


def test_numbers_stand_beside_their_texts(ready):
    rng = random.Random(3)
    values = [rng.choice([f"{i}", f" {i}.50 ", "n/a", "", f"{i}e1"]) for i in range(5000)]
    text = "v,d,label\n" + "".join(
        f"{v},2024-01-{i % 28 + 1:02},{'ab'[i % 2]}\n" for i, v in enumerate(values)
    )
    sample = ready({"x.csv": text}, targets=["label"])
    with sample.table() as con:
        wrong = con.execute(
            "SELECT count(*) FROM rows JOIN typed USING (_id) WHERE try_cast(rows.v AS DOUBLE)"
            " IS DISTINCT FROM typed.v OR rows.d::TIMESTAMP IS DISTINCT FROM typed.d"
        ).fetchone()
    assert wrong == (0,)


def test_a_header_in_mid_file_is_no_row_and_its_places_are_told(ready):
    lines = table().splitlines()
    text = "\n".join([*lines[:11], lines[0], *lines[11:31], lines[0].upper(), *lines[31:]])
    sample = ready({"data.csv": text})
    assert sample.rows == 40
    assert next(c for c in sample.columns if c.name == "size").type == "number"
    assert faults(sample)["repeated_header"]["rows"] == [10, 31]
    with sample.table() as con:
        counted = con.execute("SELECT max(_id), max(_row), count(DISTINCT _id) FROM rows").fetchone()
    assert counted == (39, 41, 40)


def test_a_word_of_a_single_column_is_no_header(ready):
    sample = ready({"data.csv": "word\n" + "apple\nword\npear\n" * 10})
    assert sample.rows == 30
    assert "repeated_header" not in faults(sample)


def test_columns_without_a_name_of_their_own_are_a_remark_that_names_them(ready):
    text = "a,A,,label\n" + "".join(f"{i},{i + 1},3,{'x' if i % 2 else 'y'}\n" for i in range(20))
    fault = faults(ready({"data.csv": text}))["header_names"]
    assert fault["severity"] == "low"
    assert fault["columns"] == ["column_3", "A_2"]
    assert fault["note"].startswith("1 column has no name in the header and is called column_3;")
