//! What is parsed encodes again to the same bytes, and no input panics.

use cardwright_apdu::{Command, Dgi, Response, tlv};
use proptest::collection::vec;
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn any_command_reads_back(header in any::<[u8; 4]>(), data in vec(any::<u8>(), 0..600), expected in proptest::option::of(1u32..=65_536)) {
        let [cla, ins, p1, p2] = header;
        let mut command = Command::new(cla, ins, p1, p2).with_data(data).unwrap();
        if let Some(count) = expected {
            command = command.expecting(count).unwrap();
        }
        let bytes = command.to_bytes();
        prop_assert_eq!(Command::parse(&bytes).unwrap().to_bytes(), bytes);
    }

    #[test]
    fn bytes_that_parse_as_a_command_encode_to_themselves(bytes in vec(any::<u8>(), 0..300)) {
        if let Ok(command) = Command::parse(&bytes) {
            prop_assert_eq!(command.to_bytes(), bytes);
        }
    }

    #[test]
    fn short_commands_parse_and_encode_to_themselves(header in any::<[u8; 4]>(), length in 1u8..=255, le in proptest::option::of(any::<u8>())) {
        let mut bytes = header.to_vec();
        bytes.push(length);
        bytes.extend(std::iter::repeat_n(0x5A, usize::from(length)));
        bytes.extend(le);
        prop_assert_eq!(Command::parse(&bytes).unwrap().to_bytes(), bytes);
    }

    #[test]
    fn bytes_that_parse_as_a_response_encode_to_themselves(bytes in vec(any::<u8>(), 0..300)) {
        match Response::parse(&bytes) {
            Ok(response) => prop_assert_eq!(response.to_bytes(), bytes),
            Err(_) => prop_assert!(bytes.len() < 2),
        }
    }

    #[test]
    fn bytes_that_parse_as_tlv_encode_to_themselves(bytes in vec(any::<u8>(), 0..64)) {
        if let Ok(elements) = tlv::read_all(&bytes) {
            let mut again = Vec::new();
            for element in elements {
                tlv::write(&mut again, element.tag.0, element.value);
            }
            prop_assert_eq!(again, bytes);
        }
    }

    #[test]
    fn any_tlv_reads_back(tag in prop_oneof![Just(0x4Fu32), Just(0x9F7F), Just(0xE3), Just(0x5FC102)], value in vec(any::<u8>(), 0..70_000)) {
        let bytes = tlv::element(tag, &value);
        let element = tlv::read_one(&bytes).unwrap();
        prop_assert_eq!(element.tag, tlv::Tag(tag));
        prop_assert_eq!(element.value, &value[..]);
    }

    #[test]
    fn any_dgis_read_back(groupings in vec((any::<u16>(), vec(any::<u8>(), 0..400)), 0..6)) {
        let groupings: Vec<Dgi> = groupings.into_iter().map(|(identifier, data)| Dgi::new(identifier, data).unwrap()).collect();
        let bytes: Vec<u8> = groupings.iter().flat_map(Dgi::to_bytes).collect();
        prop_assert_eq!(Dgi::read_all(&bytes).unwrap(), groupings);
    }

    #[test]
    fn bytes_that_parse_as_dgis_encode_to_themselves(bytes in vec(any::<u8>(), 0..64)) {
        if let Ok(groupings) = Dgi::read_all(&bytes) {
            prop_assert_eq!(groupings.iter().flat_map(Dgi::to_bytes).collect::<Vec<_>>(), bytes);
        }
    }
}
