//! `cardwright-card`: makes virtual cards, puts them into a reader, shows what is on them, writes programs for them.
#![allow(clippy::disallowed_methods, clippy::disallowed_types)] // the binary is the edge: here is the IO

mod batch_key;
mod cap;
mod certificate;
mod failure;
mod insert;
mod make;
mod make_sam;
mod report;
mod show;
mod state_file;
mod vpcd;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::report::Report;

/// Virtual cards: make them, put them into a reader, look at them.
#[derive(Parser)]
#[command(version, about)]
struct Arguments {
    /// Write results and errors as JSON, one object a line
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Make blank cards, their shipment file and, apart from it, the batch key
    Make(make::Make),
    /// Make a reader's SAM: a PIV card-authentication key and its certificate
    MakeSam(make_sam::MakeSam),
    /// Write the CAP file of a built-in program, to be imported and loaded
    Cap(cap::Cap),
    /// Put a card into a virtual reader (vpcd); Ctrl-C takes it out
    Insert(insert::Insert),
    /// Show what is on a card; keys as check values only
    Show {
        /// the state file
        state: PathBuf,
    },
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let report = Report::new(arguments.json);
    let done = match arguments.command {
        Task::Make(make) => make.run(&report),
        Task::MakeSam(make) => make.run(&report),
        Task::Cap(cap) => cap.run(&report),
        Task::Insert(insert) => insert.run(&report),
        Task::Show { state } => show::show(&state, &report),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            report.failure(&failure);
            failure.exit_code()
        }
    }
}
