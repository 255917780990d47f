//! Handing PINs to who prints them: each once, and the log says so.

use cardwright_issuance::entry::{Entry, Event};
use cardwright_keystore::{KeyInfo, Keystore, Public};
use cardwright_relay::Code;

use super::pin::Kept;
use crate::center::Center;
use crate::refused::Refused;
use crate::registry::key;
use crate::store::{Commit, Person, PinMailer, Registration, SealedOrder, Store, StoreError};

/// The most letters of one file.
const MOST: u32 = 10_000;

/// Letters for one printer, once `commit` is committed.
#[derive(Debug)]
pub struct Letters {
    /// CSV, a letter a line after the header: `reference,number,format,block,key,kcv,puk_block`
    pub text: String,
    /// how many
    pub count: usize,
    /// what marks them as handed out
    pub commit: Commit,
}

/// The letters that wait for who has the zone key `name`: the blocks stay enciphered under it.
///
/// # Errors
/// `KEY_UNKNOWN`; the store's and the keystore's own.
pub async fn letters<S: Store>(center: &Center<S>, person: &Person, name: &str) -> Result<Letters, Refused> {
    let info = key::find(center, name)?;
    let handle = info.id.to_string();
    let mut letters = Letters {
        text: "reference,number,format,block,key,kcv,puk_block\n".into(),
        count: 0,
        commit: Commit::default(),
    };
    for row in center.store.pin_mailers_waiting(&handle, MOST).await? {
        letters.text += &line(center, &row, &info).await?;
        letters.count += 1;
        letters.commit.registrations.push(Registration::PinMailerExported(row.order, center.now()));
        let event = Event::Registered { what: "PIN mailer".into(), name: handle.clone(), present: true };
        let entry = Entry { order: Some(row.order), person: Some(person.id), ..Entry::new(center.now(), event) };
        letters.commit.entries.push(entry);
    }
    Ok(letters)
}

/// One letter. The blocks are 8 bytes under the zone key; no PIN is in clear here.
async fn line<S: Store>(center: &Center<S>, row: &PinMailer, info: &KeyInfo) -> Result<String, Refused> {
    let missing = || StoreError::Damaged("a PIN mailer without its order".into());
    let order = center.store.order(row.order).await?.ok_or_else(missing)?;
    let sealed = center.store.sealed_order(row.order).await?.ok_or_else(missing)?;
    let kept = Kept::open(&*center.keystore, &sealed, row)?;
    let (block, puk_block) = (hex::encode_upper(kept.block), kept.puk_block.map(hex::encode_upper).unwrap_or_default());
    let kcv = match &info.public {
        Public::Kcv(kcv) => kcv.to_string(),
        Public::Key(_) => return Err(Refused::with(Code::KEY_UNKNOWN, [info.id.to_string()])),
    };
    let PinMailer { masked, block_format, .. } = row;
    Ok(format!("{},{masked},{block_format},{block},{},{kcv},{puk_block}\n", order.reference, info.id))
}

/// The block of an order's PIN, under the zone key that its row names.
///
/// # Errors
/// The keystore's; `STORE_UNAVAILABLE` where the row is not what was sealed.
pub(crate) fn pin_block(keystore: &dyn Keystore, sealed: &SealedOrder, row: &PinMailer) -> Result<[u8; 8], Refused> {
    Ok(Kept::open(keystore, sealed, row)?.block)
}

/// Marks the letters as handed out.
///
/// # Errors
/// `CHANGED_MEANWHILE` where another has handed out one of them; the store's own.
pub async fn handed_out<S: Store>(center: &Center<S>, commit: Commit) -> Result<(), Refused> {
    match center.store.commit(commit).await {
        Err(StoreError::Conflict(_)) => Err(Refused::new(Code::CHANGED_MEANWHILE)),
        other => Ok(other?),
    }
}
