//! Rows in the journal's words, and the figures of a run in one line.

use std::fmt;

use tests::{Attempt, fake_upstream::Classes, kinds::KINDS, price};

use super::{
    arrange::Row,
    client::Called,
    compare::{Books, is_lost},
    mix::{Target, Work},
};

/// The counts of a settled row.
pub fn classes(row: &Attempt) -> Option<Classes> {
    let count = |value: Option<i64>| value.and_then(|value| u64::try_from(value).ok());
    Some(Classes {
        input: count(row.input_tokens)?,
        cache_read: count(row.cache_read_tokens)?,
        cache_write_short: count(row.cache_write_short_tokens)?,
        cache_write_long: count(row.cache_write_long_tokens)?,
        output: count(row.output_tokens)?,
        reasoning: count(row.reasoning_tokens)?,
    })
}

pub fn is_final(row: &Attempt) -> bool {
    row.usage_source.as_deref() == Some("final")
}

/// What a run was made of.
#[derive(Debug, Default)]
pub struct Figures {
    kinds: [usize; KINDS.len()],
    /// Chat, completions, embeddings, counts.
    works: [usize; 4],
    streamed: usize,
    /// Clients that were gone before the end of their answer.
    pub left: usize,
    pub faulty: usize,
    /// Calls of more than one attempt, and those among them that got their answer.
    retried: usize,
    pub recovered: usize,
    pub seen: usize,
    pub rows: usize,
    pub settled_final: usize,
    partial: usize,
    estimated: usize,
    pub uncertain: usize,
    pub released: usize,
    /// Rows of requests that the upstream never saw, and those among them that had left all the same.
    pub unseen: usize,
    pub lost: usize,
    charged: i64,
}

impl Figures {
    pub fn new(calls: &[Called], rows: &[Row], books: &Books<'_>) -> Self {
        let mut figures = Self { rows: rows.len(), ..Self::default() };
        for called in calls {
            figures.call(called, books);
        }
        for row in rows {
            figures.row(&row.attempt, books);
        }
        figures
    }

    fn call(&mut self, called: &Called, books: &Books<'_>) {
        let ask = &called.ask;
        let kind = KINDS.iter().position(|kind| *kind == ask.kind).unwrap();
        self.kinds[kind] += 1;
        let work = match ask.work {
            Work::Chat(..) => 0,
            Work::Fill => 1,
            Work::Embed => 2,
            Work::Count => 3,
        };
        self.works[work] += 1;
        self.streamed += usize::from(ask.stream);
        self.left += usize::from(called.heard.is_none());
        self.faulty += usize::from(!matches!(ask.target, Target::Good | Target::Slow | Target::Full));
        let rows = books.rows(ask.index).iter();
        self.lost += rows.filter(|row| books.seen(&row.attempt).is_none() && is_lost(called, &row.attempt)).count();
        let is_retried = books.rows(ask.index).len() > 1;
        self.retried += usize::from(is_retried);
        self.recovered += usize::from(is_retried && called.heard.as_ref().is_some_and(|heard| heard.is_complete));
    }

    fn row(&mut self, row: &Attempt, books: &Books<'_>) {
        self.charged += row.charged_nano;
        if books.seen(row).is_some() {
            self.seen += 1;
        } else {
            self.unseen += 1;
        }
        let counter = match (row.state.as_str(), row.usage_source.as_deref()) {
            ("released", _) => &mut self.released,
            ("uncertain", _) => &mut self.uncertain,
            (_, Some("final")) => &mut self.settled_final,
            (_, Some("partial")) => &mut self.partial,
            _ => &mut self.estimated,
        };
        *counter += 1;
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [chat, fill, embed, count] = self.works;
        let kinds: Vec<String> =
            KINDS.iter().zip(self.kinds).map(|(kind, calls)| format!("{} {calls}", kind.name)).collect();
        let Self { streamed, left, faulty, retried, recovered, seen, rows, .. } = self;
        let Self { settled_final, partial, estimated, uncertain, released, unseen, lost, charged, .. } = self;
        write!(
            formatter,
            "mixed: {}; chat {chat}, completions {fill}, embeddings {embed}, counts {count}; streamed {streamed}, aborted {left}, \
             faults {faulty}, retried {retried} ({recovered} answered); {rows} rows for {seen} upstream requests and {unseen} \
             never seen ({lost} lost on the way): final {settled_final}, partial {partial}, estimated {estimated}, uncertain {uncertain}, released \
             {released}; ${}",
            kinds.join(", "),
            price::dollars(*charged)
        )
    }
}
