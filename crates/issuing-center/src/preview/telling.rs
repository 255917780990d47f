//! An application's groupings as people read them. Secrets and numbers are masked here and nowhere later.

use cardwright_data_preparation::emv::tlv::walk;
use cardwright_data_preparation::{Application, FaceItem, FaceKind, ProtectedDgi, Protection, Standard};

use super::names;

/// One application.
pub struct Told {
    /// what reads the data
    pub standard: String,
    /// its AID
    pub instance: String,
    /// its groupings, in the order in which the card gets them; of PIV its objects, keys and references
    pub groupings: Vec<GroupingTold>,
}

/// One grouping, object, key or reference.
pub struct GroupingTold {
    /// DGI, tag or slot
    pub identifier: String,
    /// what it is
    pub name: String,
    /// how long it is, in bytes
    pub length: usize,
    /// clear, or encrypted under the data encryption key
    pub protection: &'static str,
    /// the tags in it, or its value as one
    pub tags: Vec<TagTold>,
}

/// One data element.
pub struct TagTold {
    /// how deep it stands, from 0
    pub depth: usize,
    /// the tag; empty where the grouping has none
    pub tag: String,
    /// what it is
    pub name: &'static str,
    /// its length in bytes
    pub length: usize,
    /// its value, masked where it is a secret or the holder's number; empty for a template
    pub value: String,
}

const MASKED: &str = "(masked)";

/// Tells an application of a card with this number.
pub(super) fn told(application: &Application, number: &str) -> Told {
    let standard = match application.standard {
        Standard::Identity => "identity",
        Standard::Emv => "payment",
        Standard::PaymentEnvironment => "payment environment",
        Standard::Piv => "PIV",
        _ => "another standard",
    };
    let mut groupings: Vec<_> =
        application.dgis.iter().map(|dgi| grouping(application.standard, dgi, number)).collect();
    if let Some(piv) = &application.piv {
        let object = |tag: u32, length| plain(format!("{tag:X}"), "data object", length);
        groupings.extend(piv.objects.iter().map(|one| object(one.tag, one.value.len())));
        groupings.extend(piv.keys.iter().map(|one| plain(format!("{:02X}", one.slot), "key made on the card", 0)));
        let reference = |name: &u8, length| plain(format!("{name:02X}"), "reference value, masked", length);
        groupings.extend(piv.references.iter().map(|one| reference(&one.reference, one.value.len())));
    }
    let instance = hex::encode_upper(application.instance.as_bytes());
    Told { standard: standard.to_owned(), instance, groupings }
}

fn plain(identifier: String, name: &str, length: usize) -> GroupingTold {
    GroupingTold { identifier, name: name.to_owned(), length, protection: "clear", tags: Vec::new() }
}

fn grouping(standard: Standard, from: &ProtectedDgi, number: &str) -> GroupingTold {
    let dgi = from.dgi();
    let protection = match from.protection {
        Protection::Clear => "clear",
        Protection::Dek => "DEK",
        Protection::DekPadded => "DEK, padded",
    };
    let secret = from.protection != Protection::Clear || names::is_secret(standard, dgi.identifier);
    let mut tags =
        if secret { vec![whole(&dgi.data, true)] } else { tags(standard, dgi.identifier, &dgi.data, from.personal) };
    // A profile may write the number under any tag.
    tags.iter_mut().filter(|tag| holds(&tag.value, number)).for_each(|tag| MASKED.clone_into(&mut tag.value));
    GroupingTold {
        identifier: format!("{:04X}", dgi.identifier),
        name: names::of_grouping(standard, dgi.identifier),
        length: dgi.data.len(),
        protection,
        tags,
    }
}

/// The elements of a grouping that is made of tags, or its value as one.
fn tags(standard: Standard, identifier: u16, data: &[u8], personal: bool) -> Vec<TagTold> {
    if !names::is_tagged(standard, identifier) {
        return vec![whole(data, personal)];
    }
    let mut tags = Vec::new();
    let walked = walk(data, &mut |element, depth| {
        let tag = element.tag.0;
        let value = match element.tag.is_constructed() {
            true => String::new(),
            false if names::is_masked(tag) => MASKED.to_owned(),
            false => hex::encode_upper(element.value),
        };
        let name = names::of_tag(tag);
        tags.push(TagTold { depth, tag: format!("{tag:02X}"), name, length: element.value.len(), value });
    });
    if walked.is_ok() { tags } else { vec![whole(data, personal)] }
}

fn whole(data: &[u8], masked: bool) -> TagTold {
    let value = if masked { MASKED.to_owned() } else { hex::encode_upper(data) };
    TagTold { depth: 0, tag: String::new(), name: "", length: data.len(), value }
}

/// Whether a value (hexadecimal) holds the number: two digits a byte, or one.
fn holds(value: &str, number: &str) -> bool {
    !number.is_empty() && (value.contains(number) || value.contains(&hex::encode_upper(number)))
}

/// What is printed, as a base may show it; a number is masked, whatever a base may see.
pub(super) fn face(item: &FaceItem, number: &str) -> String {
    let FaceItem { left, top, width, height, .. } = item;
    let is_number = |text: &str| !number.is_empty() && text.replace(' ', "").contains(number);
    let shown = match item.kind {
        FaceKind::Text => match String::from_utf8_lossy(&item.at_base) {
            text if is_number(&text) => MASKED.to_owned(),
            text => text.into_owned(),
        },
        FaceKind::Photo => format!("photo of {} bytes", item.value.len()),
    };
    let millimetres = |hundredths: u16| format!("{}.{:02}", hundredths / 100, hundredths % 100);
    let [left, top, width, height] = [*left, *top, *width, *height].map(millimetres);
    format!("{shown}  at {left} x {top} mm, {width} x {height} mm")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_found_however_it_is_written() {
        let number = "4761739000000012";
        for value in ["4761739000000012D2911201", "04761739000000012FFF", "34373631373339303030303030303132"] {
            assert!(holds(value, number), "{value}");
        }
        for value in ["4761739000000013D2911201", "", "47617390"] {
            assert!(!holds(value, number), "{value}");
        }
        assert!(!holds("4761", ""));
    }
}
