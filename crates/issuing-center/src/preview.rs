//! Preview: what a card would carry by a profile and an order, without a center, its data or its keys.
//!
//! Everything secret is made for this one look and thrown away: keys, certificates, PIN. What is shown of the result is
//! its form: groupings, tags, lengths, and the values that are no secret.

mod names;
mod telling;
mod throwaway;

pub use telling::{GroupingTold, TagTold, Told};

use cardwright_data_preparation::profile::FieldType;
use cardwright_data_preparation::{Checked, Date, FaceView, OrderFields, PersonalizationData, Profile, face_picture};
use zeroize::Zeroizing;

use crate::file_fault::{FileFault, FileRefused};
use crate::intake::{self, FindPhoto, NewOrder};
use crate::refused::Refused;
use throwaway::Throwaway;

/// One order's card, as it would be.
pub struct Preview {
    /// the order's reference
    pub reference: String,
    /// the card number as people may see it
    pub number: String,
    /// what was made for the preview alone, as people read it
    pub stand_ins: Vec<String>,
    /// the applications with their groupings
    pub applications: Vec<Told>,
    /// what is printed on the card, as a base may show it
    pub face: Vec<String>,
    data: Checked<PersonalizationData>,
}

impl Preview {
    /// The picture of the card's face, with what was made for the preview.
    #[must_use]
    pub fn face_picture(&self, view: FaceView) -> Zeroizing<String> {
        face_picture(&self.data.face, view)
    }
}

/// Previews the orders of a file that are of `profile`, or the one that `reference` names.
///
/// # Errors
/// `ORDER_FILE_REFUSED` with every fault of these orders; `DATA_REFUSED`; the keystore's own.
pub fn of_file(
    profile: &Profile,
    text: &[u8],
    reference: Option<&str>,
    photo: FindPhoto<'_>,
    today: Date,
) -> Result<Vec<Preview>, FileRefused> {
    let (orders, faults) = intake::read_any(text, &photo_fields(profile), photo);
    let is_wanted = |order: &&NewOrder| {
        order.profile == profile.reference().name && reference.is_none_or(|wanted| order.reference == wanted)
    };
    let wanted: Vec<_> = orders.iter().filter(is_wanted).collect();
    if !faults.is_empty() {
        return Err(FileRefused::Faults(cardwright_relay::Code::ORDER_FILE_REFUSED, faults));
    }
    let throwaway = Throwaway::of(profile)?;
    let mut previews = Vec::with_capacity(wanted.len());
    for order in wanted {
        previews.push(of_order(profile, order, &throwaway, today)?);
    }
    Ok(previews)
}

fn photo_fields(profile: &Profile) -> std::collections::BTreeSet<String> {
    let photos = profile.fields().iter().filter(|field| field.field_type == FieldType::Photo);
    photos.map(|field| field.name.clone()).collect()
}

fn of_order(profile: &Profile, order: &NewOrder, throwaway: &Throwaway, today: Date) -> Result<Preview, FileRefused> {
    let mut stand_ins = throwaway.stand_ins(profile);
    let number = throwaway.number(profile, order);
    let blocks = throwaway.pin_blocks(profile, number.as_str()).map_err(Refused::from)?;
    let columns = order.fields.iter().map(|(name, value)| {
        let block = blocks.iter().find(|(field, _)| field == name).map(|(_, block)| block.as_str());
        (name.as_str(), block.unwrap_or(value.as_str()))
    });
    let photo = order.photo.as_ref().map(|photo| photo.as_slice());
    let fields = OrderFields::read(profile, columns, photo).map_err(|error| faults(order, error))?;
    let (data, pin) = intake::made(profile, &fields, today, &throwaway.means(profile, number.as_str())?)?;
    if profile.assigns_number() {
        stand_ins.push("the card number: the first one of the range".to_owned());
    }
    stand_ins
        .extend(blocks.iter().map(|(field, _)| format!("the PIN in {field}: 00000000, under a key of the preview")));
    stand_ins.extend(pin.iter().map(|_| "the PIN".to_owned()));
    stand_ins.extend(pin.iter().filter_map(|pin| pin.puk_block.as_ref()).map(|_| "the PUK".to_owned()));
    Ok(Preview {
        reference: order.reference.clone(),
        number: data.masked_number.clone(),
        stand_ins,
        applications: data.applications.iter().map(|one| telling::told(one, number.as_str())).collect(),
        face: data.face.iter().map(|item| telling::face(item, number.as_str())).collect(),
        data,
    })
}

/// Every fault of an order's fields.
fn faults(order: &NewOrder, error: cardwright_data_preparation::Error) -> FileRefused {
    let faults = intake::field_faults(order.row, error);
    FileRefused::Faults(cardwright_relay::Code::ORDER_FILE_REFUSED, faults)
}

/// That a file holds an order of the profile.
#[must_use]
pub fn no_order(profile: &Profile) -> FileFault {
    let reason = format!("no order of the profile {}, or none of this reference", profile.reference().name);
    FileFault::of_order(1, "profile", reason, cardwright_relay::Code::ORDER_FILE_REFUSED)
}
