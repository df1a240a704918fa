//! `load`: chat requests on loopback, how long they took, and what the machine paid for them.
//!
//! It calls loopback addresses only, so a slip of the hand cannot load somebody else's machine. Never here: anything of the
//! product but its wire and its one table, or the starting of programs; `cargo xtask bench` does that.
//!
//! | file | holds |
//! |---|---|
//! | `target.rs` | where requests go and what they say |
//! | `worker.rs` | connections that call again and again, and what one call came to |
//! | `run.rs` | `load`: a number of requests at a concurrency, as text |
//! | `upstream.rs` | `load upstream`: the smallest provider, which counts what it accepted |
//! | `compare.rs` | `load compare`: direct, nginx and the gateway in turn; `table.rs` prints it |
//! | `postgres.rs` | one connection that inserts rows and counts attempts |
//! | `history.rs` | `load history`: a signed-in reader; `asker.rs` asks, `questions.rs` says what |
//! | `machine.rs` | processor time and memory of processes |
//!
//! One more command is a file and an arm in `main`.

use anyhow::Result;

mod arguments;
mod asker;
mod compare;
mod figures;
mod history;
mod machine;
mod postgres;
mod questions;
mod run;
mod table;
mod target;
mod upstream;
mod worker;

const USAGE: &str = "\
usage: load --url http://127.0.0.1:3000 --key KEY --model NAME --requests N --concurrency C [--stream]
       load upstream [--pace-ms N]
       load compare --direct URL [--nginx URL] --gateway URL --key KEY --model NAME
                    --database URL --server-pid N --upstream-pid N [--rounds N]
       load history --url URL --team SLUG --email ADDRESS --password TEXT [--rounds N]

The first form sends N chat requests, C at a time, and prints times in milliseconds.
`upstream` is a provider on a free port that answers at once or at a pace and counts what it accepted.
`compare` measures the three in turns and prints a report as markdown. `history` signs in and times the operations behind
History. Loopback only.";

/// One thread: the generator must not take a second core from what it measures.
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [] | ["--help" | "-h", ..] => {
            println!("{USAGE}");
            Ok(())
        }
        ["upstream", rest @ ..] => upstream::run(rest).await,
        ["compare", rest @ ..] => compare::run(rest).await,
        ["history", rest @ ..] => history::run(rest).await,
        flags => run::run(flags).await,
    }
}
