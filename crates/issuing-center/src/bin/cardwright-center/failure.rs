//! Why a command was not carried out: a sentence, a code, what to do next, and the exit code.

use std::fmt::Display;
use std::process::ExitCode;

use cardwright_data_preparation::profile::Fault;
use cardwright_issuing_center::file_fault::{FileFault, FileRefused};
use cardwright_issuing_center::refused::Refused;
use cardwright_issuing_center::store::StoreError;
use cardwright_relay::Code;
use cardwright_relay::text::Language;
use serde_json::json;

/// Why.
pub(crate) enum Failure {
    /// a code with its parameters
    Refused(Refused),
    /// a file's faults
    File(Code, Vec<FileFault>),
    /// a profile's faults
    Profile {
        /// the profile's file
        file: String,
        /// never none
        faults: Vec<ProfileFault>,
    },
    /// the command line asks for something that cannot be
    Usage(String),
}

/// One fault of a profile.
pub(crate) struct ProfileFault {
    /// line and column, from 1; none for what is wrong with the whole
    place: Option<(usize, usize)>,
    /// for programs
    kind: &'static str,
    message: String,
    remedy: String,
}

impl From<Fault> for ProfileFault {
    fn from(fault: Fault) -> Self {
        let Fault { kind, line, column, message, remedy } = fault;
        Self { place: Some((line, column)), kind: kind.code(), message, remedy }
    }
}

impl ProfileFault {
    /// A fault that no line is to blame for.
    pub(crate) fn of_whole(message: String, remedy: String) -> Self {
        Self { place: None, kind: "profile", message, remedy }
    }

    fn line(&self, file: &str) -> String {
        let Self { place, kind, message, remedy } = self;
        let place = place.map(|(line, column)| format!(":{line}:{column}")).unwrap_or_default();
        format!("{file}{place}: {message} ({kind})\n    {remedy}")
    }

    fn value(&self) -> serde_json::Value {
        let Self { place, kind, message, remedy } = self;
        let (line, column) = place.unzip();
        json!({ "line": line, "column": column, "kind": kind, "message": message, "remedy": remedy })
    }
}

impl Failure {
    /// A file or directory that cannot be used.
    pub(crate) fn file(path: impl Display, reason: impl Display) -> Self {
        Self::Refused(Refused::with(Code::FILE_UNUSABLE, [path.to_string(), reason.to_string()]))
    }

    pub(crate) fn print(self, json: bool) -> ExitCode {
        let exit = self.exit();
        if json {
            println!("{}", self.value());
        } else {
            eprintln!("{}", self.text());
        }
        ExitCode::from(exit)
    }

    /// 1 refused, 2 usage, 3 the environment, 4 outcome unknown.
    fn exit(&self) -> u8 {
        let code = match self {
            Self::Usage(_) => return 2,
            Self::File(..) | Self::Profile { .. } => return 1,
            Self::Refused(refused) => refused.code,
        };
        match code {
            Code::ANSWER_NOT_PROVEN | Code::CARD_LEFT | Code::DEADLINE_OVER => 4,
            Code::NOT_RELEASED => 1,
            Code::KEYSTORE_UNAVAILABLE | Code::KEYSTORE_BUSY | Code::CENTER_MISSING | Code(5000..) => 3,
            _ => 1,
        }
    }

    fn text(&self) -> String {
        match self {
            Self::Usage(reason) => format!("{reason}\nSee cardwright-center --help."),
            Self::Refused(refused) => sentence(refused),
            Self::Profile { file, faults } => {
                let lines = faults.iter().map(|fault| fault.line(file));
                let count = faults.len();
                let head =
                    format!("{}: {count} {}.", Code::PROFILE_REFUSED, if count == 1 { "fault" } else { "faults" });
                lines.chain([head]).collect::<Vec<_>>().join("\n")
            }
            Self::File(code, faults) => {
                if faults.len() == 1 {
                    return sentence(&FileRefused::Faults(*code, faults.clone()).first());
                }
                let head = format!("{code}: {} faults; nothing was imported.", faults.len());
                let lines = faults.iter().map(|fault| format!("  {fault}"));
                std::iter::once(head).chain(lines).collect::<Vec<_>>().join("\n")
            }
        }
    }

    fn value(&self) -> serde_json::Value {
        match self {
            Self::Usage(reason) => json!({ "error": { "usage": reason } }),
            Self::Refused(refused) => error_value(refused),
            Self::Profile { faults, .. } => {
                let faults: Vec<_> = faults.iter().map(ProfileFault::value).collect();
                json!({ "error": { "code": Code::PROFILE_REFUSED.to_string(), "faults": faults } })
            }
            Self::File(code, faults) => {
                let faults: Vec<_> = faults
                    .iter()
                    .map(|fault| json!({ "row": fault.row, "column": fault.column, "reason": fault.reason, "code": fault.code.to_string() }))
                    .collect();
                json!({ "error": { "code": code.to_string(), "faults": faults } })
            }
        }
    }
}

/// What happened, what to do next, and the code.
fn sentence(refused: &Refused) -> String {
    let said = refused.message().say(Language::English);
    format!("{} {} ({})", said.happened, said.next, refused.code)
}

fn error_value(refused: &Refused) -> serde_json::Value {
    let said = refused.message().say(Language::English);
    json!({ "error": {
        "code": refused.code.to_string(),
        "parameters": refused.parameters,
        "happened": said.happened,
        "next": said.next,
    } })
}

impl From<Refused> for Failure {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Refused(error.into())
    }
}

impl From<FileRefused> for Failure {
    fn from(refused: FileRefused) -> Self {
        match refused {
            FileRefused::Other(refused) => Self::Refused(refused),
            FileRefused::Faults(code, faults) => Self::File(code, faults),
        }
    }
}

impl From<cardwright_keystore::Error> for Failure {
    fn from(error: cardwright_keystore::Error) -> Self {
        use cardwright_keystore::Error;
        match error {
            Error::WrongPassphrase => Self::Refused(Refused::new(Code::WRONG_PASSPHRASE)),
            Error::Io(error) => Self::file("the keystore", error),
            Error::Permissions(_) | Error::Damaged(_) | Error::Format(_) => Self::file("the keystore", error),
            other => Self::Refused(other.into()),
        }
    }
}
