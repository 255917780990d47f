//! What a card forgets without power.

use cardwright_apdu::{Aid, Command, Response, StatusWord};

use crate::applications::ApplicationSession;
use crate::channel::Channel;
use crate::security_domain::{LoadInProgress, Personalization};
use crate::state::CardState;

/// What the basic logical channel talks with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Selected {
    #[default]
    SecurityDomain,
    Application(Aid),
}

impl Selected {
    /// The application's AID; `None` where the Security Domain is selected.
    pub(crate) fn aid(self) -> Option<Aid> {
        match self {
            Self::SecurityDomain => None,
            Self::Application(aid) => Some(aid),
        }
    }
}

/// Volatile memory.
#[derive(Default)]
pub(crate) struct Volatile {
    pub(crate) selected: Selected,
    pub(crate) channel: Channel,
    pub(crate) application: ApplicationSession,
    /// the application that the Security Domain hands STORE DATA on to
    pub(crate) personalization: Option<Personalization>,
    /// the block number that the next STORE DATA must carry
    pub(crate) next_block: u8,
    pub(crate) load: Option<LoadInProgress>,
    /// entries of a GET STATUS that are still to come, with its P1
    pub(crate) listing: Option<(u8, Vec<Vec<u8>>)>,
    /// answer bytes that did not fit Le
    response: Vec<u8>,
}

impl Volatile {
    /// An application session ends and one with `selected` begins.
    pub(crate) fn begin_session(&mut self, selected: Selected) {
        *self = Self { selected, ..Self::default() };
    }

    /// What is selected is selected again, and remembers what was proven to it. The channel ends all the same.
    pub(crate) fn select_again(&mut self) {
        let mut application = std::mem::take(&mut self.application);
        application.interrupt();
        *self = Self { selected: self.selected, application, ..Self::default() };
    }

    /// What was to be personalized is deleted: another instance of the same AID is given nothing without a new INSTALL
    /// [for personalization].
    pub(crate) fn forget_deleted(&mut self, state: &CardState) {
        let is_gone = |begun: &Personalization| state.application(&begun.application).is_none();
        if self.personalization.as_ref().is_some_and(is_gone) {
            self.personalization = None;
            self.next_block = 0;
        }
    }

    /// GET RESPONSE (ISO/IEC 7816-4 §11.8.1).
    pub(crate) fn get_response(&mut self, command: &Command) -> Result<Response, StatusWord> {
        if self.response.is_empty() {
            return Err(StatusWord::CONDITIONS_NOT_SATISFIED);
        }
        let rest = Response::new(std::mem::take(&mut self.response), StatusWord::SUCCESS);
        Ok(self.hold_back(rest, command))
    }

    pub(crate) fn forget_response(&mut self) {
        self.response.clear();
    }

    /// Sends as many bytes as a short answer can carry, keeps the rest, and says so by 61xx.
    pub(crate) fn hold_back(&mut self, mut response: Response, command: &Command) -> Response {
        let room = command.expected().unwrap_or(0x100).max(0x100) as usize;
        if response.data.len() <= room {
            return response;
        }
        self.response = response.data.split_off(room);
        let left = u16::try_from(self.response.len()).ok().filter(|left| *left < 0x100).unwrap_or(0);
        Response::new(response.into_data(), StatusWord(0x6100 | left))
    }
}
