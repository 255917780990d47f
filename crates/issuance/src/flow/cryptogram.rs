//! The proof of a card whose answers carry no MAC, grade B: each payment application is selected in clear and asked
//! for a cryptogram, which only the keys that were written can make. What else was written is believed.

use cardwright_apdu::{Aid, Command, StatusWord};
use cardwright_data_preparation::{Application, CryptogramQuestion, EmvFault, Interface, Standard};
use cardwright_globalplatform::commands::select;
use cardwright_relay::Code;
use cardwright_relay::message::Refusal;
use sha2::{Digest, Sha256};

use super::Inputs;
use super::worth::Flaw;
use crate::admission::refusal;

/// Commands that ask one application.
pub(super) const COMMANDS: usize = 3;

const WRONG: Flaw = Flaw::Content("an application's cryptogram is not of the keys that were written");
const MISSING: Flaw = Flaw::Content("an application was not asked for its cryptogram");

/// The questions to all payment applications of a card.
pub(super) struct Cryptograms(Vec<(Aid, CryptogramQuestion)>);

impl Cryptograms {
    /// The questions, each with a number of its own that is made from the issuance's random value.
    ///
    /// # Errors
    /// A refusal where an application cannot be asked.
    pub(super) fn new(inputs: &Inputs) -> Result<Self, Refusal> {
        let interface = if inputs.product.is_contactless() { Interface::Contactless } else { Interface::Contact };
        let applications = inputs.applications().iter().zip(1u32..);
        // one that a script of its issuer's changes is asked by the script itself
        let written = |application: &Application| application.standard == Standard::Emv && application.script.is_none();
        let payment = applications.filter(|(application, _)| written(application));
        let question = |(application, place): (&Application, u32)| {
            let number = unpredictable_number(inputs, place);
            Ok((application.instance, CryptogramQuestion::new(application, interface, number)?))
        };
        let questions: Result<_, EmvFault> = payment.map(question).collect();
        questions.map(Self).map_err(|fault| unfit(inputs, &fault))
    }

    pub(super) fn commands(&self) -> Vec<Command> {
        let asked = self.0.iter().flat_map(|(instance, question)| {
            transaction(instance, question.options(), question.reference_control(), question.transaction())
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
            question.is_answered_by(cryptogram(answers)?).then_some(instance)
        })
    }
}

/// One application asked: SELECT, which ends the secure channel (GPCS §E.1.5), GET PROCESSING OPTIONS, GENERATE AC.
pub(super) fn transaction(
    instance: &Aid,
    options: &[u8],
    reference_control: u8,
    transaction: &[u8],
) -> [Command; COMMANDS] {
    let command = |instruction, reference: u8, data: &[u8]| {
        let command = Command::new(0x80, instruction, reference, 0x00).with_data(data);
        command.expect("values of a data object list are 252 bytes at most").expecting_all()
    };
    [select(instance), command(0xA8, 0x00, options), command(0xAE, reference_control, transaction)]
}

/// The data of the answer to GENERATE AC, where all was answered well.
pub(super) fn cryptogram<'a>(answers: &[&'a [u8]]) -> Option<&'a [u8]> {
    let succeeded = answers.iter().all(|answer| answer.ends_with(&StatusWord::SUCCESS.0.to_be_bytes()));
    let [_, _, last] = answers else { return None };
    last.split_last_chunk::<2>().filter(|_| succeeded).map(|(data, _)| data)
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

/// Why an application cannot be asked, as the terminal is told.
pub(super) fn unfit(inputs: &Inputs, fault: &EmvFault) -> Refusal {
    refusal(Code::PROFILE_REFUSED, &[inputs.about(), &fault.to_string()])
}
