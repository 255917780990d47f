//! What transmission asks of an APDU (ISO/IEC 7816-3 §12, ISO/IEC 7816-4 §5.3.4): under T=0 the Le of a command with
//! data is left out, and under either protocol an answer that is announced by 61xx is fetched.

use cardwright_apdu::Command;
use zeroize::Zeroizing;

/// The protocol a card speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// T=0, by characters
    T0,
    /// T=1, by blocks, or contactless
    T1,
}

/// The most an answer may have: 65,536 bytes and the status word.
const LONGEST: usize = 65_538;

/// Sends one command and hands back its whole answer. No command is sent twice: not on 6Cxx, and not on an error.
///
/// # Errors
/// What `send` says.
pub fn exchange<E>(
    protocol: Protocol,
    apdu: &[u8],
    mut send: impl FnMut(&[u8]) -> Result<Zeroizing<Vec<u8>>, E>,
) -> Result<Zeroizing<Vec<u8>>, E> {
    let mut answer = send(if protocol == Protocol::T0 { without_le(apdu) } else { apdu })?;
    while let Some(count) = announced(&answer) {
        let status = answer.len() - 2;
        answer.truncate(status);
        // GET RESPONSE (ISO/IEC 7816-4 §11.7.1), without secure messaging
        let rest = send(&[0x00, 0xC0, 0x00, 0x00, count])?;
        if rest.len() <= 2 && announced(&rest).is_some() || answer.len() + rest.len() > LONGEST {
            return Ok(rest);
        }
        answer.extend_from_slice(&rest);
    }
    Ok(answer)
}

/// A short command with data is sent without its Le under T=0.
fn without_le(apdu: &[u8]) -> &[u8] {
    match Command::parse(apdu) {
        Ok(command) if !command.is_extended() && !command.data().is_empty() && command.expected().is_some() => {
            &apdu[..apdu.len() - 1]
        }
        _ => apdu,
    }
}

/// How many bytes 61xx announces (00 stands for 256 or more).
fn announced(answer: &[u8]) -> Option<u8> {
    match answer {
        [.., 0x61, count] => Some(*count),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Plays `answers`, and tells what was sent.
    fn play(protocol: Protocol, apdu: &[u8], answers: &[&[u8]]) -> (Vec<u8>, Vec<Vec<u8>>) {
        let mut sent = Vec::new();
        let mut answers = answers.iter();
        let answer = exchange(protocol, apdu, |bytes| {
            sent.push(bytes.to_vec());
            Ok::<_, ()>(Zeroizing::new(answers.next().expect("an answer is planned").to_vec()))
        });
        (answer.expect("nothing fails").to_vec(), sent)
    }

    const COMMAND: [u8; 7] = [0x84, 0xF2, 0x40, 0x02, 0x01, 0xAA, 0x00];

    #[test]
    fn under_t0_le_is_left_out_and_the_answer_is_fetched_in_pieces() {
        let (answer, sent) = play(Protocol::T0, &COMMAND, &[&[0x61, 0x02], &[1, 2, 0x61, 0x01], &[3, 0x63, 0x10]]);
        assert_eq!(answer, [1, 2, 3, 0x63, 0x10]);
        assert_eq!(sent, [COMMAND[..6].to_vec(), vec![0, 0xC0, 0, 0, 2], vec![0, 0xC0, 0, 0, 1]]);
    }

    #[test]
    fn a_command_is_never_sent_again_whatever_length_the_card_would_like() {
        let (answer, sent) = play(Protocol::T0, &COMMAND, &[&[0x6C, 0x05]]);
        assert_eq!((answer, sent.len()), (vec![0x6C, 0x05], 1));
        let (answer, sent) = play(Protocol::T0, &COMMAND, &[&[0x61, 0x05], &[0x6C, 0x04]]);
        assert_eq!((answer, sent.len()), (vec![0x6C, 0x04], 2));
    }

    #[test]
    fn a_card_that_announces_for_ever_is_left() {
        let (answer, sent) = play(Protocol::T0, &COMMAND, &[&[0x61, 0x05], &[0x61, 0x05]]);
        assert_eq!((answer, sent.len()), (vec![0x61, 0x05], 2));
    }

    #[test]
    fn under_t1_a_command_goes_as_it_is_and_a_long_answer_is_fetched_all_the_same() {
        let (answer, sent) = play(Protocol::T1, &COMMAND, &[&[1, 0x61, 0x02], &[2, 3, 0x90, 0x00]]);
        assert_eq!(answer, [1, 2, 3, 0x90, 0x00]);
        assert_eq!(sent, [COMMAND.to_vec(), vec![0, 0xC0, 0, 0, 2]]);
        let (_, sent) = play(Protocol::T0, &COMMAND[..5], &[&[0x90, 0]]);
        assert_eq!(sent, [COMMAND[..5].to_vec()]);
    }
}
