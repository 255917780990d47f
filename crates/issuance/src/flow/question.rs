//! Questions to payment applications in the course of an issuer's script: what they are asked in clear, and what their
//! answers are worth.

use cardwright_apdu::{Aid, Command};
use cardwright_data_preparation::{EmvFault, Interface, IssuerScript, ScriptQuestion};
use cardwright_relay::Code;
use cardwright_relay::message::Refusal;

use super::Inputs;
use super::cryptogram::{COMMANDS, cryptogram, transaction, unfit, unpredictable_number};
use super::worth::Flaw;
use crate::admission::refusal;

/// Where the places of scripts' numbers begin, far behind those of cryptograms.
const NUMBERS: u32 = 0x0001_0000;

/// What an application may answer to the first question: nothing was sent yet that a refusal could leave in the middle.
const FIRST_ANSWERS: [u16; 8] = [0x9000, 0x6283, 0x6985, 0x6A81, 0x6A82, 0x6A88, 0x6D00, 0x6E00];

/// Which question of an application's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Turn {
    /// before the script
    First,
    /// in the transaction after it
    Second,
}

/// One application asked for a cryptogram of a transaction that goes online.
struct Question {
    instance: Aid,
    asked: ScriptQuestion,
}

impl Question {
    fn new(inputs: &Inputs, number: usize, turn: Turn) -> Result<Self, EmvFault> {
        let application = &inputs.applications()[number];
        let interface = if inputs.product.is_contactless() { Interface::Contactless } else { Interface::Contact };
        let place = NUMBERS + 2 * number as u32 + u32::from(turn == Turn::Second);
        let asked = IssuerScript::question(application, interface, unpredictable_number(inputs, place))?;
        Ok(Self { instance: application.instance, asked })
    }

    fn commands(&self) -> [Command; COMMANDS] {
        let asked = &self.asked;
        transaction(&self.instance, asked.options(), asked.reference_control(), asked.transaction())
    }
}

/// The question before a script: its answer says that the application holds the issuer's keys, and begins the
/// transaction that the script goes in.
pub(super) struct Asking {
    number: usize,
    question: Question,
}

/// A script that may go out: plain commands, which the application's own keys protect.
pub(super) struct Answered {
    pub(super) commands: Vec<Command>,
    pub(super) proof: Counted,
}

impl Asking {
    pub(super) fn new(inputs: &Inputs, number: usize) -> Result<Self, Refusal> {
        let question = Question::new(inputs, number, Turn::First);
        Ok(Self { number, question: question.map_err(|fault| unfit(inputs, &fault))? })
    }

    pub(super) fn commands(&self) -> Vec<Command> {
        self.question.commands().into()
    }

    /// The status words that let the question go on.
    pub(super) fn allowed() -> Vec<u16> {
        FIRST_ANSWERS.to_vec()
    }

    /// What goes to the application that answered so; `None` where the answer is not one of the issuer's card, or the
    /// application takes no script now.
    pub(super) fn answered(self, inputs: &Inputs, answers: &[&[u8]]) -> Option<Result<Answered, Refusal>> {
        let session = self.question.asked.answered_by(cryptogram(answers)?)?;
        let (commands, count) = (session.commands(), session.changes());
        let question = Question::new(inputs, self.number, Turn::Second).map_err(|fault| unfit(inputs, &fault));
        Some(question.map(|question| Answered { commands, proof: Counted { question, count } }))
    }

    /// Why the application gets no script.
    pub(super) fn refused(&self) -> Refusal {
        refusal(Code::CARD_ANSWER_REFUSED, &[&format!("{} gives no cryptogram for a script", self.question.instance)])
    }
}

/// The question after a script: the application says, under its key, how many commands it carried out.
pub(super) struct Counted {
    question: Question,
    count: usize,
}

impl Counted {
    pub(super) const COMMANDS: usize = COMMANDS;

    pub(super) fn commands(&self) -> Vec<Command> {
        self.question.commands().into()
    }

    /// Whether the answers prove that the whole script was carried out.
    pub(super) fn verify(&self, answers: &[&[u8]]) -> Result<(), Flaw> {
        let proven = cryptogram(answers).is_some_and(|data| self.question.asked.proves(data, self.count));
        let flaw = Flaw::Content("an application's cryptogram does not say that it carried out the issuer's script");
        if proven { Ok(()) } else { Err(flaw) }
    }
}

/// Whether every application that is changed by a script can be asked.
pub(super) fn check(inputs: &Inputs) -> Result<(), Refusal> {
    let applications = inputs.applications().iter().enumerate();
    let mut scripted = applications.filter(|(_, application)| application.script.is_some());
    scripted.try_for_each(|(number, _)| Asking::new(inputs, number).map(|_| ()))
}
