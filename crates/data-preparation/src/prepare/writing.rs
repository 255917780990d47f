//! The applications' data groupings, written.

use cardwright_apdu::Dgi;
use zeroize::Zeroizing;

use super::application::Application;
use super::card::Card;
use crate::means::MeansFault;
use crate::profile::{DgiProfile, Element, ScriptRule, Source};
use crate::{Error, IssuerScript, ProtectedDgi, data, manifest};

impl Application<'_> {
    /// The finished application.
    pub(super) fn write(&mut self, card: &Card<'_>) -> Result<data::Application, Error> {
        let from = self.profile;
        let mut dgis = Vec::with_capacity(from.dgis.len());
        for dgi in &from.dgis {
            let made = self.grouping(card, dgi, &dgis)?;
            dgis.extend(made);
        }
        Ok(data::Application {
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
            piv: self.piv.take(),
            script: self.script()?,
        })
    }

    /// What a script is made by, where this is changed by one.
    fn script(&self) -> Result<Option<IssuerScript>, Error> {
        let Some(rule) = &self.profile.script else { return Ok(None) };
        let keys = self.keys.as_ref().ok_or(MeansFault::Keystore)?.to_vec();
        let issuer = self.profile.payment.as_ref().and_then(|payment| payment.keys.as_ref());
        let issuer_application_data = issuer.ok_or(MeansFault::Keystore)?.issuer_application_data().to_vec();
        let ScriptRule { contact, contactless } = rule.clone();
        Ok(Some(IssuerScript { keys, issuer_application_data, contact, contactless }))
    }

    /// One grouping, or `None` where this card has none.
    fn grouping(
        &self,
        card: &Card<'_>,
        from: &DgiProfile,
        before: &[ProtectedDgi],
    ) -> Result<Option<ProtectedDgi>, Error> {
        let elements = || from.content.iter().filter_map(|name| card.profile.element(name));
        let made = |data| {
            let dgi = Dgi { identifier: from.identifier, data };
            ProtectedDgi::new(dgi, from.protection, from.personal, from.optional)
        };
        if elements().any(|element| element.source == Source::Manifest) {
            return Ok(Some(made(manifest::of(before.iter().map(ProtectedDgi::dgi)))));
        }
        Ok(self.data(card, from)?.map(|mut data| made(std::mem::take(&mut *data))))
    }

    /// The bytes of `dgi`, or `None` where this card has no such DGI: what it is made of is left out by the order.
    pub(super) fn data(&self, card: &Card<'_>, dgi: &DgiProfile) -> Result<Option<Zeroizing<Vec<u8>>>, Error> {
        if !self.is_there(card, dgi) {
            return Ok(None);
        }
        let elements = || dgi.content.iter().filter_map(|name| card.profile.element(name));
        // Room for all of it at once: a buffer that grew would leave copies behind.
        let room = elements().map(|element| self.room(card, element)).sum();
        let mut data = Zeroizing::new(Vec::with_capacity(room));
        for element in elements() {
            self.write_element(card, element, &mut data)?;
        }
        Ok(Some(data))
    }

    /// Whether this card has `dgi`: no element without a tag is left out, and not all are empty.
    pub(super) fn is_there(&self, card: &Card<'_>, dgi: &DgiProfile) -> bool {
        let elements = || dgi.content.iter().filter_map(|name| card.profile.element(name));
        let left_out = |element: &Element| {
            element.tag.is_none() && element.field().is_some_and(|field| card.value(field).is_none())
        };
        !elements().any(left_out) && elements().any(|element| !self.is_empty(card, element))
    }
}
