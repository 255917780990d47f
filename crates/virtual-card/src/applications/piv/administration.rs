//! The administration key 9B: how the administrator proves to have it (SP 800-73-5 part 2 Appendix A.1).

use cardwright_apdu::{Command, StatusWord};

use super::template::{self, Template};
use super::{Answer, Visit, nothing};
use crate::block_cipher::BlockCipher;
use crate::secret::{Secret, equal};

const WITNESS: u32 = 0x80;
const CHALLENGE: u32 = 0x81;
const RESPONSE: u32 = 0x82;

/// What the administrator has to send with the next command.
pub(super) enum Pending {
    /// this, which it was given encrypted
    Witness(Secret),
    /// this encrypted, which it was given in clear
    Challenge(Secret),
}

/// Whether `key` can be one of `algorithm`: 03 3DES with three keys, 08, 0A and 0C AES.
pub(super) fn fits(algorithm: u8, key: &[u8]) -> bool {
    matches!((algorithm, key.len()), (0x03 | 0x0A, 24) | (0x08, 16) | (0x0C, 32))
}

impl Visit<'_> {
    /// Mutual: `80 00` answers an encrypted witness, `80 witness 81 challenge` its encryption. Single: `81 00` answers
    /// a challenge, `82 encryption` nothing. The card never encrypts for somebody who has not proven the key.
    pub(super) fn authenticate_administrator(
        &mut self,
        algorithm: u8,
        command: &Command,
        pending: Option<Pending>,
    ) -> Result<Answer, StatusWord> {
        let cipher = self.administration_cipher(algorithm)?;
        let block = cipher.block_length();
        match Template::read(command.data())? {
            Template { witness: Some([]), challenge: None, response: None, exponentiation: None } => {
                let witness = self.draw(block);
                let encrypted = encrypt(&cipher, witness.expose());
                self.session.challenge = Some(Pending::Witness(witness));
                Ok(template::answer(WITNESS, &encrypted))
            }
            Template { challenge: Some([]), witness: None, response: None | Some([]), exponentiation: None } => {
                let challenge = self.draw(block);
                let answer = template::answer(CHALLENGE, challenge.expose());
                self.session.challenge = Some(Pending::Challenge(challenge));
                Ok(answer)
            }
            Template {
                witness: Some(shown),
                challenge: Some(asked),
                response: None | Some([]),
                exponentiation: None,
            } if asked.len() == block => {
                let right = matches!(pending, Some(Pending::Witness(witness)) if witness.equals(shown));
                self.conclude(right)?;
                Ok(template::answer(RESPONSE, &encrypt(&cipher, asked)))
            }
            Template { response: Some(shown), witness: None, challenge: None, exponentiation: None } => {
                let expected = match pending {
                    Some(Pending::Challenge(challenge)) => encrypt(&cipher, challenge.expose()),
                    _ => Answer::default(),
                };
                self.conclude(!expected.is_empty() && equal(&expected, shown))?;
                Ok(nothing())
            }
            _ => Err(StatusWord::WRONG_DATA),
        }
    }

    /// 6A86 where there is no key, or one of another algorithm. 00 is another name of 03 (SP 800-78-5 Table 9).
    fn administration_cipher(&self, algorithm: u8) -> Result<BlockCipher, StatusWord> {
        let algorithm = if algorithm == 0x00 { 0x03 } else { algorithm };
        let key = self.data()?.administration.as_ref().filter(|key| key.algorithm == algorithm);
        let value = key.ok_or(StatusWord::INCORRECT_P1_P2)?.value.expose();
        let cipher = if algorithm == 0x03 { BlockCipher::three_key_triple_des(value) } else { BlockCipher::aes(value) };
        cipher.ok_or(StatusWord::INCORRECT_P1_P2)
    }

    fn conclude(&mut self, right: bool) -> Result<(), StatusWord> {
        self.session.administrator = right;
        if right { Ok(()) } else { Err(StatusWord::SECURITY_STATUS_NOT_SATISFIED) }
    }

    fn draw(&mut self, length: usize) -> Secret {
        let mut random = vec![0; length];
        self.entropy.fill(&mut random);
        Secret::new(random)
    }
}

fn encrypt(cipher: &BlockCipher, block: &[u8]) -> Answer {
    let mut block = Answer::new(block.to_vec());
    cipher.encrypt_block(&mut block);
    block
}
