//! Scripts from rows: the first stage of an issuance, and the one that follows proven answers.

use cardwright_data_preparation::{Checked, PersonalizationData};
use cardwright_globalplatform::commands::KeyType;
use cardwright_issuance::basis::{Basis, KeySetName};
use cardwright_issuance::flow::{self, Inputs, Keys, LoadFile, Next, Stage};
use cardwright_issuance::product::CardProduct;
use cardwright_issuance::row::{Card, Intent, Issuance, KeySet, Order};
use cardwright_issuance::{Id, decision};
use cardwright_relay::Code;
use cardwright_relay::message::{Open, Refusal, ScriptResult};

use super::engine::Engine;
use super::keys::{CardKeys, DataEncryption, Rings, derive, derive_of, encipher, encrypt_for_card};
use crate::refused::Refused;
use crate::registry::program;
use crate::sealing;
use crate::store::{Store, StoreError};

/// The rows a script is made from.
pub(super) struct Source<'a> {
    pub(super) product: &'a CardProduct,
    pub(super) order: &'a Order,
    pub(super) card: &'a Card,
    /// those on record, and the one that was derived for this issuance
    pub(super) key_sets: &'a [KeySet],
    pub(super) basis: &'a Basis,
    pub(super) host_challenge: Id,
    pub(super) second_challenge: Id,
}

impl Source<'_> {
    fn key_set(&self, name: KeySetName) -> Result<&KeySet, StoreError> {
        let found = self.key_sets.iter().find(|set| (set.version, set.generation) == name);
        found.ok_or_else(|| StoreError::Damaged(format!("card {:?} lacks a key set", self.card.id)))
    }

    fn rings(&self) -> Result<Rings, Refused> {
        let opened = CardKeys::new(self.key_set(self.basis.opened_with)?)?;
        let new = self.basis.puts.map(|name| Ok::<_, Refused>(CardKeys::new(self.key_set(name)?)?)).transpose()?;
        Ok(Rings { opened, new })
    }

    fn inputs(
        &self,
        data: Option<Checked<PersonalizationData>>,
        programs: Vec<LoadFile>,
    ) -> Result<Inputs, StoreError> {
        let keys = |name| {
            let KeySet { version, protocol, check_values, .. } = *self.key_set(name)?;
            Ok::<_, StoreError>(Keys { version, protocol, check_values })
        };
        let of_data = data.as_ref().map(|data| data.masked_number.clone()).filter(|number| !number.is_empty());
        let of_card = self.card.masked_number.clone();
        // an application that is added may bring a number of its own; the card keeps the one that people know it by
        let number = if self.order.kind.is_new_card() { of_data.or(of_card) } else { of_card.or(of_data) };
        let masked_number = number.unwrap_or_default();
        Ok(Inputs {
            product: self.product.clone(),
            kind: self.order.kind,
            argument: self.order.argument.clone(),
            data,
            masked_number,
            opened_with: keys(self.basis.opened_with)?,
            new_keys: self.basis.puts.map(keys).transpose()?,
            programs,
            basis: self.basis.clone(),
            host_challenge: self.host_challenge,
            second_challenge: self.second_challenge,
        })
    }
}

impl<S: Store> Engine<S> {
    /// The first stage: two calls to the keystore after one another, for keys that are kept wrapped.
    pub(super) async fn first_stage(
        &self,
        source: &Source<'_>,
        data: Option<Checked<PersonalizationData>>,
        initialize_update_answer: &[u8],
    ) -> Result<Result<Stage, Refusal>, Refused> {
        let keystore = &*self.center.keystore;
        let rings = source.rings()?;
        let programs = self.programs(source, data.as_ref()).await?;
        let inputs = source.inputs(data, programs)?;
        let new = inputs.new_keys;
        let needs = match flow::begin(inputs, initialize_update_answer) {
            Ok(needs) => needs,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let secrets = derive(keystore, &rings, &needs.requests())?;
        let under = DataEncryption::new(&rings.opened, &needs.data_encryption_key());
        let new = new.zip(rings.new.as_ref());
        let encrypted = new.map(|(new, keys)| encrypt_for_card(keystore, keys, &under, KeyType::of(new.protocol)));
        let authenticated = match needs.keys(secrets, encrypted.transpose()?) {
            Ok(authenticated) => authenticated,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let secrets = derive(keystore, &rings, &authenticated.requests())?;
        let (ring, key) = authenticated.enciphers_under();
        let under = DataEncryption::new(rings.of(ring), &key);
        let enciphered = encipher(keystore, &under, &authenticated.to_encipher())?;
        Ok(authenticated.script(secrets, enciphered))
    }

    /// The stage after `next`, where it needs keys or signatures first.
    pub(super) fn next_stage(
        &self,
        source: &Source<'_>,
        next: Next,
    ) -> Result<Result<Option<Stage>, Refusal>, Refused> {
        let keystore = &*self.center.keystore;
        match next {
            Next::Done | Next::Declined(_) => Ok(Ok(None)),
            Next::Stage(stage) => Ok(Ok(Some(*stage))),
            Next::Reopen(reopening) => {
                let rings = source.rings()?;
                let keys = rings.of(reopening.ring());
                let secrets = derive_of(keystore, keys, reopening.request())?;
                let under = DataEncryption::new(keys, &reopening.data_encryption_key());
                let enciphered = encipher(keystore, &under, &reopening.to_encipher())?;
                Ok(reopening.script(secrets, enciphered).map(Some))
            }
            Next::Certify(certification) => {
                let signatures = self.authorities.sign(keystore, certification.to_be_signed())?;
                Ok(certification.script(&signatures).map(Some))
            }
            Next::Foresee(foresight) => {
                let rings = source.rings()?;
                let secrets = derive(keystore, &rings, &foresight.requests())?;
                let keys = match foresight.keys(secrets) {
                    Ok(keys) => keys,
                    Err(refusal) => return Ok(Err(refusal)),
                };
                let secrets = derive(keystore, &rings, &keys.requests())?;
                Ok(keys.script(secrets).map(Some))
            }
        }
    }

    /// The order's data; none where its kind has none.
    pub(super) async fn data_of(&self, order: &Order) -> Result<Option<Checked<PersonalizationData>>, Refused> {
        if !order.kind.has_data() {
            return Ok(None);
        }
        sealing::open_prepared(&self.center, order.id).await.map(Some)
    }

    /// The approved programs of the data's applications that are not on every blank.
    async fn programs(
        &self,
        source: &Source<'_>,
        data: Option<&Checked<PersonalizationData>>,
    ) -> Result<Vec<LoadFile>, Refused> {
        let mut programs: Vec<LoadFile> = Vec::new();
        let packages: Vec<_> = data
            .map(|data| data.applications.iter().map(|application| application.package).collect())
            .unwrap_or_default();
        for package in packages {
            let known = source.product.has_preloaded(package) || programs.iter().any(|known| known.aid == package);
            if known {
                continue;
            }
            let program = program::approved(&*self.center.store, package).await?;
            programs.extend(program.map(|program| LoadFile {
                aid: program.load_file,
                hash: program.hash,
                block: program.block,
                memory: program.memory,
            }));
        }
        Ok(programs)
    }

    /// Computes the stage of `step` again from the rows of an issuance; every script on the way must hash to what
    /// its intent says.
    pub(super) async fn stage_again(
        &self,
        issuance: &Issuance,
        intents: &[Intent],
        source: &Source<'_>,
        step: u16,
    ) -> Result<Stage, Refused> {
        let open: Open = cardwright_relay::decode(&issuance.open_message)?;
        let answer = open.answers.last().map(|answer| answer.to_vec()).unwrap_or_default();
        let lost = |refusal: Refusal| Refused::with(refusal.code, refusal.parameters);
        let data = self.data_of(source.order).await?;
        let mut stage = self.first_stage(source, data, &answer).await?.map_err(lost)?;
        for intent in intents.iter().filter(|intent| intent.step <= step) {
            if decision::prepare(&stage, issuance.id, intent.step, 0).hash != intent.script_hash {
                tracing::error!(session = ?issuance.id, step = intent.step, "another script than the intent's");
                return Err(Refused::new(Code::STORE_UNAVAILABLE));
            }
            let Some(result) = intent.result.as_ref().filter(|_| intent.step < step) else { continue };
            let result: ScriptResult = cardwright_relay::decode(result)?;
            let answers: Vec<&[u8]> = result.answers.iter().map(|answer| &answer[..]).collect();
            let next = stage.answers(&answers).ok().and_then(|(_, next)| next.ok());
            let next =
                next.ok_or_else(|| StoreError::Damaged("a stored RESULT no longer proves its script".to_owned()))?;
            let again = self.next_stage(source, next)?.map_err(lost)?;
            stage = again.ok_or_else(|| StoreError::Damaged("an intent after the last script".to_owned()))?;
        }
        Ok(stage)
    }
}
