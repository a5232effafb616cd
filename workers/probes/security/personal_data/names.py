# ruff: noqa: E501 - tables read best with an entry a line
"""Words that columns of personal data are called by, and first names common where such tables come from.

The list is short on purpose: a column of names is recognised by the share of its cells that hold one
of these, which a few hundred common names of several languages lift far above chance.
"""

from __future__ import annotations

import re

HEADERS: tuple[tuple[str, str], ...] = (
    ("email", r"e_?mails?|mail_?address|reply_?to|correo(?:_electr[oó]nico)?|courriel|e_?posta|posta_elettronica|邮箱|电子邮件|メール\w*|이메일"),
    ("phone", r"(?:tele|mobile_?|cell_?|home_?|work_?)?phones?|t[eé]l[eé]phone|tel|mobile|mobil\w*|cell|gsm|fax|telefon\w*|handy\w*|m[oó]vil|whatsapp"
              r"|telefoon\w*|cellulare|phone_?(?:no|nr|number)|tel_?(?:no|nr|number)|tel[eé]fono|celular|portable|手机号?|电话\w*|联系电话|電話\w*|携帯\w*|전화\w*|휴대폰\w*|телефон\w*"),
    ("iban", r"iban|bank_?account|account_?(?:no|number)|konto\w*|kontonummer"),
    ("card", r"(?:credit_?|debit_?|payment_?)?card(?:_?(?:no|number))?|cc_?(?:no|number)"),
    ("national_id", r"ssn|social_?security\w*|national_?(?:id|insurance)\w*|nino|nhs(?:_?(?:no|number))?|dni|nie|nif|cpf|cnpj|pesel|bsn|aadhaa?r"
                    r"|personnummer|personal_?(?:code|id|number)|steuer_?(?:id|nummer)|tax_?(?:id|number|file_?number)|tin|codice_?fiscale"
                    r"|identity_?(?:no|number|card)|id_?card|curp|rut|cuit|cuil|oib|egn|cnp|amka|nric|rrn|tckn|ahv|svnr|pps|tfn|sin|fodselsnummer|cpr|инн|снилс|snils|рнокпп|身份证\w*|身分證\w*|주민등록번호|マイナンバー|(?:tc_?)?kimlik_?(?:no|numaras[iı])"),
    ("passport", r"passport\w*|reisepass\w*|passeport|pasaporte"),
    ("birth_date", r"dob|birth_?(?:date|day)?|date_?of_?birth|born|geburts\w*|fecha_?nac\w*|nacimiento|(?:date_de_)?naissance|do[gğ]um_tarihi|data_(?:di_|de_)?nasci\w*|data_urodzenia|geboortedatum|f[oö]delsedatum|дата_рождения|дата_народження|出生日期|生年月日|생년월일"),
    ("name", r"(?:full|first|last|given|family|middle|sur|user|contact|customer|client|patient|passenger|employee|student|person"
             r"|maiden|display|applicant|member|doctor|teacher|author)_?names?|forename|surname|vorname|nachname|nombre|apellidos?|pr[eé]nom|nom|imi[eę]|nazwisko|imi[eę]_i_nazwisko|sobrenome|nome_completo|voornaam|achternaam"
             r"|ad_?soyad|soyad[iı]?|f[oö]rnamn|efternamn|cognome|names?|author|driver|owner|holder|氏名|姓名|名前|фио|имя|фамилия|이름|성명|الاسم"),
    ("address", r"(?:street|home|postal|mailing|billing|shipping)_?address|address(?:_?line)?(?:_?\d)?"
                r"|street|strasse|straße|anschrift|adresse|direcci[oó]n|domicilio|indirizzo|endere[cç]o|adres|adress"),
    ("plate", r"(?:licen[cs]e|number|registration)?_?plates?|kennzeichen|matricula|vehicle_?reg\w*"),
    ("vin", r"vin|chassis_?(?:no|number)?"),
    ("mac", r"mac(?:_?addr\w*)?"),
    ("ip", r"ip|ip_?addr\w*|client_?ip|remote_?addr\w*|x_forwarded_for"),
)  # fmt: skip
OF_PEOPLE = re.compile(
    r"(?:^|_)(?:full|first|last|given|family|middle|sur|maiden|patient|passenger|employee|student|person|applicant)_?names?"
    r"(?:$|_)|forename|surname|vorname|nachname|apellido|prenom|cognome|氏名|姓名|фио|фамилия|이름|성명|الاسم"
)  # headers that mean people and nothing else
_HEADERS = [(kind, re.compile(rf"(?:^|_)(?:{words})(?:$|_)")) for kind, words in HEADERS]

TITLES = re.compile(
    r"\b(?:mr|mrs|ms|miss|mme|mlle|dr|prof|herr|frau|sir|rev|master|don|doña|sr|sra)\b\.?", re.I
)

FIRST_NAMES = frozenset(
    """
    aaron abdul abigail adam adrian agnes ahmed aisha alan albert alberto alejandro alessandro alex alexander
    alexandra alexis alfred ali alice alicia alison allison amanda amber amelia amy ana anastasia andre andrea andreas
    andrew angel angela anil anita ann anna anne annette annie antje anthony antonia antonio april arjun arnold arthur
    ashley astrid audrey ayesha barbara beatrice beatriz ben benjamin bernard bernd bertha betty beverly bianca bill
    birgit bob bonnie brandon brenda brian bridget bruce bruno bryan camila camille carina carl carla carlos carmen
    carol carolina caroline carolyn catherine cecilia charles charlotte chen chloe chris christian christina christine
    christoph christopher cindy claire clara claudia claus connie craig cristina cynthia dagmar daisy dale dan daniel
    daniela danielle darren dave david dawn dean deborah debra deepak denise dennis derek diana diane diego dieter
    dmitri dolores dominic dominik don donald donna doris dorothy douglas dylan earl eduardo edward edwin elaine elena
    elias elisa elisabeth elizabeth elke ella ellen elsa emil emilia emily emma enrique eric erica erik erika erin
    ernest ernst esther ethan eugene eva evan eve evelyn fatima felix fernando fiona florence frances francesca
    francesco francis francisco franck frank franz fred frederick friedrich fritz gabriel gabriela gary gavin george
    georg gerald gerd gerhard gertrud giovanni gisela giulia gladys glen gloria gordon grace graham greg gregory guido
    guillermo gunter gustav guy hannah hans harald harold harriet harry hassan heather hector heike heinrich heinz
    helen helena helga helmut henri henry herbert herman hermann hilda holger holly horst howard hubert hugh hugo ian
    ibrahim ida ignacio igor ines inge ingeborg ingrid irene iris irma isaac isabel isabella ivan jack jacob jacqueline
    jaime jake james jamie jan jane janet janice jasmine jason javier jay jean jeff jeffrey jennifer jenny jeremy
    jerry jesse jessica jesus jill jim jimmy joachim joan joanna joanne jochen joe joel johann johanna johannes john
    johnny jon jonas jonathan jordan jorge jose josef joseph josephine joshua joyce juan juana judith judy julia julian
    julie juliette julio june jurgen jürgen justin karen karin karl karla kate katharina katherine kathleen kathryn
    kathy katie katja kay keith kelly ken kenneth kevin kim kimberly klaus kristen kristin kumar kurt kyle larry laura
    lauren laurence lawrence lea leah lee lena leo leon leonard leonardo leslie lewis li liam lillian lily linda lisa
    logan lois lorenzo lori lothar louis louise lucas lucia lucy luis luisa luigi lukas luke lydia lynn madison manfred
    manuel manuela marc marcel marco marcos marcus margaret margarita maria marie marilyn marina mario marion marjorie
    mark markus marlene martha martin martina marvin mary mathilde matteo matthew matthias maureen maurice max maximilian
    megan mehmet melanie melissa mercedes mia michael michaela michel michele michelle miguel mike mila mohamed mohammed
    molly monica monika morgan muhammad nancy naomi natalia natalie natasha nathan neil nicholas nick nicolas nicole
    nigel nina noah nora norbert norma norman olga oliver olivia oscar oskar otto pablo pamela paola pascal patricia
    patrick paul paula pauline pedro peggy penelope peter petra phil philip philipp phillip phyllis pierre pilar pooja
    priya rachel rafael rainer raj rajesh ralf ralph ramon raquel raul ray raymond rebecca regina reinhard renate renee
    ricardo richard rita robert roberta roberto robin rodney roger roland rolf ron ronald rosa rose rosemary roy ruben
    rudolf russell ruth ryan sabine sally salvador sam samantha samuel sandra sanjay santiago sara sarah scott sean
    sebastian sergio shannon sharon shaun sheila shirley sibylle sigrid silvia simon simone sofia sonia sophia sophie
    stacy stanley stefan stefanie stella stephanie stephen steve steven stuart sue susan susanne suzanne sven sylvia
    tamara tanja tanya tara ted teresa terry theodor theodore theresa thomas tiffany tim timothy tina tobias todd tom
    tony tracy travis ulrich ulrike ursula ute uwe valentina valerie vanessa vera verena veronica vicente victor
    victoria vikram vincent viola virginia vivian volker walter wanda warren wayne wei wendy werner wilhelm william
    winifred wolfgang xavier yan yolanda yusuf yvonne zachary zoe
    """.split()  # noqa: SIM905 - a list of this length is read as text
)
WORD = re.compile(r"[^\W\d_]+")
PAIR = re.compile(
    r"\b([A-ZÀ-ÖØ-Þ][a-zß-ÿ]+)(?:\s+[A-Z]\.)?\s+[A-ZÀ-ÖØ-Þ][\w'’\-]+"
)  # a first name and one more
THINGS = re.compile(
    r"(?:^|_)(?:(?:file|class|column|product|species|item|model|brand|host|table|company|shop|store|city|country|street|place"
    r"|school|team|event|feature|variable|metric|project|common|scientific|cell|card|phone|mobile|email|address|driver|owner)"
    r"_?(?:names?|type|line|count|size|model|brand|provider|os)|birth_?(?:rate|weight|place|order|country|city)"
    r"|(?:email|phone|sms)_?(?:sent|opened|verified|clicks?|opt_?in))(?:$|_)"
)  # headers that only sound like a person's


def header_kind(column: str) -> str | None:
    """What a column's name promises: "Date of birth" -> "birth_date"; None when it promises nothing."""
    name = plain(column)
    if THINGS.search(name):
        return None
    return next((kind for kind, regex in _HEADERS if regex.search(name)), None)


CODES = re.compile(
    r"(?:^|_)(?:isbn|issn|ean|gtin|upc|barcode|sku|asin|doi|version|firmware|bios|release|build|revision|user_agent|useragent"
    r"|(?:file|case|order|invoice|part|serial|ticket|batch|lot)_?(?:no|nr|num|number|id))(?:_?1[03])?(?:$|_)"
)  # headers of numbers that things have, among which some pass a check by chance


def a_code(column: str) -> bool:
    """A column of numbers of things: books, parcels, versions, files."""
    return CODES.search(plain(column)) is not None


# Headers of numbers that things have and that may be spelt like those of people: "Part", "item_code".
OF_THINGS = re.compile(
    r"(?:^|_)(?:part|item|component|article|product|material|stock|catalog(?:ue)?|model|spare|drawing|equipment|device"
    r"|asset|inventory|machine|tool|sample|specimen|lot|batch|order|invoice|shipment|parcel|ticket|serial|supplier"
    r"|vendor|teil|artikel|bauteil|pieza|pi[eè]ce|articolo)(?:e|s)?(?:_?(?:code|no|nr|num|number|nummer|id|ref|key))?$"
)


def of_things(column: str) -> bool:
    """Whether a header says that its numbers are those of things."""
    return OF_THINGS.search(plain(column)) is not None and header_kind(column) is None


def plain(column: str) -> str:
    """A header as small words with underscores between: "LastName" -> "last_name"."""
    name = re.sub(r"([a-z])([A-Z])", r"\1_\2", column)
    return re.sub(r"[^\w]+", "_", name).strip("_").lower()


def called_name(column: str) -> bool:
    """A column that is only called "name", which may be a person's or a product's."""
    return re.sub(r"\W+", "", column).lower() in ("name", "names", "contact", "person", "customer", "client")


def names_a_person(cell: str) -> bool:
    """Two to six words, no digits, and a common first name or a form of address among them."""
    if any(c.isdigit() for c in cell) or len(cell) > 80:
        return False
    words = WORD.findall(cell)
    if not 2 <= len(words) <= 9 or not words[0][:1].isupper():
        return False
    return TITLES.search(cell) is not None or any(word.lower() in FIRST_NAMES for word in words)
