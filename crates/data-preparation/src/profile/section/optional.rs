//! What of a table may be left out, and values of more than one part.

use std::ops::RangeInclusive;

use cardwright_keystore::KeyId;
use toml::Spanned;
use toml::de::DeValue;

use super::{At, Section, bytes_of};
use crate::profile::fault::{FaultKind, Faults};

impl<'t> Section<'t> {
    /// The section `key`, if it is there.
    pub(in crate::profile) fn optional_section(&self, key: &str, faults: &mut Faults<'_>) -> Option<Section<'t>> {
        if self.has(key) { self.section(key, faults) } else { None }
    }

    /// The sections `[[key]]`, if there are any.
    pub(in crate::profile) fn optional_sections(&self, key: &str, faults: &mut Faults<'_>) -> Vec<Section<'t>> {
        if self.has(key) { self.sections(key, faults) } else { Vec::new() }
    }

    /// `true` or `false` under `key`, `false` where it is not there.
    pub(in crate::profile) fn optional_flag(&self, key: &str, faults: &mut Faults<'_>) -> Option<bool> {
        if self.has(key) { self.flag(key, faults) } else { Some(false) }
    }

    /// What the text of `key` stands for, or `default` where the key is not there.
    pub(in crate::profile) fn optional_choice<T: Copy>(
        &self,
        key: &str,
        choices: &[(&str, T)],
        default: T,
        faults: &mut Faults<'_>,
    ) -> Option<T> {
        if self.has(key) { self.choice(key, choices, FaultKind::UnknownValue, faults) } else { Some(default) }
    }

    /// The bytes that each text of the array `key` spells in hexadecimal, `length` each.
    pub(in crate::profile) fn all_hexadecimal(
        &self,
        key: &str,
        length: usize,
        faults: &mut Faults<'_>,
    ) -> Option<Vec<At<Vec<u8>>>> {
        let texts = self.texts(key, faults)?;
        let mut all = Vec::with_capacity(texts.len());
        for text in &texts {
            match bytes_of(text.get_ref()).filter(|bytes| bytes.len() == length) {
                Some(bytes) => all.push(Spanned::new(text.span(), bytes)),
                None => {
                    let message = format!("`{}` is not {length} bytes in hexadecimal", text.get_ref());
                    let remedy = "write two hexadecimal digits a byte, without spaces";
                    faults.add(text.span(), FaultKind::Hexadecimal, message, remedy);
                }
            }
        }
        (all.len() == texts.len()).then_some(all)
    }

    /// The digits under `key`, as many as `lengths` says.
    pub(in crate::profile) fn digits(
        &self,
        key: &str,
        lengths: RangeInclusive<usize>,
        faults: &mut Faults<'_>,
    ) -> Option<&'t str> {
        let text = self.text(key, faults)?;
        let digits = *text.get_ref();
        if lengths.contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Some(digits);
        }
        let (least, most) = lengths.into_inner();
        let remedy = if least == most {
            format!("write {least} digits in quotes")
        } else {
            format!("write {least} to {most} digits in quotes")
        };
        faults.add(text.span(), FaultKind::OutOfRange, format!("`{key}` cannot be `{digits}`"), remedy);
        None
    }

    /// The handle of a keystore key under `key`: `name.version`.
    pub(in crate::profile) fn key_handle(&self, key: &str, faults: &mut Faults<'_>) -> Option<KeyId> {
        let text = self.text(key, faults)?;
        let id: Option<KeyId> = text.get_ref().parse().ok();
        if id.is_none() {
            let message = format!("`{}` is no handle of a key", text.get_ref());
            let remedy = "write name and version of a key of the keystore: `imk-ac.1`";
            faults.add(text.span(), FaultKind::KeyHandle, message, remedy);
        }
        id
    }

    /// The whole numbers of the array `key`, each within `range`.
    pub(in crate::profile) fn numbers(
        &self,
        key: &str,
        range: RangeInclusive<u32>,
        faults: &mut Faults<'_>,
    ) -> Option<Vec<u32>> {
        let value = self.required(key, faults)?;
        let wanted = "an array of whole numbers";
        let DeValue::Array(array) = value.get_ref() else { return self.wrong_type(key, value.span(), wanted, faults) };
        let mut numbers = Vec::with_capacity(array.len());
        for item in array.iter() {
            let DeValue::Integer(number) = item.get_ref() else {
                return self.wrong_type(key, item.span(), wanted, faults);
            };
            match u32::from_str_radix(number.as_str(), number.radix()) {
                Ok(number) if range.contains(&number) => numbers.push(number),
                _ => {
                    let remedy = format!("write numbers from {} to {}", range.start(), range.end());
                    faults.add(item.span(), FaultKind::OutOfRange, format!("`{key}` cannot hold {number}"), remedy);
                    return None;
                }
            }
        }
        Some(numbers)
    }
}
