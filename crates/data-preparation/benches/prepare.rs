//! One credit card: its data made and read back, with keys from the pool. `cargo bench -p cardwright-data-preparation
//! --bench prepare`

#![allow(clippy::unwrap_used, reason = "a benchmark that cannot go on must stop")]
#![allow(dead_code, reason = "the issuer of the tests does more")]

#[path = "../tests/it/issuer.rs"]
mod issuer;

use cardwright_data_preparation::{Date, OrderFields, Profile, check, prepare};
use issuer::Issuer;

const NUMBER: &str = "4761739001010119";

fn main() {
    divan::main();
}

#[divan::bench]
fn a_credit_card_is_prepared_and_checked(bencher: divan::Bencher<'_, '_>) {
    let profile = Profile::parse(include_str!("../../../profiles/emv-credit.toml")).unwrap();
    let issuer = Issuer::of(&profile);
    let block = issuer.pin_block(&profile, NUMBER, "1234");
    let columns = [("card_number", NUMBER), ("sequence", "1"), ("name", "Ada Example"), ("pin_block", &block)];
    let fields = OrderFields::read(&profile, columns, None).unwrap();
    let today = Date::new(2026, 11, 22).unwrap();
    bencher
        .with_inputs(|| issuer.means(&profile, None))
        .bench_refs(|means| check(prepare(&profile, &fields, today, means).unwrap()).unwrap());
}
