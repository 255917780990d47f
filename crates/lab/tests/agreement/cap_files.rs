//! CAP files: what the card's test tool writes is what the host reads, and what the host loads is what the card knows.

use cardwright_apdu::Aid;
use cardwright_globalplatform::cap::CapFile;
use cardwright_virtual_card::ProgramName;
use cardwright_virtual_card::applications::built_in;

#[test]
fn the_cap_file_of_every_built_in_program_is_read_and_its_block_is_known() {
    for known in built_in::all() {
        for padding in [0, 1, known.full_padding(), 50_000] {
            let cap_file = CapFile::read(&known.cap_file(padding)).unwrap();
            let modules: Vec<Aid> = known.modules.iter().map(|module| module.aid).collect();
            assert_eq!((cap_file.package(), cap_file.modules()), (known.package, &modules[..]));
            assert_eq!((cap_file.version().major, cap_file.version().minor), (known.version, 0));
            let block = cap_file.load_file_data_block();
            assert_eq!(block, known.block(padding));
            let held = built_in::recognize(&cap_file.package(), block).unwrap();
            assert_eq!((held.program, held.modules, held.size as usize), (known.program, modules, block.len()));
        }
    }
}

/// The control: one byte of code more or less, and the card keeps the file without knowing it.
#[test]
fn a_block_that_is_not_whole_is_no_program() {
    let [identity, ..] = built_in::all();
    let block = identity.block(identity.full_padding());
    for other in [&block[..block.len() - 1], &[&block[..], &[0]].concat()] {
        let held = built_in::recognize(&identity.package, other);
        assert!(held.is_none_or(|held| held.program == ProgramName::Opaque));
    }
}
