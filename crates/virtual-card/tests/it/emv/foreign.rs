//! A stranger's tool reads issued cards, by contacts and contactless, over a real pcscd and vpcd.

use super::card_data::*;
use super::environment::{PSE, pse};
use super::route::*;
use crate::opensc::{answers, opensc_tool};
use crate::world::card;

/// An issued card with a payment environment and a payment application.
fn with_environment(product: &str, groupings: &[Grouping]) -> cardwright_virtual_card::Card {
    let mut card = card(product);
    let mut host = Host::open(&mut card);
    for (module, instance, groupings) in [(ENVIRONMENT_MODULE, PSE, &pse()[..]), (PAYMENT_MODULE, INSTANCE, groupings)]
    {
        assert_eq!(host.status(&mut card, "80E60400", &install_data(module, instance)), 0x9000);
        assert_eq!(host.status(&mut card, "80E62000", &for_personalization(instance)), 0x9000);
        assert_eq!(host.personalize(&mut card, groupings), 0x9000);
        assert_eq!(host.status(&mut card, "80E60800", &make_selectable(instance)), 0x9000);
    }
    card
}

#[test]
fn opensc_tool_reads_a_contact_card_and_a_contactless_one() {
    let template = tlv("A5", &[tlv("50", b"AIR"), tlv("9F38", &bytes("9F1A02"))].concat());
    let answer = [tlv("82", &PROFILE), tlv("94", &bytes("10010100"))].concat();
    let mut all = whole();
    all.extend([clear(0x9103, template.clone()), clear(0x9204, answer.clone())]);
    for (product, template, gpo) in [
        ("scp03-i70", super::card_data::template(), answer_to_gpo(PROFILE)),
        ("scp03-i70-contactless", template, answer),
    ] {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("card.json");
        let card = with_environment(product, &all);
        std::fs::write(&path, card.state().to_json()).unwrap();
        let atr = opensc_tool(&path, &["-a"]);
        assert_eq!(atr.trim().replace(':', "").to_uppercase(), hex::encode_upper(&card.state().product.atr));
        let commands = [
            format!("00A404000E{PSE}00"),
            "00B2010C00".to_owned(),
            format!("00A4040007{INSTANCE}00"),
            "80A80000048302039200".to_owned(),
            "00B2011400".to_owned(),
            "0020008008241234FFFFFFFFFF".to_owned(),
            "00880000041122334400".to_owned(),
            "80CA9F3600".to_owned(),
        ];
        let arguments: Vec<&str> = commands.iter().flat_map(|command| ["-s", command]).collect();
        let read = answers(&opensc_tool(&path, &arguments));
        assert!(read.iter().all(|(_, status)| status == "9000"), "{product}: {read:02X?}");
        let information = tlv("6F", &[tlv("84", &bytes(INSTANCE)), template].concat());
        for (at, expected) in [
            (1, pse()[1].content.clone()),
            (2, information),
            (3, tlv("77", &gpo)),
            (4, records()[1].content.clone()),
            (7, bytes("9F36020001")),
        ] {
            assert_eq!(read[at].0, expected, "{product}: {}", commands[at]);
        }
        super::answers::recover(signature_key(), &read[6].0[read[6].0.len() - 128..], &bytes("11223344"));
    }
}
