//! The proof of a card whose answers carry no MAC, grade B: each payment application is selected in clear and asked
//! for a cryptogram, which only the keys that were written can make. What else was written is believed.

use cardwright_apdu::{Aid, Command, StatusWord};
use cardwright_data_preparation::{Application, CryptogramQuestion, EmvFault, Interface, Standard};
use cardwright_globalplatform::commands::select;
use sha2::{Digest, Sha256};

use super::Inputs;
use super::worth::Flaw;

/// Commands that ask one application.
const COMMANDS: usize = 3;

const WRONG: Flaw = Flaw::Content("an application's cryptogram is not of the keys that were written");
const MISSING: Flaw = Flaw::Content("an application was not asked for its cryptogram");

/// The questions to all payment applications of a card.
pub(super) struct Cryptograms(Vec<(Aid, CryptogramQuestion)>);

impl Cryptograms {
    /// The questions, each with a number of its own that is made from the issuance's random value.
    pub(super) fn new(inputs: &Inputs) -> Result<Self, EmvFault> {
        let interface = if inputs.product.is_contactless() { Interface::Contactless } else { Interface::Contact };
        let applications = inputs.applications().iter().zip(1u32..);
        // one that a script of its issuer's changes is asked by the script itself
        let written = |application: &Application| application.standard == Standard::Emv && application.script.is_none();
        let payment = applications.filter(|(application, _)| written(application));
        let question = |(application, place): (&Application, u32)| {
            let number = unpredictable_number(inputs, place);
            Ok((application.instance, CryptogramQuestion::new(application, interface, number)?))
        };
        payment.map(question).collect::<Result<_, _>>().map(Self)
    }

    /// The commands: SELECT, GET PROCESSING OPTIONS, GENERATE AC. SELECT ends the secure channel (GPCS §E.1.5).
    pub(super) fn commands(&self) -> Vec<Command> {
        let asked = self.0.iter().flat_map(|(instance, question)| {
            let command = |instruction, reference: u8, data: &[u8]| {
                let command = Command::new(0x80, instruction, reference, 0x00).with_data(data);
                command.expect("values of a data object list are 252 bytes at most").expecting_all()
            };
            [
                select(instance),
                command(0xA8, 0x00, question.options()),
                command(0xAE, question.reference_control(), question.transaction()),
            ]
        });
        asked.collect()
    }

    /// How many commands there are.
    pub(super) fn count(&self) -> usize {
        COMMANDS * self.0.len()
    }

    /// Whether there is nobody to ask.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the answers prove the keys of every application.
    pub(super) fn verify(&self, answers: &[&[u8]]) -> Result<(), Flaw> {
        if answers.len() != self.count() || self.is_empty() {
            return Err(MISSING);
        }
        if self.answered(answers).count() == self.0.len() { Ok(()) } else { Err(WRONG) }
    }

    /// The applications whose keys the answers prove, whatever became of the others.
    pub(super) fn answered(&self, answers: &[&[u8]]) -> impl Iterator<Item = &Aid> {
        self.0.iter().zip(answers.chunks(COMMANDS)).filter_map(|((instance, question), answers)| {
            let [_, _, answer] = answers else { return None };
            let succeeded = answers.iter().all(|answer| answer.ends_with(&StatusWord::SUCCESS.0.to_be_bytes()));
            let (data, _) = answer.split_last_chunk::<2>()?;
            (succeeded && question.is_answered_by(data)).then_some(instance)
        })
    }
}

/// A number that nobody knew before this issuance was opened, and that any node makes again; another for each place.
pub(super) fn unpredictable_number(inputs: &Inputs, place: u32) -> [u8; 4] {
    let digest = Sha256::new()
        .chain_update(b"cardwright unpredictable number 1")
        .chain_update(*inputs.second_challenge)
        .chain_update(place.to_be_bytes())
        .finalize();
    let mut number = [0; 4];
    number.copy_from_slice(&digest[..4]);
    number
}
