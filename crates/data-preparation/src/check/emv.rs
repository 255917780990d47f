//! The data of payment applications, read back as a terminal would: from the DGIs alone, and from the keys of the
//! certification authorities that every terminal has.
//!
//! The files are in the order of the reading: what the groupings are, what a terminal would find in them
//! ([`view`]), what the elements say, whether they agree, what they promise, who vouches for them, and whether the
//! card's secrets are those that the certificates and check values speak of.

mod agreement;
mod certificates;
mod directory;
mod elements;
mod fault;
mod groupings;
mod internal;
mod keys;
mod lists;
mod promises;
mod question;
mod script;
mod view;

pub(super) use fault::hex_of;
pub use fault::{EmvFault, Interface};
pub(crate) use lists::{IN_CRYPTOGRAMS, UNPREDICTABLE};
pub(crate) use question::Answer;
pub use question::CryptogramQuestion;
pub(crate) use script::{MOST_COMMANDS, read_back_script};

use zeroize::Zeroizing;

use crate::emv::{Pan, tlv};
use crate::standard::payment::is_own;
use crate::{Application, CertificationKey, PersonalizationData, Standard};
use groupings::Groupings;
use view::View;

/// Reads back a payment application of `data`, whose DGIs have known identifiers and lengths.
pub(crate) fn read_back(application: &Application, data: &PersonalizationData) -> Result<(), EmvFault> {
    let groupings = Groupings::of(application);
    groupings.check()?;
    let contact = View::read(&groupings, Interface::Contact)?.ok_or(EmvFault::Template(0x9104))?;
    let contactless = View::read(&groupings, Interface::Contactless)?;
    let views = [Some(&contact), contactless.as_ref()];
    let views = || views.iter().flatten().copied();
    view::every_record_is_listed(&groupings, views())?;
    for view in views() {
        elements::check(view)?;
        lists::check(view)?;
        agreement::check(view)?;
        promises::check(view, &groupings)?;
    }
    if let Some(contactless) = &contactless {
        agreement::of_both(&contact, contactless)?;
    }
    let mut certified = certificates::Certified::default();
    for view in views() {
        certified.join(certificates::check(view, &groupings, application, &data.certification_keys)?, view)?;
    }
    groupings.check_personal()?;
    keys::check(&groupings, &certified, !is_own(application.package.as_bytes()))?;
    internal::check(&groupings, views())
}

/// The card number (ASCII) of the first record that has one.
pub(crate) fn card_number(application: &Application) -> Option<Zeroizing<Vec<u8>>> {
    let groupings = Groupings::of(application);
    let numbers = groupings.records().filter_map(|(_, record)| tlv::at_path(record, &[0x70, 0x5A]));
    let pan = { numbers }.find_map(Pan::from_compressed)?;
    Some(Zeroizing::new(pan.digits().to_vec()))
}

/// Reads back a payment directory of `data`.
pub(crate) fn read_back_directory(application: &Application, data: &PersonalizationData) -> Result<(), EmvFault> {
    directory::check(application, data)
}

/// The first certification key that is there twice, or that no certificate of the data's payment applications leads to.
pub(crate) fn idle_authority(data: &PersonalizationData) -> Option<&CertificationKey> {
    let applications = || data.applications.iter().filter(|application| application.standard == Standard::Emv);
    let used = |key: &CertificationKey| {
        applications().any(|application| {
            application.instance.as_bytes().starts_with(&key.rid)
                && Groupings::of(application).records().any(|(_, record)| view::names_authority(record, key.index))
        })
    };
    let keys = &data.certification_keys;
    let doubled = |position: usize, key: &CertificationKey| {
        keys[..position].iter().any(|before| (before.rid, before.index) == (key.rid, key.index))
    };
    keys.iter().enumerate().find(|(position, key)| doubled(*position, key) || !used(key)).map(|(_, key)| key)
}
