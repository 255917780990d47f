//! Cards read as strangers read them: what an application shows, by the identifier of the grouping or the tag of the
//! object that it must have come from.

use std::collections::BTreeMap;

use cardwright_apdu::{Aid, Command, tlv};
use cardwright_data_preparation::{Application, Standard};
use cardwright_virtual_card::Card;

/// What is read, or is to be read, by identifier or tag.
pub(crate) type Content = BTreeMap<u32, Vec<u8>>;

/// The whole of the photo's file is behind the PIN; the manifest and the PIN itself are never shown.
const FILES: std::ops::RangeInclusive<u16> = 0x0100..=0x0300;
const PHOTO: u16 = 0x0201;
const PIN_BLOCK: u16 = 0x0301;
const LAST_RECORD: u32 = 0x1EFF;
const SELECTION: u32 = 0x9102;
const OPTIONS: u32 = 0x9104;

/// A reader with a card in it.
pub(crate) struct Reader<'a>(pub(crate) &'a mut Card);

impl Reader<'_> {
    /// The answer to a command with `data`, its pieces together, and the status word.
    pub(crate) fn ask(&mut self, [cla, ins, p1, p2]: [u8; 4], data: &[u8]) -> (Vec<u8>, u16) {
        let command = Command::new(cla, ins, p1, p2).expecting_all();
        let command = if data.is_empty() { command } else { command.with_data(data).unwrap() };
        let mut answer = self.0.transmit(&command.to_bytes());
        while let [.., 0x61, count] = answer[..] {
            answer.truncate(answer.len() - 2);
            answer.extend(self.0.transmit(&[0x00, 0xC0, 0x00, 0x00, count]));
        }
        let status = answer.split_off(answer.len() - 2);
        (answer, u16::from_be_bytes([status[0], status[1]]))
    }

    /// The status word of a command whose answer has nothing else.
    pub(crate) fn tell(&mut self, [cla, ins, p1, p2]: [u8; 4], data: &[u8]) -> u16 {
        let command = Command::new(cla, ins, p1, p2).with_data(data).unwrap();
        u16::from_be_bytes(self.0.transmit(&command.to_bytes()).try_into().unwrap())
    }

    pub(crate) fn select(&mut self, name: &Aid) -> Vec<u8> {
        self.0.reset();
        let (answer, status) = self.ask([0x00, 0xA4, 0x04, 0x00], name.as_bytes());
        assert_eq!(status, 0x9000, "SELECT {name}");
        answer
    }

    /// What a payment application or a directory shows.
    pub(crate) fn payment(&mut self, application: &Application) -> Content {
        let answer = self.select(&application.instance);
        let information = tlv::read_one(&answer).unwrap();
        assert_eq!(information.tag.0, 0x6F);
        let name = tlv::find(information.value, 0x84).unwrap().unwrap();
        assert_eq!(name, application.instance.as_bytes());
        let proprietary = tlv::find(information.value, 0xA5).unwrap().unwrap();
        let mut content = Content::from([(SELECTION, tlv::element(0xA5, proprietary))]);
        if application.standard == Standard::Emv {
            let locator = self.options(&mut content);
            for entry in locator.chunks_exact(4) {
                let records = (entry[1]..=entry[2]).map(|number| (entry[0] >> 3, number));
                content.extend(records.map(|(file, number)| self.record(file, number).unwrap()));
            }
        } else if let Some([file]) = tlv::find(proprietary, 0x88).unwrap() {
            content.extend((1..).map_while(|number| self.record(*file, number)));
        }
        content
    }

    /// GET PROCESSING OPTIONS: the locator.
    fn options(&mut self, content: &mut Content) -> Vec<u8> {
        let (answer, status) = self.ask([0x80, 0xA8, 0x00, 0x00], &[0x83, 0x00]);
        assert_eq!(status, 0x9000, "GET PROCESSING OPTIONS");
        let options = tlv::read_one(&answer).unwrap();
        assert_eq!(options.tag.0, 0x77);
        content.insert(OPTIONS, options.value.to_vec());
        tlv::find(options.value, 0x94).unwrap().unwrap().to_vec()
    }

    fn record(&mut self, file: u8, number: u8) -> Option<(u32, Vec<u8>)> {
        let (record, status) = self.ask([0x00, 0xB2, number, file << 3 | 4], &[]);
        assert!(matches!(status, 0x9000 | 0x6A83), "record {number} of file {file}: {status:04X}");
        (status == 0x9000).then(|| (u32::from(file) << 8 | u32::from(number), record))
    }

    /// Every file that an identity application shows, with `pin`.
    pub(crate) fn identity(&mut self, name: &Aid, pin: &[u8]) -> Content {
        self.select(name);
        let has_photo = self.select_file(PHOTO);
        if has_photo {
            assert_eq!(self.ask([0x00, 0xB0, 0x00, 0x00], &[]).1, 0x6982, "the photo before the PIN");
        }
        assert_eq!(self.tell([0x00, 0x20, 0x00, 0x01], pin), 0x9000, "the PIN");
        let there: Vec<u16> = FILES.filter(|identifier| self.select_file(*identifier)).collect();
        there.into_iter().map(|identifier| (identifier.into(), self.file(identifier))).collect()
    }

    fn select_file(&mut self, identifier: u16) -> bool {
        let status = self.tell([0x00, 0xA4, 0x02, 0x0C], &identifier.to_be_bytes());
        assert!(matches!(status, 0x9000 | 0x6A82), "file {identifier:04X}: {status:04X}");
        status == 0x9000
    }

    fn file(&mut self, identifier: u16) -> Vec<u8> {
        assert!(self.select_file(identifier));
        let mut content = Vec::new();
        loop {
            let [high, low] = (content.len() as u16).to_be_bytes();
            let (piece, status) = self.ask([0x00, 0xB0, high, low], &[]);
            // a file of whole pieces ends behind the last of them
            if status == 0x6B00 && !content.is_empty() {
                return content;
            }
            assert_eq!(status, 0x9000, "file {identifier:04X} from {}", content.len());
            content.extend_from_slice(&piece);
            if piece.len() < 256 {
                return content;
            }
        }
    }
}

/// What the data says that a payment, directory or identity application shows.
pub(crate) fn expected(application: &Application) -> Content {
    let groupings = application.dgis.iter().map(|dgi| (u32::from(dgi.dgi().identifier), dgi.dgi().data.clone()));
    let is_shown = |identifier: u32| match application.standard {
        Standard::Identity => identifier <= (*FILES.end()).into(),
        _ => identifier <= LAST_RECORD || [SELECTION, OPTIONS].contains(&identifier),
    };
    groupings.filter(|(identifier, _)| is_shown(*identifier)).collect()
}

/// The PIN block of an identity application.
pub(crate) fn pin_block(application: &Application) -> &[u8] {
    &application.dgis.iter().find(|dgi| dgi.dgi().identifier == PIN_BLOCK).unwrap().dgi().data
}

/// What differs, is missing or is too much.
pub(crate) fn differences(read: &Content, expected: &Content) -> Vec<u32> {
    let all = read.keys().chain(expected.keys().filter(|identifier| !read.contains_key(*identifier)));
    all.filter(|identifier| read.get(*identifier) != expected.get(*identifier)).copied().collect()
}
