//! The fault matrix of `ledger.md` 18: for every line the client's answer and the only row in the books, streamed and
//! whole, in the provider's own dialect and translated.
//!
//! | file | holds |
//! |---|---|
//! | `row.rs` | what a line says |
//! | `table.rs` and `table/` | the lines, in groups that share an instance |
//! | `stage.rs` | runs a group and compares |
//! | `client.rs`, `books.rs` | the two halves of a comparison |
//! | `network.rs` | rows 1 to 10: connections that never are |
//! | `leaving.rs`, `reading.rs` | rows 88 to 93: clients that misbehave, and row 32 |
//!
//! One more misbehaviour is one line in a table. Calls are sent with `x-tallygate-fallback: off`: what follows a failed
//! attempt is tested beside the gateway.

mod books;
mod client;
mod leaving;
mod network;
mod reading;
mod row;
mod stage;
mod table;

#[tokio::test]
async fn rows_11_to_24_a_refusal_costs_nothing() {
    stage::run(&table::refusals()).await;
}

#[tokio::test]
async fn rows_25_to_35_what_is_no_answer_is_uncertain_and_a_stall_ends_at_the_deadline() {
    stage::run(&[table::stalls(), table::foreign()].into_iter().flatten().collect::<Vec<_>>()).await;
}

#[tokio::test]
async fn rows_36_to_48_and_65_to_81_a_broken_answer_never_ends_well_and_a_bad_frame_is_skipped() {
    stage::run(&[table::breaks(), table::frames()].into_iter().flatten().collect::<Vec<_>>()).await;
}

#[tokio::test]
async fn rows_33_49_to_62_and_82_to_87_odd_counts_are_counted_right() {
    stage::run(&table::usage()).await;
}

#[tokio::test]
async fn rows_69_to_79_no_spelling_changes_a_byte() {
    stage::run(&table::framing()).await;
}

#[tokio::test]
async fn rows_46_to_48_63_and_64_each_wire_has_its_own_ends() {
    stage::run(&[table::others(), table::wires()].into_iter().flatten().collect::<Vec<_>>()).await;
}

/// What `table.rs` says is not in it.
#[test]
fn every_row_from_11_to_87_has_a_line() {
    let groups = [
        table::refusals(),
        table::foreign(),
        table::stalls(),
        table::breaks(),
        table::frames(),
        table::usage(),
        table::framing(),
        table::wires(),
    ];
    let lines: Vec<&str> = groups.iter().flatten().map(|row| row.id).collect();
    let missing: Vec<u32> = (11..=87).filter(|id| !lines.contains(&id.to_string().as_str())).collect();
    assert_eq!(missing, [32, 38, 39]);
}
