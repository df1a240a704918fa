//! Voting on pairs of answers, with the names hidden and the columns shuffled until the votes are cast (`product.md` PG-11).

use domain::{
    feedback::{NewVote, PairVote, Preference},
    run::Place,
};
use leptos::prelude::*;

use super::{address::Address, live::LiveRun};
use crate::{
    api::{self, protocol::ask},
    components::{reactive::settled, state::State},
};

#[derive(Clone, Copy)]
pub struct Blind {
    run: LiveRun,
    /// The columns in their blind order.
    shuffled: State<Vec<u16>>,
    /// The two that are voted on.
    pub pair: State<(u16, u16)>,
    pub votes: State<Vec<PairVote>>,
    /// Somebody asked for the names.
    pub revealed: RwSignal<bool>,
    pub hidden: Memo<bool>,
    /// Rises with every vote: the table of pairs is fetched again.
    pub counted: State<u32>,
}

impl Blind {
    pub fn new(run: LiveRun, votes: Vec<PairVote>, address: Address) -> Self {
        let columns = u16::try_from(run.columns()).unwrap_or(u16::MAX);
        let order = shuffle(columns, run.id.0.as_u128());
        let first = order.first().copied().unwrap_or_default();
        let second = order.get(1).copied().unwrap_or(first);
        let pair = State::new((first, second));
        let (votes, revealed) = (State::new(votes), RwSignal::new(false));
        let hidden = Memo::new(move |_| {
            let rows = u32::try_from(run.cases()).unwrap_or(u32::MAX).min(run.rows.get());
            let (pair, votes) = (pair.get(), votes.get());
            let all_voted = (0..rows).all(|case| {
                let case = u16::try_from(case).unwrap_or(u16::MAX);
                votes.iter().any(|vote| vote.left.case == case && is_pair(vote, pair))
            });
            address.look().blind && !revealed.get() && !all_voted
        });
        let shuffled = State::new(order);
        Self { run, shuffled, pair, votes, revealed, hidden: settled(hidden), counted: State::new(0) }
    }

    pub fn shuffled(self) -> Vec<u16> {
        self.shuffled.get_untracked()
    }

    /// "Answer B"
    pub fn letter(self, variant: u16) -> String {
        let at = self.shuffled.with_untracked(|order| order.iter().position(|it| *it == variant)).unwrap_or_default();
        let letter = u8::try_from(at).map_or('?', |at| char::from(b'A' + at.min(25)));
        format!("Answer {letter}")
    }

    /// What the reader said about the pair in a row, seen from its first column.
    pub fn vote_of(self, case: u16) -> Option<Preference> {
        let pair = self.pair.get();
        self.votes.with(|votes| {
            let vote = votes.iter().find(|vote| vote.left.case == case && is_pair(vote, pair))?;
            Some(if vote.left.variant == pair.0 { vote.preference } else { turned(vote.preference) })
        })
    }

    pub fn vote(self, case: u16, preference: Preference) {
        let (left, right) = self.pair.get_untracked();
        let place = |variant| Place { variant, case };
        let blind = self.hidden.get_untracked();
        let vote = PairVote { left: place(left), right: place(right), preference, blind };
        let input = NewVote { team: self.run.team.get_value(), run: self.run.id, vote };
        ask(api::feedback::Vote { input }, move |answer| match answer {
            Ok(()) => {
                self.votes.update(|votes| {
                    votes.retain(|old| old.left.case != case || !is_pair(old, (left, right)));
                    votes.push(vote);
                });
                self.counted.update(|counted| *counted += 1);
            }
            Err(failure) => self.run.tell(&failure.0.message),
        });
    }
}

fn is_pair(vote: &PairVote, (one, other): (u16, u16)) -> bool {
    let (left, right) = (vote.left.variant, vote.right.variant);
    (left, right) == (one, other) || (left, right) == (other, one)
}

fn turned(preference: Preference) -> Preference {
    match preference {
        Preference::Left => Preference::Right,
        Preference::Right => Preference::Left,
        same => same,
    }
}

/// The same order for everybody who looks at the run, and another one for the next run: Fisher and Yates, with random numbers
/// from the id (xorshift).
fn shuffle(columns: u16, seed: u128) -> Vec<u16> {
    let mut state = (seed as u64) ^ ((seed >> 64) as u64) | 1;
    let mut order: Vec<u16> = (0..columns).collect();
    for last in (1..order.len()).rev() {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let other = usize::try_from(state % (last as u64 + 1)).unwrap_or_default();
        order.swap(last, other);
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pg_11_the_blind_order_holds_every_column_once_and_follows_from_the_run() {
        for seed in [0, 1, 7, u128::MAX, 0x0193_0000_0000_7000_8000_0000_0000_0001] {
            let mut order = shuffle(12, seed);
            assert_eq!(order, shuffle(12, seed));
            order.sort_unstable();
            assert_eq!(order, (0..12).collect::<Vec<u16>>());
        }
        let orders: Vec<_> = (1..50u128).map(|seed| shuffle(4, seed * 0x9E37_79B9_7F4A_7C15)).collect();
        assert!((0..4).all(|first| orders.iter().any(|order| order.first() == Some(&first))), "{orders:?}");
        assert!(shuffle(0, 1).is_empty());
    }
}
