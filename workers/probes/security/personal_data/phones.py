# ruff: noqa: E501 - tables read best with an entry a line
"""Phone numbers as people of many countries type them, and the words that say that one follows or went before.

A country's prefix or a trunk zero is a shape of its own. Everything else (``SPOKEN``) is a phone number only
beside a word such as "call": shapes after the numbering plans of the countries (ITU-T E.164 and national ones).
"""

from __future__ import annotations

import re

from workers.probes.security.personal_data import checksums

# The country in brackets, (+30) 2180 118797; the trunk eights of Russia and 06 of Hungary; 0171 / 4455667.
BRACKETED = (
    r"\(\s?\+\s?[1-9]\d{0,2}\s?\)[\s.\-/]{0,2}(?:\(\s?\d{1,5}\s?\)[\s.\-/]?)?\d(?:[\s.\-/]{0,2}\d){5,12}"
)
TRUNK = (
    r"\b8[ \-]?\(\d{3,5}\)[ \-]?\d{1,3}[ \-]?\d{2}[ \-]?\d{2}|\b8[ \-][3489]\d{2}[ \-]\d{3}[ \-]\d{2}[ \-]\d{2}"
    r"|\b06[ \-]\d{1,2}/\d{3}[ \-]?\d{3,4}"
    r"|\b0\d{1,5}\s?[/\-]\s?\d{2,8}(?:[ \-]\d{1,5}){0,4}"
)
HUNGARIAN = re.compile(r"06[ \-]\d{1,2}/\d{3}[ \-]?\d{3,4}")
CHINESE = r"(?<![\w.\-/+])1[3-9]\d([ \-]?)\d{4}\1\d{4}(?![\w@]|[.\-]\d)"
# Beside a word: groups of any length.
_GROUP = r"(?:\(\d{1,5}\)\s?\d{1,5}|\(\d{1,5}\)|\d{1,5})"
SPOKEN = rf"\+?{_GROUP}(?:\s?[ \-./]\s?{_GROUP}){{1,5}}|\d{{7,12}}"
EIGHT = re.compile(r"\d\d(?: \d\d){3}")  # 48 87 52 31, which may begin like a date
# Rows of years, sizes, decimal numbers, and stamps of day and time.
COUNTED = re.compile(
    r"(?:19|20)\d\d(?:[ \-./]+(?:19|20)\d\d)+|\d{1,3}(?:/\d{1,3}){2,}|\d\.\d+(?: \d\.\d+)+"
    r"|(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?:[01]\d|2[0-3])[0-5]\d(?:[0-5]\d)?"
)
# Cues that stand in front, and those of languages whose verb comes last.
CUE = (
    r"\b(?:ruf(?:en|t)?|anruf\w*|r[üu]ckruf\w*|zur[üu]ckruf\w*|erreichbar|r?appel\w*|joindre|ll[áa]m\w*|(?:ri)?chiam\w+|telefonare|zadzwo\w*|dzwoni\w*"
    r"|oddzwoni\w*|(?:terug)?bel(?:len)?|lig(?:ue|uem|ar|a)|ring\w*|soit\w+|numeroon|volej\w*|zavol\w*|h[íi]vj\w*|telefonsz[áa]m\w*|sun[aă]"
    r"|(?:пере|по|до)?звон\w*|наб[еи]р\w*|зателефон\w*|(?:пере|по)?дзвон\w*|телефон\w*|тел|моб|καλ[έε]σ\w*|τηλ\w*|κιν(?:ητό)?|telefonu|numarası)\b"
    r"|拨打|撥打|致电|联系电话|携帯|フリーダイヤル|핸드폰|휴대폰|연락처"
)
BEHIND = re.compile(
    r"\s?(?:numara\w*|nolu|no'?lu|ara(?:yın|yınız)|sz[áa]mo\w*|sz[áa]mra|に電話|へ電話|までお?電話|にお電話|[로으]{1,2} ?(?:전화|연락)|联系|聯繫)",
    re.IGNORECASE,
)
AMOUNT = re.compile(
    r",\d|\s?(?:€|\$|£|%|°|zł|kč|ft\b|руб|₽|eur\w*|usd|km\b|kg\b|m²|元|円|원|stück|pieces|pcs|items)",
    re.IGNORECASE,
)  # behind a number that counts or pays for something


def of_china(text: str) -> bool:
    """A mobile number of China: prefixes that its operators were given (no 154, 160, 194 and the like)."""
    number = checksums.digits(text)
    head = number[:3]
    given = re.fullmatch(r"13\d|14[5-9]|15[0-35-9]|16[2567]|17[0-8]|18\d|19[0-35-9]", head)
    return len(number) == 11 and given is not None and len(set(number)) > 2


def spread(values: set[str] | list[str]) -> bool:
    """Mobile numbers of many people begin in many ways; a counter of articles in one or two."""
    heads = {checksums.digits(value)[:3] for value in values}
    return len(heads) >= min(6, len(values) // 2)


# Words of things right before a number: "see drawing 123-45-6789 rev B", "Article 0049 301 2234".
_THINGS = (
    r"drawing|dwg|article|artikel|art|item|order|orders|bestellung|auftrag|commande|pedido|ordine|part|parts|spare|teil|bauteil|ref|reference|referenz|firmware|version|ver|release"
    r"|build|driver|software|patch|kernel|serial|sn|sku|model|modell|batch|charge|lot|invoice|rechnung|facture|factura|fattura|catalog|catalogue|katalog|material|plan|blueprint|zeichnung"
    r"|replaced by|replaces|superseded by|supersedes|ersetzt durch|ersatz f[üu]r|чертеж|артикул|заказ|zamówienie|rysunek"
)
_NUMBERED = r"(?:s|n|en)?(?:[\s.:#=\-(№]|\b(?:no|nr|num|number|nummer|code|id|key|is|was|rev|numéro|número|numero)\b|n[°ºo]){0,8}$"
OF_A_THING = re.compile(
    rf"(?<!\w)(?:{_THINGS}){_NUMBERED}|(?:版本|型号|订单号?|図番|品番|注文番号)[\s:：]?$", re.IGNORECASE
)


def of_a_thing(text: str, start: int) -> bool:
    """Whether the words right before a place say that the number is that of a drawing, an order or a release."""
    return OF_A_THING.search(text, max(0, start - 40), start) is not None
