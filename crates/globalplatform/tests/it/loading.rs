//! How a program goes to a card: what it asks of memory, its hash, its blocks.

use cardwright_apdu::{Aid, tlv};
use cardwright_globalplatform::commands::{MemoryRequirement, install_for_load, load};
use cardwright_globalplatform::{ChannelParameters, Content, Error, KeySize, Protocol, SecurityLevel};

fn aid(text: &str) -> Aid {
    text.parse().unwrap()
}

fn parameters(code: Option<u32>, volatile: Option<u32>, data: Option<u32>) -> String {
    let memory = MemoryRequirement { non_volatile_code: code, volatile_data: volatile, non_volatile_data: data };
    hex::encode_upper(memory.load_parameters())
}

/// GPCS Table 11-48 and the paragraph below it: two bytes up to 32767, four above.
#[test]
fn memory_is_asked_for_in_two_bytes_or_four() {
    assert_eq!(parameters(Some(0), None, None), "EF04C6020000");
    assert_eq!(parameters(Some(32_767), None, None), "EF04C6027FFF");
    assert_eq!(parameters(Some(32_768), None, None), "EF06C60400008000");
    assert_eq!(parameters(Some(u32::MAX), None, None), "EF06C604FFFFFFFF");
    assert_eq!(parameters(Some(9_000), Some(256), Some(40_000)), "EF0EC6022328C7020100C80400009C40");
    assert_eq!(parameters(None, None, Some(1)), "EF04C8020001");
    assert_eq!(parameters(None, None, None), "");
}

/// GPCS Table 11-42: load file, Security Domain, hash, parameters, no token.
#[test]
fn install_for_load_carries_hash_and_memory() {
    let memory = MemoryRequirement { non_volatile_code: Some(9_000), ..MemoryRequirement::default() };
    let planned = install_for_load(&aid("F04341524457494402"), None, &[0x5A; 32], &memory.load_parameters()).unwrap();
    let hash = "5A".repeat(32);
    let data = format!("09F04341524457494402{}20{hash}06EF04C602232800", "00");
    assert_eq!(hex::encode_upper(planned.command().to_bytes()), format!("80E6020034{data}00"));
    assert_eq!(planned.content(), Content::Management);
}

/// Its length is one byte, 00 to 7F; 80 would be read as 128 by one card and as a longer length by another.
#[test]
fn a_hash_whose_length_needs_more_than_one_byte_is_refused() {
    let file = aid("F04341524457494402");
    assert!(install_for_load(&file, None, &[0; 127], &[]).is_ok());
    let refused = install_for_load(&file, None, &[0; 128], &[]);
    assert!(matches!(refused, Err(Error::Argument { what: "load file data block hash", found: 128, .. })));
}

/// Level 01 leaves room for a C-MAC, the others for padding too; S16 mode has MACs of 16 bytes.
#[test]
fn blocks_are_as_large_as_the_level_allows() {
    let limit = |protocol: Protocol, level: u8| {
        let level = SecurityLevel::from_byte(level).unwrap();
        ChannelParameters::new(protocol, 0x30, level, Aid::ISSUER_SECURITY_DOMAIN).unwrap().command_data_limit()
    };
    let scp03 = |i| Protocol::scp03(i, KeySize::Aes128).unwrap();
    let scp02 = Protocol::scp02(0x55).unwrap();
    let limits = [limit(scp03(0x70), 0x01), limit(scp03(0x70), 0x33), limit(scp03(0x71), 0x33), limit(scp02, 0x03)];
    assert_eq!(limits, [247, 239, 223, 239]);
    let block = vec![0xAB; 20_000];
    for limit in limits {
        let commands = load(&block, limit).unwrap();
        assert_eq!(commands.len(), (20_000 + 4_usize).div_ceil(limit));
        let (last, full) = commands.split_last().unwrap();
        assert!(full.iter().all(|planned| planned.command().data().len() == limit));
        assert!(!last.command().data().is_empty() && last.command().data().len() <= limit);
    }
}

/// GPCS Table 11-58: the first block begins with tag C4 and the length of the whole, however long that is.
#[test]
fn the_first_block_carries_tag_and_length_whole() {
    for (length, head) in
        [(1, "C401"), (127, "C47F"), (128, "C48180"), (255, "C481FF"), (256, "C4820100"), (60_000, "C482EA60")]
    {
        let block = vec![0x11; length];
        let commands = load(&block, 239).unwrap();
        assert!(hex::encode_upper(commands[0].command().data()).starts_with(head), "{length}");
        let whole: Vec<u8> = commands.iter().flat_map(|planned| planned.command().data().to_vec()).collect();
        assert_eq!(tlv::read_one(&whole).unwrap().value, block);
    }
    let smallest = load(&[0x11; 1000], 5).unwrap();
    assert_eq!(hex::encode_upper(smallest[0].command().data()), "C48203E811");
    assert!(matches!(load(&[1], 4), Err(Error::Argument { found: 4, .. })));
    assert!(matches!(load(&[1], 256), Err(Error::Argument { found: 256, .. })));
}

#[test]
fn a_load_file_of_nothing_is_refused() {
    assert!(matches!(load(&[], 239), Err(Error::Argument { what: "the load file data block", found: 0, .. })));
}

#[test]
fn a_load_file_that_needs_a_257th_block_is_too_large_and_the_error_says_so() {
    let largest = 0x100 * 239 - 4;
    assert_eq!(load(&vec![0; largest], 239).unwrap().len(), 0x100);
    let error = load(&vec![0; largest + 1], 239).unwrap_err();
    assert_eq!(error, Error::TooManyBlocks { what: "LOAD", found: 0x101 });
    assert!(error.to_string().ends_with("too large"), "{error}");
}
