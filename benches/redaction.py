"""What redaction finds of made-up secrets: calls with marks, judged by `undertone evaluate`, kind by kind.

Every secret, name and sentence here is made up. The seed decides the calls; `--seed` makes others, `--calls` more of
each form, `--language es` those in Spanish, `--keep FILE` keeps them to be looked at.

Then, in turns that nobody marked (`--turns FILE`, else the project's samples): how many lose a word of the lexicon, so
that redaction changes what an engine sees of their feeling.
"""

import argparse
import csv
import json
import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile

import measure

ONES = "zero one two three four five six seven eight nine".split()
TEENS = "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split()
TENS = "- - twenty thirty forty fifty sixty seventy eighty ninety".split()
MONTHS = "January February March April May June July August September October November December".split()
DAYS = ("first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth "
        "fifteenth sixteenth seventeenth eighteenth nineteenth twentieth").split()
# Half of them are in no list of the program.
FIRST = ("Anna Brian Carla Derek Elena Felix Grace Hector Irene Jorge Karen Liam Mona Nadia Oscar Priya Rosa Simon Tara Victor "
         "Aadhya Bogumila Citlali Dariusz Espartaco Fionnuala Gaurangi Haldor Ioanna Jatin Krisztian Leocadia Mpumi "
         "Nneoma Ottavia Pratyush Raffaele Shubhan Tadeusz Zsofia").split()
LAST = ("Adams Brown Castillo Doyle Evans Fischer Garcia Hughes Iyer Jones Kowalski Larson Morales Nguyen Owens Patel Reyes "
        "Schmidt Turner Walsh Arriaga Balakrishnan Casagrande Dobrowol Erdos Foscari Garozzo Hajdu Iwuchukwu "
        "Jedryczka Kreutz Luczyk Maruszczyk Nadkarni Oddgeir Poulain Raghavan Szolosy Utrata Varga").split()
# What each form must reach: the table of figures in README.md.
TARGETS = {
    "card written": .98, "card spoken": .95, "card over turns": .85, "ssn written": .98, "ssn spoken": .95, "iban written": .98,
    "iban spoken": .95, "phone written": .97, "phone spoken": .95, "account written": .95, "account spoken": .95,
    "email written": .99, "email spoken": .85, "birth written": .95, "birth spoken": .90, "pin": .90, "cvv": .90,
    "name introduced": .90, "name in small letters": .80, "name by the agent": .85, "name spelled": .85, "name in calls": .90,
    "name without cue": .50, "address written": .85, "address spoken": .75, "address foreign": .40,
}
# Of Spanish: its spoken forms must reach what English ones do; of names, those that are introduced.
SPANISH = ["card spoken", "card over turns", "phone spoken", "account spoken", "email spoken", "birth spoken", "pin", "name introduced"]
UNOS = "cero uno dos tres cuatro cinco seis siete ocho nueve".split()
DIECES = ("diez once doce trece catorce quince dieciséis diecisiete dieciocho diecinueve veinte veintiuno veintidós veintitrés "
          "veinticuatro veinticinco veintiséis veintisiete veintiocho veintinueve").split()
DECENAS = "- - - treinta cuarenta cincuenta sesenta setenta ochenta noventa".split()
MESES = "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre".split()
NOMBRES = "Rosalía Anselmo Eulalia Fermín Gisela Horacio Itziar Leandro Maite Nazario Olga Primitivo Tamara Wenceslao Zoraida Marta Pablo".split()
APELLIDOS = "Abascal Belmonte Cifuentes Escudero Ferrando Gallardo Izquierdo Larrañaga Montilla Olmedo Quiroga Santacruz Urrutia Zabaleta García Ruiz".split()
# At most so many turns may lose a word of feeling.
MOST_TURNS = .01
LEXICON = measure.ROOT / "models" / "lexicon.tsv"
# Words of the lexicon that are said while looking for others: a mark on them counts for nothing.
HESITATIONS = {"well", "like"}


class Forms:
    """Calls of each form, with their secrets marked."""

    def __init__(self, seed: int) -> None:
        self.r = random.Random(seed)
        self.calls: dict[str, list[list[tuple[str, str]]]] = {form: [] for form in TARGETS}

    def digits(self, count: int) -> str:
        return self.r.choice("123456789") + "".join(self.r.choice("0123456789") for _ in range(count - 1))

    def card(self) -> str:
        body = self.r.choice(["4", "51", "37"]) + "".join(self.r.choice("0123456789") for _ in range(13))
        for check in "0123456789":
            values = [int(c) * (1 + at % 2) for at, c in enumerate(reversed(body + check))]
            if sum(value - 9 if value > 9 else value for value in values) % 10 == 0:
                return body + check
        raise AssertionError

    def iban(self) -> str:
        account = self.r.choice(["NWBK", "BARC"]) + self.digits(14)
        number = int("".join(str(int(c, 36)) for c in account + "GB00"))
        return f"GB{98 - number % 97:02d}{account}"

    def spoken(self, digits: str) -> str:
        style, words, at = self.r.choice(["plain", "oh", "double", "pairs", "pauses"]), [], 0
        while at < len(digits):
            pair = digits[at:at + 2]
            if style == "double" and len(pair) == 2 and pair[0] == pair[1]:
                words.append("double " + ONES[int(pair[0])])
                at += 2
            elif style == "pairs" and len(pair) == 2 and pair[0] != "0":
                words.append(two(int(pair)))
                at += 2
            else:
                words.append("oh" if style == "oh" and digits[at] == "0" else ONES[int(digits[at])])
                at += 1
            if style == "pauses" and at < len(digits) and self.r.random() < .2:
                words.append(self.r.choice(["uh", "um,", "..."]))
        return " ".join(words)

    def add(self, form: str, *turns: tuple[str, str], modes: tuple[str, ...] = ("as", "as", "lower", "upper", "bare")) -> None:
        mode = self.r.choice(modes)
        self.calls[form].append([(who, in_mode(text, mode)) for who, text in turns])

    def ask(self, form: str, questions: list[str], secret: str, **how: object) -> None:
        lead = self.r.choice(["", "sure, it's ", "yes, ", "um, ", "okay hang on, ", "that's ", "I have it here: "])
        self.add(form, ("agent", self.r.choice(questions)), ("customer", lead + secret), **how)  # type: ignore[arg-type]

    def say(self, form: str, sentences: list[str], secret: str, who: str = "customer", **how: object) -> None:
        self.add(form, (who, self.r.choice(sentences).format(secret)), **how)  # type: ignore[arg-type]

    def numbers(self) -> None:
        r, written = self.r, {"modes": ("as",)}
        card, ssn, iban = self.card(), f"{r.randint(1, 665):03d}{r.randint(1, 99):02d}{r.randint(1, 9999):04d}", self.iban()
        groups = [card, groups_of(card, 4, " "), groups_of(card, 4, "-")]
        self.say("card written", ["Why was {} declined?", "I used {} for it.", "card: {}"], mark("card", r.choice(groups)), **written)
        self.ask("card spoken", ["What's the card number?", "Go ahead with the card."], mark("card", self.spoken(card)))
        turns = [("agent", "Could you read me the card number?")]
        for at in range(0, len(card), 4):
            turns += [("customer", mark("card", self.spoken(card[at:at + 4]))), ("agent", r.choice(["okay", "go on", "yes", "mm-hmm"]))]
        self.add("card over turns", *turns)
        self.say("ssn written", ["My SSN is {}.", "it's {}"], mark("ssn", f"{ssn[:3]}-{ssn[3:5]}-{ssn[5:]}"), **written)
        self.ask("ssn spoken", ["Your social security number?", "Please verify your social."], mark("ssn", self.spoken(ssn)))
        self.say("iban written", ["Pay it to {}.", "IBAN {}"], mark("iban", r.choice([iban, groups_of(iban, 4, " ")])), **written)
        letters = " ".join(ONES[int(c)] if c.isdigit() else c for c in iban)
        self.ask("iban spoken", ["And the IBAN?"], mark("iban", letters))
        area, rest = r.choice(["212", "415", "702"]), self.digits(7)
        shapes = [f"({area}) {rest[:3]}-{rest[3:]}", f"{area}-{rest[:3]}-{rest[3:]}", f"+1 {area} {rest[:3]} {rest[3:]}", f"+44 20 7946 {rest[:4]}"]
        self.say("phone written", ["Call me at {}.", "{} is my cell", "try {} first"], mark("phone", r.choice(shapes)), **written)
        self.ask("phone spoken", ["What's the best number to reach you?", "A number to call you back?"], mark("phone", self.spoken(area + rest)))
        account = self.digits(r.choice([5, 6, 8, 10]))
        self.say("account written", ["Account {} is wrong.", "policy number {}", "claim {} was denied"], mark("bank", r.choice([account, "AB" + account])), **written)
        self.ask("account spoken", ["Your account number?", "What's the membership number?"], mark("bank", self.spoken(account)))
        code, cvv = self.digits(r.choice([4, 6])), self.digits(3)
        self.ask("pin", ["What's your PIN?", "Read me the code that we sent."], mark("password", r.choice([code, self.spoken(code)])))
        self.ask("cvv", ["And the CVV?", "The security code on the back?"], mark("card", r.choice([cvv, self.spoken(cvv)])))

    def words(self) -> None:
        r, written = self.r, {"modes": ("as",)}
        first, last = r.choice(FIRST), r.choice(LAST)
        full, small = f"{first} {last}", f"{first.lower()} {last.lower()}"
        local = r.choice(["{0}.{1}", "{0}{1}22", "{1}_{0}"]).format(*small.split())
        self.say("email written", ["Write to {}.", "{} please", "my email is {}"], mark("email", f"{local}@{r.choice(['gmail.com', 'mail.acme.co.uk'])}"), **written)
        spoken = r.choice(["{0} dot {1}", "{1} underscore {0}", "{0} {1} four two"]).format(*small.split())
        self.ask("email spoken", ["What's your email?", "Which email did you use?"], mark("email", f"{spoken} at {r.choice(['gmail', 'acme corp'])} dot com"))
        year, month, day = r.randint(1940, 1999), r.randint(1, 12), r.randint(1, 20)
        dates = [f"{month:02d}/{day:02d}/{year}", f"{MONTHS[month - 1]} {day}, {year}", f"{day}.{month}.{year}"]
        self.ask("birth written", ["Your date of birth?", "DOB please."], mark("birth", r.choice(dates)), **written)
        said = f"{two(year // 100)} {two(year % 100)}"
        self.ask("birth spoken", ["When were you born?", "Your date of birth?"], mark("birth", r.choice([f"{MONTHS[month - 1]} {DAYS[day - 1]} {said}", f"the {DAYS[day - 1]} of {MONTHS[month - 1]} {said}"])))
        name = mark("name", r.choice([first, full]))
        self.say("name introduced", ["My name is {}.", "Hi, this is {} calling about a bill.", "I'm {}, I got a letter.", "{} speaking."], name, **written)
        self.say("name in small letters", ["hi my name is {} and i need help", "this is {} calling from leeds"], name, modes=("bare",))
        self.say("name by the agent", ["Thank you, {}.", "Hi {}, how are you?", "No worries, {}."], mark("name", r.choice([first, "Mr. " + last, "Ms " + last])), who="agent", **written)
        self.ask("name spelled", ["Spell your surname please.", "How do you spell that?"], mark("name", r.choice(["-", " "]).join(last.upper())), modes=("as", "bare"))
        self.say("name without cue", ["I gave it to {} last year.", "{} said it would be free.", "We talked with {} about it."], name, **written)
        self.add("name in calls", ("agent", "May I have your name?"), ("customer", f"It's {mark('name', full)}."),
                 ("agent", f"Thank you {mark('name', r.choice([first, 'Mr. ' + last]))}, how can I help?"), ("customer", "My order is late."),
                 ("agent", f"I see. One moment, {mark('name', first)}."))
        number, street = self.digits(r.choice([2, 3, 4])), r.choice(["Maple", "Oak Ridge", "North Main", "Third", "Cherry Blossom"])
        kind, tail = r.choice(["Street", "Ave", "Road", "Lane", "Drive"]), r.choice(["", ", Apt 4B", ", Denver, CO 80203"])
        self.say("address written", ["Ship it to {}.", "my address is {}", "We moved to {}"], mark("address", f"{number} {street} {kind}{tail}"), **written)
        self.ask("address spoken", ["What's your address?", "Where do you live?"], mark("address", f"{self.spoken(number)} {street.lower()} {r.choice(['street', 'avenue', 'road', 'lane'])}"), modes=("lower", "bare", "upper"))
        foreign = [f"Hauptstraße {number}", f"Calle Mayor {number}", f"{number} rue Voltaire", f"Via Roma {number}", f"{number} Glebelands", f"Kerkstraat {number}"]
        self.ask("address foreign", ["What is your address?"], mark("address", r.choice(foreign)), **written)


class SpanishForms(Forms):
    """The same in Spanish."""

    def spoken(self, digits: str) -> str:
        style, words, at = self.r.choice(["sueltos", "pares", "pausas"]), [], 0
        while at < len(digits):
            pair = digits[at:at + 2]
            by_two = style == "pares" and len(pair) == 2 and pair[0] != "0"
            words.append(dos(int(pair)) if by_two else UNOS[int(digits[at])])
            at += 2 if by_two else 1
            if style == "pausas" and at < len(digits) and self.r.random() < .2:
                words.append(self.r.choice(["eh", "este,", "...", "a ver", "perdón"]))
        return " ".join(words)

    def ask(self, form: str, questions: list[str], secret: str, **how: object) -> None:
        lead = self.r.choice(["", "sí, es ", "mire, ", "eh, ", "espere que lo busque, ", "claro, apunte: ", "a ver, "])
        self.add(form, ("agent", self.r.choice(questions)), ("customer", lead + secret), **how)  # type: ignore[arg-type]

    def numbers(self) -> None:
        r, card = self.r, self.card()
        self.ask("card spoken", ["¿Con qué tarjeta va a pagar?", "Léame los números que ve delante del plástico.", "Vamos con el pago, dicte cuando quiera."], mark("card", self.spoken(card)))
        turns = [("agent", "Vamos leyendo la tarjeta por grupos, por favor.")]
        for at in range(0, len(card), 4):
            turns += [("customer", mark("card", self.spoken(card[at:at + 4]))), ("agent", r.choice(["vale", "ajá", "siga", "de acuerdo", "y qué más"]))]
        self.add("card over turns", *turns)
        phone = r.choice("67") + self.digits(8)
        self.ask("phone spoken", ["¿A dónde le podemos llamar si se corta?", "¿Y un móvil para el repartidor?", "¿Me deja un teléfono?"], mark("phone", self.spoken(phone)))
        account = self.digits(r.choice([6, 8, 10]))
        self.ask("account spoken", ["¿Tiene a mano su número de abonado?", "Dígame el contrato que sale en la carta.", "¿Qué referencia le dieron?"], mark("bank", self.spoken(account)))
        code = self.digits(r.choice([4, 6]))
        self.ask("pin", ["Le acaba de llegar un SMS, ¿qué pone?", "¿Qué clave marca en el cajero?", "¿Me dice su PIN?"], mark("password", r.choice([code, self.spoken(code)])))

    def words(self) -> None:
        r = self.r
        first, last = r.choice(NOMBRES), r.choice(APELLIDOS)
        small = [first.lower(), last.lower()]
        local = r.choice(["{0} punto {1}", "{0} guión bajo {1}", "{1} {0} todo junto", "{0} {1} cuatro dos"]).format(*small)
        self.ask("email spoken", ["¿Dónde le mando el recibo?", "¿Qué correo usa para entrar en la web?", "¿Y un email?"], mark("email", f"{local} arroba {r.choice(['gmail punto com', 'hotmail punto es', 'empresa norte punto com'])}"))
        year, month, day = r.randint(1940, 1999), r.randint(1, 12), r.randint(1, 28)
        said = f"mil novecientos {dos(year % 100)}"
        self.ask("birth spoken", ["¿Cuándo nació usted?", "¿Me confirma su fecha de nacimiento?", "¿Y su cumpleaños?"], mark("birth", f"{dos(day)} de {MESES[month - 1]} de {said}"))
        name = mark("name", r.choice([first, f"{first} {last}"]))
        self.say("name introduced", ["Buenos días, me llamo {}.", "Mi nombre es {}.", "Llamo de parte de {}.", "Buenas, soy {} y tengo una duda.", "La cuenta está a nombre de {}."], name, modes=("as",))


def dos(number: int) -> str:
    """A number below 100 in Spanish."""
    if number < 10:
        return UNOS[number]
    if number < 30:
        return DIECES[number - 10]
    return DECENAS[number // 10] + (" y " + UNOS[number % 10] if number % 10 else "")


def two(number: int) -> str:
    """A number below 100 in words."""
    if number < 10:
        return "oh " + ONES[number]
    if number < 20:
        return TEENS[number - 10]
    return TENS[number // 10] + (" " + ONES[number % 10] if number % 10 else "")


def groups_of(text: str, size: int, sign: str) -> str:
    return sign.join(text[at:at + size] for at in range(0, len(text), size))


def mark(kind: str, secret: str) -> str:
    return f"[[{kind}|{secret}]]"


def in_mode(text: str, mode: str) -> str:
    """A text in small letters, in capitals, or without signs; kinds of marks stay."""
    def change(part: str) -> str:
        bare = "".join(c for c in part.lower() if c not in ",.?!")
        return {"as": part, "lower": part.lower(), "upper": part.upper(), "bare": bare}[mode]

    parts = text.split("[[")
    out = [change(parts[0])]
    for part in parts[1:]:
        kind, rest = part.split("|", 1)
        secret, after = rest.split("]]", 1)
        out.append(mark(kind, change(secret)) + change(after))
    return "".join(out)


def judged(program: object, path: pathlib.Path, language: str) -> dict[str, object]:
    """The figures of a file of marked calls."""
    line = [str(program), "evaluate", str(path), "--redact", "on", "--language", language, "--json"]
    return json.loads(subprocess.run(line, check=True, capture_output=True, text=True).stdout)


def feelings(program: object, paths: list[str], language: str, folder: str) -> float:
    """The most turns, as a share, of which a word of the lexicon is taken away."""
    terms = (line.split("\t") for line in LEXICON.read_text().splitlines())
    words = {term for term, weight in terms if term.isalpha() and len(term) > 2 and float(weight)} - HESITATIONS
    turns, marked = 0, pathlib.Path(folder) / "feelings.csv"
    with marked.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["call_id", "turn_index", "speaker", "text"])
        for path in paths:
            with open(path, newline="") as source:
                for row in csv.DictReader(source):
                    # What is part of a link, an address or a handle is no word of feeling.
                    text = re.sub(r"(?<![^\s\"(])[^\W\d_]+(?:'[^\W\d_]+)?(?![^\s,.!?;:)\"])", lambda m: mark("name", m[0]) if m[0].lower() in words else m[0], row["text"])
                    rows.writerow([row["call_id"], turns, row.get("speaker") or row.get("role"), text])
                    turns += 1
    every = next(kind for kind in judged(program, marked, language)["kinds"] if kind["kind"] == "all")  # type: ignore[attr-defined]
    lost = round(every["recall"]["value"] * every["marked"]) if every["marked"] else 0
    print(f"\n{turns} turns, {every['marked']} words of the lexicon: {lost} taken away, {lost / turns:.2%} of the turns at most (may be {MOST_TURNS:.0%})")
    return lost / turns


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--calls", type=int, default=200, help="of each form")
    parser.add_argument("--language", choices=["en", "es"], default="en")
    parser.add_argument("--turns", nargs="*", default=sorted(str(path) for path in (measure.ROOT / "data").glob("*.csv")))
    parser.add_argument("--keep", type=pathlib.Path)
    options = parser.parse_args()
    if "UNDERTONE" not in os.environ:
        measure.build()
    program, missed = measure.undertone(), 0
    forms = Forms(options.seed) if options.language == "en" else SpanishForms(options.seed)
    for _ in range(options.calls):
        forms.numbers()
        forms.words()
    print(f"{'form':24}{'secrets':>8}  {'recall (95 % interval)':26}{'must reach':>10}")
    with tempfile.TemporaryDirectory() as folder:
        for form, calls in forms.calls.items():
            if options.language == "es" and form not in SPANISH:
                continue
            path = pathlib.Path(folder) / "marked.csv"
            with path.open("w", newline="") as file:
                rows = csv.writer(file)
                rows.writerow(["call_id", "turn_index", "speaker", "text"])
                rows.writerows([f"{form}-{at}", number, who, text] for at, call in enumerate(calls) for number, (who, text) in enumerate(call))
            if options.keep:
                with options.keep.open("a") as kept:
                    kept.write(path.read_text())
            figures = judged(program, path, options.language)
            every = next(kind for kind in figures["kinds"] if kind["kind"] == "all")  # type: ignore[attr-defined]
            recall = every["recall"]
            missed += recall["value"] < TARGETS[form]
            shown = f"{recall['value']:.3f} ({recall['low']:.3f} to {recall['high']:.3f})"
            print(f"{form:24}{every['marked']:>8}  {shown:26}{TARGETS[form]:>10.2f}{'' if recall['value'] >= TARGETS[form] else '  missed'}")
        if options.language == "en":
            missed += feelings(program, options.turns, "en", folder) > MOST_TURNS
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main())
