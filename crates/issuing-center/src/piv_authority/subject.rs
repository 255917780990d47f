//! The name that certificates tell of an authority, as people write it: `C=JP, O=Example, CN=Staff cards`.

use std::fmt;
use std::str::FromStr;

use rcgen::string::PrintableString;
use rcgen::{DistinguishedName, DnType, DnValue};

/// A name of country, organization and common name, of which the last one is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    country: Option<String>,
    organization: Option<String>,
    common_name: String,
}

impl Subject {
    /// As certificates have it: the country as PrintableString (RFC 5280 annex A), all else in UTF-8.
    pub(super) fn distinguished_name(&self) -> DistinguishedName {
        let mut name = DistinguishedName::new();
        let country = self.country.as_deref().and_then(|country| PrintableString::try_from(country).ok());
        if let Some(country) = country {
            name.push(DnType::CountryName, DnValue::PrintableString(country));
        }
        if let Some(organization) = &self.organization {
            name.push(DnType::OrganizationName, organization.as_str());
        }
        name.push(DnType::CommonName, self.common_name.as_str());
        name
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(country) = &self.country {
            write!(out, "C={country}, ")?;
        }
        if let Some(organization) = &self.organization {
            write!(out, "O={organization}, ")?;
        }
        write!(out, "CN={}", self.common_name)
    }
}

impl FromStr for Subject {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = |reason: &str| format!("{reason}; write C=JP, O=Example, CN=Staff cards, or CN alone");
        let (mut country, mut organization, mut common_name) = (None, None, None);
        for part in text.split(',') {
            let (attribute, value) = part.split_once('=').ok_or_else(|| wrong("a part has no ="))?;
            let (attribute, value) = (attribute.trim(), value.trim());
            let place = match attribute {
                "C" => &mut country,
                "O" => &mut organization,
                "CN" => &mut common_name,
                _ => return Err(wrong(&format!("{attribute} is not taken here"))),
            };
            if !(1..=64).contains(&value.chars().count()) || value.chars().any(char::is_control) {
                return Err(wrong(&format!("{attribute} has 1 to 64 characters")));
            }
            if place.replace(value.to_owned()).is_some() {
                return Err(wrong(&format!("{attribute} is there twice")));
            }
        }
        let is_country = |country: &String| country.len() == 2 && country.bytes().all(|byte| byte.is_ascii_uppercase());
        if country.as_ref().is_some_and(|country| !is_country(country)) {
            return Err(wrong("a country has two capital letters"));
        }
        let common_name = common_name.ok_or_else(|| wrong("CN is missing"))?;
        Ok(Self { country, organization, common_name })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_reads_back_and_nothing_else_is_one() {
        for text in ["C=JP, O=Example, CN=Staff cards", "CN=Staff", "O=Beispiel, CN=Zoë"] {
            assert_eq!(text.parse::<Subject>().unwrap().to_string(), text);
        }
        for wrong in ["", "CN", "CN=", "O=Example", "C=Japan, CN=a", "CN=a, CN=b", "X=a, CN=b", "C=jp, CN=a"] {
            assert!(wrong.parse::<Subject>().is_err(), "{wrong}");
        }
    }
}
