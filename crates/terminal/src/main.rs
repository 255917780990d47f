//! `cardwright-terminal`: the base's agent.

use std::process::ExitCode;

use clap::Parser;

use cardwright_terminal::arguments::Arguments;
use cardwright_terminal::command;
use cardwright_terminal::failure::Exit;
use cardwright_terminal::system::process;

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { Exit::Usage as u8 } else { Exit::Done as u8 });
        }
    };
    if let Err(error) = process::keep_memory_private() {
        eprintln!("memory cannot be kept private: {error}");
        return ExitCode::from(Exit::Environment as u8);
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("no runtime: {error}");
            return ExitCode::from(Exit::Environment as u8);
        }
    };
    let exit = runtime.block_on(command::run(arguments));
    // a thread that hangs in the PC/SC service must not keep the program
    runtime.shutdown_background();
    ExitCode::from(exit as u8)
}
