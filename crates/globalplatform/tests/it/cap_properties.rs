//! Whatever comes in as a CAP file, the answer is the package or a fault.

use cardwright_globalplatform::cap::CapFile;
use proptest::collection::vec;
use proptest::prelude::*;
use rawzip::CompressionMethod;

use crate::cap_builder::{Cap, NAMES, component, path};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn bytes_of_any_kind_are_refused_without_harm(bytes in vec(any::<u8>(), 0..2000)) {
        prop_assert!(CapFile::read(&bytes).is_err());
    }

    #[test]
    fn a_file_that_is_cut_anywhere_is_refused(place in any::<prop::sample::Index>()) {
        let whole = Cap::new().bytes();
        prop_assert!(CapFile::read(&whole[..place.index(whole.len())]).is_err());
    }

    /// A changed byte is noticed, or stands where nothing of the program does: times, the manifest, what is not loaded.
    #[test]
    fn no_changed_byte_changes_the_program(place in any::<prop::sample::Index>(), by in 1u8.., stored in any::<bool>()) {
        let method = if stored { CompressionMethod::STORE } else { CompressionMethod::DEFLATE };
        let mut bytes = Cap { method, ..Cap::new() }.bytes();
        let whole = CapFile::read(&bytes).unwrap();
        let place = place.index(bytes.len());
        bytes[place] ^= by;
        if let Ok(read) = CapFile::read(&bytes) {
            prop_assert_eq!(read, whole);
        }
    }

    /// Past the archive's own checks: components of any content under right checksums.
    #[test]
    fn components_of_any_content_are_read_or_refused(contents in vec((0usize..12, vec(any::<u8>(), 0..60), any::<bool>()), 1..4)) {
        let mut cap = Cap::new();
        for (index, bytes, framed) in contents {
            let bytes = if framed { component(index as u8 + 1, &bytes) } else { bytes };
            *cap.file(NAMES[index]) = bytes;
        }
        if let Ok(read) = CapFile::read(&cap.bytes()) {
            let expected = ["Header", "Directory", "Import", "Applet"].map(|name| cap.file(name).clone()).concat();
            prop_assert!(read.load_file_data_block().starts_with(&expected));
        }
    }

    #[test]
    fn entries_of_any_name_are_looked_at_without_harm(names in vec(".{0,20}", 1..6)) {
        let mut cap = Cap::new();
        let whole = CapFile::read(&cap.bytes()).unwrap();
        for name in names {
            cap = cap.with(&path(&name), vec![1]).with(&name, vec![2]);
        }
        if let Ok(read) = CapFile::read(&cap.bytes()) {
            prop_assert_eq!(read, whole);
        }
    }
}
