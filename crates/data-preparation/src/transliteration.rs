//! Names as payment cards have them: capital letters A to Z and a few signs, 2 to 26 of them (tag 5F20).
//!
//! A name is never cut and no letter dropped: what has no rule is refused, and the person who took the order asks how
//! the holder writes the name in Latin letters.

use std::ops::RangeInclusive;

use zeroize::Zeroizing;

/// How long a name on a payment card is (`EMV B3`, tag 5F20).
pub(crate) const LENGTHS: RangeInclusive<usize> = 2..=26;

/// Why a text has no transliteration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Untransliterable {
    /// the character at this position (from 1) has no rule
    Character(usize),
    /// so many characters come out, which are too few or too many
    Length(usize),
}

/// The name as the card has it.
pub(crate) fn transliterate(text: &str) -> Result<Zeroizing<String>, Untransliterable> {
    let name = written_plainly(text).map_err(Untransliterable::Character)?;
    if LENGTHS.contains(&name.len()) { Ok(name) } else { Err(Untransliterable::Length(name.len())) }
}

/// A text of any length in the letters that names on payment cards have; otherwise the position, from 1, of the first
/// character that has no rule.
pub(crate) fn written_plainly(text: &str) -> Result<Zeroizing<String>, usize> {
    let mut name = Zeroizing::new(String::with_capacity(text.len() * 4));
    for (position, character) in text.chars().enumerate() {
        match rule(character) {
            Some(Written::Itself(letter)) => name.push(letter),
            Some(Written::As(letters)) => name.push_str(letters),
            // A mark that is combined with the letter before it.
            None if ('\u{300}'..='\u{36F}').contains(&character) && position > 0 => combine(&mut name, character),
            None => return Err(position + 1),
        }
    }
    Ok(name)
}

enum Written {
    Itself(char),
    As(&'static str),
}

/// A letter with a mark of its own in the text: the diaeresis lengthens A, O and U as the composed letters do; other
/// marks fall away.
fn combine(name: &mut String, mark: char) {
    if mark == '\u{308}' && name.ends_with(['A', 'O', 'U']) {
        name.push('E');
    }
}

/// How one character is written, in capitals; German, Danish and Norwegian vowels with their two letters.
fn rule(character: char) -> Option<Written> {
    let plain = match character {
        'a'..='z' => Some(character.to_ascii_uppercase()),
        'A'..='Z' | '0'..='9' | ' ' | '.' | '-' | '/' | '\'' | '(' | ')' | '&' => Some(character),
        '’' | 'ʼ' | '‘' => Some('\''),
        '‐' | '‑' | '–' => Some('-'),
        _ => None,
    };
    if let Some(plain) = plain {
        return Some(Written::Itself(plain));
    }
    let upper = character.to_uppercase().next().unwrap_or(character);
    let letters = match upper {
        'Á' | 'À' | 'Â' | 'Ã' | 'Ă' | 'Ā' | 'Ą' | 'Ǎ' | 'Ả' | 'Ạ' | 'Ấ' | 'Ầ' | 'Ẩ' | 'Ẫ' | 'Ậ' | 'Ắ' | 'Ằ' | 'Ẳ'
        | 'Ẵ' | 'Ặ' => "A",
        'Ä' | 'Æ' | 'Ǣ' => "AE",
        'Å' => "AA",
        'Ć' | 'Ĉ' | 'Č' | 'Ċ' | 'Ç' => "C",
        'Ď' | 'Đ' | 'Ð' => "D",
        'É' | 'È' | 'Ê' | 'Ë' | 'Ě' | 'Ė' | 'Ē' | 'Ę' | 'Ĕ' | 'Ẹ' | 'Ẻ' | 'Ẽ' | 'Ế' | 'Ề' | 'Ể' | 'Ễ' | 'Ệ' => {
            "E"
        }
        'Ĝ' | 'Ğ' | 'Ġ' | 'Ģ' | 'Ǧ' => "G",
        'Ĥ' | 'Ħ' => "H",
        'Í' | 'Ì' | 'Î' | 'Ï' | 'Ĩ' | 'Ī' | 'Ĭ' | 'Į' | 'İ' | 'Ỉ' | 'Ị' => "I",
        'Ĳ' => "IJ",
        'Ĵ' => "J",
        'Ķ' | 'Ǩ' => "K",
        'Ł' | 'Ĺ' | 'Ľ' | 'Ļ' | 'Ŀ' => "L",
        'Ń' | 'Ñ' | 'Ň' | 'Ņ' | 'Ŋ' => "N",
        'Ø' | 'Œ' | 'Ö' => "OE",
        'Ó' | 'Ò' | 'Ô' | 'Õ' | 'Ő' | 'Ō' | 'Ŏ' | 'Ǒ' | 'Ỏ' | 'Ọ' | 'Ố' | 'Ồ' | 'Ổ' | 'Ỗ' | 'Ộ' | 'Ơ' | 'Ớ' | 'Ờ'
        | 'Ở' | 'Ỡ' | 'Ợ' => "O",
        'Ŕ' | 'Ř' | 'Ŗ' => "R",
        'Ś' | 'Ŝ' | 'Š' | 'Ş' | 'Ș' => "S",
        'ẞ' => "SS",
        'Ť' | 'Ţ' | 'Ț' | 'Ŧ' => "T",
        'Þ' => "TH",
        'Ü' => "UE",
        'Ú' | 'Ù' | 'Û' | 'Ũ' | 'Ū' | 'Ŭ' | 'Ů' | 'Ű' | 'Ų' | 'Ǔ' | 'Ủ' | 'Ụ' | 'Ư' | 'Ứ' | 'Ừ' | 'Ử' | 'Ữ' | 'Ự' => {
            "U"
        }
        'Ŵ' | 'Ẁ' | 'Ẃ' | 'Ẅ' => "W",
        'Ý' | 'Ŷ' | 'Ÿ' | 'Ỳ' | 'Ỷ' | 'Ỹ' | 'Ỵ' => "Y",
        'Ź' | 'Ž' | 'Ż' => "Z",
        'S' if character == 'ß' => "SS",
        _ => return None,
    };
    Some(Written::As(letters))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_with_marks_are_written_with_plain_ones() {
        for (text, name) in [
            ("Zoë Müller", "ZOE MUELLER"),
            ("Weiß", "WEISS"),
            ("Søren Ærø", "SOEREN AEROE"),
            ("Łukasz Żółć", "LUKASZ ZOLC"),
            ("Nguyễn Thị Đào", "NGUYEN THI DAO"),
            ("İpek Şahin", "IPEK SAHIN"),
            ("O’Neil-Þór", "O'NEIL-THOR"),
        ] {
            assert_eq!(transliterate(text).unwrap().as_str(), name, "{text}");
        }
    }

    #[test]
    fn a_mark_written_by_itself_counts_like_the_composed_letter() {
        assert_eq!(transliterate("Mu\u{308}ller").unwrap().as_str(), "MUELLER");
        assert_eq!(transliterate("Jose\u{301}").unwrap().as_str(), "JOSE");
    }

    #[test]
    fn what_has_no_rule_is_told_by_its_position() {
        assert_eq!(transliterate("Zoë Ивaнова").err(), Some(Untransliterable::Character(5)));
        assert_eq!(transliterate("山田").err(), Some(Untransliterable::Character(1)));
        assert_eq!(transliterate("A\u{7}").err(), Some(Untransliterable::Character(2)));
    }

    #[test]
    fn a_name_that_grows_too_long_is_refused_and_never_cut() {
        assert!(transliterate(&"a".repeat(26)).is_ok());
        assert_eq!(transliterate(&"ü".repeat(14)).err(), Some(Untransliterable::Length(28)));
        assert_eq!(transliterate("a").err(), Some(Untransliterable::Length(1)));
    }
}
