//! Orders by the example profiles, prepared with real keys.

use cardwright_data_preparation::{Checked, Date, OrderFields, PersonalizationData, Profile, check, prepare};

use crate::file;
use crate::preparer::Issuer as Preparer;

/// A prepared order, and whose keystore holds the keys that it was prepared with.
pub(crate) struct Specimen {
    #[allow(dead_code, reason = "some worlds keep the text")]
    pub(crate) profile: String,
    pub(crate) preparer: Preparer,
    pub(crate) data: Checked<PersonalizationData>,
}

/// Names and values of an order's fields.
type Columns = Vec<(&'static str, String)>;

fn specimen(
    profile: &str,
    number: &str,
    photo: Option<&[u8]>,
    columns: &dyn Fn(&Profile, &Preparer) -> Columns,
) -> Specimen {
    by(file(&format!("profiles/{profile}.toml")), number, photo, columns)
}

fn by(text: String, number: &str, photo: Option<&[u8]>, columns: &dyn Fn(&Profile, &Preparer) -> Columns) -> Specimen {
    let profile = Profile::parse(&text).unwrap_or_else(|error| panic!("{error}"));
    let preparer = Preparer::of(&profile);
    let columns = columns(&profile, &preparer);
    let fields = columns.iter().map(|(name, value)| (*name, value.as_str()));
    let fields = OrderFields::read(&profile, fields, photo).unwrap();
    let number = profile.assigns_number().then_some(number);
    let today = Date::new(2026, 11, 22).unwrap();
    let prepared = prepare(&profile, &fields, today, &preparer.means(&profile, number));
    let data = check(prepared.unwrap()).unwrap();
    Specimen { profile: text, preparer, data }
}

/// Two directories and a payment application, all through the Security Domain.
pub(crate) fn credit() -> Specimen {
    credit_by(file("profiles/emv-credit.toml"))
}

/// The same for cards whose answers carry no MAC.
#[allow(dead_code, reason = "some worlds want it")]
pub(crate) fn credit_without_r_mac() -> Specimen {
    let text = file("profiles/emv-credit.toml");
    let (level, rewrite) = ("security-level = \"33\"", "commit-point = \"make-selectable\"");
    assert_eq!((text.matches(level).count(), text.matches(rewrite).count()), (1, 3));
    let text = text.replace(level, "security-level = \"03\"").replace("activation = \"after-proof\"\n", "");
    credit_by(text.replace(rewrite, "commit-point = \"make-selectable\"\nactivation = \"in-script\""))
}

fn credit_by(profile: String) -> Specimen {
    let number = "4761739001010119";
    by(profile, number, None, &|profile, preparer| {
        let block = preparer.pin_block(profile, number, "1234");
        let plain = [("card_number", number), ("sequence", "1"), ("name", "Ada Example"), ("pin_block", &block)];
        plain.map(|(name, value)| (name, value.to_owned())).into()
    })
}

/// A directory through the Security Domain, a payment application straight, proven by its cryptogram.
#[allow(dead_code, reason = "some worlds want it")]
pub(crate) fn debit() -> Specimen {
    named(file("profiles/emv-debit.toml"))
}

/// The same for cards whose answers carry a MAC.
pub(crate) fn debit_with_r_mac() -> Specimen {
    named(with_r_mac(&file("profiles/emv-debit.toml")))
}

fn named(profile: String) -> Specimen {
    by(profile, "4761740000000010", None, &|_, _| vec![("name", "Ada Example".to_owned())])
}

fn with_r_mac(profile: &str) -> String {
    let (level, activation) = ("security-level = \"03\"", "activation = \"in-script\"\n");
    assert_eq!((profile.matches(level).count(), profile.matches(activation).count()), (1, 2));
    profile.replace(level, "security-level = \"13\"").replace(activation, "")
}

/// The same with its directory written straight too.
#[allow(dead_code, reason = "one world wants it")]
pub(crate) fn two_straight() -> Specimen {
    let text = with_r_mac(&file("profiles/emv-debit.toml"));
    let through_domain = "commit-point = \"make-selectable\"";
    assert_eq!(text.matches(through_domain).count(), 1);
    let text = text.replace(through_domain, "route = \"application\"\ncommit-point = \"personalized\"");
    named(text)
}

/// A PIV application, whose keys the card makes.
pub(crate) fn employee() -> Specimen {
    // the beginning of a JPEG of 240 by 320 points, and enough behind it to go in chained parts
    let frame = [0xFF, 0xC0, 0x00, 0x0B, 0x08, 0x01, 0x40, 0x00, 0xF0, 0x01, 0x01, 0x11, 0x00];
    let photo = [&[0xFF, 0xD8][..], &frame, &[0x5A; 1500], &[0xFF, 0xD9]].concat();
    let badge = "123456789015";
    specimen("piv-employee", badge, Some(&photo), &|profile, preparer| {
        let block = |digits| preparer.pin_block(profile, badge, digits);
        let (pin, puk) = (block("123456"), block("87654321"));
        let plain = [("badge", badge), ("name", "Ada Example"), ("email", "ada@example.com"), ("photo", "ada.jpg")];
        let blocks = [("pin_block", pin), ("puk_block", puk)];
        plain.map(|(name, value)| (name, value.to_owned())).into_iter().chain(blocks).collect()
    })
}

/// A directory and `count` payment applications, each written straight, for cards whose answers carry no MAC.
#[allow(dead_code, reason = "one world wants it")]
pub(crate) fn many_straight(count: usize) -> Specimen {
    let text = file("profiles/emv-debit.toml");
    let (head, face) = text.split_once("[[face]]").unwrap();
    let payment = &head[head.rfind("[[application]]").unwrap()..];
    let (elements, applications) = head.split_once("[[application]]").unwrap();
    let identifier = |copy| format!("F0454D560120{:02X}", 0x10 + copy);
    let copies = || (1..count).map(|copy| (copy, identifier(copy)));
    let entries: String = copies()
        .map(|(copy, identifier)| {
            let constant = format!(
                "[[element]]\nname = \"identifier-{copy}\"\ntag = \"4F\"\nsource = \"constant\"\nencoding = \"hex\"\n\
                 value = \"{identifier}\"\n\n"
            );
            let entry = format!(
                "[[element]]\nname = \"entry-{copy}\"\ntag = \"61\"\nsource = \"template\"\n\
                 elements = [\"identifier-{copy}\", \"label\", \"priority\"]\n\n"
            );
            constant + &entry
        })
        .collect();
    let listed: String = copies().map(|(copy, _)| format!(", \"entry-{copy}\"")).collect();
    let directory = "[[element]]\nname = \"directory-record\"";
    let elements = elements.replace(directory, &format!("{entries}{directory}"));
    let elements = elements.replace("elements = [\"entry\"]", &format!("elements = [\"entry\"{listed}]"));
    let copied = |(_, identifier): (usize, String)| payment.replace("F0454D56012010", &identifier);
    let parts = [&elements, "[[application]]", applications].map(str::to_owned);
    named(parts.into_iter().chain(copies().map(copied)).chain(["[[face]]".to_owned(), face.to_owned()]).collect())
}
