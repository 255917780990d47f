//! Command chaining: data that is too long for one command (ISO/IEC 7816-4 §5.3.3; SP 800-73-5 part 2 §3).

use cardwright_apdu::{Command, Header, StatusWord};
use zeroize::Zeroizing;

/// Set in the class of every command of a chain but the last.
const MORE_TO_COME: u8 = 0x10;
/// The largest object (part 1 Appendix A: the face, 12,710 bytes) with room to spare.
const LONGEST: usize = 16_384;
/// A chain was begun with an instruction that takes none.
const NOT_SUPPORTED: StatusWord = StatusWord(0x6884);

/// What has arrived of a command of which more is to come.
pub(super) struct Chain {
    header: Header,
    data: Zeroizing<Vec<u8>>,
}

/// The whole command, once its last part is there; `None`: more is to come. A chain that another command interrupts
/// has no effect.
pub(super) fn gather(chain: &mut Option<Chain>, part: &Command) -> Result<Option<Command>, StatusWord> {
    let header = Header { cla: part.header.cla & !MORE_TO_COME, ..part.header };
    let begun = chain.take().filter(|begun| begun.header == header);
    let mut data = begun.map_or_else(Zeroizing::default, |begun| begun.data);
    if data.len() + part.data().len() > LONGEST {
        return Err(StatusWord::WRONG_LENGTH);
    }
    data.extend_from_slice(part.data());
    if part.header.cla & MORE_TO_COME == 0 {
        return Ok(Some(joined(header, &data, part.expected())?));
    }
    if !matches!(header.ins, 0x47 | 0x87 | 0xDB) {
        return Err(NOT_SUPPORTED);
    }
    *chain = Some(Chain { header, data });
    Ok(None)
}

fn joined(header: Header, data: &[u8], expected: Option<u32>) -> Result<Command, StatusWord> {
    let Header { cla, ins, p1, p2 } = header;
    let whole = Command::new(cla, ins, p1, p2).with_data(data).map_err(|_| StatusWord::WRONG_LENGTH)?;
    match expected {
        Some(count) => whole.expecting(count).map_err(|_| StatusWord::WRONG_LENGTH),
        None => Ok(whole),
    }
}
