//! Payment profiles that nobody wrote: sizes of elements and keys, levels, ways of the PIN, forms of keys, numbers of
//! applications, drawn from a seed. Also for tests elsewhere that write such cards.

use std::fmt::Write;

use cardwright_data_preparation::emv::pan::check_digit;
use cardwright_data_preparation::{Error, Profile};

use crate::issuer::Issuer;

/// A profile, and the order for one card by it.
pub(crate) struct Generated {
    pub(crate) text: String,
    pub(crate) number: String,
    /// whether the order brings the number; otherwise the center assigns it
    pub(crate) in_order: bool,
    pin_in_order: bool,
    name: String,
}

/// A small generator of numbers (xorshift): the same seed gives the same profile.
pub(crate) struct Numbers(u64);

impl Numbers {
    pub(crate) fn of(seed: u64) -> Self {
        let mut numbers = Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
        for _ in 0..8 {
            numbers.below(2); // small seeds begin alike
        }
        numbers
    }

    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % limit
    }

    pub(crate) fn one_of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }

    pub(crate) fn chance(&mut self) -> bool {
        self.below(2) == 0
    }

    pub(crate) fn hexadecimal(&mut self, bytes: usize) -> String {
        (0..bytes).map(|_| format!("{:02X}", self.below(256))).collect()
    }

    pub(crate) fn letters(&mut self, count: usize) -> String {
        (0..count).map(|_| char::from(b'A' + self.below(26) as u8)).collect()
    }
}

/// How a card authenticates itself offline.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Offline {
    No,
    Static,
    Dynamic,
    Combined,
}

/// Sizes of certification authority, issuer and card key that go together, in bits.
pub(crate) const SIZES: [(usize, usize, usize); 7] = [
    (1984, 1976, 1640),
    (1408, 1408, 1024),
    (1408, 1152, 1152),
    (1152, 1024, 896),
    (1152, 1024, 768),
    (1024, 896, 896),
    (1984, 1152, 512),
];

/// What the applications of one profile share.
pub(crate) struct Draft {
    pub(crate) numbers: Numbers,
    elements: String,
    pub(crate) applications: String,
    pub(crate) pin: bool,
}

pub(crate) fn generate(seed: u64) -> Generated {
    let mut numbers = Numbers::of(seed);
    let pin_way = numbers.below(3);
    let mut draft = Draft { numbers, elements: String::new(), applications: String::new(), pin: pin_way > 0 };
    let count = 1 + draft.numbers.below(3);
    draft.shared_elements();
    (0..count).for_each(|place| draft.label(place));
    let directory = draft.numbers.chance();
    if directory {
        draft.directory(count);
    }
    for place in 0..count {
        draft.application(place);
    }
    let in_order = draft.numbers.chance();
    let number = draft.number();
    let level = draft.numbers.one_of(&["33", "13", "03"]);
    let mut text = format!("format = 1\nname = \"generated-{seed}\"\nversion = 1\nsecurity-level = \"{level}\"\n\n");
    text.push_str(&draft.head(&number, in_order, pin_way));
    text.push_str(&draft.elements);
    text.push_str(&draft.applications);
    let letters = 2 + draft.numbers.below(25);
    let name = draft.numbers.letters(letters);
    Generated { text, number, in_order, pin_in_order: pin_way == 1, name }
}

impl Generated {
    /// The profile. What is generated declares every element of a payment application, and a profile may not declare
    /// what it does not use: that is taken out.
    pub(crate) fn profile(&self) -> Profile {
        let mut text = self.text.clone();
        for _ in 0..4 {
            let faults = match Profile::parse(&text) {
                Ok(profile) => return profile,
                Err(Error::Profile(faults)) => faults,
                Err(other) => panic!("{other}"),
            };
            let shown: Vec<String> = faults.iter().map(ToString::to_string).collect();
            assert!(faults.iter().all(|fault| fault.kind.code() == "unused"), "{shown:#?}\n{text}");
            text = remove(&text, &faults.iter().map(|fault| fault.line).collect::<Vec<_>>());
        }
        panic!("something stays unused:\n{text}")
    }

    /// The columns of the order.
    pub(crate) fn columns(&self, issuer: &Issuer, profile: &Profile) -> Vec<(&'static str, String)> {
        let mut columns = vec![("name", self.name.clone())];
        if self.in_order {
            columns.push(("card_number", self.number.clone()));
        }
        if self.pin_in_order {
            columns.push(("pin_block", issuer.pin_block(profile, &self.number, "9876")));
        }
        columns
    }
}

impl Draft {
    /// A card number of the issuer's BIN: 12 to 19 digits.
    fn number(&mut self) -> String {
        let length = self.numbers.one_of(&[12, 13, 15, 16, 16, 16, 18, 19]);
        let mut digits = String::from("4761");
        while digits.len() < length - 1 {
            let digit = self.numbers.below(10);
            write!(digits, "{digit}").unwrap();
        }
        let check = check_digit(digits.as_bytes()).unwrap();
        digits.push(char::from(check));
        digits
    }

    fn head(&mut self, number: &str, in_order: bool, pin_way: usize) -> String {
        let length = number.len();
        let (years, sequence) = (1 + self.numbers.below(8), self.numbers.below(100));
        let mut head = String::from("[card-number]\n");
        if in_order {
            head.push_str("field = \"card_number\"\n");
        }
        write!(head, "bin = \"4761\"\nlength = {length}\ncheck-digit = true\nsequence = {sequence}\n\n").unwrap();
        write!(head, "[validity]\nfrom = \"preparation\"\nyears = {years}\nto = \"end-of-month\"\n\n").unwrap();
        head.push_str("[retention]\ndays = 30\n\n[[field]]\nname = \"name\"\ntype = \"text\"\ncharset = \"unicode\"\n");
        head.push_str("min = 1\nmax = 60\nrequired = true\n\n");
        if in_order {
            head.push_str(
                "[[field]]\nname = \"card_number\"\ntype = \"digits\"\nmin = 12\nmax = 19\nrequired = true\n\n",
            );
        }
        let format = self.numbers.one_of(&["iso-9564-0", "iso-9564-1"]);
        match pin_way {
            1 => {
                head.push_str("[[field]]\nname = \"pin_block\"\ntype = \"pin-block\"\nrequired = true\n\n");
                write!(head, "[pin]\nsource = \"order\"\nfield = \"pin_block\"\nzone-key = \"zone.1\"\n").unwrap();
                write!(head, "format = \"{format}\"\n\n").unwrap();
            }
            2 => {
                let digits = 4 + self.numbers.below(9);
                write!(head, "[pin]\nsource = \"generated\"\ndigits = {digits}\nmailer-key = \"mailer.1\"\n").unwrap();
                head.push_str("format = \"iso-9564-1\"\n\n");
            }
            _ => {}
        }
        head.push_str("[verification]\ncard-key = \"cvk.1\"\npin-key = \"pvk.1\"\npin-key-index = 1\n\n");
        head
    }

    pub(crate) fn element(&mut self, name: &str, body: &str) {
        write!(self.elements, "[[element]]\nname = \"{name}\"\n{body}\n\n").unwrap();
    }

    pub(crate) fn constant(&mut self, name: &str, tag: &str, value: &str) {
        let body = format!("tag = \"{tag}\"\nsource = \"constant\"\nencoding = \"hex\"\nvalue = \"{value}\"");
        self.element(name, &body);
    }

    pub(crate) fn template(&mut self, name: &str, tag: &str, parts: &[String]) {
        let parts: Vec<String> = parts.iter().map(|part| format!("\"{part}\"")).collect();
        self.element(name, &format!("tag = \"{tag}\"\nsource = \"template\"\nelements = [{}]", parts.join(", ")));
    }

    /// The elements that every application names.
    fn shared_elements(&mut self) {
        self.element("number", "tag = \"5A\"\nsource = \"card-number\"\nencoding = \"compressed\"");
        self.element("sequence", "tag = \"5F34\"\nsource = \"sequence-number\"");
        self.element("expiry", "tag = \"5F24\"\nsource = \"valid-to\"\nencoding = \"yymmdd\"");
        self.element("effective", "tag = \"5F25\"\nsource = \"valid-from\"\nencoding = \"yymmdd\"");
        self.element("holder", "tag = \"5F20\"\nsource = \"field\"\nfield = \"name\"\nencoding = \"transliterated\"");
        self.constant("country", "5F28", "0840");
        self.constant("usage", "9F07", "FF00");
        self.constant("signed-tags", "9F4A", "82");
        let further = 1 + self.numbers.below(32);
        let bytes = self.numbers.hexadecimal(further);
        self.constant("discretionary", "9F05", &bytes);
        let lists = "9F02069F03069F1A0295055F2A029A039C019F3704";
        self.element("cdol-1", &format!("tag = \"8C\"\nsource = \"object-list\"\nvalue = \"{lists}\""));
        self.element("cdol-2", &format!("tag = \"8D\"\nsource = \"object-list\"\nvalue = \"8A02{lists}\""));
        self.element("ddol", "tag = \"9F49\"\nsource = \"object-list\"\nvalue = \"9F3704\"");
        let rules = if self.pin { "\"4103\", \"4203\", \"1F00\"" } else { "\"4203\", \"1E03\", \"1F00\"" };
        let list = |rules: &str| format!("tag = \"8E\"\nsource = \"verification-rules\"\nrules = [{rules}]");
        self.element("cvm", &list(rules));
        if self.pin {
            self.element("cvm-enciphered", &list(&format!("\"4403\", {rules}")));
        }
        let pin_value = if self.pin { "\"pin-key-index\", \"pin-value\", " } else { "" };
        let track = format!(
            "tag = \"57\"\nsource = \"track-2\"\nservice-code = \"201\"\ndiscretionary = [{pin_value}\"chip-value\"]"
        );
        self.element("track", &track);
        for (name, tag, source) in [
            ("index", "8F", "authority-index"),
            ("issuer-certificate", "90", "issuer-certificate"),
            ("issuer-remainder", "92", "issuer-remainder"),
            ("issuer-exponent", "9F32", "issuer-exponent"),
            ("icc-certificate", "9F46", "icc-certificate"),
            ("icc-remainder", "9F48", "icc-remainder"),
            ("icc-exponent", "9F47", "icc-exponent"),
            ("pin-certificate", "9F2D", "pin-certificate"),
            ("pin-remainder", "9F2F", "pin-remainder"),
            ("pin-exponent", "9F2E", "pin-exponent"),
            ("signed-data", "93", "signed-data"),
            ("profile", "82", "interchange-profile"),
            ("issuer-data", "9F10", "issuer-application-data"),
        ] {
            self.element(name, &format!("tag = \"{tag}\"\nsource = \"{source}\""));
        }
        self.constant("lower", "9F58", "00");
        self.constant("upper", "9F59", "05");
        self.element("keys", "source = \"application-keys\"");
        self.element("check-values", "source = \"application-key-check-values\"");
        self.element("tries", "source = \"constant\"\nencoding = \"hex\"\nvalue = \"0303\"");
        if self.pin {
            self.element("pin", "source = \"pin-block\"\nencoding = \"iso-9564-2\"");
        }
        for key in ["icc", "pin"] {
            for part in ["modulus", "exponent", "p", "q", "exponent-p", "exponent-q", "q-inverse"] {
                self.element(&format!("{key}-key-{part}"), &format!("source = \"{key}-key\"\npart = \"{part}\""));
            }
        }
    }
}

/// `text` without the tables that begin on `lines`.
fn remove(text: &str, lines: &[usize]) -> String {
    let mut within = false;
    let kept = text.lines().enumerate().filter(|(position, line)| {
        within = lines.contains(&(position + 1)) || within && !line.starts_with('[');
        !within
    });
    kept.map(|(_, line)| format!("{line}\n")).collect()
}
