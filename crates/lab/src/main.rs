//! `cardwright-lab`: shows a whole issuing world.

use std::path::PathBuf;
use std::process::ExitCode;

use cardwright_lab::life::matrix::matrix;
use cardwright_lab::life::plan;
use cardwright_lab::life::planted::Planted;
use cardwright_lab::world::{Fault, card_host};
use cardwright_lab::{demo, shop};
use clap::{Parser, Subcommand};

/// A whole issuing world: center, bases, terminals, readers, cards.
#[derive(Parser)]
#[command(name = "cardwright-lab", version, about)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Issues cards before your eyes: a center, two bases, readers with their SAMs, blank cards, and some refusals
    Demo {
        /// Leave everything running at the end, to try more on it
        #[arg(long)]
        stay: bool,
    },
    /// Cuts every order of every kind at every command and every message, and has the card finished elsewhere
    Life {
        /// Of one card product alone: scp03-i70-life, scp03-i71, scp03-i60, scp03-i70, scp03-i10, scp02-i55, …
        #[arg(long)]
        product: Option<String>,
    },
    /// Buys something with the payment card in a reader: the order as JSON on standard input, what was seen on the output
    #[command(hide = true)]
    Shop,
    /// Puts virtual cards into the readers of a private PC/SC daemon, as standard input says
    #[command(hide = true)]
    CardHost {
        /// The program cardwright-card
        #[arg(long)]
        card: PathBuf,
    },
}

/// A line for each order; exit status 1 where one was not finished as it has to be.
fn life(product: Option<&str>) -> ExitCode {
    let mut code = ExitCode::SUCCESS;
    for plan in plan::all().into_iter().filter(|plan| product.is_none_or(|product| plan.product == product)) {
        let name = plan.name.clone();
        let report = matrix(plan, Planted::Nothing);
        println!("{name}: {} commands, {} messages, {} cells", report.commands, report.messages, report.cells);
        for broken in &report.broken {
            eprintln!("{broken}");
            code = ExitCode::from(1);
        }
    }
    code
}

fn main() -> ExitCode {
    match Arguments::parse().command {
        Command::Demo { stay } => match demo::run(demo::Options { stay }) {
            Ok(()) => ExitCode::SUCCESS,
            Err(fault) => {
                eprintln!("\ndemo: {fault}");
                ExitCode::from(if matches!(fault, Fault::Machine(_)) { 3 } else { 1 })
            }
        },
        Command::Life { product } => life(product.as_deref()),
        Command::Shop => match shop::serve() {
            Ok(true) => ExitCode::SUCCESS,
            Ok(false) => ExitCode::from(1),
            Err(error) => {
                eprintln!("shop: {error}");
                ExitCode::from(3)
            }
        },
        Command::CardHost { card } => match card_host::serve(&card) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("card-host: {error}");
                ExitCode::from(3)
            }
        },
    }
}
