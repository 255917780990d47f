//! What is searched for: known data, in every encoding in which a program usually holds or writes it.

use base64ct::{Base64Unpadded, Encoding};

/// One form of one thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Needle {
    /// what it is and how it is written, for whoever reads a failure
    pub(crate) name: String,
    pub(crate) bytes: Vec<u8>,
}

/// All needles, and a table that says at which two bytes one may begin.
pub(crate) struct Needles {
    all: Vec<Needle>,
    begins: Vec<bool>,
}

impl Needles {
    /// The needles of texts, digits and keys, each with its name.
    pub(crate) fn of(texts: &[(&str, &str)], digits: &[(&str, &str)], binary: &[(String, Vec<u8>)]) -> Self {
        let mut all = Vec::new();
        for (name, text) in texts.iter().chain(digits) {
            forms(&mut all, name, text.as_bytes());
            let wide: Vec<u16> = text.encode_utf16().collect();
            add(&mut all, name, "UTF-16LE", wide.iter().flat_map(|unit| unit.to_le_bytes()).collect());
            add(&mut all, name, "UTF-16BE", wide.iter().flat_map(|unit| unit.to_be_bytes()).collect());
        }
        for (name, digits) in digits {
            let packed = |odd: bool| -> Vec<u8> {
                let digits: Vec<u8> = digits.bytes().skip(usize::from(odd)).map(|digit| digit - b'0').collect();
                digits.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect()
            };
            for (odd, form) in [(false, "BCD"), (true, "BCD, shifted by a digit")] {
                let bytes = packed(odd);
                add(
                    &mut all,
                    name,
                    &format!("{form}, nibbles reversed"),
                    bytes.iter().map(|byte| byte.rotate_left(4)).collect(),
                );
                add(&mut all, name, form, bytes);
            }
        }
        for (name, bytes) in binary {
            forms(&mut all, name, bytes);
        }
        let mut begins = vec![false; 0x1_0000];
        all.iter().for_each(|needle| begins[two(&needle.bytes)] = true);
        Self { all, begins }
    }

    /// Every needle.
    pub(crate) fn all(&self) -> &[Needle] {
        &self.all
    }

    /// The length of the longest.
    pub(crate) fn longest(&self) -> usize {
        self.all.iter().map(|needle| needle.bytes.len()).max().unwrap_or(0)
    }

    /// The names of those that stand in `hay`, each once.
    pub(crate) fn found_in(&self, hay: &[u8]) -> Vec<&str> {
        let mut found: Vec<&str> = Vec::new();
        for at in 0..hay.len().saturating_sub(1) {
            if self.begins[two(&hay[at..])] {
                let here = self.all.iter().filter(|needle| hay[at..].starts_with(&needle.bytes));
                found.extend(here.map(|needle| needle.name.as_str()));
            }
        }
        found.sort_unstable();
        found.dedup();
        found
    }
}

fn two(bytes: &[u8]) -> usize {
    usize::from(bytes[0]) << 8 | usize::from(bytes[1])
}

/// Bytes as they are, in hexadecimal, and in base64 at each of its three offsets.
fn forms(all: &mut Vec<Needle>, name: &str, bytes: &[u8]) {
    add(all, name, "plain", bytes.to_vec());
    add(all, name, "hexadecimal, lower case", hex::encode(bytes).into_bytes());
    add(all, name, "hexadecimal, upper case", hex::encode_upper(bytes).into_bytes());
    for offset in 0..3 {
        // what depends on neighbours is cut off at both ends
        let shifted = [&vec![0; offset][..], bytes].concat();
        let text = Base64Unpadded::encode_string(&shifted);
        let whole = shifted.len() / 3 * 4;
        let first = if offset == 0 { 0 } else { 4 };
        add(all, name, &format!("base64, offset {offset}"), text.as_bytes()[first..whole].to_vec());
    }
}

fn add(all: &mut Vec<Needle>, name: &str, form: &str, bytes: Vec<u8>) {
    // shorter ones are found by chance
    if bytes.len() >= 6 && !all.iter().any(|needle| needle.bytes == bytes) {
        all.push(Needle { name: format!("{name} ({form})"), bytes });
    }
}

#[test]
fn a_needle_is_found_in_each_of_its_forms_and_where_there_is_none_none_is() {
    let needles = Needles::of(&[("name", "Zoë Brandt")], &[("number", "9999010000000017")], &[]);
    for needle in needles.all() {
        let hay = [&b"some hay "[..], &needle.bytes, b" more hay"].concat();
        assert!(needles.found_in(&hay).contains(&needle.name.as_str()), "{needle:?}");
    }
    let letter = Base64Unpadded::encode_string("Dear Zoë Brandt, welcome".as_bytes());
    assert!(!needles.found_in(letter.as_bytes()).is_empty(), "base64 of a text around it");
    assert_eq!(needles.found_in(&[0x99, 0x99, 0x01, 0, 0, 0, 0, 0x17]), ["number (BCD)"]);
    assert_eq!(needles.found_in(b"only hay, and 999901******0017"), Vec::<&str>::new());
}
