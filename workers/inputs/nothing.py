"""Words that stand for "nothing" in tables, in many languages.

A word is plain when it can mean nothing else ("n/a", "?"), and doubtful when it may as well be a category of
its own ("none", "unknown").
"""

# Words that every reader of tables takes for "no value"; one of them alone is no fault of the table.
STANDARD = frozenset(("", "na", "nan", "null", "none", "<na>", "\\n", "#n/a"))
PLAIN = STANDARD - {"none"} | frozenset(
    word.strip()
    for word in """
    n/a | n.a. | n.a | n\\a | #na | -nan | ? | ?? | ??? | - | -- | --- | – | — | . | .. | ... | * | ** | _ | /
    missing | (missing) | not available | no data | nodata | no value | no answer | no response | undefined
    not specified | unspecified | not provided | not reported | not recorded | not stated | not given | tbd
    tba | tbc | blank | (blank) | empty | (empty) | (null) | [null] | #null! | #value! | #ref! | #div/0!
    #num! | #name? | k.a. | k. a. | k.a | keine angabe | keine angaben | ohne angabe | o.a. | fehlt | fehlend
    nicht bekannt | nicht verfügbar | nicht angegeben | keine daten | non renseigné | non renseigne
    non communiqué | non disponible | n.d. | n/d | s/d | s.d. | sin datos | sin dato | sin información
    sin informacion | no disponible | no informado | não informado | nao informado | não disponível
    sem informação | non disponibile | non noto | geen opgave | niet bekend | saknas | uppgift saknas
    ikke oplyst | ikke oppgitt | brak danych | b.d. | neuvedeno | nincs adat | нет данных | н/д | не указано
    немає даних | belirtilmemiş | 未填写 | 无数据 | データなし | 記載なし | 자료 없음 | 정보 없음
    """.replace("\n", "|").split("|")
    if word.strip()
)
DOUBTFUL = frozenset(
    word.strip()
    for word in """
    none | nil | unknown | unk | not known | not applicable | nd | nr | xxx | unbekannt | inconnu | inconnue
    desconocido | desconocida | desconhecido | ignorado | sconosciuto | onbekend | okänd | okänt | ukjent
    ukendt | tuntematon | nieznany | nieznane | brak | neznámý | ismeretlen | necunoscut | неизвестно
    невідомо | bilinmiyor
    不明 | 未知 | 不详 | 无 | なし | 없음 | 미상 | 알 수 없음 | غير معروف | לא ידוע | अज्ञात
    """.replace("\n", "|").split("|")
    if word.strip()
)

LONGEST_WORD = 20  # characters of a word for "nothing"
