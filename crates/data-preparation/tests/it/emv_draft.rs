//! A payment card before it is signed: elements, records and ways to them, which tests change; certificates follow.

use cardwright_apdu::tlv::element;
use cardwright_data_preparation::emv::certificate::{
    CardCertificate, IssuerCertificate, SignedStaticData, ToBeSigned, static_data_to_be_authenticated,
};
use cardwright_data_preparation::emv::{Afl, ExpiryMonth, Pan, tdes};

use crate::emv_sample::{Application, Authority, Card, Key, hexadecimal};

/// The card number of all samples.
pub(crate) const NUMBER: &str = "4761739001010119";

/// The provider of the samples' certification authority, and the AID of their application.
pub(crate) const PROVIDER: [u8; 5] = [0xF0, 0x45, 0x4D, 0x56, 0x01];
pub(crate) const APPLICATION: [u8; 7] = [0xF0, 0x45, 0x4D, 0x56, 0x01, 0x00, 0x01];

/// Elements of one template, in order.
pub(crate) type Elements = Vec<(u32, Vec<u8>)>;

/// One interface before it is signed.
#[derive(Clone)]
pub(crate) struct Way {
    pub(crate) profile: [u8; 2],
    pub(crate) locator: Vec<u8>,
    /// the record that the certificate over this way's static data goes into
    pub(crate) certificate: u16,
    pub(crate) template: Elements,
    /// the key that its certificate is for, where it is not the card's
    pub(crate) key: Option<&'static str>,
}

/// A payment application before it is signed; tests change it, and the certificates follow.
#[derive(Clone)]
pub(crate) struct Draft {
    pub(crate) authority: &'static str,
    pub(crate) issuer: &'static str,
    pub(crate) card: &'static str,
    pub(crate) pin: Option<&'static str>,
    /// the issuer certificate's month of expiry, where it is not the key file's
    pub(crate) issuer_expires: Option<[u8; 2]>,
    pub(crate) card_expires: [u8; 2],
    pub(crate) certified_number: &'static str,
    pub(crate) records: Vec<(u16, Elements)>,
    pub(crate) contact: Way,
    pub(crate) contactless: Option<Way>,
    pub(crate) internal: Elements,
    pub(crate) whole_exponent: bool,
    pub(crate) static_signature: Option<u16>,
}

fn elements(list: &[(u32, &str)]) -> Elements {
    list.iter().map(|(tag, value)| (*tag, hexadecimal(value))).collect()
}

fn template(tag: u32, elements: &[(u32, Vec<u8>)]) -> Vec<u8> {
    let inside: Vec<u8> = elements.iter().flat_map(|(tag, value)| element(*tag, value)).collect();
    element(tag, &inside)
}

const CDOL1: &str = "9F02069F03069F1A0295055F2A029A039C019F3704";
const CDOL2: &str = "8A029F02069F03069F1A0295055F2A029A039C019F3704";

impl Draft {
    /// As `emv-credit`: CDA, PIN online and offline, both interfaces, keys with e = 3 and of the greatest sizes.
    pub(crate) fn credit() -> Self {
        let track = (0x57, "4761739001010119D3112201112340185F");
        let label = "43415244205752494748542043524544"; // CARD WRIGHT CRED
        Self {
            authority: "authority-3",
            issuer: "issuer-3",
            card: "card-3",
            pin: Some("pin-3"),
            issuer_expires: None,
            card_expires: [0x12, 0x31],
            certified_number: NUMBER,
            records: vec![
                (0x0101, elements(&[track, (0x5F20, "4558414D504C452F5A4F45"), (0x5F34, "01")])),
                (
                    0x0102,
                    elements(&[
                        (0x5A, NUMBER),
                        (0x5F24, "311231"),
                        (0x5F25, "261124"),
                        (0x5F28, "0392"),
                        (0x5F30, "0201"),
                        (0x8C, CDOL1),
                        (0x8D, CDOL2),
                        (0x8E, "0000000000000000 4403 4103 0203 1F03"),
                        (0x9F07, "FF00"),
                        (0x9F08, "0002"),
                        (0x9F0D, "B850AC8000"),
                        (0x9F0E, "0000000000"),
                        (0x9F0F, "B870BC9800"),
                        (0x9F42, "0392"),
                        (0x9F4A, "82"),
                    ]),
                ),
                (0x0201, elements(&[(0x8F, "F1"), (0x9F49, "9F3704"), (0x9F1F, "303132")])),
                (0x0301, elements(&[track, (0x5A, NUMBER), (0x5F24, "311231"), (0x9F4A, "82"), (0x9F6C, "0000")])),
            ],
            contact: Way {
                profile: [0x39, 0x00],
                locator: hexadecimal("08010202 10010500"),
                certificate: 0x0203,
                template: elements(&[(0x50, label), (0x87, "01"), (0x5F2D, "656E"), (0x9F38, "9F1A02")]),
                key: None,
            },
            contactless: Some(Way {
                profile: [0x21, 0x80],
                locator: hexadecimal("18010101 10010200 18020200"),
                certificate: 0x0302,
                template: elements(&[(0x50, label), (0x87, "01"), (0x9F38, "9F6604")]),
                key: None,
            }),
            internal: elements(&[(0x9F10, "06011203000000"), (0x9F58, "03"), (0x9F59, "05")]),
            whole_exponent: false,
            static_signature: None,
        }
    }

    /// As `emv-debit`: SDA and DDA, contacts alone, e = 65537, a remainder, exponent and modulus.
    pub(crate) fn debit() -> Self {
        let mut draft = Self::credit();
        (draft.authority, draft.issuer, draft.card) = ("authority-f4", "issuer-f4", "card-f4");
        (draft.pin, draft.contactless, draft.whole_exponent) = (None, None, true);
        draft.records.retain(|(identifier, _)| *identifier != 0x0301);
        draft.set(0x8E, "0000000000000000 0103 1F03");
        draft.contact.profile = [0x78, 0x00];
        draft.contact.locator = hexadecimal("08010202 10010400");
        draft.static_signature = Some(0x0204);
        draft
    }

    /// A card without certificates, for terminals that are always online; over the contacts alone.
    pub(crate) fn online(methods: &str) -> Card {
        let mut draft = Self::credit();
        draft.set(0x8E, methods);
        draft.leave_out(0x9F4A);
        let record = draft.records.iter().find(|(identifier, _)| *identifier == 0x0102).unwrap().1.clone();
        let mut card = draft.card();
        let payment = card.payment();
        payment
            .dgis
            .retain(|grouping| !matches!(grouping.identifier, 0x0201..=0x0302 | 0x8201..=0x8305 | 0x9103 | 0x9204));
        payment.dgi(0x0102).data = template(0x70, &record);
        payment.dgi(0x9104).data = hexadecimal("82021800 940408010200");
        card.applications.remove(1);
        card.authorities.clear();
        card
    }

    /// Changes the element `tag` of the contact records.
    pub(crate) fn set(&mut self, tag: u32, value: &str) {
        let place = self.records.iter_mut().flat_map(|(_, elements)| elements).find(|(there, _)| *there == tag);
        place.unwrap().1 = hexadecimal(value);
    }

    /// The credit card with something changed before it is signed.
    pub(crate) fn changed(change: impl FnOnce(&mut Self)) -> Card {
        let mut draft = Self::credit();
        change(&mut draft);
        draft.card()
    }

    /// Adds an element to the record `identifier`.
    pub(crate) fn add(&mut self, identifier: u16, tag: u32, value: &str) {
        let record = self.records.iter_mut().find(|(there, _)| *there == identifier).unwrap();
        record.1.push((tag, hexadecimal(value)));
    }

    /// Takes the element `tag` out of all records.
    pub(crate) fn leave_out(&mut self, tag: u32) {
        for (_, elements) in &mut self.records {
            elements.retain(|(there, _)| *there != tag);
        }
    }

    /// The whole card, signed, with its directories.
    pub(crate) fn card(&self) -> Card {
        let authority = Key::named(self.authority);
        let application = self.application();
        let mut applications = vec![self.directory(b"1PAY.SYS.DDF01")];
        if self.contactless.is_some() {
            applications.push(self.directory(b"2PAY.SYS.DDF01"));
        }
        applications.push(application);
        Card {
            applications,
            authorities: vec![Authority {
                provider: PROVIDER,
                index: 0xF1,
                modulus: authority.part("n"),
                exponent: authority.part("e"),
            }],
            masked: "476173******0119".to_owned(),
            level: 19,
        }
    }

    fn directory(&self, name: &[u8]) -> Application {
        let mut directory = Application::new(2, name);
        let way = if name[0] == b'1' { &self.contact } else { self.contactless.as_ref().unwrap() };
        let mut entry = vec![(0x4F, APPLICATION.to_vec())];
        entry.extend(way.template.iter().filter(|(tag, _)| matches!(tag, 0x50 | 0x87)).cloned());
        if name[0] == b'1' {
            directory.add(0x9102, template(0xA5, &elements(&[(0x88, "01"), (0x5F2D, "656E")])));
            directory.add(0x0101, element(0x70, &template(0x61, &entry)));
        } else {
            entry.push((0x9F2A, vec![0x03]));
            let list = element(0xBF0C, &template(0x61, &entry));
            directory.add(0x9102, element(0xA5, &list));
        }
        directory
    }

    fn application(&self) -> Application {
        let issuer = Key::named(self.issuer);
        let mut records: Vec<(u16, Vec<u8>)> = self
            .records
            .iter()
            .map(|(identifier, elements)| (*identifier, elements.clone()))
            .map(|(identifier, mut elements)| {
                if identifier == 0x0201 {
                    elements.extend(self.issuer_elements(&issuer));
                }
                (identifier, template(0x70, &elements))
            })
            .collect();
        records.push((0x0202, template(0x70, &[(0x90, self.issuer_certificate().0)])));
        if let Some(pin) = self.pin {
            let (certificate, _) = self.certify(&issuer, &Key::named(pin), &[]);
            records.push((0x0204, template(0x70, &[(0x9F2D, certificate)])));
            records.push((0x0205, template(0x70, &[(0x9F2E, Key::named(pin).part("e"))])));
        }
        let ways = [Some(&self.contact), self.contactless.as_ref()];
        for way in ways.into_iter().flatten() {
            let static_data = static_data(way, &records);
            let (certificate, _) = self.certify(&issuer, &Key::named(way.key.unwrap_or(self.card)), &static_data);
            records.push((way.certificate, template(0x70, &[(0x9F46, certificate)])));
            if let Some(record) = self.static_signature {
                let block = SignedStaticData { authentication_code: [0xDA, 0xC0] };
                let block = block.to_be_signed(issuer.part("n").len(), &static_data).unwrap();
                records.push((record, template(0x70, &[(0x93, issuer.sign(&block))])));
            }
        }
        self.assemble(records)
    }

    fn issuer_certificate(&self) -> (Vec<u8>, Vec<u8>) {
        let known = Key::named(&format!("certificate-{}", self.issuer));
        let Some(expires) = self.issuer_expires else { return (known.part("certificate"), known.part("remainder")) };
        let (issuer, authority) = (Key::named(self.issuer), Key::named(self.authority));
        let certificate = IssuerCertificate {
            identifier: known.part("identifier").try_into().unwrap(),
            expires: ExpiryMonth::from_certificate(expires).unwrap(),
            serial: [0, 0, 9],
            modulus: issuer.part("n"),
            exponent: issuer.part("e"),
        };
        let ToBeSigned { block, remainder } = certificate.to_be_signed(authority.part("n").len()).unwrap();
        (authority.sign(&block), remainder)
    }

    /// What stands beside the issuer's certificate: remainders and exponents.
    fn issuer_elements(&self, issuer: &Key) -> Elements {
        let card = Key::named(self.card);
        let (_, remainder) = self.certify(issuer, &card, &[]);
        let mut elements =
            vec![(0x92, self.issuer_certificate().1), (0x9F32, issuer.part("e")), (0x9F47, card.part("e"))];
        elements.push((0x9F48, remainder));
        elements.retain(|(_, value)| !value.is_empty());
        elements
    }

    fn certify(&self, issuer: &Key, key: &Key, static_data: &[u8]) -> (Vec<u8>, Vec<u8>) {
        let certificate = CardCertificate {
            pan: Pan::new(self.certified_number.as_bytes()).unwrap().in_certificate(),
            expires: ExpiryMonth::from_certificate(self.card_expires).unwrap(),
            serial: [0, 0, 7],
            modulus: key.part("n"),
            exponent: key.part("e"),
        };
        let ToBeSigned { block, remainder } = certificate.to_be_signed(issuer.part("n").len(), static_data).unwrap();
        (issuer.sign(&block), remainder)
    }

    fn assemble(&self, records: Vec<(u16, Vec<u8>)>) -> Application {
        let mut application = Application::new(1, &APPLICATION);
        for (identifier, data) in records {
            application.add(identifier, data);
        }
        let internal: Vec<u8> = self.internal.iter().flat_map(|(tag, value)| element(*tag, value)).collect();
        application.add(0x3000, internal);
        add_secrets(&mut application, self);
        for (identifiers, way) in
            [(0x9102, 0x9104), (0x9103, 0x9204)].into_iter().zip([Some(&self.contact), self.contactless.as_ref()])
        {
            let Some(way) = way else { continue };
            application.add(identifiers.0, template(0xA5, &way.template));
            let answer = [element(0x82, &way.profile), element(0x94, &way.locator)];
            application.add(identifiers.1, answer.concat());
        }
        application
    }
}

fn add_secrets(application: &mut Application, draft: &Draft) {
    let mut keys: Vec<u8> = (0..48_u8).map(|byte| byte.wrapping_mul(37).wrapping_add(11)).collect();
    tdes::set_odd_parity(&mut keys);
    let values: Vec<u8> = keys.as_chunks::<16>().0.iter().flat_map(tdes::check_value).collect();
    application.add(0x8000, keys);
    application.add(0x9000, values);
    application.add(0x9010, [3, 3]);
    application.add(0x8010, hexadecimal("241234FFFFFFFFFF"));
    let (card, order) = (Key::named(draft.card), ["q_inverse", "d_q", "d_p", "q", "p"]);
    if draft.whole_exponent {
        application.add(0x8101, card.part("d"));
        application.add(0x8103, card.part("n"));
    } else {
        for (identifier, part) in (0x8201..).zip(order) {
            application.add(identifier, card.part(part));
        }
    }
    if let Some(pin) = draft.pin {
        for (identifier, part) in (0x8301..).zip(order) {
            application.add(identifier, Key::named(pin).part(part));
        }
    }
}

fn static_data(way: &Way, records: &[(u16, Vec<u8>)]) -> Vec<u8> {
    let record = |file, number| {
        let identifier = u16::from_be_bytes([file, number]);
        records.iter().find(|(there, _)| *there == identifier).map(|(_, data)| data.as_slice())
    };
    let locator = Afl::read(&way.locator).unwrap();
    let asked = locator.records().filter(|(.., signed)| *signed).any(|(file, number, _)| {
        record(file, number).is_some_and(|data| data.windows(3).any(|window| window == [0x9F, 0x4A, 0x01]))
    });
    static_data_to_be_authenticated(&locator, record, asked.then_some(way.profile)).unwrap_or_default()
}
