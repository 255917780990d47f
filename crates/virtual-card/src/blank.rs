//! Blank cards, as they leave the card maker: identity, transport keys, the product's packages.

use crate::Error;
use crate::applications::Program;
use crate::applications::built_in;
use crate::applications::piv::PivData;
use crate::key::KeySet;
use crate::life_cycle::{ApplicationState, CardLifeCycle};
use crate::product::CardProduct;
use crate::registry::{Application, Package, ProgramName};
use crate::secret::Secret;
use crate::state::{CardIdentity, CardState, FORMAT};

/// A blank card of `product` with `keys` (ENC, MAC, DEK) as transport keys, in OP_READY.
///
/// # Errors
/// `Error::Blank` where the keys do not fit the product, the identity has the wrong lengths, or a preloaded package
/// is not one of the built-in programs.
pub fn blank(product: CardProduct, identity: CardIdentity, keys: [Secret; 3]) -> Result<CardState, Error> {
    if identity.key_diversification_data.len() != 10 || identity.production_life_cycle.len() != 42 {
        return Err(Error::Blank("diversification data has 10 bytes, production life cycle data 42"));
    }
    if keys.iter().any(|key| key.expose().len() != product.key_length) {
        return Err(Error::Blank("the keys have not the product's length"));
    }
    let set = KeySet::new(product.transport_key_version, product.key_kind(), keys)
        .ok_or(Error::Blank("the keys do not fit the product's protocol"))?;
    Ok(CardState {
        format: FORMAT,
        packages: preloaded(&product)?,
        security_domain: product.security_domain,
        product,
        identity,
        life_cycle: CardLifeCycle::OpReady,
        key_sets: vec![set],
        applications: Vec::new(),
        data_objects: Vec::new(),
    })
}

fn preloaded(product: &CardProduct) -> Result<Vec<Package>, Error> {
    let known = built_in::all();
    let find = |aid| known.iter().find(|program| program.package == aid).map(built_in::BuiltIn::registered);
    let packages = product.preloaded.iter().map(|aid| find(*aid));
    packages.collect::<Option<_>>().ok_or(Error::Blank("a preloaded package is no built-in program"))
}

/// Makes `card` a reader's SAM: the PIV application is there, selectable, with key and certificate.
pub fn add_security_access_module(card: &mut CardState, private_key: Secret, certificate: &[u8]) {
    let [_, piv, ..] = built_in::all();
    debug_assert_eq!(piv.program, ProgramName::Piv);
    let module = piv.module();
    if card.package(&piv.package).is_none() {
        card.packages.push(piv.registered());
    }
    card.applications.retain(|application| application.aid != module);
    card.applications.push(Application {
        aid: module,
        package: piv.package,
        state: ApplicationState::Selectable,
        locked: false,
        privileges: vec![0; 3],
        program: Program::Piv(Box::new(PivData::security_access_module(private_key, certificate))),
    });
}
