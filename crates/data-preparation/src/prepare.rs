//! From valid fields to finished data groupings.

use cardwright_apdu::Dgi;

use crate::data::masked;
use crate::profile::{ApplicationProfile, DgiProfile, FieldEncoding, Source};
use crate::{Application, Date, Error, Means, OrderFields, PersonalizationData, Profile, ProtectedDgi, encoding};
use crate::{manifest, pin_block};

/// Data that was made and not yet checked: good for nothing but [`check`](crate::check).
#[must_use]
pub struct Prepared(pub(crate) PersonalizationData);

/// What the elements of one card are made from.
struct Making<'a> {
    profile: &'a Profile,
    fields: &'a OrderFields,
    valid_from: Date,
    valid_to: Date,
}

/// Makes the data of one card: `fields` by the rules of `profile`, on the day `today`.
///
/// The same input gives the same data. A DGI made of a field that the order leaves out is left out.
///
/// # Errors
/// `Error::OtherProfile` where the fields were read for another text of the profile, `Error::DateOutOfRange` where
/// the validity would end after the year 9999.
pub fn prepare(profile: &Profile, fields: &OrderFields, today: Date, _means: &Means<'_>) -> Result<Prepared, Error> {
    if !fields.are_for(profile) {
        return Err(Error::OtherProfile);
    }
    let valid_to = profile.validity().end(today).ok_or(Error::DateOutOfRange)?;
    let making = Making { profile, fields, valid_from: today, valid_to };
    let number = fields.value(profile.number_field()).unwrap_or_default();
    Ok(Prepared(PersonalizationData {
        format: encoding::Format,
        profile: profile.reference().clone(),
        security_level: profile.security_level(),
        masked_number: masked(number),
        applications: profile.applications().iter().map(|application| making.application(application)).collect(),
        certification_keys: Vec::new(),
        face: Vec::new(),
    }))
}

impl Making<'_> {
    fn application(&self, from: &ApplicationProfile) -> Application {
        let mut dgis = Vec::with_capacity(from.dgis.len());
        for dgi in &from.dgis {
            dgis.extend(self.grouping(dgi, &dgis));
        }
        Application {
            standard: from.standard,
            package: from.package,
            module: from.module,
            instance: from.instance,
            install_parameters: from.install_parameters.clone(),
            privileges: from.privileges.clone(),
            dgis,
            activation: from.activation,
            commit_point: from.commit_point,
            route: from.route,
            rewrite: from.rewrite,
            piv: None,
        }
    }

    /// One grouping, or `None` where the order leaves out a field that it is made of.
    fn grouping(&self, from: &DgiProfile, before: &[ProtectedDgi]) -> Option<ProtectedDgi> {
        let elements = || from.content.iter().filter_map(|name| self.profile.element(name));
        if elements().filter_map(|element| element.field()).any(|field| self.fields.value(field).is_none()) {
            return None;
        }
        // Room for all of it at once: a buffer that grew would leave copies behind.
        let room = elements().map(|element| self.room(&element.source, before)).sum();
        let mut dgi = Dgi { identifier: from.identifier, data: Vec::with_capacity(room) };
        for element in elements() {
            self.write(&element.source, before, &mut dgi.data);
        }
        Some(ProtectedDgi::new(dgi, from.protection, from.personal, from.optional))
    }

    fn value(&self, field: &str) -> &[u8] {
        self.fields.value(field).unwrap_or_default()
    }

    /// At least as many bytes as [`Making::write`] appends.
    fn room(&self, source: &Source, before: &[ProtectedDgi]) -> usize {
        match source {
            Source::Field { field, .. } => self.value(field).len(),
            Source::Constant(bytes) => bytes.len(),
            Source::ValidFrom | Source::ValidTo => 4,
            Source::PinBlock { .. } => 8,
            Source::Manifest => 1 + manifest::ENTRY * before.len(),
        }
    }

    fn write(&self, source: &Source, before: &[ProtectedDgi], out: &mut Vec<u8>) {
        match source {
            Source::Field { field, encoding: FieldEncoding::Bcd } => {
                let text = std::str::from_utf8(self.value(field)).unwrap_or_default();
                let date: Option<Date> = text.parse().ok();
                out.extend(date.into_iter().flat_map(Date::to_bcd));
            }
            Source::Field { field, .. } => out.extend_from_slice(self.value(field)),
            Source::Constant(bytes) => out.extend_from_slice(bytes),
            Source::ValidFrom => out.extend_from_slice(&self.valid_from.to_bcd()),
            Source::ValidTo => out.extend_from_slice(&self.valid_to.to_bcd()),
            Source::PinBlock { field } => {
                if let Some(block) = pin_block::encode(self.value(field)) {
                    out.extend_from_slice(&*block);
                }
            }
            Source::Manifest => out.extend(manifest::of(before.iter().map(ProtectedDgi::dgi))),
        }
    }
}
