//! A table of a profile's TOML, read key by key so that every fault is found and keeps its place.

mod optional;

use std::ops::{Range, RangeInclusive};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::fault::{FaultKind, Faults};

/// One table: the whole profile, or one of its parts.
pub(super) struct Section<'t> {
    /// what it is, for messages: `[[field]]`
    title: String,
    span: Range<usize>,
    table: &'t DeTable<'t>,
}

/// A value and where it stands.
pub(super) type At<T> = Spanned<T>;

impl<'t> Section<'t> {
    /// The profile as a whole.
    pub(super) fn whole(table: &'t Spanned<DeTable<'t>>) -> Self {
        Self { title: "the profile".into(), span: 0..0, table: table.get_ref() }
    }

    /// Where the section begins: the place of faults that no key has.
    pub(super) fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    /// Refuses every key that is not one of `keys`.
    pub(super) fn only(&self, keys: &[&str], faults: &mut Faults<'_>) {
        for key in self.table.keys().filter(|key| !keys.contains(&key.get_ref().as_ref())) {
            let message = format!("`{}` is no key of {}", key.get_ref(), self.title);
            faults.add(
                key.span(),
                FaultKind::UnknownKey,
                message,
                format!("remove it, or use one of: {}", keys.join(", ")),
            );
        }
    }

    /// The section `key`; a fault where it is missing.
    pub(super) fn section(&self, key: &str, faults: &mut Faults<'_>) -> Option<Section<'t>> {
        let value = self.required(key, faults)?;
        let DeValue::Table(table) = value.get_ref() else {
            return self.wrong_type(key, value.span(), "a table", faults);
        };
        Some(Section { title: format!("[{key}]"), span: self.key_span(key), table })
    }

    /// The sections `[[key]]`, at least one; a fault where there is none.
    pub(super) fn sections(&self, key: &str, faults: &mut Faults<'_>) -> Vec<Section<'t>> {
        let Some(value) = self.required(key, faults) else { return Vec::new() };
        let DeValue::Array(array) = value.get_ref() else {
            self.wrong_type::<()>(key, value.span(), "one or more tables", faults);
            return Vec::new();
        };
        if array.is_empty() {
            self.missing(key, faults);
        }
        let sections = array.iter().filter_map(|item| match item.get_ref() {
            DeValue::Table(table) => Some(Section { title: format!("[[{key}]]"), span: item.span(), table }),
            _ => self.wrong_type(key, item.span(), "one or more tables", faults),
        });
        sections.collect()
    }

    /// The text of `key`, if the key is there.
    pub(super) fn optional_text(&self, key: &str, faults: &mut Faults<'_>) -> Option<At<&'t str>> {
        let value = self.table.get(key)?;
        match value.get_ref() {
            DeValue::String(text) => Some(Spanned::new(value.span(), text.as_ref())),
            _ => self.wrong_type(key, value.span(), "a text in quotes", faults),
        }
    }

    /// The text of `key`; a fault where it is missing.
    pub(super) fn text(&self, key: &str, faults: &mut Faults<'_>) -> Option<At<&'t str>> {
        self.required(key, faults)?;
        self.optional_text(key, faults)
    }

    /// The texts in the array `key`; a fault where it is missing, or holds something else.
    pub(super) fn texts(&self, key: &str, faults: &mut Faults<'_>) -> Option<Vec<At<&'t str>>> {
        let value = self.required(key, faults)?;
        let DeValue::Array(array) = value.get_ref() else {
            return self.wrong_type(key, value.span(), "an array of texts", faults);
        };
        let texts = array.iter().map(|item| match item.get_ref() {
            DeValue::String(text) => Some(Spanned::new(item.span(), text.as_ref())),
            _ => self.wrong_type(key, item.span(), "an array of texts", faults),
        });
        texts.collect()
    }

    /// A name under `key`: lower-case letters, digits, `-` and `_`, a letter first, at most 32.
    pub(super) fn name(&self, key: &str, faults: &mut Faults<'_>) -> Option<String> {
        let text = self.text(key, faults)?;
        let name = *text.get_ref();
        let known = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || byte == b'_';
        if name.len() <= 32 && name.bytes().all(known) && name.starts_with(|first: char| first.is_ascii_lowercase()) {
            return Some(name.to_owned());
        }
        let remedy = "use 1 to 32 of a-z, 0-9, - and _, a letter first";
        faults.add(text.span(), FaultKind::Name, format!("`{name}` cannot be a name"), remedy);
        None
    }

    /// The number of `key`, within `range`, if the key is there; a fault of `kind` outside.
    pub(super) fn optional_number(
        &self,
        key: &str,
        range: RangeInclusive<u32>,
        kind: FaultKind,
        faults: &mut Faults<'_>,
    ) -> Option<u32> {
        let value = self.table.get(key)?;
        let DeValue::Integer(number) = value.get_ref() else {
            return self.wrong_type(key, value.span(), "a whole number without quotes", faults);
        };
        match u32::from_str_radix(number.as_str(), number.radix()) {
            Ok(number) if range.contains(&number) => Some(number),
            _ => {
                let remedy = if range.start() == range.end() {
                    format!("write {}", range.start())
                } else {
                    format!("write a number from {} to {}", range.start(), range.end())
                };
                faults.add(value.span(), kind, format!("`{key}` cannot be {number}"), remedy);
                None
            }
        }
    }

    /// The number of `key`, within `range`; a fault where it is missing.
    pub(super) fn number(
        &self,
        key: &str,
        range: RangeInclusive<u32>,
        kind: FaultKind,
        faults: &mut Faults<'_>,
    ) -> Option<u32> {
        self.required(key, faults)?;
        self.optional_number(key, range, kind, faults)
    }

    /// `true` or `false` under `key`; a fault where it is missing.
    pub(super) fn flag(&self, key: &str, faults: &mut Faults<'_>) -> Option<bool> {
        let value = self.required(key, faults)?;
        match value.get_ref() {
            DeValue::Boolean(flag) => Some(*flag),
            _ => self.wrong_type(key, value.span(), "true or false", faults),
        }
    }

    /// What the text of `key` stands for in `choices`; a fault of `kind` where it stands for nothing.
    pub(super) fn choice<T: Copy>(
        &self,
        key: &str,
        choices: &[(&str, T)],
        kind: FaultKind,
        faults: &mut Faults<'_>,
    ) -> Option<T> {
        let text = self.text(key, faults)?;
        let found = choices.iter().find(|(name, _)| name == text.get_ref());
        if found.is_none() {
            let names: Vec<_> = choices.iter().map(|(name, _)| *name).collect();
            let message = format!("`{}` is no `{key}`", text.get_ref());
            faults.add(text.span(), kind, message, format!("use one of: {}", names.join(", ")));
        }
        found.map(|(_, value)| *value)
    }

    /// The bytes that the text of `key` spells in hexadecimal, of one of `lengths`; a fault where it is missing.
    pub(super) fn hexadecimal(
        &self,
        key: &str,
        lengths: RangeInclusive<usize>,
        faults: &mut Faults<'_>,
    ) -> Option<Vec<u8>> {
        let text = self.text(key, faults)?;
        let bytes = bytes_of(text.get_ref()).filter(|bytes| lengths.contains(&bytes.len()));
        if bytes.is_none() {
            let (least, most) = lengths.into_inner();
            let message = format!("`{key}` is not {least} to {most} bytes in hexadecimal");
            faults.add(
                text.span(),
                FaultKind::Hexadecimal,
                message,
                "write two hexadecimal digits a byte, without spaces",
            );
        }
        bytes
    }

    /// Whether one of the sections `[[key]]` has the name `name`, right or wrong as it may be otherwise.
    pub(super) fn declares(&self, key: &str, name: &str) -> bool {
        self.span_of(key, name).is_some()
    }

    /// Where the section `[[key]]` with the name `name` stands.
    pub(super) fn span_of(&self, key: &str, name: &str) -> Option<Range<usize>> {
        let DeValue::Array(array) = self.table.get(key)?.get_ref() else { return None };
        let named = |item: &&Spanned<DeValue<'_>>| match item.get_ref() {
            DeValue::Table(table) => table.get("name").and_then(|value| value.get_ref().as_str()) == Some(name),
            _ => false,
        };
        array.iter().find(named).map(Spanned::span)
    }

    /// Whether `key` is there.
    pub(super) fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    /// Where the value of `key` stands, or the section's beginning.
    pub(super) fn value_span(&self, key: &str) -> Range<usize> {
        self.table.get(key).map_or_else(|| self.span(), Spanned::span)
    }

    fn key_span(&self, key: &str) -> Range<usize> {
        self.table.get_key_value(key).map_or_else(|| self.span(), |(key, _)| key.span())
    }

    fn required(&self, key: &str, faults: &mut Faults<'_>) -> Option<&'t Spanned<DeValue<'t>>> {
        let value = self.table.get(key);
        if value.is_none() {
            self.missing(key, faults);
        }
        value
    }

    fn missing(&self, key: &str, faults: &mut Faults<'_>) {
        let message = format!("{} has no `{key}`", self.title);
        faults.add(self.span(), FaultKind::MissingKey, message, format!("add `{key}`"));
    }

    fn wrong_type<T>(&self, key: &str, span: Range<usize>, wanted: &str, faults: &mut Faults<'_>) -> Option<T> {
        let message = format!("`{key}` of {} is not {wanted}", self.title);
        faults.add(span, FaultKind::WrongType, message, format!("write {wanted}"));
        None
    }
}

fn bytes_of(hexadecimal: &str) -> Option<Vec<u8>> {
    let digit = |byte: &u8| (*byte as char).to_digit(16).map(|digit| digit as u8);
    let digits: Vec<u8> = hexadecimal.as_bytes().iter().map(digit).collect::<Option<_>>()?;
    let (pairs, rest) = digits.as_chunks::<2>();
    rest.is_empty().then(|| pairs.iter().map(|[high, low]| high << 4 | low).collect())
}
