//! Numbers that prove themselves: check digits, and the ranges that an issuer uses.

/// The Luhn sum (ISO/IEC 7812) of digits.
fn luhn(digits: &[u8]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(place, &digit)| {
            let digit = u32::from(digit);
            if place % 2 == 0 { digit } else { digit * 2 - if digit > 4 { 9 } else { 0 } }
        })
        .sum();
    sum.is_multiple_of(10)
}

/// Whether digits can be the number of a payment card: 13 to 19 of them, the first of an issuer, a right Luhn sum.
pub(super) fn is_card(digits: &[u8]) -> bool {
    (13..=19).contains(&digits.len()) && matches!(digits[0], 2..=6) && has_variety(digits) && luhn(digits)
}

/// Whether not all digits are the same.
fn has_variety(digits: &[u8]) -> bool {
    digits.iter().any(|digit| *digit != digits[0])
}

/// Whether digits can be a social security number of the United States: area not 000, 666 or from 900 on; group and
/// serial not 0.
pub(super) fn is_ssn(digits: &[u8]) -> bool {
    let number = |digits: &[u8]| digits.iter().fold(0_u32, |number, digit| number * 10 + u32::from(*digit));
    let [area, group, serial] = match digits.len() {
        9 => [&digits[..3], &digits[3..5], &digits[5..]].map(number),
        _ => return false,
    };
    !matches!(area, 0 | 666 | 900..) && group != 0 && serial != 0
}

/// Countries with IBANs and how long those are (SWIFT's registry).
const IBAN_LENGTHS: &str = "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DK18 DO28 EE20 EG29 ES24 FI18 \
    FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 \
    MC27 MD24 ME22 MK19 MR27 MT31 MU30 NL18 NO15 PK24 PL28 PS29 PT25 QA29 RO24 RS22 SA24 SC31 SD18 SE24 SI19 SK24 SM27 ST25 SV28 \
    TL23 TN24 TR26 UA29 VA22 VG24 XK20";

/// How long an IBAN of a country is; `None` where there are none.
pub(super) fn iban_length(country: [char; 2]) -> Option<usize> {
    let named = |entry: &&str| entry.chars().take(2).eq(country.map(|letter| letter.to_ascii_uppercase()));
    IBAN_LENGTHS.split(' ').find(named)?.get(2..)?.parse().ok()
}

/// Whether letters and digits are an IBAN: the length of its country, and 1 modulo 97 (ISO 13616).
pub(super) fn is_iban(characters: &[char]) -> bool {
    let [first, second, check @ .., _] = characters else { return false };
    if iban_length([*first, *second]) != Some(characters.len()) || !check.iter().take(2).all(char::is_ascii_digit) {
        return false;
    }
    let moved = characters.iter().skip(4).chain(characters.iter().take(4));
    let remainder = moved.filter_map(|c| c.to_digit(36)).fold(0_u32, |remainder, value| {
        (if value < 10 { remainder * 10 + value } else { remainder * 100 + value }) % 97
    });
    remainder == 1
}

/// A weighted sum modulo a number.
fn weighted(digits: &[u8], weights: impl IntoIterator<Item = u32>, modulus: u32) -> u32 {
    digits.iter().zip(weights).map(|(digit, weight)| u32::from(*digit) * weight).sum::<u32>() % modulus
}

/// A national number whose check digits are right, of a language whose speakers have it. The rule's name.
pub(super) fn national(digits: &[u8], language: &str) -> Option<&'static str> {
    if !has_variety(digits) {
        return None;
    }
    let primary = language.split('-').next().unwrap_or_default();
    match (primary, digits.len()) {
        ("en", 10) => nhs(digits).then_some("id.gb.nhs"),
        ("pt", 11) => cpf(digits).then_some("id.br.cpf"),
        ("pt", 9) => nif_pt(digits).then_some("id.pt.nif"),
        ("de", 11) => steuer_id(digits).then_some("id.de.tax"),
        ("hi" | "en", 12) => aadhaar(digits).then_some("id.in.aadhaar"),
        ("fr", 15) => insee(digits).then_some("id.fr.insee"),
        ("ko", 13) => rrn(digits).then_some("id.kr.rrn"),
        ("ja", 12) => my_number(digits).then_some("id.jp.number"),
        ("zh", 18) => chinese(digits).then_some("id.cn.resident"),
        _ => None,
    }
}

/// National Health Service number: weights 10 to 2, modulo 11.
fn nhs(digits: &[u8]) -> bool {
    let check = 11 - weighted(&digits[..9], (2..=10).rev(), 11);
    check != 10 && check % 11 == u32::from(digits[9])
}

/// Cadastro de Pessoas Físicas: two digits, modulo 11.
fn cpf(digits: &[u8]) -> bool {
    let check = |count: u32| {
        let sum = weighted(&digits[..count as usize], (2..=count + 1).rev(), 11);
        if sum < 2 { 0 } else { 11 - sum }
    };
    check(9) == u32::from(digits[9]) && check(10) == u32::from(digits[10])
}

/// Número de identificação fiscal: weights 9 to 2, modulo 11.
fn nif_pt(digits: &[u8]) -> bool {
    let sum = weighted(&digits[..8], (2..=9).rev(), 11);
    (if sum < 2 { 0 } else { 11 - sum }) == u32::from(digits[8])
}

/// Identifikationsnummer: ISO 7064, MOD 11,10.
fn steuer_id(digits: &[u8]) -> bool {
    let product = digits[..10].iter().fold(10_u32, |product, digit| {
        let sum = (u32::from(*digit) + product) % 10;
        (if sum == 0 { 10 } else { sum }) * 2 % 11
    });
    digits[0] != 0 && (11 - product) % 10 == u32::from(digits[10])
}

/// Numéro de sécurité sociale: 97 less the number modulo 97.
fn insee(digits: &[u8]) -> bool {
    let number = |digits: &[u8]| digits.iter().fold(0_u64, |number, digit| number * 10 + u64::from(*digit));
    matches!(digits[0], 1 | 2) && 97 - number(&digits[..13]) % 97 == number(&digits[13..])
}

/// Resident registration number of Korea: modulo 11.
fn rrn(digits: &[u8]) -> bool {
    let weights = [2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5];
    (11 - weighted(&digits[..12], weights, 11)) % 10 == u32::from(digits[12])
}

/// The Individual Number of Japan: modulo 11.
fn my_number(digits: &[u8]) -> bool {
    let weights = [6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2];
    let sum = weighted(&digits[..11], weights, 11);
    (if sum < 2 { 0 } else { 11 - sum }) == u32::from(digits[11])
}

/// Resident identity number of China, where its check is a digit: ISO 7064, MOD 11-2.
fn chinese(digits: &[u8]) -> bool {
    let weights = (0..17).rev().map(|place| (0..=place).fold(1_u32, |power, _| power * 2 % 11));
    (12 - weighted(&digits[..17], weights, 11)) % 11 == u32::from(digits[17])
}

/// Aadhaar: the Verhoeff check over the dihedral group of ten elements.
fn aadhaar(digits: &[u8]) -> bool {
    /// How a place turns a digit.
    const TURN: [u8; 10] = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4];
    let product = |a: u8, b: u8| match (a < 5, b < 5) {
        (true, true) => (a + b) % 5,
        (true, false) => (a + b - 5) % 5 + 5,
        (false, true) => (a + 5 - b) % 5 + 5,
        (false, false) => (a + 5 - b) % 5,
    };
    let turned = |digit: u8, times: usize| (0..times % 8).fold(digit, |digit, _| TURN[usize::from(digit)]);
    let check = digits.iter().rev().enumerate().fold(0, |check, (place, digit)| product(check, turned(*digit, place)));
    digits[0] > 1 && check == 0
}

/// Whether the letter of a Spanish identity number is right: `12345678Z`, or `X1234567L` with a letter for the first digit.
pub(super) fn is_dni(characters: &[char]) -> bool {
    const LETTERS: &[u8; 23] = b"TRWAGMYFPDXBNJZSQVHLCKE";
    let [first, middle @ .., last] = characters else { return false };
    let first = match first.to_ascii_uppercase() {
        'X' => Some(0),
        'Y' => Some(1),
        'Z' => Some(2),
        other => other.to_digit(10),
    };
    let (Some(first), 7) = (first, middle.len()) else { return false };
    let number = middle.iter().try_fold(first, |number, c| Some(number * 10 + c.to_digit(10)?));
    number.is_some_and(|number| char::from(LETTERS[(number % 23) as usize]) == last.to_ascii_uppercase())
}

/// Whether characters have the shape of an Italian codice fiscale with a right check letter.
pub(super) fn is_codice_fiscale(characters: &[char]) -> bool {
    const ODD: [u32; 26] =
        [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23];
    const SHAPE: &[u8; 16] = b"LLLLLLDDLDDLDDDL";
    let fits = |(c, shape): (&char, &u8)| if *shape == b'L' { c.is_ascii_alphabetic() } else { c.is_ascii_digit() };
    if characters.len() != SHAPE.len() || !characters.iter().zip(SHAPE).all(fits) {
        return false;
    }
    let value = |c: char| c.to_digit(10).or_else(|| c.to_digit(36).map(|value| value - 10)).unwrap_or_default();
    let sum: u32 = characters[..15]
        .iter()
        .enumerate()
        .map(|(place, c)| if place % 2 == 0 { ODD[value(*c) as usize % 26] } else { value(*c) })
        .sum();
    sum % 26 == value(characters[15])
}

/// Whether characters are a vehicle identification number with a right check digit (ISO 3779, North America).
pub(super) fn is_vin(characters: &[char]) -> bool {
    const WEIGHTS: [u32; 17] = [8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2];
    let value = |c: char| match c.to_ascii_uppercase() {
        'I' | 'O' | 'Q' => None,
        c @ '0'..='9' => c.to_digit(10),
        c @ 'A'..='H' => Some(u32::from(c) - u32::from('A') + 1),
        c @ 'J'..='R' => Some(u32::from(c) - u32::from('J') + 1),
        c @ 'S'..='Z' => Some(u32::from(c) - u32::from('S') + 2),
        _ => None,
    };
    if characters.len() != WEIGHTS.len() || !characters.iter().any(char::is_ascii_digit) {
        return false;
    }
    let products = characters.iter().zip(WEIGHTS).map(|(c, weight)| Some(value(*c)? * weight));
    let Some(sum) = products.sum::<Option<u32>>() else { return false };
    let check = if sum % 11 == 10 { 'X' } else { char::from_digit(sum % 11, 10).unwrap_or('X') };
    characters[8].eq_ignore_ascii_case(&check)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digits(text: &str) -> Vec<u8> {
        text.bytes().filter(u8::is_ascii_digit).map(|byte| byte - b'0').collect()
    }

    fn chars(text: &str) -> Vec<char> {
        text.chars().filter(|c| c.is_alphanumeric()).collect()
    }

    #[test]
    fn published_examples_hold_and_neighbours_do_not() {
        for card in
            ["4111 1111 1111 1111", "378282246310005", "5555555555554444", "6011111111111117", "3530111333300000"]
        {
            assert!(is_card(&digits(card)), "{card}");
        }
        for other in ["4111 1111 1111 1112", "1111 1111 1111 1117", "411111111111", "4444444444444444444"] {
            assert!(!is_card(&digits(other)), "{other}");
        }
        for iban in
            ["GB29 NWBK 6016 1331 9268 19", "DE89370400440532013000", "fr1420041010050500013m02606", "NO9386011117947"]
        {
            assert!(is_iban(&chars(iban)), "{iban}");
        }
        assert!(!is_iban(&chars("GB29 NWBK 6016 1331 9268 18")) && !is_iban(&chars("GB")) && !is_iban(&[]));
        assert!(is_ssn(&digits("078-05-1120")) && !is_ssn(&digits("666-05-1120")) && !is_ssn(&digits("078-00-1120")));
        assert!(!is_ssn(&digits("900-05-1120")) && !is_ssn(&digits("078-05-0000")));
        assert!(is_dni(&chars("12345678Z")) && is_dni(&chars("X1234567L")) && !is_dni(&chars("12345678A")));
        assert!(is_codice_fiscale(&chars("RSSMRA85T10A562S")) && !is_codice_fiscale(&chars("RSSMRA85T10A562T")));
        assert!(is_vin(&chars("1M8GDM9AXKP042788")) && !is_vin(&chars("1M8GDM9A1KP042788")));
    }

    #[test]
    fn national_numbers_are_checked_by_the_language_that_has_them() {
        let cases = [
            ("en", "943 476 5919", "id.gb.nhs"),
            ("pt", "529.982.247-25", "id.br.cpf"),
            ("pt", "123456789", "id.pt.nif"),
            ("de", "86095742719", "id.de.tax"),
            ("fr", "255081416802538", "id.fr.insee"),
            ("hi", "2341 2341 2346", "id.in.aadhaar"),
            ("zh", "110105194912310038", "id.cn.resident"),
            ("ja", "123456789018", "id.jp.number"),
        ];
        for (language, number, rule) in cases {
            assert_eq!(national(&digits(number), language), Some(rule), "{number}");
            let mut wrong = digits(number);
            wrong[4] = (wrong[4] + 1) % 10;
            assert_eq!(national(&wrong, language), None, "{number}");
        }
        assert_eq!(national(&digits("943 476 5919"), "de"), None);
    }
}
