# ruff: noqa: E501 - tables read best with an entry a line
"""Numbers that states give to people: country, shape, check, and how often a number of that shape passes.

``chance`` is measured on random digits of the shape (tests do so). ``alone`` is True where the spelling is
so particular that one hit is proof; a bare row of digits is not, and needs a word before it, a header, or
many of its kind in one column. ``pooled`` is False where there is nothing to check, so that many of a
kind prove nothing either.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from workers.probes.security.personal_data import national


class Identifier(NamedTuple):
    country: str
    regex: str
    check: Callable[[str], bool] | None
    chance: float
    alone: bool
    cue: str = ""  # words before it, besides those of every country
    pooled: bool = True
    passing: float = (
        0.7  # share of what is spelt so that must pass: more where the check lets most digits through
    )


# Words that go before a number of a person anywhere; the second list is said of orders and machines, too.
CUE = (
    r"\bssn\b|social.?sec|social.?insurance|national.?(?:id|ins|no|num)|identi(?:ty|fication)|\btax"
    r"|\btin\b|\bnino\b|insurance.?n|personal.?(?:id|no|num|code)|citizen|passport|ausweis|versicherungs|steuer|\bidnr|sozial"
    r"|carte.?vitale|s[ée]cu|\bnir\b|fiscal|documento|c[ée]dula|registro|identidad|identit|personnummer|f[øo]dselsn|henkil"
)
CUE_OF_MANY = r"\bids?\b|\bnumber\b|\bno\b\.?|\bnr\b\.?"
RARE = 0.012  # chance up to which the second list will do
_D = r"(?<![\w.\-/])"  # nothing that goes on to the left
_E = r"(?![\w]|[.\-/]\d)"  # nor to the right


def _bare(digits: int) -> str:
    return _D + rf"\d{{{digits}}}" + _E


I = Identifier  # noqa: E741 - a table
IDENTIFIERS: tuple[Identifier, ...] = (
    # -- spelt so that one is proof
    I("US", _D + r"\d{3}-\d{2}-\d{4}" + _E, national.us_ssn, 1e-3, True, passing=0.98),
    I("US", _D + r"\d{3} \d{2} \d{4}" + _E, national.us_ssn, 0.9, False, r"\bssn\b|social.?sec|\bitin\b", False),
    I("GB", r"(?<!\w)[A-Z]{2} \d{2} \d{2} \d{2} [A-D](?!\w)", national.uk_nino, 1e-3, True),
    I("GB", r"(?<!\w)[A-Za-z]{2}[ \-]?\d{2}[ \-]?\d{2}[ \-]?\d{2}[ \-]?[A-Za-z](?!\w)", national.uk_nino, 0.05, True),
    I("DE", r"(?<!\w)\d{2} ?[0-3]\d[01]\d{3} ?[A-Z] ?\d{3}(?!\w)", national.de_social, 0.03, True),
    I("FR", _D + r"[1-478] ?\d{2} ?(?:0[1-9]|1[0-2]|[2-9]\d) ?(?:\d{2}|2[ABab]) ?\d{3} ?\d{3} ?\d{2}" + _E, national.fr_nir, 0.01, True),
    I("ES", r"(?<!\w)(?:\d{8}|\d{2}\.\d{3}\.\d{3}|[XYZxyz]-?\d{7})-?[A-HJ-NP-TV-Za-hj-np-tv-z](?!\w)", national.es_dni, 0.044, True),
    I("IT", r"(?<!\w)[A-Za-z]{6}[\dLMNP-V]{2}[A-EHLMPRSTa-ehlmprst][\dLMNP-V]{2}[A-Za-z][\dLMNP-V]{3}[A-Za-z](?!\w)", national.it_fiscal, 1e-3, True),
    I("BE", _D + r"\d{2}\.\d{2}\.\d{2}-\d{3}\.\d{2}" + _E, national.be_national, 5e-3, True),
    I("BR", _D + r"\d{3}\.\d{3}\.\d{3}-\d{2}" + _E, national.br_cpf, 0.01, True),
    I("BR", _D + r"\d{2}\.\d{3}\.\d{3}/\d{4}-\d{2}" + _E, national.br_cnpj, 0.01, True),
    I("CH", _D + r"756[. ]\d{4}[. ]\d{4}[. ]\d{2}" + _E, national.ch_ahv, 1e-3, True),
    I("CN", _D + r"[1-9]\d{5}(?:18|19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx]" + _E, national.cn_resident, 0.01, True),
    I("SE", _D + r"(?:19|20)?\d{2}(?:0[1-9]|1[0-2])(?:[06][1-9]|[1278]\d|[39][01])[\-+]\d{4}" + _E, national.se_person, 0.1, True),
    I("FI", r"(?<![\w.])[0-3]\d[01]\d{3}[\-+A-FU-Y]\d{3}[0-9A-FHJ-NPR-Y](?!\w)", national.fi_person, 0.033, True),
    I("CZ", _D + r"\d{2}[0-8]\d[0-3]\d/\d{3,4}" + _E, national.cz_birth, 0.05, True),
    I("KR", _D + r"\d{2}[01]\d[0-3]\d-[1-8]\d{6}" + _E, national.kr_date, 0.04, True),
    I("MX", r"(?<!\w)[A-Z][AEIOUX][A-Z]{2}\d{2}[01]\d[0-3]\d[HMX][A-Z]{5}[A-Z\d]\d(?!\w)", national.mx_curp, 1e-3, True),
    I("AR", _D + r"(?:2[03-7]|3[034])-\d{8}-\d" + _E, national.ar_cuit, 0.05, True),
    I("CL", _D + r"\d{1,2}\.\d{3}\.\d{3}-[\dkK](?![\w])", national.cl_rut, 0.05, True),
    I("SG", r"(?<!\w)[STFGM]\d{7}[A-Z](?!\w)", national.sg_nric, 0.044, True),
    I("IE", r"(?<!\w)\d{7}[A-W][A-IW]?(?!\w)", national.ie_pps, 0.044, False, r"\bpps"),
    I("IN", r"(?<!\w)[A-Z]{3}[ABCFGHLJPT][A-Z]\d{4}[A-Z](?!\w)", national.in_pan, 0.1, False, r"\bpan\b|permanent account|income tax"),
    I("TW", r"(?<!\w)[A-Z][1289]\d{8}(?!\w)", national.tw_id, 0.1, False, r"身分證|身份證"),
    I("HK", r"(?<!\w)[A-Z]{1,2}\d{6}\([\dA]\)", national.hk_id, 0.09, True),
    I("TH", _D + r"\d-\d{4}-\d{5}-\d{2}-\d" + _E, national.th_id, 0.09, True),
    I("RU", _D + r"\d{3}-\d{3}-\d{3}[ \-]\d{2}" + _E, national.ru_snils, 0.011, True),
    I("MY", _D + r"\d{2}[01]\d[0-3]\d-\d{2}-\d{4}" + _E, national.my_nric, 0.5, False, r"nric|mykad|kad pengenalan|\bic\b", False),
    I("DK", _D + r"[0-3]\d[01]\d{3}-\d{4}" + _E, national.dk_cpr, 0.5, False, r"\bcpr", False),
    I("IS", _D + r"[0-7]\d[01]\d{3}-\d{4}" + _E, national.is_kennitala, 0.02, False, r"kennitala|\bkt\b"),
    I("CA", _D + r"\d{3}[ \-]\d{3}[ \-]\d{3}" + _E, national.ca_sin, 0.1, False, r"\bsin\b|\bnas\b"),
    I("AU", _D + r"[2-6]\d{3} \d{5} \d(?:/\d)?" + _E, national.au_medicare, 0.09, False, r"medicare"),
    I("AU", _D + r"\d{2} \d{3} \d{3} \d{3}" + _E, national.au_abn, 0.011, False, r"\babn\b|business number"),
    I("DE", _D + r"\d{2} \d{3} \d{3} \d{3}" + _E, national.de_tax, 0.004, False),
    I("AU", _D + r"\d{3} \d{3} \d{3}" + _E, national.au_tfn, 0.09, False, r"\btfn\b"),
    I("GB", _D + r"\d{3}[ \-]\d{3}[ \-]\d{4}" + _E, national.uk_nhs, 0.09, False, r"\bnhs\b"),
    I("IN", _D + r"[2-9]\d{3}[ \-]\d{4}[ \-]\d{4}" + _E, national.in_aadhaar, 0.1, False, r"aadhaar|aadhar|uidai|आधार"),
    I("JP", _D + r"\d{4}[ \-]\d{4}[ \-]\d{4}" + _E, national.jp_number, 0.1, False, r"my.?number|マイナンバー|個人番号"),
    I("AT", _D + r"\d{4} [0-3]\d[01]\d{3}" + _E, national.at_social, 0.05, False, r"\bsvnr|sv-n"),
    I("NO", _D + r"[0-7]\d[0-9]\d{3} \d{5}" + _E, national.no_birth, 1e-3, True),
    I("CL", _D + r"\d{7,8}-[\dkK](?![\w])", national.cl_rut, 0.09, False, r"\brut\b|\brun\b"),
    # -- bare rows of digits
    I("US", _bare(9), national.us_ssn, 0.9, False, r"\bssn\b|social.?sec|\bitin\b", False),
    I("NL", _bare(9), national.nl_bsn, 0.09, False, r"\bbsn\b|burgerservice|\bsofi"),
    I("PT", _bare(9), national.pt_nif, 0.05, False, r"\bnif\b|contribuinte"),
    I("AU", _bare(9), national.au_tfn, 0.09, False, r"\btfn\b"),
    I("CA", _bare(9), national.ca_sin, 0.1, False, r"\bsin\b|\bnas\b"),
    I("IL", _bare(9), national.il_id, 0.1, False, r"teudat|zehut|תעודת|ת\.ז"),
    I("CZ", _bare(10), national.cz_birth, 0.02, False, r"rodn[ée]"),
    I("GB", _bare(10), national.uk_nhs, 0.09, False, r"\bnhs\b"),
    I("BG", _bare(10), national.bg_egn, 0.012, False, r"\begn\b|егн"),
    I("AT", _bare(10), national.at_social, 0.01, False, r"\bsvnr|sv-n"),
    I("SE", _bare(10), national.se_person, 0.02, False),
    I("SE", _D + r"(?:19|20)\d{10}" + _E, national.se_person, 0.05, False),
    I("DK", _bare(10), national.dk_cpr, 0.06, False, r"\bcpr", False),
    I("IS", _bare(10), national.is_kennitala, 5e-3, False, r"kennitala|\bkt\b"),
    I("AU", _bare(10), national.au_medicare, 0.05, False, r"medicare"),
    I("DE", _bare(11), national.de_tax, 0.004, False),
    I("PL", _bare(11), national.pl_pesel, 0.006, False, r"pesel"),
    I("BR", _bare(11), national.br_cpf, 0.01, False, r"\bcpf\b"),
    I("BE", _bare(11), national.be_national, 4e-3, False, r"rijksregister|registre national|\binsz\b|\bniss\b|\brrn\b"),
    I("TR", _bare(11), national.tr_tckn, 0.01, False, r"\bt\.?c\.?\b|kimlik|tckn"),
    I("HR", _bare(11), national.hr_oib, 0.1, False, r"\boib\b"),
    I("NO", _bare(11), national.no_birth, 1e-3, False),
    I("EE", _bare(11), national.baltic, 5e-3, False, r"isikukood|asmens kodas"),
    I("GR", _bare(11), national.gr_amka, 6e-3, False, r"amka|αμκα"),
    I("AU", _bare(11), national.au_abn, 0.011, False, r"\babn\b|business number"),
    I("AR", _bare(11), national.ar_cuit, 0.01, False, r"\bcuit\b|\bcuil\b"),
    I("IN", _D + r"[2-9]\d{11}" + _E, national.in_aadhaar, 0.1, False, r"aadhaar|aadhar|uidai|आधार"),
    I("RU", _bare(11), national.ru_snils, 0.011, False, r"снилс|snils|страхов"),
    I("RU", _bare(12), national.ru_inn, 0.01, False, r"\bинн\b|\binn\b|налогоплательщик"),
    I("UA", _bare(10), national.ua_tax, 0.1, False, r"рнокпп|\bіпн\b|ідентифікаційн|податков"),
    I("JP", _bare(12), national.jp_number, 0.1, False, r"my.?number|マイナンバー|個人番号"),
    I("CH", _D + r"756\d{10}" + _E, national.ch_ahv, 0.1, False, r"\bahv\b|\bavs\b"),
    I("ZA", _bare(13), national.za_id, 1.5e-3, False),
    I("RO", _bare(13), national.ro_cnp, 2e-3, False, r"\bcnp\b"),
    I("KR", _bare(13), national.kr_rrn, 5e-3, False, r"주민"),
    I("RS", _bare(13), national.balkan, 4e-3, False, r"jmbg|em[sš]o|јмбг"),
    I("TH", _bare(13), national.th_id, 0.09, False, r"บัตรประชาชน"),
    I("BR", _bare(14), national.br_cnpj, 0.01, False, r"\bcnpj\b"),
)  # fmt: skip


def cue(identifier: Identifier) -> re.Pattern[str] | None:
    """Words that make a number count: its own, and those for any person."""
    parts = [identifier.cue] if identifier.cue else []
    if identifier.pooled:
        parts.append(CUE)
    return re.compile("|".join(parts), re.IGNORECASE) if parts else None


def loose_cue(identifier: Identifier) -> re.Pattern[str] | None:
    """Words that are said of orders and machines, too: they do where the number is rare."""
    rare = identifier.pooled and identifier.chance <= RARE
    return re.compile(CUE_OF_MANY, re.IGNORECASE) if rare else None
