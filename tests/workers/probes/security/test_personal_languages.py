# ruff: noqa: E501 - texts read best a line each
"""Personal data and secrets in the languages of the world, and numbers of things that are spelt like them."""

from __future__ import annotations

import random

import pytest
from faker import Faker

from tests.workers.probes.tables import prepared
from workers.probes.base import Budget
from workers.probes.security import personal_data
from workers.probes.security.personal_data import national
from workers.probes.security.personal_data.scan import found
from workers.probes.security.reidentification.about_people import known
from workers.probes.security.secrets.patterns import found as secrets_in

SPELT = [
    ("请拨打{}联系我", "13812345678", "phone"),
    ("電話番号は{}です", "03-1234-5678", "phone"),
    ("身份证号{}请核对", "11010519491231002X", "national_id"),
    ("邮箱{}谢谢", "wangwei88@163.com", "email"),
    ("{}", "张三@例子.中国", "email"),
    ("내일 {}로 전화 주세요.", "017-578-7554", "phone"),
    ("Παρακαλώ καλέστε στο {} αύριο.", "(+30) 2180 118797", "phone"),
    ("Kérem hívja a {} számot holnap.", "06-2/890 7243", "phone"),
    ("Ruf mich unter {} zurück", "0171 / 4455667", "phone"),
    ("Tel. {} (mittags)", "089-32168-0", "phone"),
    ("тел. {}", "8 916 123 45 67", "phone"),
    ("Перезвоните по номеру {} завтра.", "8 938 138 5412", "phone"),
    ("Proszę oddzwonić na {} jutro.", "799 208 215", "phone"),
    ("Lütfen {} numarasını arayın.", "(231)637 4256", "phone"),
    ("llámame al {} por favor", "612 345 678", "phone"),
    ("Ring venligst {} i morgen.", "48 87 52 31", "phone"),
    ("Vänligen ring {} imorgon.", "08-23 74 09", "phone"),
    ("mail {} ok", "bob\u200b.smith@example.com", "email"),
    ("カード番号 {}", "４５５６ ７３７５ ８６８９ ９８５５", "card"),
    ("ИНН {}", "500100732259", "national_id"),
    ("СНИЛС {}", "112-233-445 95", "national_id"),
]
THINGS = """\
see drawing 123-45-6789 rev B
Article 0049 301 2234 replaced by 0049 301 2235
firmware version 7.12.143.201 runs on the gate
call before 2023-11-04 and pay 1 234 567 euro
please call about order no. 799 208 215
call id 20231104123045 closed
call centre opened 2019-2020-2021
ring diameter 10-20-30 mm, 100/200/300
dial gauge 0.001 0.002 0.0035
the call lasted 12 345 678 ms on line 3
Contact angle 12.345 67.891 23.456
phone case for 123456789 pieces
артикул 8 916 123 45 67 на складе
订单号13812345678已发货""".splitlines()
SENTENCES = {
    "de_DE": "Bitte rufen Sie {} zurück, danke.", "fr_FR": "Merci de rappeler le {} demain.",
    "it_IT": "Si prega di richiamare il {} domani.", "pl_PL": "Proszę oddzwonić na {} jutro.",
    "pt_BR": "Favor ligar para {} amanhã.", "ru_RU": "Перезвоните по номеру {} завтра.",
    "tr_TR": "Lütfen {} numarasını arayın.", "ja_JP": "明日{}に電話してください。", "zh_CN": "请明天拨打{}联系。",
    "ko_KR": "내일 {}로 전화 주세요.", "el_GR": "Παρακαλώ καλέστε στο {} αύριο.", "uk_UA": "Зателефонуйте {} завтра.",
    "hu_HU": "Kérem hívja a {} számot holnap.", "sv_SE": "Vänligen ring {} imorgon.",
    "da_DK": "Ring venligst {} i morgen.", "fi_FI": "Soittakaa {} huomenna.",
}  # fmt: skip
PASSWORDS = [
    "пароль: {}", "密码：{} 谢谢", "密码是{}，请", "パスワード: {}", "la password è {}", "hasło: {}", "şifre: {}",
    "wachtwoord: {}", "WLAN-Schlüssel: {}", "sshpass -p '{}' ssh root@host",
]  # fmt: skip
FORGOTTEN = """\
пароль забыл, помогите пожалуйста
пароль: восстановление
密码忘记了，请帮忙
密码：忘记了请帮忙谢谢大家非常感谢你们的帮助
şifre: unuttum
hasło: zapomniałem""".splitlines()
HEADERS = {
    "год рождения": "birth", "индекс": "zip", "пол": "sex", "出生年份": "birth", "邮编": "zip", "性别": "sex",
    "성별": "sex", "район": "place", "семейное положение": "family",
}  # fmt: skip


@pytest.mark.parametrize(("text", "value", "kind"), SPELT)
def test_a_value_is_found_to_the_letter_in_its_language(text, value, kind):
    text = text.format(value)
    assert [(text[start:end], what) for start, end, what in found(text)] == [(value, kind)]


@pytest.mark.parametrize("text", THINGS)
def test_numbers_of_drawings_orders_and_releases_are_nobodys(text):
    assert list(found(text)) == []


@pytest.mark.parametrize("place", SENTENCES)
def test_phones_beside_a_word_for_calling_are_found_in_every_language(place):
    fake = Faker(place)
    fake.seed_instance(3)
    hits = 0
    for _ in range(40):
        value = fake.phone_number()
        text = SENTENCES[place].format(value)
        at = text.index(value)
        hits += (at, at + len(value), "phone") in set(found(text))
    assert hits >= 38


def test_a_column_of_chinese_mobile_numbers_is_one_of_phones_and_a_counter_is_not(tmp_path):
    draw, fake = random.Random(1), Faker("zh_CN")
    fake.seed_instance(1)
    table = {
        "feld3": [fake.phone_number() for _ in range(300)],
        "counter": [str(13_800_000_000 + 7 * i) for i in range(300)],
        "drawn": [str(draw.randrange(10**10, 10**11)) for _ in range(300)],
        "gate": [f"{draw.randint(1, 12)}.{draw.randint(0, 40)}.{draw.randint(0, 200)}.{draw.randint(0, 250)}"
                 for _ in range(300)],
    }  # fmt: skip
    facts = personal_data.run(prepared(tmp_path, table), Budget(30)).facts
    assert [(one["column"], one["kind"], one["rows"]) for one in facts["by_column"]] == [
        ("feld3", "phone", 300)
    ]


def test_russian_numbers_are_checked():
    assert national.ru_inn("500100732259")
    assert not national.ru_inn("500100732258")
    assert national.ru_snils("112-233-445 95")
    assert not national.ru_snils("112-233-445 96")


@pytest.mark.parametrize("text", PASSWORDS)
def test_passwords_are_found_to_the_letter_in_every_language(text):
    text = text.format("k3Fq9Zx7LmA")
    assert [text[start:end] for start, end, _ in secrets_in(text)] == ["k3Fq9Zx7LmA"]


@pytest.mark.parametrize("text", FORGOTTEN)
def test_a_password_that_is_forgotten_is_none(text):
    assert list(secrets_in(text)) == []


@pytest.mark.parametrize("header", HEADERS)
def test_headers_of_russian_chinese_and_korean_tables_are_known(header):
    told = known(header)
    assert told is not None
    assert told[0] == HEADERS[header]
