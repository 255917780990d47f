//! In how many sessions a card product lets a key set be used.

use cardwright_globalplatform::{KeySize, Protocol};
use cardwright_issuance::admission::within_scp02_sessions;
use cardwright_issuance::kind::OrderKind;
use cardwright_issuance::product::CardProduct;
use cardwright_relay::Code;

const SCP02: &str = include_str!("../../../../products/scp02-i55.toml");
const SCP03: &str = include_str!("../../../../products/scp03-i70.toml");

fn product(text: &str) -> CardProduct {
    CardProduct::from_toml(text).unwrap()
}

fn refused(product: &CardProduct, kind: OrderKind, sessions: u32) -> Option<Code> {
    within_scp02_sessions(product, product.protocol(), kind, sessions).err().map(|refusal| refusal.code)
}

#[test]
fn a_product_that_does_not_say_how_often_is_not_opened_by_scp02_at_all() {
    let silent = product(&SCP02.replace("scp02_sessions = 32\n", ""));
    for kind in [OrderKind::New, OrderKind::ChangeKeys, OrderKind::Block] {
        assert_eq!(refused(&silent, kind, 0), Some(Code::PRODUCT_REFUSED), "{kind:?}");
        assert_eq!(refused(&product(SCP02), kind, 0), None, "{kind:?}: the control");
        assert_eq!(refused(&product(SCP03), kind, 1_000_000), None, "{kind:?}: nor is another protocol bounded so");
    }
    // the keys of the newer protocol on the same card
    let newer = Protocol::scp03(0x70, KeySize::Aes128).unwrap();
    assert!(within_scp02_sessions(&silent, newer, OrderKind::Pin, 99).is_ok());
}

#[test]
fn a_key_set_that_was_used_often_enough_is_changed_and_carries_no_other_secret() {
    let product = product(SCP02);
    assert_eq!(
        (refused(&product, OrderKind::Pin, 31), refused(&product, OrderKind::Pin, 32)),
        (None, Some(Code::PRODUCT_REFUSED))
    );
    assert_eq!(refused(&product, OrderKind::ChangeKeys, 35), None, "the way out");
    assert_eq!(refused(&product, OrderKind::ChangeKeys, 36), Some(Code::PRODUCT_REFUSED));
    assert_eq!(refused(&product, OrderKind::Block, 1_000), None, "it carries no secret");
}
