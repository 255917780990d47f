//! One file that several have open: nothing that one changes is lost or unknown to the others.

use std::fs::{self, File, OpenOptions, Permissions};
use std::os::unix::fs::{FileExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use cardwright_keystore::software::{PassphraseCost, Settings, SoftwareKeystore, SystemRandomness};
use cardwright_keystore::{BlockMechanism, Enciphering, NewSealedRsa, RsaExponent, RsaSize};
use cardwright_keystore::{Derivation, Error, KeyId, KeyKind, KeyRef, Keystore, NewWrappedKey, Purpose, Source};
use cardwright_keystore::{RewrapMechanism, Rewrapping, WrappedPurpose};
use tempfile::TempDir;

use crate::seeded::{generated, new_key, settings};

pub(crate) const PASSPHRASE: &[u8] = b"four words of it";

/// How many keys the file has.
const KEYS: usize = 9;

/// A file with one key of each purpose.
struct Shared {
    _directory: TempDir,
    path: PathBuf,
}

impl Shared {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("keys");
        let keystore = SoftwareKeystore::create(&path, PASSPHRASE, own_randomness()).unwrap();
        for (id, kind, purpose) in [
            ("data.1", KeyKind::Aes256, Purpose::Wrap),
            ("master.1", KeyKind::Aes128, Purpose::Derive),
            ("token.1", KeyKind::Aes128, Purpose::Token),
            ("search.1", KeyKind::Hmac256, Purpose::Mac),
            ("sign.1", KeyKind::P256, Purpose::Sign),
            ("cards.1", KeyKind::Aes128, Purpose::Personalize),
            ("retail.1", KeyKind::Tdes2, Purpose::RetailMac),
            ("zone.1", KeyKind::Aes128, Purpose::Zone),
            ("rsa.1", KeyKind::Rsa(small()), Purpose::RsaSign),
        ] {
            generated(&keystore, id, kind, purpose);
        }
        Self { _directory: directory, path }
    }

    fn open(&self) -> SoftwareKeystore {
        open(&self.path, own_randomness())
    }

    /// The lock, as another program would have it.
    fn locked(&self) -> File {
        let lock = OpenOptions::new().write(true).open(format!("{}.lock", self.path.display())).unwrap();
        lock.try_lock().unwrap();
        lock
    }
}

/// Seeded keystores would draw the same nonces.
pub(crate) fn own_randomness() -> Settings {
    Settings { random: Box::new(SystemRandomness), ..settings() }
}

pub(crate) fn open(path: &Path, settings: Settings) -> SoftwareKeystore {
    SoftwareKeystore::open(path, PASSPHRASE, settings).unwrap()
}

fn id(text: &str) -> KeyId {
    text.parse().unwrap()
}

/// Every verb that works with a key, each with the key it works with.
type Verb = (&'static str, fn(&dyn Keystore) -> Result<(), Error>);
const VERBS: [Verb; 15] = [
    ("data.1", |keystore| keystore.encrypt(&id("data.1").into(), b"", b"x").map(drop)),
    ("data.1", |keystore| keystore.decrypt(&id("data.1").into(), b"", &[0; 28]).map(drop)),
    ("data.1", |keystore| wrap(keystore, Source::Random)),
    ("master.1", |keystore| wrap(keystore, Source::Derived(&id("master.1").into(), &derivation()))),
    ("token.1", |keystore| keystore.session_secrets(&[(&id("token.1").into(), &derivation())]).map(drop)),
    ("token.1", rewrap),
    ("search.1", |keystore| keystore.mac(&id("search.1"), b"x").map(drop)),
    ("sign.1", |keystore| {
        keystore.sign(&id("sign.1"), b"x").and_then(|_| keystore.public_key(&id("sign.1"))).map(drop)
    }),
    ("data.1", |keystore| {
        let (under, size) = (&id("data.1").into(), small());
        keystore.rsa_generate_sealed_batch(&[NewSealedRsa { under, associated_data: b"", size }]).map(drop)
    }),
    ("token.1", |keystore| encipher(keystore, "token.1", BlockMechanism::AesCbcZeroIv)),
    ("zone.1", |keystore| encipher(keystore, "zone.1", BlockMechanism::AesEcb)),
    ("zone.1", |keystore| keystore.decipher(&blocks(&id("zone.1").into(), BlockMechanism::AesEcb)).map(drop)),
    ("cards.1", |keystore| keystore.session_secrets(&[(&id("cards.1").into(), &derivation())]).map(drop)),
    ("retail.1", |keystore| keystore.retail_mac(&id("retail.1"), &[0; 8]).map(drop)),
    ("rsa.1", |keystore| {
        keystore.rsa_private(&id("rsa.1"), &[1; 64]).and_then(|_| keystore.rsa_public_key(&id("rsa.1"))).map(drop)
    }),
];

fn small() -> RsaSize {
    RsaSize::new(512, RsaExponent::Three).unwrap()
}

fn blocks(under: &KeyRef, mechanism: BlockMechanism) -> Enciphering<'_> {
    Enciphering { under, mechanism, data: &[0; 16] }
}

fn encipher(keystore: &dyn Keystore, under: &str, mechanism: BlockMechanism) -> Result<(), Error> {
    keystore.encipher(&blocks(&id(under).into(), mechanism)).map(drop)
}

fn derivation() -> Derivation {
    Derivation::AesCmac { blocks: vec![vec![1; 32]], length: 16 }
}

fn wrap(keystore: &dyn Keystore, source: Source<'_>) -> Result<(), Error> {
    let (under, kind, purpose) = (&id("data.1"), KeyKind::Aes128, WrappedPurpose::Token);
    keystore.wrap_new(&NewWrappedKey { under, associated_data: b"", kind, purpose, source }).map(drop)
}

fn rewrap(keystore: &dyn Keystore) -> Result<(), Error> {
    let under = KeyRef::Named(id("token.1"));
    let key = KeyRef::Derived { parent: Box::new(under.clone()), derivation: derivation(), kind: KeyKind::Aes128 };
    keystore.rewrap(&[Rewrapping { key: &key, under: &under, mechanism: RewrapMechanism::AesCbcZeroIv }]).map(drop)
}

#[test]
fn a_key_that_one_makes_is_there_for_the_others_at_once() {
    let shared = Shared::new();
    let (one, other) = (shared.open(), shared.open());
    let made = generated(&one, "data.2", KeyKind::Aes256, Purpose::Wrap).into();
    let sealed = other.encrypt(&made, b"", b"a row").unwrap();
    assert_eq!(*one.decrypt(&made, b"", &sealed).unwrap(), b"a row");
    generated(&other, "data.3", KeyKind::Aes256, Purpose::Wrap);
    assert_eq!(one.list().unwrap(), other.list().unwrap());
    assert_eq!(one.list().unwrap().len(), KEYS + 2);
    let again = one.generate(&new_key("data.3", KeyKind::Aes256, Purpose::Wrap));
    assert!(matches!(again, Err(Error::KeyExists(_))), "a handle that the other has taken");
}

#[test]
fn a_key_that_one_destroys_is_refused_by_the_others_at_their_next_verb() {
    for (key, verb) in VERBS {
        let shared = Shared::new();
        let (one, other) = (shared.open(), shared.open());
        let before = verb(&other);
        assert!(matches!(before, Ok(()) | Err(Error::NotAuthentic)), "the control: {before:?}");
        one.destroy(&id(key)).unwrap();
        let after = verb(&other);
        assert!(matches!(&after, Err(Error::UnknownKey(gone)) if *gone == id(key)), "{key}: {after:?}");
    }
}

#[test]
fn a_key_that_one_destroys_does_not_come_back_with_a_change_by_another() {
    let shared = Shared::new();
    let (one, other) = (shared.open(), shared.open());
    one.destroy(&id("data.1")).unwrap();
    generated(&other, "data.2", KeyKind::Aes256, Purpose::Wrap);
    for keystore in [one, other, shared.open()] {
        let handles: Vec<_> = keystore.list().unwrap().into_iter().map(|info| info.id.to_string()).collect();
        assert_eq!(
            handles,
            ["cards.1", "data.2", "master.1", "retail.1", "rsa.1", "search.1", "sign.1", "token.1", "zone.1"]
        );
    }
}

#[test]
fn keys_that_many_make_at_the_same_time_are_all_kept() {
    let shared = Shared::new();
    let one = shared.open();
    thread::scope(|scope| {
        for opened in 0..4 {
            let keystore = shared.open();
            let one = &one;
            scope.spawn(move || {
                for number in 0..15 {
                    generated(&keystore, &format!("of-{opened}/{number}.1"), KeyKind::Aes256, Purpose::Wrap);
                    generated(one, &format!("shared-{opened}/{number}.1"), KeyKind::Aes256, Purpose::Wrap);
                }
            });
        }
    });
    assert_eq!(one.list().unwrap().len(), KEYS + 4 * 15 * 2);
    assert_eq!(shared.open().list().unwrap(), one.list().unwrap());
}

#[test]
fn a_file_that_looks_like_the_last_one_is_not_taken_for_it() {
    let shared = Shared::new();
    let (one, other) = (shared.open(), shared.open());
    // The same name and length each time, two files at a time, so that an inode may come back.
    for _ in 0..40 {
        other.list().unwrap();
        one.destroy(&id("data.1")).unwrap();
        generated(&one, "data.1", KeyKind::Aes256, Purpose::Wrap);
        assert_eq!(other.list().unwrap(), one.list().unwrap());
    }
}

/// Whether this process has a file open that was at `path` and is no longer.
fn holds_a_replaced(path: &Path) -> bool {
    let replaced = format!("{} (deleted)", path.canonicalize().unwrap().display());
    let open = fs::read_dir("/proc/self/fd").unwrap().filter_map(|entry| fs::read_link(entry.unwrap().path()).ok());
    open.into_iter().any(|target| target == Path::new(&replaced))
}

#[test]
fn the_inode_of_the_file_that_was_read_is_given_to_no_other_before_the_next_look() {
    let shared = Shared::new();
    let other = shared.open();
    assert!(!holds_a_replaced(&shared.path));
    generated(&shared.open(), "data.2", KeyKind::Aes256, Purpose::Wrap);
    assert!(holds_a_replaced(&shared.path));
    other.list().unwrap();
    assert!(!holds_a_replaced(&shared.path));
}

#[test]
fn a_change_waits_for_another_to_end_and_work_goes_on_meanwhile() {
    let shared = Shared::new();
    let (patient, other) = (shared.open(), shared.open());
    let impatient = open(&shared.path, Settings { patience: Duration::from_millis(60), ..own_randomness() });
    let lock = shared.locked();
    let started = Instant::now();
    assert!(matches!(impatient.generate(&new_key("data.2", KeyKind::Aes256, Purpose::Wrap)), Err(Error::Busy)));
    assert!(started.elapsed() >= Duration::from_millis(60));
    assert!(matches!(impatient.destroy(&id("data.1")), Err(Error::Busy)));
    assert!(matches!(impatient.change_passphrase(b"new", PassphraseCost::weak_for_tests()), Err(Error::Busy)));
    thread::scope(|scope| {
        let change = scope.spawn(|| generated(&patient, "data.2", KeyKind::Aes256, Purpose::Wrap));
        for (key, verb) in VERBS {
            assert!(matches!(verb(&patient), Ok(()) | Err(Error::NotAuthentic)), "{key}");
        }
        assert_eq!(other.list().unwrap().len(), KEYS);
        assert_eq!(shared.open().list().unwrap().len(), KEYS, "opening needs no lock");
        assert!(!change.is_finished());
        lock.unlock().unwrap();
    });
    assert_eq!(other.list().unwrap().len(), KEYS + 1);
    generated(&impatient, "data.3", KeyKind::Aes256, Purpose::Wrap);
}

#[test]
fn after_another_has_changed_the_passphrase_nothing_is_done_and_nothing_is_lost() {
    let shared = Shared::new();
    let (one, other) = (shared.open(), shared.open());
    one.change_passphrase(b"new", PassphraseCost::weak_for_tests()).unwrap();
    for (key, verb) in VERBS {
        verb(&one).or_else(|error| if matches!(error, Error::NotAuthentic) { Ok(()) } else { Err(error) }).unwrap();
        assert!(matches!(verb(&other), Err(Error::PassphraseChanged)), "{key}");
    }
    assert!(matches!(other.list(), Err(Error::PassphraseChanged)));
    let change = other.generate(&new_key("data.2", KeyKind::Aes256, Purpose::Wrap));
    assert!(matches!(change, Err(Error::PassphraseChanged)));
    let back = other.change_passphrase(PASSPHRASE, PassphraseCost::weak_for_tests());
    assert!(matches!(back, Err(Error::PassphraseChanged)), "the old passphrase does not come back");
    let anew = SoftwareKeystore::open(&shared.path, b"new", own_randomness()).unwrap();
    assert_eq!(anew.list().unwrap(), one.list().unwrap());
    assert_eq!(anew.list().unwrap().len(), KEYS);
}

#[test]
fn a_file_that_somebody_writes_into_is_read_again_even_if_its_time_is_put_back() {
    let shared = Shared::new();
    let keystore = shared.open();
    let (written, whole) = (fs::metadata(&shared.path).unwrap().modified().unwrap(), fs::read(&shared.path).unwrap());
    let file = OpenOptions::new().write(true).open(&shared.path).unwrap();
    thread::sleep(Duration::from_millis(20)); // past the tick of the file system's clock
    file.write_all_at(&[whole[200] ^ 1], 200).unwrap();
    file.set_modified(written).unwrap();
    assert!(matches!(keystore.list(), Err(Error::Damaged(_))));
    assert!(matches!(keystore.mac(&id("search.1"), b"x"), Err(Error::Damaged(_))));
    let change = keystore.destroy(&id("data.1"));
    assert!(matches!(change, Err(Error::Damaged(_))), "a damaged file is not written over");
    thread::sleep(Duration::from_millis(20));
    file.write_all_at(&whole, 0).unwrap();
    assert_eq!(keystore.list().unwrap().len(), KEYS);
    fs::set_permissions(&shared.path, Permissions::from_mode(0o640)).unwrap();
    assert!(matches!(keystore.list(), Err(Error::Permissions(0o640))));
}

#[test]
fn the_file_and_its_lock_stay_their_owners_whoever_changes_them() {
    const SOMEBODY: u32 = 54_321;
    let shared = Shared::new();
    let lock = PathBuf::from(format!("{}.lock", shared.path.display()));
    fs::remove_file(&lock).unwrap();
    // Only the system's administrator can give files away; for others the owner is the one who changes.
    let given = std::os::unix::fs::chown(&shared.path, Some(SOMEBODY), Some(SOMEBODY)).is_ok();
    let owner = fs::metadata(&shared.path).unwrap().uid();
    assert_eq!(given, owner == SOMEBODY);
    generated(&shared.open(), "data.2", KeyKind::Aes256, Purpose::Wrap);
    for path in [&shared.path, &lock] {
        let metadata = fs::metadata(path).unwrap();
        assert_eq!((metadata.uid(), metadata.mode() & 0o777), (owner, 0o600), "{}", path.display());
    }
}
