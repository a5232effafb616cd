# ruff: noqa: E501 - tables read best with an entry a line
"""Whether rows are about people, and which of their columns others may know: by header, and by what is in them.

A combination of such columns (a "quasi-identifier", Dalenius 1986) singles people out without any name.
The headers follow the examples of Sweeney (2000) and of the HIPAA Safe Harbor list.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from workers.probes.base import Column, Sample
from workers.probes.security.personal_data import columns as personal
from workers.probes.security.personal_data import lists, names
from workers.probes.security.reidentification import content
from workers.sql import quoted

if TYPE_CHECKING:
    import duckdb

# what -> words of a header, without accents; "person" says that only people have it
KNOWN: tuple[tuple[str, bool, str], ...] = (
    ("birth", True, r"dob|birth_?(?:date|day|year|month)?|date_?of_?birth|year_?of_?birth|born|yob|geburts\w*|(?:date_de_|annee_de_|lieu_de_)?naissance"
                    r"|(?:fecha_de_|fecha_|ano_de_)?nac(?:imiento)?|(?:data_di_|anno_di_)?nascita|geboorte\w*|(?:data_de_|ano_de_)?nascimento"
                    r"|(?:data_|rok_)?urodzenia|fodelse\w*|fodd|生年月日|дата_рождения"
    r"|dogum_(?:tarihi|yili|gunu)"
    r"|дата_рождения|год_рождения|месяц_рождения|день_рождения|(?:дата|рік)_народження|出生(?:日期|年月日?|年份|年|日)|生日|生年|誕生日|생년월일|출생(?:연도|년도|일)"),
    ("age", False, r"age|ages|age_?(?:years?|group|band|range|class|at_?\w+)|\w+_age|alter|altersgruppe|edad|tranche_d_age|eta|fascia_d_eta|leeftijd\w*|idade"
                   r"|faixa_etaria|wiek|alder|age_\w+|年齢|возраст"
    r"|yas|yasi|yas_(?:grubu|araligi)"
    r"|возрастная_группа|вік|年龄(?:段|组)?|年齡|나이|연령대?"),
    ("sex", False, r"sex|gender|geschlecht|sexo|sexe|genero|sesso|genere|geslacht|plec|kon|kjonn|性別|пол"
    r"|cinsiyet\w*"
    r"|стать|性别|성별"),
    ("zip", False, r"zip|zip_?code|post_?code|postal_?code|postal|plz|postleitzahl|cap|code_?postal|codigo_?postal|cod_postal|codice_?postale|cep|kod_?pocztowy"
                   r"|postnummer|post_?nr|郵便番号|индекс"
    r"|posta_?kodu"
    r"|почтовый_индекс|поштовий_індекс|邮编|邮政编码|郵遞區號|우편번호"),
    ("place", False, r"city|town|village|county|district|region|state|province|municipality|neighbou?rhood|country|location|residence|birth_?place|place_?of_?birth"
                     r"|native_?country|ort|stadt|wohnort|bundesland|kreis|gemeinde|ville|commune|departement|pays|ciudad|municipio|provincia|pais|localidad|barrio"
                     r"|citta|comune|regione|paese|residenza|stad|gemeente|woonplaats|provincie|cidade|estado|bairro|miasto|gmina|wojewodztwo|powiat|kommun|lan"
    r"|sehir|ilce|semt|mahalle|bolge|ulke|yasadigi_(?:il|sehir|ulke)|dogum_yeri|ikamet\w*"
    r"|город|регион|область|край|район|страна|населенный_пункт|место_(?:жительства|рождения)|місто|城市|省份?|市区?|区县?|地区|籍贯|国家|居住地|户籍\w*|都道府県|市区町村|도시|지역|거주지|시도"),
    ("origin", True, r"nationality|citizenship|ethnicity|ethnic_?\w*|race|native_?(?:country|language)|mother_?tongue|country_?of_?birth|staatsangehorigkeit"
                     r"|nationalitat|herkunft|muttersprache|nationalite|ethnie|nacionalidad|etnia|raza|nazionalita|cittadinanza|nationaliteit|nacionalidade|raca"
                     r"|narodowosc|obywatelstwo|nationalitet|medborgarskap"
    r"|uyru(?:k|gu)|milliyet\w*|vatandaslik|etnik_koken|ana_?dili?"),
    ("job", True, r"job|job_?title|occupation|profession|employer|position|beruf|profesion|work_?class|workclass|education(?:_?\w+)?|degree|school|ausbildung"
                  r"|bildung\w*|arbeitgeber|metier|emploi|diplome|niveau_d_etudes|ocupacion|puesto|estudios|nivel_educativo|professione|mestiere|occupazione"
                  r"|istruzione|titolo_di_studio|beroep|functie|opleiding\w*|profissao|ocupacao|escolaridade|zawod|stanowisko|wyksztalcenie|yrke|utbildning|職業"
    r"|meslek|meslegi|isveren|egitim(?:_(?:durumu|duzeyi|seviyesi))?|ogrenim_durumu"
    r"|профессия|должность|образование|место_работы|职业|职位|学历|工作单位|職種|最終学歴|직업|학력"),
    ("family", True, r"marital_?\w*|civil_?status|children|n?_?kids|dependents|household_?\w*|relationship|married|familienstand|zivilstand|kinder(?:zahl)?|sib_?sp"
                     r"|parch|number_?of_?children|etat_civil|situation_familiale|(?:nombre_d_)?enfants|estado_civil|hijos|stato_civile|figli|burgerlijke_staat"
                     r"|kinderen|filhos|stan_cywilny|dzieci|civilstand"
    r"|medeni_(?:hal|hali|durum|durumu)|cocuk_sayisi"
    r"|семейное_положение|(?:количество_)?детей|дети|婚姻(?:状况|狀況)?|子女数?|婚姻状態|결혼여부"),
    ("belief", True, r"religion|faith|party|union_?member\w*|political_?\w*|konfession|religione|godsdienst|geloof|religiao|religia|wyznanie"
    r"|dini|dini_inanc|mezhep"
    r"|религия|вероисповедание|宗教(?:信仰)?|종교"),
    ("money", True, r"income|salary|wage|wages|gehalt|einkommen|lohn|revenu|salaire|ingresos?|salario|sueldo|reddito|stipendio|inkomen|salaris|renda|rendimento"
                    r"|dochod|zarobki|wynagrodzenie|inkomst"
    r"|gelir|geliri|maas|maasi"
    r"|зарплата|доход|заработная_плата|оклад|[年月]?收入|工资|薪资|薪水|年収|소득|급여"),
    ("date", False, r"(?:admission|discharge|visit|hire|hiring|join|joining|start|entry|death|diagnosis|appointment|signup|sign_?up|registration|marriage|exam)_?(?:date|day|time|year)?"
                    r"|date_?of_?(?:admission|discharge|visit|death|hire)|date_d_(?:admission|entree|embauche)|fecha_de_(?:ingreso|alta|registro|contratacion)"
                    r"|data_di_(?:ricovero|assunzione|ingresso)|opnamedatum|data_de_(?:admissao|internacao|entrada)|data_przyjecia|inskrivningsdatum|aufnahmedatum"
                    r"|einstellungsdatum|eintrittsdatum"
    r"|(?:yatis|taburcu|basvuru|kayit|ise_giris|ise_baslama|olum)_tarihi"),
    ("health", True, r"diagnosis_?code|icd_?\w*|blood_?(?:type|group)|disability|smoker|smoking_?status|bmi|pregnan\w*|n?_?pregnancies|blutgruppe|raucher|groupe_sanguin"
                     r"|fumeur|grossesse|grupo_sanguineo|fumador|embarazo|gruppo_sanguigno|fumatore|bloedgroep|roker|fumante|rokare"
    r"|kan_grubu|sigara\w*|gebelik\w*|engellilik"
    r"|диагноз|группа_крови|инвалидность|诊断|血型|血液型|혈액형"),
)  # fmt: skip
_KNOWN = [
    (what, person, re.compile(rf"(?:\w+_)??(?:{lists.plain(words)})(?:_?\d)?"))
    for what, person, words in KNOWN
]
_PEOPLE = (
    "patient|customer|client|person|user|member|employee|passenger|student|subject|participant|respondent|applicant|borrower|citizen|worker|pupil|tenant|voter"
    "|kunde|kunden|patienten|mitarbeiter|schuler|teilnehmer|cliente|paciente|empleado|alumno|paziente|dipendente|studente|salarie|eleve|klant|medewerker|leerling"
    "|пациента?|клиента?|сотрудника?|работника?|студента?|ученика?|患者|客户|顾客|员工|学生|用户|顧客|社員|会員|환자|고객|직원"
    "|funcionario|aluno|klienta?|pacjenta?|pracownika?|uczen|ucznia|kund|anstalld|elev|hasta|musteri|calisan|personel|ogrenci|uye|kullanici"
)
PERSON = re.compile(
    rf"(?:(?:id|num|numero|no|nr|cod|codice|codigo|kod)_)?(?:{_PEOPLE})s?(?:_?(?:id|no|nr|number|nummer|key|code|name|编号|号|番号|번호))?"
)
NOT_PEOPLE = re.compile(r"(?:^|_)(?:species|breed|genus|strain|animal|plant|variety|make|manufacturer|engine|mileage|sku"
                        r"|product|item|vehicle|machine|device|sensor|vin|building|egg|tree|cultivar)(?:$|_)")  # fmt: skip
NAMES = {"name", "email", "phone", "national_id", "birth_date", "passport", "name_street"}
NUMBERED = ("job", "origin", "family", "belief", "health")
NUMBERS = 0.9  # share of different values from which a column of these is a number of something
FEWEST = 2  # headers that people have, of which one only people have, or sex and age together


@dataclass(frozen=True, slots=True)
class Quasi:
    """A column that others may know."""

    name: str
    what: str  # "birth", "age", ... or "other"
    distinct: int


@dataclass(frozen=True, slots=True)
class People:
    """What says that rows are about people."""

    because: list[str]  # columns
    direct: list[str]  # columns that name them
    person: str | None  # the column that tells one person from another, where rows repeat
    told: dict[str, str]  # column -> what it tells: "birth", "age", ...


def known(header: str) -> tuple[str, bool] | None:
    """What a header means, and whether only people have it."""
    plain = lists.plain(names.plain(header))
    return next(((what, person) for what, person, words in _KNOWN if words.fullmatch(plain)), None)


def people(table: duckdb.DuckDBPyConnection, sample: Sample) -> People | None:
    """Why the rows seem to be about people; None where nothing says so."""
    columns = [c for c in sample.columns if c.type != "empty"]
    direct = [c.name for c in columns if _names_somebody(table, c, sample)]
    told = {c.name: found for c in columns if (found := _means(table, c, sample)) is not None}
    persons = [c.name for c in columns if PERSON.fullmatch(lists.plain(names.plain(c.name)))]
    things = any(NOT_PEOPLE.search(names.plain(c.name)) for c in columns)
    if not (direct or (not things and (_by_header(told, persons) or _by_content(told)))):
        return None
    repeated = [
        c.name for c in columns
        if c.name in persons and c.name not in direct and 1 < sample.census[c.name]["distinct"] < sample.rows
        and c.type in ("identifier", "category", "number")
    ]  # fmt: skip
    whats = {name: what for name, (what, *_) in told.items()}
    return People(
        list(dict.fromkeys([*direct, *persons, *told])), direct, repeated[0] if repeated else None, whats
    )


def _means(table: duckdb.DuckDBPyConnection, column: Column, sample: Sample) -> tuple[str, bool, bool] | None:
    """What a column tells, whether only people have it, and whether its header says so."""
    found = known(column.name)
    if found is None:
        what = content.meaning(table, column, sample)
        return (what, what == "birth", False) if what else None
    what, person = found
    if what == "date" and column.type != "date":
        return None  # "diagnosis" is what somebody has and not when
    if what == "birth" and not content.births(table, column, sample):
        return None
    counted = sample.census[column.name]
    if what in NUMBERED and counted["distinct"] > NUMBERS * counted["filled"]:
        return None  # a number of a job in a queue
    return what, person, True


def _by_header(told: Mapping[str, tuple[str, bool, bool]], persons: Sequence[str]) -> bool:
    headers = [one for one in told.values() if one[2]]
    whats = {what for what, *_ in headers}
    enough = len(whats) >= FEWEST and (any(person for _, person, _ in headers) or {"sex", "age"} <= whats)
    return enough or (bool(persons) and bool(whats))


def _by_content(told: Mapping[str, tuple[str, bool, bool]]) -> bool:
    """Words for men and women beside births, or beside ages and where they live; births beside postcodes."""
    whats = {what for what, *_ in told.values()}
    lives = bool(whats & {"zip", "place"})
    return ("sex" in whats and ("birth" in whats or ("age" in whats and lives))) or {"birth", "zip"} <= whats


def _names_somebody(table: duckdb.DuckDBPyConnection, column: Column, sample: Sample) -> bool:
    """Whether a column holds names, addresses, numbers or births of people."""
    counted = sample.census[column.name]
    hint = names.header_kind(column.name)
    length = counted.get("length") or {"max": 0, "mean": 0}
    if not counted["filled"] or (length["max"] or 0) < personal.SHORTEST or (length["mean"] or 0) > 80:
        return False
    if hint is None and (column.type == "number" or counted["numbers"] >= counted["filled"]):
        return False
    name = quoted(column.name)
    step = max(1, counted["filled"] // 500)
    look = table.execute(
        f"SELECT _id, _row, {name} FROM rows WHERE _id % {step} = 0 AND trim({name}) <> '' ORDER BY _id LIMIT 600"  # noqa: S608 - quoted
    ).fetchall()
    found = personal.of_a_kind(column.name, hint, look)
    return found is not None and found[0] in NAMES and (found[0] != "birth_date" or hint == "birth_date")


def quasi(sample: Sample, people: People) -> list[Quasi]:
    """Columns that others may know of a person: known headers first, then categories and dates by how much
    they tell apart. Names, the person's own number and what is to be predicted are left out."""
    targets = {target.name for target in sample.targets}
    named, others = [], []
    for column in sample.columns:
        counted = sample.census[column.name]
        told = people.told.get(column.name)
        birth = told == "birth"
        if column.name in targets or column.name == people.person or column.role == "split":
            continue
        if counted["distinct"] < 2 or (column.name in people.direct and not birth):
            continue
        if PERSON.fullmatch(lists.plain(names.plain(column.name))):
            continue
        one = Quasi(column.name, told or "other", counted["distinct"])
        if told is not None and column.type != "text":
            named.append(one)
        elif column.type == "category" or (column.type == "date" and column.role != "time"):
            others.append(one)
    others = [one for one in others if one.distinct <= max(50, 0.05 * sample.rows)]
    return [*sorted(named, key=lambda q: -q.distinct), *sorted(others, key=lambda q: -q.distinct)]
