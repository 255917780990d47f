//! The command line.

use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};

use cardwright_relay::text::Language;

use crate::configuration::USUAL_STATE;

/// Carries sealed commands between the issuing center and a card.
#[derive(Parser)]
#[command(name = "cardwright-terminal", version, about)]
pub struct Arguments {
    /// Where identity and log are kept
    #[arg(long, global = true, value_name = "DIR", default_value = USUAL_STATE)]
    pub state: PathBuf,
    /// Configuration file; by default terminal.toml in the state directory, then in /etc/cardwright
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// One JSON object a line
    #[arg(long, global = true)]
    pub json: bool,
    /// Language of what is said; by default the environment's
    #[arg(long, global = true, value_enum)]
    pub language: Option<Tongue>,
    /// What to do
    #[command(subcommand)]
    pub command: Command,
}

/// The languages, as they are written on the command line.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Tongue {
    /// English
    En,
    /// Japanese
    Ja,
}

impl From<Tongue> for Language {
    fn from(tongue: Tongue) -> Self {
        match tongue {
            Tongue::En => Self::English,
            Tongue::Ja => Self::Japanese,
        }
    }
}

/// What to do.
#[derive(Subcommand)]
pub enum Command {
    /// Let this terminal be let in: makes its key pair here and gets its certificate
    Enrol {
        /// The center's address
        #[arg(long, value_name = "https://HOST:PORT")]
        center: String,
        /// The one-time code; - reads it from standard input
        #[arg(long, value_name = "CODE")]
        code: String,
        /// Replace the identity that is there
        #[arg(long)]
        anew: bool,
    },
    /// Look at everything issuing needs, and say what to do where something is wrong
    Doctor,
    /// Look at the card in a reader, without trying a key, and suggest its product file
    Probe {
        /// PC/SC name of the reader; by default the only one with a card
        #[arg(long, value_name = "NAME")]
        reader: Option<String>,
    },
    /// Show the readers that are there, and which of them are on the center's list
    Readers,
    /// Stay, and serve every order that is released to this terminal, and every card while the desk is open
    Run {
        /// The reader, by its name on the list or its PC/SC name
        #[arg(long, value_name = "NAME")]
        reader: Option<String>,
    },
    /// Carry out one order; without one, serve one card while the desk is open
    Issue {
        /// The order's reference; without it, whatever waits for the card that is put in
        order: Option<String>,
        /// The reader, by its name on the list or its PC/SC name
        #[arg(long, value_name = "NAME")]
        reader: Option<String>,
        /// How long to wait for the operator's release, and then for the card
        #[arg(long, value_name = "SECONDS", default_value_t = 60)]
        wait: u64,
    },
}
