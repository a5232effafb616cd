# ruff: noqa: E501 - tables read best with an entry a line
"""Names and addresses of people in running text: by the words around them and by lists, without a language model.

A name is *told* where the words around say that somebody is meant: a greeting, a signature, a form of address,
"my name is", "patient:", "the customer Anna Schmidt", or a way to reach them in the same text. A first name of
the lists with a word in capitals behind it, in prose, is a name as well, but nobody's secret for sure: reviews
name actors and news name ministers. Those are marked as not told, and the probe only remarks on them.
Titles of songs, books and films are no prose (most of their words begin with a capital), so they stay quiet.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from workers.probes.security.personal_data import lists

_UP = "A-ZÀ-ÖØ-ÞŁŚŻŹĆČŠŽĐĞİŞĄĘŃÓŐŰŘĎŤŇ"
_LOW = "a-zß-öø-ÿłśżźćčšžđğışąęńőűřďťň"
_CAP = rf"[{_UP}][{_LOW}'’]+(?:[{_UP}][{_LOW}'’]+)?(?:-[{_UP}][{_LOW}'’]+)?"  # McDonald, O'Brien, Jean-Luc
_PART = r"(?:van der|van den|van de|van|von der|von|de la|de las|de los|de|del|della|di|da|dos|das|do|den|der|ter|ten|le|la|el|al|bin|bint|zu|af)"
_LAST = rf"(?:{_PART}\s)?{_CAP}"
_FULL = rf"{_CAP}(?:\s[{_UP}]\.)?(?:\s{_LAST}){{1,3}}"


class Found(NamedTuple):
    start: int
    end: int
    kind: str  # "name" or "address"
    told: bool  # the words around say that it is somebody's


# -- names ----------------------------------------------------------------------------------------------
_TITLES = (
    "Mr|Mrs|Ms|Miss|Mx|Dr|Prof|Herrn?|Frau|Fräulein|Monsieur|Madame|Mademoiselle|Mme|Mlle|Señor|Señora|Señorita|Sra?"
    r"|Sig|Signora?|Sig\.ra|Dott|Dott\.ssa|Dhr|Mevr|Mevrouw|Meneer|Senhora?|Dra?|Pani?|Herra|Rouva|Fru"
)
TITLE = re.compile(
    rf"(?<![\w.])(?:{_TITLES})\.?\s(?:(?:Dr|Prof)\.\s)?((?:{_CAP}(?:\s[{_UP}]\.)?\s)?{_LAST})(?![\w])"
)
GREETING = re.compile(
    r"(?:^|(?<=[\n.!?>:,] )|(?<=\n))(?:[Dd]ear|DEAR|Hi|Hello|Hey|Hallo|Liebe[r]?|Sehr geehrte[r]?|Guten Tag|Moin|Ch[èe]re?|Bonjour|Salut|Querid[oa]|Estimad[oa]|Hola"
    rf"|Car[oa]|Gentile|Egregio|Ciao|Salve|Beste|Geachte|Hoi|Prezad[oa]|Car[oa]|Olá|Drog[ia]|Szanown[ya]|Cześć|Hej|Kära?|Bästa)\s((?:(?:{_TITLES})\.?\s)?{_CAP}(?:\s{_LAST}){{0,2}})(?=\s?[,!:\n–-]|\.\s|$)"
)
SIGNED = re.compile(
    r"(?i:\b(?:signed(?: by)?|(?:kind(?:est)?|best|warm(?:est)?|with) regards|regards|best wishes|(?:yours )?(?:sincerely|faithfully|truly)(?: yours)?|yours|cheers"
    r"|(?:mit )?freundlichen? grü(?:ß|ss)en?|(?:viele|beste|liebe|herzliche) grü(?:ß|ss)e|mfg|lg|gez(?:eichnet|\.)|unterzeichnet(?: von)?|cordialement|bien à vous"
    r"|(?:sincères )?salutations|signé(?: par)?|saludos(?: cordiales)?|un saludo|atentamente|firmado(?: por)?|(?:cordiali|distinti) saluti|firmato(?: da)?"
    r"|met vriendelijke groet(?:en)?|groet(?:en|jes)?|ondertekend(?: door)?|atenciosamente|(?:melhores )?cumprimentos|assinado(?: por)?|podpisan[oy]|pozdrawiam|med vänliga hälsningar|mvh"
    rf"))\s?[,:.;\-–]*\s+((?:(?:Mr|Mrs|Ms|Dr|Herr|Frau)\.?\s)?{_CAP}(?:\s[{_UP}]\.)?(?:\s{_LAST}){{0,2}})(?![\w])"
)
CALLED = re.compile(
    r"(?i:\b(?:my (?:full )?name(?: is|'s|:)|name is|mein name ist|ich hei(?:ß|ss)e|je m'appelle|mon nom est|me llamo|mi nombre es|soy el señor|soy la señora|mi chiamo|il mio nome è"
    rf"|ik heet|mijn naam is|o? ?meu nome é|chamo-me|me chamo|nazywam się|jag heter|this is|hier (?:ist|spricht)|z\.\s?hd\.(?: von)?|c/o|attn\.?:?|attention:))\s((?:(?:Mr|Mrs|Ms|Dr|Herr|Frau)\.?\s)?{_CAP}(?:\s[{_UP}]\.)?(?:\s{_LAST}){{0,2}})(?![\w])"
)
LABEL = re.compile(
    r"(?i:\b(?:name|patient(?:in)?|kunden?|kundin|ansprechpartner(?:in)?|contact(?: person)?|kontakt|customer(?: name)?|client(?:e)?|nom|nombre|nome|naam|employee|mitarbeiter(?:in)?"
    rf"|sender|absender(?:in)?|recipient|empfänger(?:in)?|from|to|von|an|cc|tenant|mieter(?:in)?|student(?:in)?|applicant|bewerber(?:in)?|paziente|paciente|pacjent|imię i nazwisko))\s?:\s?({_FULL})(?![\w])"
)
PERSON = (  # what people are called in a shop, a surgery, a firm
    r"customer|client|patient|tenant|guest|colleague|employee|applicant|student|pupil|neighbour|neighbor|member|subscriber|caller|visitor|buyer|seller|wife|husband|son|daughter|brother|sister|mother|father"
    r"|kunde|kundin|patientin|mieter(?:in)?|gast|kolleg(?:e|in)|mitarbeiter(?:in)?|bewerber(?:in)?|schüler(?:in)?|nachbar(?:in)?|cliente?|paziente|paciente|klant|collega|patiënt|locataire|collègue|empleado|kollega|klient(?:ka)?|pacjent(?:ka)?"
)
DOES = (  # what customers and patients do
    r"called|phoned|rang|emailed|mailed|complained|ordered|paid|requested|booked|cancelled|was admitted|would like|will pick up"
    r"|rief an|bittet um|wohnt|bestellte|hat (?:\w+ ){0,4}(?:angerufen|bestellt|reklamiert|gekündigt|bezahlt)|a appelé|habite|souhaite|llamó|pidió|ha chiamato|abita|belde|woont|ligou|dzwonił[a]?|mieszka|ringde"
)
CUSTOMER = re.compile(rf"(?i:\b(?:{PERSON})),?\s({_FULL})(?=\s(?:{DOES})\b)")
PERSON_BEFORE = re.compile(rf"(?i:\b(?:{PERSON})),?\s$")
DOES_BEHIND = re.compile(rf"\s(?:\([^)]{{1,40}}\)\s)?(?:{DOES})\b")
PAIR = re.compile(rf"(?<![\w'’\-])({_CAP})(?:\s[{_UP}]\.)?\s({_LAST})(?![\w'’])")
PLACES_BEFORE = re.compile(
    r"(?:\b(?:San|Santa|Santo|São|St|Ste|Saint|Fort|Port|Lake|Mount|King|Queen|Prince|Princess|Pope|President|Cape|Camp|Villa|Casa|Hotel|Café|Bar|Team)\.?\s)$"
)
PATRONYMIC = re.compile(
    r"(?<!\w)(?:[А-ЯЁ][а-яё]+\s)?[А-ЯЁ][а-яё]+\s[А-ЯЁ][а-яё]+(?:ович|евич|ьич|овна|евна|ична)(?:\s[А-ЯЁ][а-яё]+)?(?!\w)"
)
REACHED = re.compile(r"[\w.+\-]@[\w\-]+\.|\+\d{2}|\b0\d{2,4}[ /\-]\d{3}")  # a way to reach somebody
WORDS = re.compile(rf"[{_UP}{_LOW}][\w'’\-]*")
FEWEST_BEHIND = 3  # words behind a greeting
FEWEST_WORDS, CAPITALS = 5, 0.5  # besides the name, of prose; share of them in capitals that prose may have


def names(text: str) -> Iterator[Found]:
    """The names of people in one text, the surest first; a place is named once."""
    taken: list[tuple[int, int]] = []

    def free(start: int, end: int) -> bool:
        return not any(start < stop and begin < end for begin, stop in taken)

    for start, end, told in (*_told(text), *_pairs(text)):
        if free(start, end):
            taken.append((start, end))
            yield Found(start, end, "name", told)


# A text without any of these words needs no look at the rule: a search for plain words costs little.
_SAID = {
    "greeting": "dear hi hello hey hallo liebe geehrte guten moin ch bonjour salut querid estimad hola car gentile egregio"
    " ciao salve beste geachte hoi prezad olá drog szanown cze hej kära bästa",
    "called": "name naam nome nombre nom heiße heisse appelle llamo soy chiamo heet chamo nazywam heter this hier hd. c/o att",
    "signed": "sign regard wishes sincer faith truly yours cheers grü grue gru mfg lg gez unterz cordial bien salut saludo"
    " atentamente firm groet onderteken atenciosa cumprim assina podpis pozdraw hälsning mvh",
    "customer": "phoned called rang mailed complained ordered paid requested booked cancelled admitted would pick rief"
    " bittet wohnt bestell angerufen reklamiert gekündigt bezahlt appel habite souhaite llam pidi chiamato abita belde woont"
    " ligou dzwoni mieszka ringde",
}
RULES: tuple[tuple[re.Pattern[str], tuple[str, ...], bool], ...] = (  # rule, words, whether a first name alone will do
    (GREETING, tuple(_SAID["greeting"].split()), True), (CALLED, tuple(_SAID["called"].split()), True),
    (SIGNED, tuple(_SAID["signed"].split()), True), (CUSTOMER, tuple(_SAID["customer"].split()), True),
    (LABEL, (":",), False), (TITLE, ("",), False),
)  # fmt: skip


def _told(text: str) -> Iterator[tuple[int, int, bool]]:
    small = text.lower()
    for rule, words, alone in RULES:
        if not any(word in small for word in words):
            continue
        for match in rule.finditer(text):
            start, end = match.span(1)
            end = start + len(_trimmed(match[1]))
            name = text[start:end]
            titled = rule is TITLE or TITLE.match(name) is not None
            if rule is GREETING and len(WORDS.findall(text[end:])) < FEWEST_BEHIND:
                continue  # "Dear John" alone is a song
            if titled and _titled(text, name, start, end, greeted=rule is not TITLE):
                yield start, end, rule is not TITLE or _near(text, start, end)
            elif not titled and _somebody(name, rule is LABEL or rule is CALLED or " " in name, alone):
                yield start, end, True
    for match in PATRONYMIC.finditer(text) if "ич" in small or "вна" in small or "чна" in small else ():
        yield *match.span(), True


def _trimmed(name: str) -> str:
    """A name without what stands behind it and begins with a capital, too, and without a possessive "s"."""
    words = re.sub(r"['’]s?$", "", name).split(" ")
    while len(words) > 1 and _a_thing(lists.plain(words[-1])):
        words.pop()
    return " ".join(words)


def _titled(text: str, name: str, start: int, end: int, *, greeted: bool) -> bool:
    """Mr and Mrs Somebody, but no drink, boot or song that is called so."""
    last = lists.plain(name.split()[-1])
    if last in lists.NO_TITLE or last in lists.THINGS:
        return False
    return greeted or prose(text, start, end)


def _somebody(name: str, cue: bool, first_only: bool) -> bool:
    """Whether what stands where a name must stand is one: of the lists, or two words that mean nothing else."""
    words = [lists.plain(word) for word in name.split()]
    if any(map(_a_thing, words)) or " ".join(words[:2]) in lists.KNOWN:
        return False
    known = words[0] in lists.FIRST or words[0].split("-")[0] in lists.FIRST
    if len(words) == 1:
        return first_only and known
    return known or words[-1] in lists.SURNAMES or (first_only and cue)


def _pairs(text: str) -> Iterator[tuple[int, int, bool]]:
    """A first name and a word in capitals, in prose."""
    for match in PAIR.finditer(text):
        first, last = lists.plain(match[1]).split("-")[0], lists.plain(match[2])
        if first not in lists.FIRST or not _named(first, last, text, match):
            continue
        start = match.start()
        end = start + len(_trimmed(match[0]))
        if prose(text, start, end):
            yield start, end, _near(text, start, end)


def _near(text: str, start: int, end: int) -> bool:
    """Whether the words around, or a way to reach somebody in the text, say that it is a customer or the like."""
    before = PERSON_BEFORE.search(text, max(0, start - 24), start)
    return bool(before or DOES_BEHIND.match(text, end) or REACHED.search(text))


def _named(first: str, last: str, text: str, match: re.Match[str]) -> bool:
    words = last.split()
    if any(map(_a_thing, words)) or f"{first} {words[-1]}" in lists.KNOWN:
        return False
    if PLACES_BEFORE.search(text, max(0, match.start() - 12), match.start()):
        return False
    behind = WORDS.match(text, match.end() + 1)
    if behind and lists.plain(behind[0]) in lists.THINGS and behind[0][0].isupper():
        return False  # "Martin Luther Street"
    return first in lists.SURE_FIRST or (words[-1] in lists.SURNAMES and words[-1] not in lists.THINGS)


def _a_thing(word: str) -> bool:
    if word in lists.UNITS or word in lists.SENTENCES:
        return True
    return word in lists.THINGS and word not in lists.SURNAMES


def prose(text: str, start: int, end: int) -> bool:
    """Whether what stands around a place is a sentence: enough words, most in small letters, a verb among them."""
    around = WORDS.findall(text[max(0, start - 200) : start]) + WORDS.findall(text[end : end + 200])
    capitals = sum(word[0].isupper() for word in around)
    if len(around) < FEWEST_WORDS or capitals > CAPITALS * len(around):
        return False
    return any(word.lower() in lists.SENTENCES for word in around)


# -- addresses --------------------------------------------------------------------------------------------
_NO = r"\d{1,4}(?:[/\-]\d{1,3})?\s?[a-zA-Z]?(?![\w])(?!\s?(?:€|%|\$|Euro|EUR|km|kg|Uhr|mal|x\b))"
_OF = r"(?:de la |de las |de los |de l'|de l’|del |della |dello |delle |dei |degli |du |des |da |das |do |dos |de |d'|d’)?"
_NAME = rf"{_OF}[{_UP}][\w'’.\-]*(?:\s(?:{_OF}|(?:y|e|et|und) )[{_UP}][\w'’.\-]*){{0,4}}"
_STREETS = (
    # 12 Main Street
    rf"(?<![\w.,#/\-])\d{{1,5}}[A-Za-z]?,?\s(?:(?:N|S|E|W|North|South|East|West|Old|New)\.?\s)?(?:[{_UP}][\w'’\-]*\s|\d{{1,3}}(?:st|nd|rd|th)\s){{1,3}}(?:Street|Road|Avenue|Boulevard|Lane|Drive|Court|Crescent|Terrace|Close|Place|Square|Way|Parkway|Highway|Gardens|Grove|Mews|Trail|Circle|St|Rd|Ave|Blvd|Ln|Dr|Ct|Pkwy|Hwy)(?![\w])\.?",
    # Hauptstraße 5, Am Markt 3
    rf"(?<![\w])(?:[{_UP}][{_LOW}\-]+\s)?[{_UP}][\w\-]*(?:straße|strasse|str\.|gasse|allee|chaussee|damm|ufer|steig|stieg|weg|platz|(?<![aeioutp])ring)\s?{_NO}",
    rf"(?<![\w])(?:[{_UP}][{_LOW}]+-){{1,3}}(?:Straße|Strasse|Str\.|Weg|Platz|Allee|Ring|Damm|Ufer|Gasse|Chaussee)\s{_NO}",
    rf"(?<![\w])[{_UP}][{_LOW}]+er\s(?:Straße|Strasse|Str\.|Weg|Platz|Allee|Ring|Damm|Ufer|Gasse|Chaussee)\s{_NO}",
    rf"(?<![\w])(?:Am|An der|An den|Auf der|Auf dem|Im|In der|Zum|Zur|Unter den)\s[{_UP}][{_LOW}\-]+\s{_NO}(?=,?\s(?:D-)?\d{{5}}\s[{_UP}])",
    # 12 rue de la République
    rf"(?<![\w.,])\d{{1,4}}(?:\s?(?:bis|ter|quater))?,?\s(?:[Rr]ue|[Aa]venue|[Aa]v\.|[Bb]oulevard|[Bb]d\.?|[Cc]hemin|[Ii]mpasse|[Qq]uai|[Pp]lace|[Aa]llée|[Rr]oute|[Cc]ours|[Ss]quare|[Pp]assage|[Ff]aubourg|[Rr]uelle|[Ss]entier)\s{_NAME}",
    # Calle Mayor 5, Via Roma 3, Rua Augusta 12
    rf"(?<![\w])(?:[Cc]alle|C/|[Aa]venida|[Aa]vda\.?|[Pp]aseo|[Pp]laza|[Pp]za\.?|[Cc]amino|[Cc]arretera|[Cc]tra\.|[Tt]ravesía|[Rr]onda|[Cc]arrer|[Rr]ambla|[Cc]allejón|[Pp]asaje|[Gg]lorieta|[Cc]alzada|[Cc]ircuito)\s?{_NAME},?\s(?:n[ºo°]\.?\s?|núm\.?\s|#\s?)?{_NO}",
    rf"(?<![\w])(?:Via|Viale|V\.le|Piazza|P\.zza|Piazzale|Corso|C\.so|Largo|Vicolo|Lungomare|Contrada|Borgo|Strada)\s(?!Mail|E-?[Mm]ail|Email|App|Skype|Zoom|Internet|Telefon|Phone|Sms|SMS){_NAME},?\s(?:n[ºo°]?\.?\s?)?{_NO}",
    rf"(?<![\w])(?:[Rr]ua|R\.|[Aa]venida|Av\.?|[Ll]adeira|[Tt]ravessa|[Aa]lameda|[Pp]raça|[Ee]strada|[Rr]odovia)\s{_NAME},?\s(?:S/N|(?:n[ºo°]?\.?\s?)?{_NO})",
    # Keizersgracht 12, Storgatan 5, ul. Długa 7
    rf"(?<![\w])[{_UP}][\w\-]*(?:straat|laan|dreef|plein|gracht|kade|singel|dijk|steeg|gatan|vägen|torget|gränd)\s{_NO}",
    rf"(?<![\w])(?:ul\.|al\.|os\.|pl\.)\s?{_NAME}\s\d{{1,4}}[a-zA-Z]?(?:/\d{{1,4}})?(?![\w])",
)
STREETS = tuple(re.compile(one) for one in _STREETS)
NO_STREET = re.compile(
    r"(?:Park|Arbeits|Sitz|Stell|Spiel|Steh|Camping|Fahr|Flug|Sport|Lager|Treff|Bau|Tank|Studien|Ausbildungs|Speicher|Aus|Rück|Hin|Heim|Lebens|Boxen?|Ohr|Ehe|He|Sp|Sch|Umw|Hinw|Bew|Aufw|Norw|Stand|Steck|Lehr|Park-?)(?:platz|weg|ring|weg)\s"
)
_STATES = (
    "AL|AK|AZ|AR|CA|CO|CT|DE|FL|GA|HI|ID|IL|IN|IA|KS|KY|LA|ME|MD|MA|MI|MN|MS|MO|MT|NE|NV|NH|NJ|NM|NY|NC|ND|OH|OK|OR|PA|RI|SC|SD"
    "|TN|TX|UT|VT|VA|WA|WV|WI|WY|DC"
)
_TOWN = rf"[{_UP}][{_LOW}'’\-]+(?:[\s\-](?:{_OF}|am |an der |im |sur |sous )?[{_UP}][{_LOW}'’\-]+){{0,2}}"
TOWNS = (
    re.compile(rf"(?<![\w]){_TOWN},?\s(?:{_STATES}),?\s\d{{5}}(?:-\d{{4}})?(?![\w\-])"),
    re.compile(rf"(?<![\w]){_TOWN},?\s[A-Z]{{1,2}}\d[A-Z\d]?\s\d[A-Z]{{2}}(?!\w)"),
    re.compile(rf"(?<![\w.\-])[1-9]\d{{3}}\s?[A-Z]{{2}}\s{_TOWN}(?!\w)"),
    re.compile(rf"(?<![\w.\-])(?:\d{{4}}-\d{{3}}|\d{{2}}-\d{{3}}|\d{{5}}-\d{{3}})\s{_TOWN}(?!\w)"),
    re.compile(rf"(?<![\w.\-])(?:D|A|CH|F|I|E|B|L|NL|DK|S|SE|PL)-\d{{4,5}}\s{_TOWN}(?!\w)"),
)
POSTCODES = re.compile(r"\d{4}|\d{3} \d{2}|\d[A-Z]{2}\b|\d{2}-\d{3}")  # what a postcode has, at least
POSTCODE = re.compile(rf"(?<![\w.,\-/])(?:\d{{5}}|\d{{3}}\s\d{{2}}|\d{{4}})\s({_TOWN})(?!\w)")
LIVES = re.compile(
    r"(?i)(?:wohn\w*|adresse|anschrift|wohnort|plz|postleitzahl|live[sd]?|address|moved to|ship(?:ped)? to|deliver(?:ed)? to|habit\w*|domicili\w*|demeur\w*|livr\w+|résid\w*|viv[eo]\w*|dirección"
    r"|abit\w*|resident\w*|indirizzo|woon\w*|adres|mora\w*|endereço|mieszka\w*|bor i|adress)[^\d\n]{0,25}$|(?i:\b(?:in|aus|nach|from|à|en|a|di|te|em|uit)\s)$"
)


def addresses(text: str) -> Iterator[Found]:
    """Streets with a number, and postcodes with a town; what belongs together is one span."""
    spans = [
        match.span() for rule in STREETS for match in rule.finditer(text) if not NO_STREET.search(match[0])
    ]
    streets = sorted(spans)
    coded = POSTCODES.search(text) is not None
    spans += [
        match.span()
        for rule in TOWNS
        for match in (rule.finditer(text) if coded else ())
        if _a_town(match[0])
    ]
    for match in POSTCODE.finditer(text) if coded else ():
        behind = any(0 <= match.start() - end <= 4 for _, end in streets)
        lives = sum(map(str.isdigit, match[0])) == 5 and LIVES.search(
            text, max(0, match.start() - 45), match.start()
        )
        if (behind or lives) and _a_town(match[1]):
            spans.append(match.span())
    end_before, begin = -1, -1
    for start, end in sorted(spans):
        if begin >= 0 and start <= end_before + 4 and not text[end_before:start].strip(" ,\n"):
            end_before = max(end, end_before)
            continue
        if begin >= 0:
            yield Found(begin, end_before, "address", True)
        begin, end_before = start, max(end, end_before) if start < end_before else end
    if begin >= 0:
        yield Found(begin, end_before, "address", True)


def _a_town(text: str) -> bool:
    return not any({lists.plain(word)} & (lists.UNITS | lists.NO_TOWN) for word in WORDS.findall(text))


def found(text: str) -> list[Found]:
    """What one text says of people, in the order of the text."""
    places = list(addresses(text)) if any(c.isdigit() for c in text) else []
    people = [
        one
        for one in names(text)
        if not any(one.start < place.end and place.start < one.end for place in places)
    ]
    if places:
        people = [one._replace(told=True) for one in people]
    return sorted((*places, *people))


# RE2, for the whole column: what a text must hold to be read by the rules above at all.
NARROW = (
    r"[\p{Lu}][\p{Ll}'’]+[ \n](?:[\p{Lu}]\.[ \n])?(?:(?:van|von|de|del|della|di|da|der|den|la|le|dos|das|do|zu|ter|ten|af|el|al)[ \n]){0,2}[\p{Lu}][\p{Ll}]"
    r"|(?:Mr|Mrs|Ms|Dr|Herrn?|Frau|Mme|Sra?|Dhr)\.? \p{Lu}"
    r"|(?i:dear|hi|hello|hallo|liebe|geehrte|cher|bonjour|hola|querid|estimad|ciao|car[oa]|beste|ol[áa]|regards|wishes|sincerely|yours|cheers|signed|gr[üu](?:ß|ss)|mfg|cordialement|salutations|saludos|atentamente|saluti|groet|atenciosamente|cumprimentos|name|hei(?:ß|ss)e|appelle|llamo|chiamo|heet|naam|nome|heter)[ ,.:;\n!]"
    r"|[0-9]{1,5}[a-z]?,? (?:bis |ter )?[\p{L}]|[\p{L}.] ?(?:n[ºo°]\.? ?)?[0-9]{1,4}"
)
