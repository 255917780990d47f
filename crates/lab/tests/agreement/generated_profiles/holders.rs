//! Identity and PIV profiles that nobody wrote, drawn from a seed: files, objects and keys, their number and sizes, on
//! the frame of the two examples; and an order by each.

use std::fmt::Write as _;

use cardwright_data_preparation::emv::pan::check_digit;

use crate::file;
use crate::generated::Numbers;

/// A profile, and the order for one card by it.
pub(crate) struct Holder {
    pub(crate) text: String,
    pub(crate) columns: Vec<(&'static str, String)>,
    /// columns whose values go as blocks under the zone key
    pub(crate) blocks: Vec<(&'static str, String)>,
    pub(crate) number: String,
    pub(crate) photo: Option<Vec<u8>>,
}

const LEVELS: [&str; 3] = ["33", "13", "03"];

fn digits(dice: &mut Numbers, count: usize) -> String {
    (0..count).map(|_| char::from(b'0' + dice.below(10) as u8)).collect()
}

/// A number whose last digit is right.
fn checked_number(dice: &mut Numbers, count: usize) -> String {
    let mut number = digits(dice, count - 1);
    number.push(char::from(check_digit(number.as_bytes()).unwrap()));
    number
}

/// A JPEG as far as anybody looks: a frame of 240 by 320 points, and `length` bytes of picture.
fn photo(dice: &mut Numbers, length: usize) -> Vec<u8> {
    let frame = [0xFF, 0xC0, 0x00, 0x0B, 0x08, 0x01, 0x40, 0x00, 0xF0, 0x01, 0x01, 0x11, 0x00];
    let picture: Vec<u8> = (0..length).map(|_| dice.below(255) as u8).collect();
    [&[0xFF, 0xD8][..], &frame, &[0xFF, 0xDA, 0x00, 0x02], &picture].concat()
}

fn replaced(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "{from}");
    text.replace(from, to)
}

/// An employee's card: which keys of which kind, which objects, an administration key, a badge number of some length.
pub(crate) fn employee(dice: &mut Numbers) -> Holder {
    let text = file("profiles/piv-employee.toml");
    let mut tables: Vec<String> = text.split("\n[[").map(str::to_owned).collect();
    tables.retain(|table| {
        let optional = ["\"printed-information\"", "\"face-image\"", "\"discovery\"", "\"9C\"", "\"9D\"", "\"9E\""];
        !optional.iter().any(|name| table.contains(name)) || dice.below(3) > 0
    });
    for table in tables.iter_mut().filter(|table| table.starts_with("application.piv.key")) {
        let algorithm = if dice.below(12) == 0 { "rsa-2048" } else { "p-256" };
        *table = table.replace("rsa-2048", algorithm).replace("p-256", algorithm);
        if dice.chance() && table.contains("email") {
            *table = table.replace(
                "email = \"{email}\"\n",
                "email = \"{email}\"\nprincipal = \"{email}\"\npolicies = [\"2.16.840.1.101.3.2.1.3.13\"]\n",
            );
        }
    }
    let length = 12 + dice.below(8);
    let text = replaced(&tables.join("\n[["), "min = 12\nmax = 12", &format!("min = {length}\nmax = {length}"));
    let text = replaced(&text, "security-level = \"33\"", &format!("security-level = \"{}\"", dice.one_of(&LEVELS)));
    let administration = dice.one_of(&["3des", "aes-128", "aes-192", "aes-256"]);
    let text = replaced(&text, "algorithm = \"aes-256\"", &format!("algorithm = \"{administration}\""));
    let text = replaced(&text, "years = 3", &format!("years = {}", 1 + dice.below(5)));
    let number = checked_number(dice, length);
    let (letters, bytes, pin) = (1 + dice.below(40), dice.below(8_000), 6 + dice.below(3));
    let name = dice.letters(letters);
    let columns = vec![
        ("badge", number.clone()),
        ("email", format!("{}@example.com", name.to_lowercase())),
        ("name", name),
        ("photo", "photo.jpg".to_owned()),
    ];
    let blocks = vec![("pin_block", digits(dice, pin)), ("puk_block", digits(dice, 8))];
    Holder { text, columns, blocks, number, photo: Some(photo(dice, bytes)) }
}

/// One to three identity applications, with further files of some sizes, with a photo or without.
pub(crate) fn identity(dice: &mut Numbers) -> Holder {
    let text = file("profiles/identity.toml");
    let (head, rest) = text.split_once("[[application]]").unwrap();
    let (application, face) =
        rest.split_once("# ---------------------------------------------------------------- what is printed").unwrap();
    let (elements, groupings) = further_files(dice);
    let manifest = "# The manifest comes last";
    let application = replaced(application, manifest, &format!("{groupings}{manifest}"));
    // below level 33 a PIN is under the data encryption key, and at it it may be
    let protection = if dice.chance() { "dek" } else { "clear" };
    let level = dice.one_of(&LEVELS);
    let protection = if level == "33" { protection } else { "dek" };
    let clear = "content = [\"pin-block\"]\nprotection = \"clear\"";
    let application =
        replaced(&application, clear, &format!("content = [\"pin-block\"]\nprotection = \"{protection}\""));
    let mut text = replaced(head, "security-level = \"33\"", &format!("security-level = \"{level}\"")) + &elements;
    for place in 1..=1 + dice.below(3) {
        let instance = format!("instance = \"F04341524457494400{place:02X}\"");
        write!(text, "[[application]]{}", replaced(&application, "instance = \"F0434152445749440001\"", &instance))
            .unwrap();
    }
    write!(text, "#{face}").unwrap();
    let count = 8 + dice.below(12);
    let number = digits(dice, count);
    let pin = 4 + dice.below(9);
    let mut columns = vec![("name", name(dice)), ("card_number", number.clone()), ("pin", digits(dice, pin))];
    if elements.contains("field = \"serial\"") {
        columns.push(("serial", dice.hexadecimal(20)));
    }
    let bytes = dice.below(6_000);
    let photo = dice.chance().then(|| photo(dice, bytes));
    columns.extend(photo.as_ref().map(|_| ("photo", "photo.jpg".to_owned())));
    Holder { text, columns, blocks: Vec::new(), number, photo }
}

/// A name in letters of several bytes, 1 to 100 bytes of UTF-8.
fn name(dice: &mut Numbers) -> String {
    let letters = ['A', 'z', 'é', 'ß', 'Ł', 'Ж', '山', '𝒳'];
    let bytes = 1 + dice.below(100);
    let mut name = String::from("N");
    while name.len() + 4 <= bytes {
        name.push(dice.one_of(&letters));
    }
    name
}

/// Elements, and the groupings that hold them.
fn further_files(dice: &mut Numbers) -> (String, String) {
    let (mut elements, mut groupings) = (String::new(), String::new());
    for place in 0..dice.below(6) {
        let size = dice.one_of(&[1, 100, 239, 254, 255, 256, 512, 900]);
        let size = 1 + dice.below(size);
        let body = match dice.below(3) {
            0 => format!("source = \"random\"\nlength = {}", size.min(252)),
            1 if place == 0 => "source = \"field\"\nfield = \"serial\"\nencoding = \"hex\"".to_owned(),
            _ => format!("source = \"constant\"\nencoding = \"hex\"\nvalue = \"{}\"", dice.hexadecimal(size)),
        };
        if body.contains("serial") {
            let field = "name = \"serial\"\ntype = \"hexadecimal\"\nmin = 40\nmax = 40\nrequired = true";
            write!(elements, "[[field]]\n{field}\n\n").unwrap();
        }
        write!(elements, "[[element]]\nname = \"further-{place}\"\n{body}\n\n").unwrap();
        write!(
            groupings,
            "[[application.dgi]]\nidentifier = \"01{:02X}\"\ncontent = [\"further-{place}\"]\nprotection = \"clear\"\n\
             personal = {}\n\n",
            0x10 + place * 0x2F,
            body.contains("serial") || dice.chance()
        )
        .unwrap();
    }
    (elements, groupings)
}
