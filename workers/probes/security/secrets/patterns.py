# ruff: noqa: E501 - tables read best with an entry a line; what looks like a password is a pattern
"""How keys, tokens and passwords look, and which strings only look like them.

A token with a maker's prefix is proof by itself. A word such as "password" makes what is set equal to it one,
unless it is a placeholder, a name of a variable, or nothing at all. A row of random characters is only taken
for a secret beside such a word: hashes, identifiers, pictures in base64 and numbers of commits are as random.
Shapes: the makers' own documentation and the lists of secret scanners, re-written here; entropy after Shannon.
"""

from __future__ import annotations

import base64
import json
import math
import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import NamedTuple


class Shape(NamedTuple):
    kind: str
    what: str  # in a sentence, of several
    regex: re.Pattern[str]
    part: int = 0  # the group that is the secret
    check: Callable[[str], bool] | None = None


def entropy(text: str) -> float:
    """Bits a character, were the characters drawn at random with their frequency here."""
    counts = Counter(text)
    return -sum(n / len(text) * math.log2(n / len(text)) for n in counts.values()) if text else 0.0


def _s(kind: str, what: str, regex: str, part: int = 0, check: Callable[[str], bool] | None = None, flags: int = 0) -> Shape:  # fmt: skip
    return Shape(kind, what, re.compile(regex, flags), part, check)


# -- checks ---------------------------------------------------------------------------------------------
PLACEHOLDER = re.compile(
    r"^(?:x{3,}|\*+|\.{3,}|-+|_+|<.*>|\{.*\}|\[.*\]|\$\{?\w+\}?|%\w+%|your\b.*|my[_-]?\w*|change[_-]?me\w*|example\w*|sample\w*"
    r"|pass|pwd|user|placeholder|redacted|masked|hidden|removed|none|null|nil|true|false|yes|no|n/?a|tbd|todo|test|dummy|foo|bar|secret|password"
    r"|passwd|token|key|string|str|int|text|varchar|required|optional|empty|unknown|undefined|reset|expired|incorrect|invalid|wrong"
    r"|forgotten|protected|os\.\w+.*|process\.\w+.*|env\.\w+.*|getenv.*|self\.\w+.*|request\.\w+.*|config\.\w+.*|settings\.\w+.*)$",
    re.IGNORECASE,
)
WORDLIKE = re.compile(r"(?:[A-Za-z]?[a-z]+|[A-Z]+)(?:[\-'’_./](?:[A-Za-z]?[a-z]+|[A-Z]+))*|[\d\W]+")
UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def value_set(text: str) -> bool:
    """Whether what is set equal to "password" is one: no placeholder, no plain word, no date or number."""
    if PLACEHOLDER.match(text) or len(set(text)) < 4:
        return False
    if WORDLIKE.fullmatch(text) or (not text.isascii() and text.isalpha()):
        return False
    kinds = sum(any(test(c) for c in text) for test in (str.islower, str.isupper, str.isdigit, _sign))
    return kinds >= 2 or (len(text) >= 16 and entropy(text) > 3)


def _sign(c: str) -> bool:
    return not c.isalnum()


def random_enough(text: str) -> bool:
    """A row of characters that no one would type: letters and digits mixed, and no hash or identifier."""
    if PLACEHOLDER.match(text) or len(text) < 16:
        return False
    mixed = any(map(str.isdigit, text)) and any(map(str.isalpha, text))
    return mixed and entropy(text) >= (2.8 if re.fullmatch(r"[0-9a-fA-F]+", text) else 3.3)


def beside_a_word(text: str) -> bool:
    return random_enough(text) and not UUID.fullmatch(text)


def token(text: str) -> bool:
    """Random beyond its maker's prefix; documentation shows tokens such as AKIAXXXXXXXXXXXXXXXX."""
    tail = text[4:]
    return (
        len(set(tail)) > 5 and entropy(tail) > 2.2 and not re.search(r"(?i)x{6}|\*{3}|example|your[_-]", text)
    )


def jwt(text: str) -> bool:
    """Its first part is JSON that names an algorithm."""
    head = text.split(".")[0]
    try:
        told = json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))
    except ValueError:
        return False
    return isinstance(told, dict) and "alg" in told


def login(text: str) -> bool:
    """The password of an address: not a placeholder, and not something like http://host:80@..."""
    return not PLACEHOLDER.match(text) and len(text) >= 3 and not re.fullmatch(r"\d{1,2}", text)


_KEY = r"PRIVATE KEY(?: BLOCK)?-----"
_HARD = (
    r"pass(?:word|wd|phrase|code)|pwd|passwort|kennwort|contrase[ñn]a|mot de passe|senha|api[_\- ]?keys?|apikey|secret(?:[_\- ]?(?:access[_\- ]?)?key)?"
    r"|access[_\- ]?(?:key|token)|auth(?:orization)?[_\- ]?(?:key|token)|client[_\- ]?secret|private[_\- ]?key|encryption[_\- ]?key|signing[_\- ]?key"
    r"|account[_\- ]?key|db[_\- ]?pass"
    r"|парол[ьяюе]|密码|密碼|口令|パスワード|暗証番号|비밀번호|has[łl]o|[şs]ifre\w{0,4}|parola(?: d'ordine)?|wachtwoord|l[öo]senord|adgangskode|salasana|heslo|jelsz[óo]"
    r"|(?:wlan|wi-?fi|netzwerk)[\- ]?(?:schl(?:ü|ue)ssel|key|kennung)"
)
WORDS = rf"(?:{_HARD}|bearer|credentials?|token)"  # the last are said of other things, too: only beside what is random
_UNSPACED = (
    r"、。，；「」“”（）\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"  # signs and letters that end a password
)
SHAPES: tuple[Shape, ...] = (
    _s("private_key", "private keys", r"-----BEGIN (?:[A-Z0-9]+ ){0,3}" + _KEY + r"(?:(?!-----END)[\s\S]){0,6000}(?:-----END (?:[A-Z0-9]+ ){0,3}" + _KEY + ")?"),
    _s("private_key", "private keys", r"PuTTY-User-Key-File-\d: [\w\-]+"),
    _s("private_key", "private keys", r"AGE-SECRET-KEY-1[0-9A-Z]{58}"),
    _s("aws", "AWS keys", r"(?<![A-Za-z0-9])(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}(?![A-Za-z0-9])", 0, token),
    _s("aws", "AWS keys", r"(?i)aws.{0,30}?(?:secret|key|token).{0,20}?[=:\s'\"]\s?['\"]?([A-Za-z0-9/+=]{40})(?![A-Za-z0-9/+=])", 1, random_enough),
    _s("google", "Google keys", r"(?<![\w\-])AIza[0-9A-Za-z_\-]{35}(?![\w\-])", 0, token),
    _s("google", "Google keys", r"(?<![\w\-])ya29\.[0-9A-Za-z_\-]{20,}", 0, token),
    _s("google", "Google keys", r"(?<![\w\-])GOCSPX-[0-9A-Za-z_\-]{28}", 0, token),
    _s("azure", "Azure keys", r"(?i)(?:AccountKey|SharedAccessKey)\s*=\s*([A-Za-z0-9/+]{40,88}={0,2})", 1, token),
    _s("azure", "Azure keys", r"(?<![\w~.\-])[\w~.\-]{3}\dQ~[\w~.\-]{31,34}(?![\w~\-])", 0, token),
    _s("azure", "Azure keys", r"[?&]sv=\d{4}-\d\d-\d\d&[^\s\"']{0,200}?sig=([A-Za-z0-9%/+]{40,})", 1, token),
    _s("github", "GitHub tokens", r"(?<![A-Za-z0-9])(?:gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_[A-Za-z0-9_]{22,255})(?![A-Za-z0-9])", 0, token),
    _s("gitlab", "GitLab tokens", r"(?<![A-Za-z0-9])gl(?:pat|dt|rt|oas|cbt|ptt|ft|imt|agent|soat)-[A-Za-z0-9_\-]{20,}", 0, token),
    _s("slack", "Slack tokens", r"(?<![A-Za-z0-9])xox[abeoprs]-(?:\d+-)*[A-Za-z0-9\-]{10,}", 0, token),
    _s("slack", "Slack tokens", r"(?<![A-Za-z0-9])xapp-\d-[A-Z0-9]+-\d+-[a-f0-9]+", 0, token),
    _s("slack", "Slack tokens", r"https://hooks\.slack\.com/(?:services|workflows)/[A-Za-z0-9/+_]{20,}"),
    _s("discord", "Discord tokens", r"https://(?:\w+\.)?discord(?:app)?\.com/api/webhooks/\d{15,}/[\w\-]{40,}"),
    _s("discord", "Discord tokens", r"(?<![\w\-.])[MNO][A-Za-z\d_\-]{23,27}\.[A-Za-z\d_\-]{6}\.[A-Za-z\d_\-]{27,40}(?![\w\-])", 0, token),
    _s("telegram", "Telegram tokens", r"(?<![\w])\d{8,10}:AA[0-9A-Za-z_\-]{32,34}(?![\w\-])", 0, token),
    _s("stripe", "Stripe keys", r"(?<![A-Za-z0-9])(?:sk|rk|whsec)_(?:live_|test_)?[A-Za-z0-9]{16,255}", 0, token),
    _s("square", "Square tokens", r"(?<![\w\-])sq0(?:atp|csp)-[0-9A-Za-z_\-]{22,43}", 0, token),
    _s("anthropic", "Anthropic keys", r"(?<![A-Za-z0-9])sk-ant-[A-Za-z0-9_\-]{20,}(?![A-Za-z0-9])", 0, lambda text: token(text) and random_enough(text)),
    _s("openrouter", "OpenRouter keys", r"(?<![A-Za-z0-9])sk-or-v1-[A-Za-z0-9_\-]{20,}(?![A-Za-z0-9])", 0, lambda text: token(text) and random_enough(text)),
    _s("openai", "OpenAI keys", r"(?<![A-Za-z0-9])sk-(?:(?:proj|svcacct|admin)-[A-Za-z0-9_\-]{20,}|[A-Za-z0-9]{20}T3BlbkFJ[A-Za-z0-9]{20,})(?![A-Za-z0-9])", 0, lambda text: token(text) and random_enough(text)),
    _s("ai_service", "keys of AI services", r"(?<![A-Za-z0-9])sk-[A-Za-z0-9]{20,}(?![A-Za-z0-9])", 0, lambda text: token(text) and random_enough(text)),
    _s("huggingface", "Hugging Face tokens", r"(?<![A-Za-z0-9])(?:hf|api_org)_[A-Za-z]{30,40}(?![A-Za-z0-9])", 0, token),
    _s("twilio", "Twilio keys", r"(?<![A-Za-z0-9])(?:SK|AC)[0-9a-f]{32}(?![A-Za-z0-9])", 0, token),
    _s("sendgrid", "SendGrid keys", r"(?<![\w])SG\.[\w\-]{16,32}\.[\w\-]{16,64}(?![\w\-])", 0, token),
    _s("mailgun", "Mailgun keys", r"(?<![\w])key-[0-9a-z]{32}(?![\w])", 0, token),
    _s("mailchimp", "Mailchimp keys", r"(?<![\w])[0-9a-f]{32}-us\d{1,2}(?![\w])", 0, token),
    _s("npm", "npm tokens", r"(?<![A-Za-z0-9])npm_[A-Za-z0-9]{36}(?![A-Za-z0-9])", 0, token),
    _s("npm", "npm tokens", r"//[\w.\-/]+/:_authToken=([^\s$]{8,})", 1, value_set),
    _s("pypi", "PyPI tokens", r"(?<![\w])pypi-[A-Za-z0-9_\-]{50,}", 0, token),
    _s("docker", "Docker tokens", r"(?<![\w])dckr_(?:pat|oat)_[A-Za-z0-9_\-]{20,}", 0, token),
    _s("digitalocean", "DigitalOcean tokens", r"(?<![\w])do[opr]_v1_[a-f0-9]{64}(?![\w])", 0, token),
    _s("shopify", "Shopify tokens", r"(?<![\w])shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}(?![\w])", 0, token),
    _s("databricks", "Databricks tokens", r"(?<![\w])dapi[a-f0-9]{32}(?:-\d)?(?![\w])", 0, token),
    _s("hashicorp", "HashiCorp tokens", r"(?<![\w])hv[sbr]\.[\w\-]{24,}|(?<![\w])[\w]{14}\.atlasv1\.[\w\-=]{60,}", 0, token),
    _s("linear", "service tokens", r"(?<![\w])(?:lin_api_[A-Za-z0-9]{40}|PMAK-[a-f0-9]{24}-[a-f0-9]{34}|glsa_[A-Za-z0-9]{32}_[a-f0-9]{8}|dt0c01\.[A-Z0-9]{24}\.[A-Z0-9]{64}|sntrys_[\w=+/]{30,}|figd_[\w\-]{40}|rubygems_[a-f0-9]{48}|rdme_[a-z0-9]{70})(?![\w])", 0, token),
    _s("jwt", "sign-in tokens (JWT)", r"(?<![\w\-.])eyJ[A-Za-z0-9_\-]{8,}\.[A-Za-z0-9_\-]{8,}\.[A-Za-z0-9_\-]*", 0, jwt),
    _s("url_login", "addresses with a password", r"(?<![A-Za-z0-9])[A-Za-z][A-Za-z0-9+.\-]{1,24}://[^\s:@/'\"<>{}$]{0,80}:([^\s@/'\"<>]{3,120})@[\w.\-]+", 1, login),
    _s("connection", "database sign-ins", r"(?i)(?:server|host|data source|database|user ?id|uid|endpoint)\s*=[^;\n]{1,120};(?:[^;\n]{1,120};){0,8}?\s*(?:password|pwd)\s*=\s*([^;\s'\"]{3,120})", 1, login),
    _s("basic_auth", "sign-in headers", r"(?i)authorization['\"]?\s*[:=]\s*['\"]?(?:basic|bearer|token)\s+([A-Za-z0-9+/=_.\-]{16,})", 1, random_enough),
    _s("command", "passwords in commands", r"(?:curl|wget)\s[^\n]{0,80}?(?:-u|--user|--password)[ =]\s?['\"]?[\w.\-@]*:?([^\s'\"]{6,})", 1, value_set),
    _s("command", "passwords in commands", r"sshpass\s+-p\s*['\"]?([^\s'\"]{4,})", 1, value_set),
    _s("password", "passwords", r"(?i)(?<![A-Za-z])(?:[\w\-]{0,30}[_\-])?(?:" + _HARD + r")(?:['\"\]]{0,2}\s{0,3}(?:=>|:=|==?|[:：])\s{0,3}|\s(?:is|was|ist|es|est|lautet|è|é|jest|to|это|такой)\s?:?\s"
       r"|(?:是|为|為|は|은|는)\s?[:：]?\s?)['\"「“]?([^\s'\"`,;(){}\[\]<>" + _UNSPACED + r"]{5,200}[^\s'\"`,;(){}\[\]<>.:?" + _UNSPACED + r"])", 1, value_set),
    _s("password", "passwords", r"(?i)(?<![A-Za-z])(?:[\w\-]{0,30}[_\-])?(?:" + _HARD + r")(?:['\"\]]{0,2}\s{0,3}(?:=>|:=|==?|:)\s{0,3})(['\"])([^'\"\n]{6,200})\1", 2, value_set),
    _s("random", "random strings beside a word for secrets", r"(?i)(?<![A-Za-z0-9+/])" + WORDS + r"['\":=\s>]{1,4}(?:(?!(?i:commit|hash|sha|md5|digest|checksum|etag|uuid|id\b|version))\w{1,12}\W{1,3}){0,4}([A-Za-z0-9+/_\-]{20,200}={0,2})(?![A-Za-z0-9+/_\-=])", 1, beside_a_word),
)  # fmt: skip
WHAT = {shape.kind: shape.what for shape in reversed(SHAPES)}

# What a text must hold to be read at all, for RE2 (no look-around) and for Python alike.
NARROW = (
    r"-----BEGIN|PuTTY-User|AGE-SECRET|A[KSBC][ICS]A[A-Z0-9]{16}|AIza|ya29\.|GOCSPX|[0-9]Q~|[?&]sig=|gh[pousr]_|github_pat|"
    r"gl[a-z]{2,5}-|xox[abeoprs]-|xapp-|hooks\.slack|discord|[MNO][A-Za-z0-9_\-]{23,27}\.[A-Za-z0-9_\-]{6}\.|[0-9]{8,10}:AA|"
    r"[sr]k_|whsec|sq0|sk-|hf_|api_org|(?:SK|AC)[0-9a-f]{32}|SG\.|key-|-us[0-9]|npm_|_authToken|pypi-|dckr|do[opr]_v1|"
    r"shp[acps]|dapi|hv[sbr]\.|atlasv1|lin_api|PMAK|glsa_|dt0c01|sntrys|figd|rubygems|rdme_|eyJ|"
    r"://[^\s/@]*:[^\s/@]*@|(?:curl|wget|sshpass) |(?i:(?:AccountKey|SharedAccessKey|authorization|aws|"
    + WORDS
    + r")[^A-Za-z])"
)


def found(text: str) -> Iterator[tuple[int, int, str]]:
    """Start, end and kind of every secret, the surest shape first; a place is named once."""
    taken: list[tuple[int, int]] = []
    for shape in SHAPES:
        for match in shape.regex.finditer(text):
            start, end = match.span(shape.part)
            if any(start < stop and begin < end for begin, stop in taken):
                continue
            if shape.check is not None and not shape.check(match.group(shape.part)):
                continue
            taken.append((start, end))
            yield start, end, shape.kind


def masked(value: str, kind: str) -> str:
    """What a maker puts before every token, and nothing of the rest."""
    if kind == "private_key":
        return "-----BEGIN *** PRIVATE KEY-----"
    head = re.match(r"(?:A[KSBC][ICS]A|AIza|gh[pousr]_|github_pat_"
                    r"|gl\w{2,5}-|xox[abeoprs]-|[sr]k_(?:live|test)_|sk-(?:ant-|or-v1-|proj-|svcacct-|admin-)?|hf_"
                    r"|SG\.|npm_|pypi-|dckr_\w{3}_|eyJ)", value)  # fmt: skip
    return (head.group() if head and kind != "password" else "") + "***"
