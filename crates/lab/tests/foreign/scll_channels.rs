//! `scll` opens channels on the virtual card, lists it, changes its keys and stores data.

use std::time::{Duration, Instant};

use cardwright_virtual_card::CardState;
use rand_core::{CryptoRng, RngCore};
use scll::CardManager;
use scll::backend::{KeyBackend, KeyHandle, KeyKind};
use scll::backend_rustcrypto::RustCryptoBackend;
use scll::error::ScllError;
use scll::model::ScpVariant;
use scll::report::{CardLifeCycle, ScpTargetKind};
use scll::transport_pcsc::PcscTransport;
use scll::workflow::{NewKeyset, OpenScpArgs, PutSdKeysArgs, SdKeys};
use sha2::{Digest, Sha256};

use crate::new_card::{RIGHT, WRONG, blank_card};
use crate::pcscd::{Inserted, is_beside};
use crate::wrapped_keys::WrappedKeys;

const DOMAIN: [u8; 8] = [0xA0, 0, 0, 1, 0x51, 0, 0, 0];
const PACKAGE: [u8; 9] = [0xF0, 0x43, 0x41, 0x52, 0x44, 0x57, 0x49, 0x44, 0x00];
const EMV_PACKAGE: [u8; 10] = [0xF0, 0x43, 0x41, 0x52, 0x44, 0x57, 0x45, 0x4D, 0x56, 0x00];
const PIV_PACKAGE: [u8; 9] = [0xA0, 0x00, 0x00, 0x03, 0x08, 0x00, 0x00, 0x10, 0x00];
const NEW_VERSION: u8 = 0x42;

type Manager = CardManager<PcscTransport, RustCryptoBackend<Counted>>;

/// Never the same twice within a test, and the same in every run.
struct Counted(u64);

impl RngCore for Counted {
    fn next_u32(&mut self) -> u32 {
        self.next_u64() as u32
    }

    fn next_u64(&mut self) -> u64 {
        let mut bytes = [0; 8];
        self.fill_bytes(&mut bytes);
        u64::from_be_bytes(bytes)
    }

    fn fill_bytes(&mut self, out: &mut [u8]) {
        for chunk in out.chunks_mut(32) {
            self.0 += 1;
            chunk.copy_from_slice(&Sha256::digest(self.0.to_be_bytes())[..chunk.len()]);
        }
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), rand_core::Error> {
        self.fill_bytes(out);
        Ok(())
    }
}

impl CryptoRng for Counted {}

/// The card is seen within half a second of its coming.
fn connect() -> PcscTransport {
    let end = Instant::now() + Duration::from_secs(10);
    loop {
        match PcscTransport::connect_first() {
            Ok(transport) => return transport,
            Err(error) => assert!(Instant::now() < end, "{error:?}"),
        }
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// One of `scll`'s two protocols on a card product of ours.
struct Case {
    manager: Manager,
    variant: ScpVariant,
    kind: KeyKind,
}

impl Case {
    /// `scll` asks the card what it is; `variant` must be what it finds.
    fn new(variant: ScpVariant, kind: KeyKind) -> Self {
        let mut manager = CardManager::new(connect(), RustCryptoBackend::new(Counted(0)));
        let found = manager.discover(None).unwrap();
        assert_eq!(found.isd_aid.as_bytes(), DOMAIN);
        assert_eq!(found.scp_supported.as_slice(), [variant]);
        Self { manager, variant, kind }
    }

    fn keys(&self, seed: u8) -> SdKeys {
        let values = WrappedKeys::values(seed, 16);
        let [enc, mac, dek]: [KeyHandle; 3] =
            values.map(|value| self.manager.backend().import_key(self.kind, &value).unwrap());
        SdKeys { enc, mac, dek }
    }

    fn open(&mut self, keys: SdKeys, key_version: u8, level: u8) -> Result<u8, ScllError> {
        self.manager.close_channel();
        let advertised = [self.variant];
        let arguments = OpenScpArgs {
            target_aid: &DOMAIN,
            target_kind: ScpTargetKind::SecurityDomainAid,
            sd_keys: keys,
            advertised: &advertised,
            force_scp: Some(self.variant),
            kvn: key_version,
            requested_level: level,
        };
        self.manager.open_scp(&arguments).map(|opened| opened.security_level_effective)
    }

    /// GET STATUS: the card's life cycle, and all that is on it.
    fn list(&mut self) {
        assert_eq!(self.manager.get_card_status(&DOMAIN).unwrap().state, CardLifeCycle::OpReady);
        let report = self.manager.get_card_inventory(&DOMAIN).unwrap();
        let inventory = report.inventory;
        let packages: Vec<&[u8]> = inventory.elfs.iter().map(|package| package.aid.as_bytes()).collect();
        assert_eq!(packages, [&PACKAGE[..], &EMV_PACKAGE, &PIV_PACKAGE]);
        let modules: Vec<&[u8]> = inventory.elfs[0].modules.iter().map(|module| module.as_bytes()).collect();
        assert_eq!(modules, [[&PACKAGE[..], &[0x01]].concat()]);
        assert!(inventory.applets.is_empty());
    }

    /// STORE DATA of an object of the Security Domain's, read back through the channel.
    fn store(&mut self, value: &[u8]) {
        let object = [&[0x45, value.len() as u8][..], value].concat();
        let store = [&[0x80, 0xE2, 0x90, 0x00, object.len() as u8][..], &object].concat();
        let stored = self.manager.transmit(&store).unwrap();
        assert_eq!((stored.sw, stored.rapdu.len()), (0x9000, 0));
        let read = self.manager.transmit(&[0x80, 0xCA, 0x00, 0x45, 0x00]).unwrap();
        assert_eq!((read.sw, read.rapdu.as_slice()), (0x9000, &object[..]));
    }

    fn put_keys(&mut self, keys: SdKeys, new: SdKeys) {
        let new_keys = NewKeyset { enc: new.enc, mac: new.mac, dek: new.dek, kind: self.kind };
        let arguments = PutSdKeysArgs { dek: keys.dek, new_keys, new_kvn: NEW_VERSION, target_sd_aid: &DOMAIN };
        let _report = self.manager.put_sd_keys(&arguments).unwrap();
    }
}

/// The values of the key set `version`, as the card keeps them.
fn key_values(card: &CardState, version: u8) -> Vec<Vec<u8>> {
    card.key_set(version).unwrap().keys.iter().map(|key| key.value.expose().to_vec()).collect()
}

fn agree(product: &str, variant: ScpVariant, kind: KeyKind, levels: &[u8]) {
    let mut blank = blank_card(product, RIGHT).into_state();
    blank.product.key_sets = 2; // scll adds its set beside the first
    let inserted = Inserted::new(&blank);
    let mut case = Case::new(variant, kind);
    let wrong = case.keys(WRONG);
    assert!(matches!(case.open(wrong, 0, levels[0]), Err(ScllError::CardCryptogramFail)), "the control");
    let keys = case.keys(RIGHT);
    for level in levels {
        assert_eq!(case.open(keys, 0, *level).unwrap(), *level, "{product}");
        case.list();
        case.store(&[*level; 7]);
        let kept = inserted.state().data_objects;
        assert!(kept.iter().any(|object| object.tag == 0x45 && object.value == [*level; 7]), "{product}");
    }
    let new = case.keys(0x77);
    case.put_keys(keys, new);
    assert_eq!(key_values(&inserted.state(), NEW_VERSION), WrappedKeys::values(0x77, 16));
    assert!(case.open(keys, NEW_VERSION, levels[0]).is_err(), "the old keys do not open the new set");
    let level = *levels.last().unwrap();
    assert_eq!(case.open(new, NEW_VERSION, level).unwrap(), level, "{product}");
    case.list();
    case.store(b"under new keys");
    case.manager.close_channel();
}

#[test]
fn scll_opens_scp03_i_70_and_lists_stores_and_changes_keys() {
    if is_beside("scll_channels::scll_opens_scp03_i_70_and_lists_stores_and_changes_keys") {
        let variant = ScpVariant::Scp03 { i_param: 0x70 };
        agree("scp03-i70", variant, KeyKind::Aes128, &[0x01, 0x03, 0x11, 0x13, 0x33]);
    }
}

#[test]
fn scll_opens_scp02_i_55_and_lists_stores_and_changes_keys() {
    if is_beside("scll_channels::scll_opens_scp02_i_55_and_lists_stores_and_changes_keys") {
        let variant = ScpVariant::Scp02 { i_param: 0x55 };
        agree("scp02-i55", variant, KeyKind::TripleDesDouble, &[0x01, 0x03]);
    }
}
