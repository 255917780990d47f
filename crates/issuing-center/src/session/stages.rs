//! Scripts from rows: the first stage of an issuance, and the one that follows proven answers.

use cardwright_data_preparation::{Checked, PersonalizationData};
use cardwright_globalplatform::DataEncryptionKey;
use cardwright_issuance::new_card::{self, Inputs, Next, Stage};
use cardwright_issuance::product::CardProduct;
use cardwright_issuance::row::{Card, Intent, Issuance, KeySet};
use cardwright_issuance::state::KeySetState;
use cardwright_issuance::{Id, decision};
use cardwright_relay::Code;
use cardwright_relay::message::{Open, Refusal, ScriptResult};

use super::engine::Engine;
use super::keys::{CardKeys, DataEncryption, derive, encipher, encrypt_for_card};
use crate::refused::Refused;
use crate::sealing;
use crate::store::{Store, StoreError};

/// The rows a script is made from.
pub(super) struct Source<'a> {
    pub(super) product: &'a CardProduct,
    pub(super) order: Id,
    pub(super) transport: &'a KeySet,
    pub(super) issuer: &'a KeySet,
    pub(super) host_challenge: Id,
    pub(super) second_challenge: Id,
}

/// The transport keys and the issuer's keys among a card's key sets.
pub(super) fn key_sets<'a>(
    card: &Card,
    product: &CardProduct,
    sets: &'a [KeySet],
) -> Result<(&'a KeySet, &'a KeySet), StoreError> {
    let missing = || StoreError::Damaged(format!("card {:?} lacks a key set", card.id));
    let transport = sets.iter().find(|set| set.version == product.transport_key_version() && set.generation == 0);
    let issuer = sets.iter().filter(|set| set.version == product.issuer_key_version());
    let issuer = issuer.filter(|set| set.state != KeySetState::Retired).max_by_key(|set| set.generation);
    Ok((transport.ok_or_else(missing)?, issuer.ok_or_else(missing)?))
}

impl<S: Store> Engine<S> {
    /// The first stage: two calls to the keystore after one another, for keys that are kept wrapped.
    pub(super) fn first_stage(
        &self,
        source: &Source<'_>,
        data: Checked<PersonalizationData>,
        initialize_update_answer: &[u8],
    ) -> Result<Result<Stage, Refusal>, Refused> {
        let keystore = &*self.center.keystore;
        let inputs = Inputs {
            product: source.product.clone(),
            data,
            issuer_check_values: source.issuer.check_values,
            host_challenge: source.host_challenge,
            second_challenge: source.second_challenge,
        };
        let needs = match new_card::begin(inputs, initialize_update_answer) {
            Ok(needs) => needs,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let transport = CardKeys::new(source.transport, source.product)?;
        let issuer = CardKeys::new(source.issuer, source.product)?;
        let (session, foreseen) =
            derive(keystore, (&transport, &needs.transport_request()), (&issuer, &needs.issuer_request()))?;
        let under = DataEncryption::new(&transport, &needs.data_encryption_key());
        let put_key = encrypt_for_card(keystore, &issuer, &under, source.product.key_type())?;
        let authenticated = match needs.keys(session, &foreseen, put_key) {
            Ok(authenticated) => authenticated,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let (secrets, _) = derive(keystore, (&issuer, &authenticated.issuer_request()), (&issuer, &[]))?;
        let under = DataEncryption::new(&issuer, &DataEncryptionKey::Static);
        let enciphered = encipher(keystore, &under, &authenticated.to_encipher())?;
        Ok(authenticated.script(secrets, enciphered))
    }

    /// The stage after `next`, where it needs session keys or signatures first.
    pub(super) fn next_stage(
        &self,
        source: &Source<'_>,
        next: Next,
    ) -> Result<Result<Option<Stage>, Refusal>, Refused> {
        match next {
            Next::Done => Ok(Ok(None)),
            Next::Stage(stage) => Ok(Ok(Some(*stage))),
            Next::Reopen(reopening) => {
                let issuer = CardKeys::new(source.issuer, source.product)?;
                let request = reopening.issuer_request();
                let keystore = &*self.center.keystore;
                let (secrets, _) = derive(keystore, (&issuer, &request), (&issuer, &[]))?;
                let under = DataEncryption::new(&issuer, &reopening.data_encryption_key());
                let enciphered = encipher(keystore, &under, &reopening.to_encipher())?;
                Ok(reopening.script(secrets, enciphered).map(Some))
            }
            Next::Certify(certification) => {
                let signatures = self.authorities.sign(&*self.center.keystore, certification.to_be_signed())?;
                Ok(certification.script(&signatures).map(Some))
            }
        }
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
        let data = sealing::open_prepared(&self.center, source.order).await?;
        let mut stage = self.first_stage(source, data, &answer)?.map_err(lost)?;
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
